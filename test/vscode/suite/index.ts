/**
 * The suite that runs inside VS Code's extension host: `run()`, as @vscode/test-electron's extensionTestsPath wants it.
 * The report goes to the file that MMSCOPE_TEST_RESULT names; an extension host that dies leaves none.
 */
import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';
import { defineSuites } from './suites.js';

export function run(): Promise<void> {
  const mocha = new Mocha({ ui: 'bdd', timeout: 60_000, color: false, reporter: 'spec' });
  mocha.suite.emit('pre-require', globalThis, '', mocha);
  defineSuites();
  return new Promise((resolve, reject) => {
    const report = { passed: 0, failed: [] as string[], skipped: [] as string[] };
    const runner = mocha.run((failures) => {
      const file = process.env['MMSCOPE_TEST_RESULT'];
      if (file !== undefined) writeFileSync(file, JSON.stringify(report, null, 2));
      if (failures === 0) resolve();
      else reject(new Error(`${failures} failed`));
    });
    runner.on('pass', () => report.passed++);
    runner.on('fail', (test) => report.failed.push(test.fullTitle()));
    runner.on('pending', (test) => report.skipped.push(test.fullTitle()));
  });
}
