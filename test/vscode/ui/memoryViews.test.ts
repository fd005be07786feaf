/**
 * Three questions that the window Memory answers by looking, each in at most two clicks: which two blocks merged just now, why a
 * request was refused, which virtual addresses reach a frame. A screenshot of each answer.
 */
import assert from 'node:assert/strict';
import type { Frame } from 'playwright-core';
import { lineOf, tell } from './story.js';

const SPLIT = 'split-a-block.mms';
const WALK = 'walk-an-address.mms';

/** Opens a view of the window: one click. */
async function openView(frame: Frame, title: string): Promise<void> {
  await frame.getByRole('tab', { name: title, exact: true }).click();
  await frame.locator('.panel:not([hidden]) .board svg text').first().waitFor();
}

tell('which blocks merged, and why a request was refused', { shots: 'memory' }, (step) => {
  step('steps over the free', async (bench) => {
    await bench.editor.open(SPLIT);
    await bench.session.start(lineOf(SPLIT, 'alloc_pages'));
    const free = lineOf(SPLIT, '__free_pages(');
    await bench.editor.toggleBreakpoint(free);
    await bench.session.press('Continue');
    await bench.session.stoppedAt(free);
  });

  step('shows which orders merged: one click', async (bench) => {
    const memory = await bench.webview('.tabs');
    await openView(memory, 'Free Areas');
    // What has changed is told from the stop that was shown before: it must have been shown.
    await memory.locator('[data-headline]', { hasText: 'Given: order 4' }).waitFor();
    await bench.session.step('Step Over');
    const move = memory.locator('[data-move="merge"]').first();
    await move.waitFor({ state: 'attached' });
    assert.equal(await move.getAttribute('data-to'), '4');
    assert.equal(await move.getAttribute('data-from'), '5');
  });

  step('shows why the request was refused, without another one', async (bench) => {
    const memory = await bench.webview('.tabs');
    await bench.session.press('Continue');
    const decides = memory.locator('[data-decides]').first();
    await decides.waitFor();
    await bench.session.settled();
    assert.match((await decides.getAttribute('data-decides')) ?? '', /taken/);
    assert.match(await memory.locator('[data-headline]').innerHTML(), /^Refused: order 10/);
    assert.match(
      (await memory.locator('[data-request="refused"]').textContent()) ?? '',
      /refused$/,
    );
    await bench.session.end();
  });
});

tell('which virtual addresses reach a frame', { shots: 'memory' }, (step) => {
  step('stops where a page is mapped twice', async (bench) => {
    await bench.editor.open(WALK);
    await bench.session.start();
    const mapped = lineOf(WALK, 'expect(pte_dirty(*pte))');
    await bench.editor.toggleBreakpoint(mapped);
    await bench.session.press('Continue');
    await bench.session.stoppedAt(mapped);
  });

  step('selects the page, and shows all its addresses: two clicks', async (bench) => {
    await bench.variables.contextMenu('page', 'Memory Map');
    const memory = await bench.webview('.tabs');
    await memory.locator('.details h2').waitFor();
    await openView(memory, 'Virtual');
    const lines = memory.locator('[data-line]');
    await lines.nth(1).waitFor({ state: 'attached' });
    await bench.session.settled();
    const rows = memory.locator('.board.aliases [role="gridcell"]');
    const texts = await rows.allInnerTexts();
    assert.ok(
      texts.some((text) => text.includes('vmalloc')),
      texts.join('; '),
    );
    assert.ok(
      texts.some((text) => text.includes('direct map')),
      texts.join('; '),
    );
  });

  step('walks one of them, with the entry that was written lit', async (bench) => {
    const memory = await bench.webview('.tabs');
    await openView(memory, 'Page Walk');
    await memory.locator('[data-entry="PTE"], [data-entry="PMD"]').first().waitFor();
    await bench.session.end();
  });
});
