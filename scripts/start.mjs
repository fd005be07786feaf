/**
 * `npm start`: VS Code with mmscope open on the examples, from a bare checkout.
 *
 * A desktop VS Code on the PATH opens a development window: the extension runs there and nothing is installed into the
 * user's own. Otherwise a VS Code server from npm is started on 127.0.0.1 (scripts/vscode-host), with the packaged
 * extension installed, until Ctrl-C. It opens the first scenario, and the extension its walkthrough beside it.
 *
 * Two lines are printed, the port and the address; the first start also says that it installs. What the tools say is shown when
 * they fail. The server is installed while npm and the build are at work: neither needs the other.
 *
 *     --web     the server, though there is a desktop VS Code
 *     --smoke   starts the server, checks that the workbench answers, and ends
 */
import { spawn, spawnSync } from 'node:child_process';
import path from 'node:path';
import { ensureDependencies } from './setup.mjs';
import { isServerInstalled } from './vscode-host/install.mjs';

const root = path.dirname(import.meta.dirname);
const examples = path.join(root, 'examples');
const first = path.join(examples, 'first-steps.mms');
const isSmoke = process.argv.includes('--smoke');

if (!isSmoke && !process.argv.includes('--web') && hasDesktop() && hasCommand('code')) {
  ensureDependencies();
  await script('build.mjs');
  const args = ['--new-window', `--extensionDevelopmentPath=${root}`, examples, first];
  const done = spawnSync('code', args, { stdio: 'inherit' });
  console.log('VS Code is open on examples/: press F5.');
  process.exit(done.status ?? 1);
}

if (!isServerInstalled())
  console.log("installing VS Code's server from npm (the first start only) ...");
const installed = script('vscode-host/install.mjs');
ensureDependencies();
await Promise.all([installed, script('package.mjs')]);

const { startServer } = await import('./vscode-host/server.mjs');
const server = await startServer({
  vsix: ['mmscope.vsix', 'hex-editor.vsix'].map((name) => path.join(root, 'build', name)),
  settings: { 'workbench.welcomePage.walkthroughs.openOnInstall': true },
});
const url = server.folderUrl(examples, [['openFile', server.fileUri(first)]]);
if (isSmoke) {
  const response = await fetch(url);
  const page = await response.text();
  await server.stop();
  if (!response.ok || !page.includes('workbench')) throw new Error(`no workbench at ${url}`);
  console.log(`the workbench answered at ${url}`);
} else {
  console.log(`VS Code with mmscope listens on port ${server.port} (Ctrl-C ends it):`);
  console.log(url);
  const opener = process.platform === 'darwin' ? 'open' : 'xdg-open';
  if (hasDesktop() && hasCommand(opener))
    spawn(opener, [url], { stdio: 'ignore', detached: true }).unref();
}

/** Runs one of these scripts beside this process; what it says becomes the message of its failure. */
function script(name) {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, name)], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => (said += String(chunk)));
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`scripts/${name} failed:\n${said}`)),
    );
  });
  // A failure is heard by whoever awaits it, however late.
  ended.catch(() => {});
  return ended;
}

function hasDesktop() {
  if (process.platform !== 'linux') return true;
  return Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);
}

function hasCommand(name) {
  const finder = process.platform === 'win32' ? 'where' : 'which';
  return spawnSync(finder, [name], { stdio: 'ignore' }).status === 0;
}
