/**
 * A kernel's report as a user meets it: a code lens in a log, the answer as a document, the machine of the report, stepped into the request that
 * failed; a log dropped on the view of reports. A log without reports has no lens. A screenshot of each step.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { explain } from '../../../src/report/explain.js';
import { dropOnReports } from './drop.js';
import { tell, workspace } from './story.js';

const LOG = 'order0.log';
const QUIET = 'quiet.log';
const REPORT = 'test/data/reports/05-order0-atomic-3.2-all-low.txt';
/** Of the scenario: where the request is. */
const REQUEST_LINE =
  (
    explain([{ name: LOG, text: readFileSync(REPORT, 'utf8') }], { fallback: [6, 1, 0] })[0]
      ?.scenario ?? ''
  )
    .split('\n')
    .findIndex((line) => line.startsWith('struct page *page = ')) + 1;
/** Of one that no machine can be made of. */
const DROPPED = 'dropped.log';
const OOPS = 'test/data/reports/14-oops-reserved-bit.txt';
const LENS = 'Explain this report';

tell('reports in VS Code', { shots: 'reports', prepare }, (step) => {
  step('a log without reports has no lens', async (bench) => {
    await bench.editor.open(QUIET);
    await bench.page.waitForTimeout(1500);
    assert.equal(await bench.page.locator('.codelens-decoration', { hasText: LENS }).count(), 0);
  });

  step('a log with one has a lens above it', async (bench) => {
    await bench.editor.open(LOG);
    await bench.page.locator('.codelens-decoration', { hasText: LENS }).first().waitFor();
  });

  step('the lens opens the answer', async (bench) => {
    await bench.page.locator('.codelens-decoration a', { hasText: LENS }).first().click();
    const preview = bench.page
      .locator('iframe.webview.ready')
      .last()
      .contentFrame()
      .frameLocator('iframe');
    await preview.getByText('memory is used up').first().waitFor();
    await preview.getByText('190 <= 536: refused').first().waitFor();
  });

  step('its machine opens as a scenario', async (bench) => {
    await bench.page.locator('.notification-list-item').getByText('Open Its Machine').click();
    await bench.page.locator('.tab', { hasText: 'order0.log.mms' }).waitFor();
  });

  step('and is stepped into the request that failed', async (bench) => {
    await bench.session.start();
    // Setting up its lists fails no request: the first that fails is the report's.
    await bench.session.press('Continue');
    await bench.session.stoppedAt(REQUEST_LINE);
    await bench.page.locator('.tab', { hasText: 'page_alloc.c' }).first().waitFor();
  });

  step('a log that is dropped on the view of reports is explained', async (bench) => {
    await bench.session.end();
    await bench.press('Control+Shift+E');
    const view = await dropOnReports(bench, DROPPED, (own) => own.getByText(DROPPED));
    await view.getByText('a reserved bit is set in the entry').first().waitFor();
    await bench.page.locator('.tab', { hasText: DROPPED }).first().waitFor();
  });
});

function prepare(): void {
  const report = readFileSync(REPORT, 'utf8');
  const quiet = Array.from({ length: 40 }, (_, at) => `[${at}.000000] eth0: link up`).join('\n');
  writeFileSync(path.join(workspace, LOG), `${quiet}\n${report}`);
  writeFileSync(path.join(workspace, DROPPED), readFileSync(OOPS));
  writeFileSync(path.join(workspace, QUIET), `${quiet}\n`);
}
