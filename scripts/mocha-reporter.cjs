/**
 * Mocha's usual output, and a report for scripts/test.mjs in the file that MMSCOPE_TEST_RESULT names:
 * `{ passed, failed: [{ title, why }], skipped: [title] }`.
 */
const fs = require('node:fs');
const process = require('node:process');
const Mocha = require('mocha');

const { EVENT_RUN_END, EVENT_TEST_FAIL, EVENT_TEST_PASS, EVENT_TEST_PENDING } =
  Mocha.Runner.constants;

module.exports = class Report extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const report = { passed: 0, failed: [], skipped: [] };
    runner.on(EVENT_TEST_PASS, () => report.passed++);
    runner.on(EVENT_TEST_FAIL, (test, error) =>
      report.failed.push({ title: test.fullTitle(), why: String(error?.stack ?? error) }),
    );
    runner.on(EVENT_TEST_PENDING, (test) => report.skipped.push(test.fullTitle()));
    runner.once(EVENT_RUN_END, () =>
      fs.writeFileSync(process.env.MMSCOPE_TEST_RESULT, JSON.stringify(report, null, 2)),
    );
  }
};
