/**
 * The suite that runs inside VS Code's extension host: `run()`, as @vscode/test-electron's extensionTestsPath wants it.
 * The report goes to the file that MMSCOPE_TEST_RESULT names; an extension host that dies leaves none.
 */
import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';
import { defineSuites } from './suites.js';

interface Report {
  passed: number;
  readonly failed: string[];
  readonly skipped: string[];
  /** For whoever has no console of the extension host. */
  readonly lines: string[];
}

export function run(): Promise<void> {
  const mocha = new Mocha({ ui: 'bdd', timeout: 240_000, color: false, reporter: 'spec' });
  mocha.suite.emit('pre-require', globalThis, '', mocha);
  defineSuites();
  return new Promise((resolve, reject) => {
    const report: Report = { passed: 0, failed: [], skipped: [], lines: [] };
    const runner = mocha.run((failures) => {
      const file = process.env['MMSCOPE_TEST_RESULT'];
      if (file !== undefined) writeFileSync(file, JSON.stringify(report, null, 2));
      if (failures === 0) resolve();
      else reject(new Error(`${failures} failed`));
    });
    runner.on('pass', (test) => {
      report.passed++;
      report.lines.push(`  ok    ${test.fullTitle()}`);
    });
    runner.on('fail', (test, error: Error) => {
      report.failed.push(test.fullTitle());
      report.lines.push(`  FAIL  ${test.fullTitle()}`, error.stack ?? error.message);
    });
    runner.on('pending', (test) => report.skipped.push(test.fullTitle()));
  });
}
