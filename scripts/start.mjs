/**
 * `npm start`: VS Code with mmscope and the examples open, from a bare checkout.
 *
 * A desktop VS Code on the PATH opens a development window: the extension runs there and nothing is installed into the
 * user's own. Otherwise a VS Code server from npm is started on 127.0.0.1 (scripts/vscode-host), with the packaged
 * extension installed, until Ctrl-C.
 *
 *     --web     the server, though there is a desktop VS Code
 *     --smoke   starts the server, checks that the workbench answers, and ends
 */
import { spawn, spawnSync } from 'node:child_process';
import path from 'node:path';
import { ensureDependencies } from './setup.mjs';

const root = path.dirname(import.meta.dirname);
const examples = path.join(root, 'examples');
const isSmoke = process.argv.includes('--smoke');

ensureDependencies();
const { buildAll } = await import('./build.mjs');
await buildAll();
if (!isSmoke && !process.argv.includes('--web') && hasDesktop() && hasCommand('code')) {
  const args = ['--new-window', `--extensionDevelopmentPath=${root}`, examples];
  const done = spawnSync('code', args, { stdio: 'inherit' });
  console.log('VS Code is open on examples/. Open a scenario (*.mms) and press F5.');
  process.exit(done.status ?? 1);
}

const { packageVsix } = await import('./package.mjs');
const { startServer } = await import('./vscode-host/server.mjs');
const server = await startServer({ vsix: [await packageVsix()] });
const url = server.folderUrl(examples);
if (isSmoke) {
  const response = await fetch(url);
  const page = await response.text();
  await server.stop();
  if (!response.ok || !page.includes('workbench')) throw new Error(`no workbench at ${url}`);
  console.log(`the workbench answered at ${url}`);
} else {
  console.log(`\n  VS Code with mmscope:  ${url}\n`);
  console.log('  Open a scenario (*.mms) and press F5. Ctrl-C ends.\n');
  const opener = process.platform === 'darwin' ? 'open' : 'xdg-open';
  if (hasDesktop() && hasCommand(opener))
    spawn(opener, [url], { stdio: 'ignore', detached: true }).unref();
}

function hasDesktop() {
  if (process.platform !== 'linux') return true;
  return Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);
}

function hasCommand(name) {
  const finder = process.platform === 'win32' ? 'where' : 'which';
  return spawnSync(finder, [name], { stdio: 'ignore' }).status === 0;
}
