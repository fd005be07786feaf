/**
 * The packaged extension in real VS Code. Two suites: one compiled to run inside the extension host (test/vscode/suite),
 * by @vscode/test-electron; and one that drives the workbench as a user does (test/vscode/ui), in a browser.
 *
 *     node scripts/vscode-tests.mjs REPORT     the suite in the extension host, alone
 *
 * A desktop VS Code is taken when MMSCOPE_VSCODE names its executable; otherwise the same compiled suite runs in the
 * extension host of a VS Code server from npm.
 */
import { runTests } from '@vscode/test-electron';
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { bundleForNode, root } from './bundle.mjs';
import { ensureChromium } from './vscode-host/browser.mjs';
import { startServer } from './vscode-host/server.mjs';

const vsix = path.join(root, 'build', 'mmscope.vsix');
const suiteDir = path.join(root, 'build', 'test', 'vscode');

/** The debugger's parts in known places, and nothing that moves. */
const SETTINGS = {
  'workbench.colorTheme': 'Default Dark Modern',
  'workbench.reduceMotion': 'on',
  'editor.minimap.enabled': false,
  'editor.cursorBlinking': 'solid',
  'editor.hover.delay': 100,
  'editor.accessibilitySupport': 'off',
  'window.dialogStyle': 'custom',
  'debug.toolBarLocation': 'floating',
  'debug.inlineValues': 'on',
  // Enter evaluates, whether suggestions have come or not.
  'debug.console.acceptSuggestionOnEnter': 'off',
};

/** Runs the compiled suite inside VS Code; leaves its report in `result`. */
async function hostSuite(result) {
  const desktop = process.env.MMSCOPE_VSCODE;
  if (desktop === undefined && skipWithoutBrowser(result, 'the suite in the extension host'))
    return;
  await compileSuite();
  const workspace = copyOfExamples();
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'mmscope-desktop-'));
  try {
    const places = [`--extensions-dir=${profile}/extensions`, `--user-data-dir=${profile}/user`];
    if (desktop !== undefined) install(desktop, places);
    await runTests({
      vscodeExecutablePath:
        desktop ?? path.join(root, 'scripts', 'vscode-host', 'extension-tests.mjs'),
      extensionDevelopmentPath: suiteDir,
      extensionTestsPath: path.join(suiteDir, 'index.cjs'),
      launchArgs: [workspace, ...places],
      extensionTestsEnv: { MMSCOPE_TEST_RESULT: result, MMSCOPE_VSIX: vsix },
    });
  } catch (error) {
    if (!fs.existsSync(result)) throw error; // Otherwise the report has the failed tests.
  } finally {
    fs.rmSync(workspace, { recursive: true, force: true });
    fs.rmSync(profile, { recursive: true, force: true });
  }
}

/**
 * Starts a server and hands the bundled UI tests, with what they need to know, to `mocha(bundles, environment)`.
 *
 * @param names stories, as their files are called without `.test.ts`; all without it
 */
export async function uiSuite(mocha, names = []) {
  const { path: chromium, reason } = ensureChromium();
  const stories = path.join(root, 'test', 'vscode', 'ui');
  const bundles = await bundleForNode(
    fs
      .readdirSync(stories)
      .filter((name) => name.endsWith('.test.ts'))
      .filter((name) => names.length === 0 || names.includes(name.replace(/\.test\.ts$/, '')))
      .sort()
      .map((name) => path.join(stories, name)),
  );
  if (chromium === undefined) {
    await mocha(bundles, { MMSCOPE_UI_SKIP: reason });
    return;
  }
  const workspace = copyOfExamples();
  const { packageHexEditor } = await import('./package.mjs');
  const server = await startServer({
    vsix: [vsix, await packageHexEditor()],
    settings: SETTINGS,
    graceSeconds: 5,
  });
  try {
    await mocha(bundles, {
      CHROMIUM: chromium,
      MMSCOPE_UI_URL: server.folderUrl(workspace),
      MMSCOPE_UI_WORKSPACE: workspace,
      MMSCOPE_UI_SHOTS: path.join(root, 'build', 'screenshots'),
      MMSCOPE_UI_NAMED: names.join(' '),
    });
  } finally {
    await server.stop();
    fs.rmSync(workspace, { recursive: true, force: true });
  }
}

/** The suite, and around it an extension of no use but to carry it: the one under test is installed from its VSIX. */
async function compileSuite() {
  await build({
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'es2022',
    logLevel: 'warning',
    sourcemap: 'inline',
    external: ['vscode', 'mocha'],
    entryPoints: ['test/vscode/suite/index.ts'],
    outfile: path.join(suiteDir, 'index.cjs'),
  });
  const carrier = { name: 'mmscope-tests', publisher: 'mmscope', version: '0.0.0', private: true };
  fs.writeFileSync(
    path.join(suiteDir, 'package.json'),
    JSON.stringify({ ...carrier, engines: { vscode: '*' } }),
  );
}

function install(executable, places) {
  const args = ['--install-extension', vsix, '--force', ...places];
  const done = spawnSync(executable, args, { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`cannot install the VSIX:\n${done.stdout}${done.stderr}`);
}

function skipWithoutBrowser(result, what) {
  const { reason } = ensureChromium();
  if (reason === undefined) return false;
  const report = { passed: 0, failed: [], skipped: [`${what} (${reason})`] };
  fs.writeFileSync(result, JSON.stringify(report));
  return true;
}

/** Tests may leave breakpoints and files behind: not in the checkout. */
function copyOfExamples() {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'mmscope-examples-'));
  fs.cpSync(path.join(root, 'examples'), dir, { recursive: true });
  return dir;
}

if (process.argv[1] === import.meta.filename) await hostSuite(process.argv[2]);
