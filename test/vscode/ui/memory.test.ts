/**
 * What only this debugger shows, each answered by looking at the window Memory, in at most two clicks: which block was split and which two
 * merged just now, and why a request was refused. (Which addresses reach a frame is told in memoryViews.test.ts.) A screenshot of each step.
 */
import assert from 'node:assert/strict';
import type { Frame } from 'playwright-core';
import { lineOf, tell } from './story.js';

const EXAMPLE = 'split-a-block.mms';
const at = (text: string): number => lineOf(EXAMPLE, text);

/** Opens a view of the window: one click. */
const openView = (map: Frame, title: string): Promise<void> =>
  map.getByRole('tab', { name: title, exact: true }).click();

tell('the window Memory in VS Code', { shots: 'memory' }, (step) => {
  step('opens the example, and starts', async (bench) => {
    await bench.editor.open(EXAMPLE);
    await bench.editor.codeLens('Debug').waitFor();
    await bench.editor.toggleBreakpoint(at('__free_pages(block'));
    await bench.session.start(at('alloc_pages(GFP_KERNEL'));
    const map = await bench.webview('.legend');
    await map.locator('.title', { hasText: 'i386, 1 GiB, recorded; split-a-block.mms' }).waitFor();
  });

  step('shows which block was split, and has it in view', async (bench) => {
    await bench.session.step('Step Over');
    const map = await bench.webview('.legend');
    await map.locator('.happened', { hasText: 'order 5 at 0x1960 split' }).waitFor();
    await bench.until('it is outlined in view', () => bench.outlinesInView());
    await bench.eventually(async () =>
      assert.deepEqual(await map.locator('.edge:visible').allInnerTexts(), []),
    );
  });

  step('shows every address of its first frame', async (bench) => {
    const map = await bench.webview('.legend');
    const field = map.locator('.goto vscode-text-field input');
    await field.fill('block');
    await field.press('Enter');
    await map.locator('.details h2', { hasText: 'pfn 0x1960' }).waitFor();
    await map.locator('.details dd', { hasText: '0xc1960000' }).waitFor();
  });

  step('shows which two blocks merged just now', async (bench) => {
    await bench.session.press('Continue');
    await bench.session.stoppedAt(at('__free_pages(block'));
    await bench.session.step('Step Over');
    const map = await bench.webview('.legend');
    await map.locator('.happened', { hasText: '0x1960 and 0x1970 merged to order 5' }).waitFor();
    await bench.until('they are outlined in view', () => bench.outlinesInView());
  });

  step('shows why a request was refused: one click for the picture', async (bench) => {
    const map = await bench.webview('.legend');
    await openView(map, 'Free Areas');
    // What has changed is told from the stop that was shown before: it must have been shown.
    await map.locator('[data-headline]', { hasText: 'Given: order 4' }).waitFor();
    await bench.session.press('Continue');
    await map.locator('[data-headline]', { hasText: 'Refused: order 10' }).waitFor();
    await bench.eventually(async () => {
      const decides = map.locator('[data-decides]').first();
      assert.match((await decides.getAttribute('data-decides')) ?? '', /taken/);
    });
    await map.locator('[data-request="refused"]', { hasText: /refused$/ }).waitFor();
  });

  step('and in words above the map: one click', async (bench) => {
    const map = await bench.webview('.legend');
    await openView(map, 'Physical');
    await map.locator('.verdict.failed .sentence', { hasText: 'order 10 failed' }).waitFor();
    await map.locator('.verdict summary').click();
    await map.locator('.verdict pre', { hasText: 'WMARK' }).waitFor();
    await map.locator('.verdict summary').click();
  });

  step('travels back to where the block was whole', async (bench) => {
    const map = await bench.webview('.legend');
    const slider = map.getByRole('slider', { name: 'Time' });
    await slider.focus();
    await slider.press('Home');
    await bench.session.stoppedAt(at('alloc_pages(GFP_KERNEL'));
  });

  step('keeps the last state when the session has ended', async (bench) => {
    await bench.press('Shift+F5');
    const map = await bench.webview('.legend');
    await map.locator('.note', { hasText: 'The session has ended' }).waitFor();
    await map.locator('.note vscode-button', { hasText: 'Start again' }).waitFor();
  });
});
