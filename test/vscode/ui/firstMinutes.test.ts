/**
 * The first ten minutes: examples in order, what is in sight at the first stop, the map that follows, the console that opens when
 * something is printed, inline values, the end, a scenario with an error. In a large window and a small one.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { lineOf, tell, workspace } from './story.js';

const EXAMPLE = 'first-steps.mms';
const BAD = 'bad.mms';

const prepare = (): void =>
  writeFileSync(
    path.join(workspace, BAD),
    '#pragma mmscope machine arch=i386 ram=64M\n\nint first = 1;\nint second = (first + ;\n',
  );

for (const [title, shots, viewport] of [
  ['the first minutes in VS Code', 'first-minutes', { width: 1600, height: 1000 }],
  ['the first minutes in a small window', 'first-minutes-small', { width: 1280, height: 800 }],
] as const)
  tell(title, { shots, viewport, prepare }, (step) => {
    step('lists the examples in an order for learners', async (bench) => {
      await bench.quick.command('mmscope: Open Example...');
      await bench.quick.row('1. first-steps').waitFor();
      await bench.quick.row('2. split-a-block').waitFor();
    });

    step('opens the user’s own copy', async (bench) => {
      await bench.quick.row('1. first-steps').click();
      const tab = bench.page.locator('.tab.active', { hasText: EXAMPLE });
      await tab.first().waitFor();
      const file = await tab.locator('.tab-label').first().getAttribute('aria-label');
      assert.doesNotMatch(file ?? '', /extensions/);
      await bench.editor.codeLens('Debug').waitFor();
    });

    step('starts: variables in front, the map beside, no console yet', async (bench) => {
      await bench.session.start(lineOf(EXAMPLE, 'alloc_page(GFP_KERNEL)'));
      await bench.variables.row('page').waitFor();
      await bench.variables.root.waitFor();
      const map = await bench.webview('.legend');
      await map.locator('.title', { hasText: `i386, 1 GiB, booted; ${EXAMPLE}` }).waitFor();
      assert.equal(await bench.nrMaps(), 1);
      assert.equal(await bench.page.locator('.repl').isVisible(), false);
      assert.deepEqual(await bench.notifications.allInnerTexts(), []);
    });

    step('steps over an allocation, and the map shows what changed', async (bench) => {
      await bench.session.step('Step Over');
      await bench.until('changes are outlined in view', () => bench.outlinesInView());
      assert.equal(await bench.page.locator('.repl').isVisible(), false);
    });

    step(
      'shows the value that the line assigned, and none of lines that have not run',
      async (bench) => {
        await bench.session.step('Step Over');
        await bench.eventually(async () => {
          const values = await bench.editor.inlineValues();
          assert.equal(values.length, 2);
          const [page = '', pfn = ''] = values;
          assert.match(page, /^page = 0x/);
          assert.match(pfn, /^pfn = \S+$/);
          assert.ok(page.length < 50, page);
        });
      },
    );

    step('opens the console when something is printed', async (bench) => {
      await bench.session.step('Step Over');
      await bench.session.step('Step Over');
      await bench.page.locator('.repl', { hasText: 'is frame 0x' }).waitFor();
    });

    step('reveals a page in the map, by command', async (bench) => {
      await bench.quick.command('mmscope: Reveal in Memory Map');
      await bench.quick.answer('page');
      const map = await bench.webview('.legend');
      await map.locator('.details h2', { hasText: 'pfn 0x1949' }).waitFor();
    });

    step('at the end the map keeps the last state, and says so', async (bench) => {
      await bench.session.runToEnd();
      const map = await bench.webview('.legend');
      await map.locator('.note', { hasText: 'The session has ended' }).waitFor();
      assert.equal(await map.locator('.empty').isVisible(), false);
      await map.locator('.legend .entry:visible', { hasText: 'Free' }).first().waitFor();
    });

    step('shows the error of a scenario at its line, and starts nothing', async (bench) => {
      await bench.editor.quickOpen(BAD);
      await bench.press('F5');
      await bench.notifications.filter({ hasText: 'line 4' }).first().waitFor();
      await bench.statusBarItem(/Ln 4, Col \d+$/).waitFor();
      assert.equal(await bench.page.locator('.monaco-dialog-box').count(), 0);
      assert.equal(await bench.session.toolbar.isVisible(), false);
    });
  });
