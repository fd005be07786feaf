/**
 * A VS Code server on 127.0.0.1, on a port of its own choosing, with folders of its own: `startServer()`.
 *
 * It runs in a process group of its own and goes down with this process, however that ends: extension hosts outlive a
 * server that is merely killed.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { URLSearchParams } from 'node:url';
import { installServer } from './install.mjs';

const START_MS = 180_000;
const STOP_MS = 3_000;

/** No nagging; and every part of the debugger in a known place. */
const SETTINGS = {
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'workbench.startupEditor': 'none',
  'workbench.enableExperiments': false,
  'workbench.tips.enabled': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.welcomePage.walkthroughs.openOnInstall': false,
  'security.workspace.trust.enabled': false,
  'chat.disableAIFeatures': true,
  'chat.commandCenter.enabled': false,
  'window.menuBarVisibility': 'classic',
  'git.enabled': false,
  'npm.autoDetect': 'off',
  // Else it tells of each port that any program on this machine opens.
  'remote.autoForwardPorts': false,
};

/**
 * Starts a server with extensions installed.
 *
 * @param options.vsix paths of extensions to install
 * @param options.settings user settings beside the quiet ones
 * @param options.dataDir where settings and extensions live; default: a temporary folder, removed at the end
 * @param options.testDriver lets a page load an extension under test (`--enable-smoke-test-driver`)
 * @param options.graceSeconds how long the extensions of a window that is gone wait for its return
 * @param options.env for the extension host
 * @returns `{ url, port, fileUri(file), folderUrl(folder, payload), log(), stop() }`
 */
export async function startServer({
  vsix = [],
  settings = {},
  dataDir,
  testDriver = false,
  graceSeconds,
  env = {},
} = {}) {
  const { node, server } = installServer();
  const dir = dataDir ?? fs.mkdtempSync(path.join(os.tmpdir(), 'mmscope-vscode-'));
  const folders = Object.fromEntries(
    ['home', 'server', 'extensions', 'user'].map((name) => [name, path.join(dir, name)]),
  );
  for (const folder of Object.values(folders)) fs.mkdirSync(folder, { recursive: true });
  writeSettings(path.join(folders.user, 'User'), settings);
  // Settings of scope "machine" are read from here alone: whether walkthroughs open after an install is one.
  writeSettings(path.join(folders.user, 'Machine'), settings);
  const places = ['--server-data-dir', folders.server, '--user-data-dir', folders.user];
  places.push('--extensions-dir', folders.extensions);
  if (vsix.length > 0) install(node, server, vsix, places, folders.home);

  const child = spawn(
    node,
    [
      server,
      ...['--host', '127.0.0.1', '--port', '0', '--without-connection-token'],
      ...['--accept-server-license-terms', '--telemetry-level', 'off', '--disable-telemetry'],
      ...['--disable-experiments', '--disable-workspace-trust', '--disable-update-check'],
      ...['--disable-getting-started-override', '--log', 'info'],
      ...(testDriver ? ['--enable-smoke-test-driver'] : []),
      ...(graceSeconds ? ['--reconnection-grace-time', String(graceSeconds)] : []),
      ...places,
    ],
    {
      env: { ...cleanEnvironment(folders.home), ...env },
      cwd: dir,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    },
  );
  const group = new ProcessGroup(child, () => {
    if (dataDir === undefined) fs.rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  });
  let log = '';
  const port = await listeningPort(child, (text) => (log += text));
  const url = `http://127.0.0.1:${port}/`;
  return {
    url,
    port,
    log: () => log,
    stop: () => group.stop(),
    /** How the workbench names a file of the server's disk. */
    fileUri: (file) => `vscode-remote://127.0.0.1:${port}${encodeURI(path.resolve(file))}`,
    /** The workbench with a folder open; `payload` is the workbench's own query parameter. */
    folderUrl(folder, payload) {
      const query = new URLSearchParams({ folder: path.resolve(folder) });
      if (payload !== undefined) query.set('payload', JSON.stringify(payload));
      return `${url}?${query}`;
    },
  };
}

/** The user's settings live on the server's disk; what the user changed there stays. */
function writeSettings(dir, settings) {
  fs.mkdirSync(dir, { recursive: true });
  const file = path.join(dir, 'settings.json');
  if (fs.existsSync(file)) return;
  fs.writeFileSync(file, JSON.stringify({ ...SETTINGS, ...settings }, null, 2));
}

function install(node, server, vsix, places, home) {
  const extensions = vsix.flatMap((file) => ['--install-extension', path.resolve(file)]);
  const args = [server, ...extensions, '--force', ...places];
  const done = spawnSync(node, args, { encoding: 'utf8', env: cleanEnvironment(home) });
  if ((done.stdout.match(/successfully installed/g) ?? []).length < vsix.length)
    throw new Error(`cannot install ${vsix.join(', ')}:\n${done.stdout}\n${done.stderr}`);
}

/** Nothing of an outer VS Code or npm, and no extension gallery to ask. */
function cleanEnvironment(home) {
  const foreign = /^(VSCODE_|ELECTRON_|CODE_SERVER_|NODE_OPTIONS$|npm_|https?_proxy$)/i;
  const own = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  return {
    ...Object.fromEntries(own),
    EXTENSIONS_GALLERY: '{"serviceUrl":""}',
    HOME: home,
    XDG_CONFIG_HOME: path.join(home, '.config'),
    XDG_DATA_HOME: path.join(home, '.local', 'share'),
  };
}

function listeningPort(child, record) {
  let said = '';
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`VS Code's server did not start:\n${said}`)),
      START_MS,
    );
    const read = (chunk) => {
      record(String(chunk));
      said += String(chunk);
      const port = /listening on (\d+)/.exec(said)?.[1];
      if (port === undefined) return;
      clearTimeout(timer);
      resolve(Number(port));
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`VS Code's server ended with ${code}:\n${said}`));
    });
  });
}

/** A detached child and everything it started; ends with this process at the latest. */
class ProcessGroup {
  constructor(child, cleanUp) {
    this.child = child;
    this.atExit = () => {
      this.signal('SIGKILL');
      cleanUp();
    };
    this.atSignal = () => process.exit(130);
    process.on('exit', this.atExit);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, this.atSignal);
  }

  signal(signal) {
    try {
      process.kill(-this.child.pid, signal);
      return true;
    } catch {
      return false;
    }
  }

  async stop() {
    const { child } = this;
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      this.signal('SIGTERM');
      await Promise.race([ended, pause(STOP_MS)]);
    }
    for (let tries = 0; tries < 20 && this.signal(0); tries++) await pause(100);
    process.off('exit', this.atExit);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(signal, this.atSignal);
    this.atExit();
  }
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
