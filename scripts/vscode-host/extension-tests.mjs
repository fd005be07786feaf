#!/usr/bin/env node
/**
 * Stands in for desktop VS Code as @vscode/test-electron's `vscodeExecutablePath`: takes the flags that runTests() gives,
 * and runs the same compiled suite in the extension host of a VS Code server, where the VSIX under test is installed
 * (environment MMSCOPE_VSIX).
 *
 *     extension-tests.mjs --extensionDevelopmentPath=DIR --extensionTestsPath=FILE FOLDER
 *
 * A built workbench takes tests from its page's query only when its server runs with the test driver; it then calls
 * window.codeAutomationLog and window.codeAutomationExit in the page. An extension host that was killed ends with code 0,
 * so the suite's result file (environment MMSCOPE_TEST_RESULT) decides. What the host logs goes to a file beside it.
 */
import fs from 'node:fs';
import { format } from 'node:util';
import { launchBrowser } from './browser.mjs';
import { startServer } from './server.mjs';

const TIMEOUT_MS = 900_000;

const argument = (name) =>
  process.argv.find((text) => text.startsWith(`--${name}=`))?.slice(name.length + 3);
const extension = argument('extensionDevelopmentPath');
const tests = argument('extensionTestsPath');
const folder = process.argv.slice(2).find((text) => !text.startsWith('-'));
const result = process.env.MMSCOPE_TEST_RESULT;
if (!extension || !tests || !folder || !result) {
  console.error('extension-tests.mjs: flags, folder or MMSCOPE_TEST_RESULT missing');
  process.exit(2);
}

/** Everything that workbench and extension host had to say. */
const log = `${result}.log`;
fs.writeFileSync(log, '');

const vsix = process.env.MMSCOPE_VSIX;
const server = await startServer({
  testDriver: true,
  vsix: vsix ? [vsix] : [],
  env: { MMSCOPE_TEST_RESULT: result },
});
let code = 2;
try {
  const browser = await launchBrowser();
  code = await runInPage(browser);
  await browser.close();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.error(server.log());
} finally {
  await server.stop();
}
if (fs.existsSync(result)) {
  for (const line of JSON.parse(fs.readFileSync(result, 'utf8')).lines) console.log(line);
} else {
  console.error(`the suite left no result; its log: ${log}`);
  code ||= 2;
}
process.exit(code);

/** The end of the log, for a wait that ran out. */
function logTail() {
  return fs.readFileSync(log, 'utf8').split('\n').slice(-20).join('\n');
}

async function runInPage(browser) {
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  const exit = new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`the suite did not end: ${logTail()}`)),
      TIMEOUT_MS,
    );
    timer.unref();
    page.once('crash', () => reject(new Error('the page crashed')));
    page.on('console', (message) => {
      if (/terminated unexpectedly/.test(message.text())) reject(new Error(message.text()));
    });
    void page.exposeFunction('codeAutomationLog', (_type, args) =>
      fs.appendFileSync(log, `${format(...args)}\n`),
    );
    void page.exposeFunction('codeAutomationExit', (exitCode) => resolve(exitCode));
  });
  exit.catch(() => {});
  const remote = server.fileUri;
  await page.goto(
    server.folderUrl(folder, [
      ['extensionDevelopmentPath', remote(extension)],
      ['extensionTestsPath', remote(tests)],
    ]),
  );
  return exit;
}
