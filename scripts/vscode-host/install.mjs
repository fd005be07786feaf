/**
 * Installs a real VS Code server (the workbench inside the npm package `code-server`) with a Node of its own into the
 * user's cache, once per pinned version. Nothing is compiled and no install script runs: the native parts the server needs
 * are prebuilt inside the npm packages, and it does without the others.
 *
 * The folder is made under another name and renamed when it is whole, so an interrupted install leaves nothing behind.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const CODE_SERVER = '4.139.1';
/** What code-server 4.139 asks for; Node 20 cannot run it (`node:module` has no registerHooks). */
const NODE = '24.21.0';
/** Changes when the steps below change. */
const RECIPE = 2;
/** Used by assistants and containers only; 220 MB. */
const UNUSED_PACKAGES = [
  '@github/copilot-sdk',
  '@microsoft/mxc-sdk',
  '@vscode/copilot-api',
  '@devcontainers/cli',
];
/** The TypeScript extension finds no tsserver in this server and says so in a toast; colours are another extension's. */
const UNUSED_EXTENSIONS = ['copilot', 'mermaid-markdown-features', 'typescript-language-features'];

const cacheHome =
  process.env.MMSCOPE_CACHE ??
  path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'mmscope');

/** Where a host of these versions lives: `{ root, node, server }`. */
const host = (() => {
  const root = path.join(cacheHome, `vscode-server-${CODE_SERVER}-node-${NODE}-${RECIPE}`);
  return {
    root,
    node: path.join(root, 'node', 'bin', 'node'),
    server: path.join(root, 'code-server', 'lib', 'vscode', 'out', 'server-main.js'),
  };
})();

/** Whether {@link installServer} has nothing to do. */
export const isServerInstalled = () => fs.existsSync(host.server);

/** Installs the server unless it is there. Returns {@link host}. Throws with what npm said. */
export function installServer(say = console.log) {
  if (fs.existsSync(host.server)) return host;
  const platform = `${process.platform}-${process.arch}`;
  const workDir = `${host.root}.${process.pid}.tmp`;
  say(`installing VS Code's server (code-server ${CODE_SERVER}) from npm into ${host.root} ...`);
  fs.rmSync(workDir, { recursive: true, force: true });
  fs.mkdirSync(workDir, { recursive: true });
  try {
    const nodeDir = unpack(workDir, `node-${platform}`, NODE, 'node', ['bin', 'LICENSE']);
    fs.chmodSync(path.join(nodeDir, 'bin', 'node'), 0o755);
    // Unpacked by hand: its postinstall would compile eight native modules for minutes.
    const unpacked = unpack(workDir, 'code-server', CODE_SERVER, 'code-server', [
      'lib',
      'LICENSE',
      'package.json',
    ]);
    installDependencies(path.join(unpacked, 'lib', 'vscode'), nodeDir);
    fs.renameSync(workDir, host.root);
  } catch (error) {
    fs.rmSync(workDir, { recursive: true, force: true });
    if (!fs.existsSync(host.server)) throw error;
  }
  return host;
}

/** Fetches one npm tarball and unpacks the named parts of it. */
function unpack(workDir, name, version, folder, parts) {
  const out = run('npm', ['pack', `${name}@${version}`, '--json', '--loglevel=error'], workDir);
  const packed = JSON.parse(out);
  const tarball = path.join(
    workDir,
    (Array.isArray(packed) ? packed : Object.values(packed))[0].filename,
  );
  const target = path.join(workDir, folder);
  fs.mkdirSync(target);
  run('tar', [
    'xzf',
    tarball,
    '-C',
    target,
    '--strip-components=1',
    ...parts.map((p) => `package/${p}`),
  ]);
  fs.rmSync(tarball);
  return target;
}

/** `npm ci` refuses here (manifest and shrinkwrap of code-server differ), so `npm install`. */
function installDependencies(vscodeDir, nodeDir) {
  for (const name of UNUSED_EXTENSIONS)
    fs.rmSync(path.join(vscodeDir, 'extensions', name), { recursive: true, force: true });
  const manifestPath = path.join(vscodeDir, 'package.json');
  const manifest = JSON.parse(fs.readFileSync(manifestPath, 'utf8'));
  for (const name of UNUSED_PACKAGES) delete manifest.dependencies?.[name];
  fs.writeFileSync(manifestPath, JSON.stringify(manifest, null, 2));
  run(
    'npm',
    ['install', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
    vscodeDir,
    { PATH: `${path.join(nodeDir, 'bin')}${path.delimiter}${process.env.PATH ?? ''}` },
  );
  const platform = `${process.platform}-${process.arch}`;
  for (const dir of ['@vscode/ripgrep-universal/bin', 'node-pty/prebuilds'])
    keepOnly(path.join(vscodeDir, 'node_modules', dir), platform);
}

function keepOnly(dir, name) {
  if (!fs.existsSync(path.join(dir, name))) return;
  for (const entry of fs.readdirSync(dir))
    if (entry !== name) fs.rmSync(path.join(dir, entry), { recursive: true, force: true });
}

function run(command, args, cwd = process.cwd(), env = {}) {
  const done = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    env: { ...withoutNpm(process.env), ...env },
    maxBuffer: 64 << 20,
  });
  if (done.status === 0) return done.stdout;
  throw new Error(
    `${command} ${args.slice(0, 2).join(' ')} failed: ${done.error?.message ?? ''}\n${done.stderr ?? ''}`,
  );
}

/** Under `npm start`, npm passes our own package's settings down; they must not reach another package's install. */
function withoutNpm(env) {
  return Object.fromEntries(
    Object.entries(env).filter(
      ([name]) => !/^npm_(?!config_(registry|cache|userconfig))/i.test(name),
    ),
  );
}

if (process.argv[1] === import.meta.filename) installServer(() => {});
