/**
 * One debug session as a user has it, in the browser, with a screenshot of each step in build/screenshots: from opening
 * a shipped example to a data breakpoint on a page flag. Later steps need the earlier ones: after a failure they are not
 * tried.
 */
import assert from 'node:assert/strict';
import { lineOf as lineIn, tell } from './story.js';
import type { Workbench } from './workbench.js';

const EXAMPLE = 'split-a-block.mms';
/** What lies between alloc_pages() and expand(): other functions are stepped out of. */
const WAY_DOWN =
  'main alloc_pages __alloc_pages get_page_from_freelist rmqueue rmqueue_buddy __rmqueue __rmqueue_smallest'.split(
    ' ',
  );

tell('a session in VS Code', {}, (step) => {
  step('opens a shipped example', (bench) => bench.openFile(EXAMPLE));

  step('sets a breakpoint by a click into the gutter', (bench) =>
    bench.toggleBreakpoint(lineOf('lock_page(block)')),
  );

  step('starts with F5 and no launch.json, stopped at the first statement', async (bench) => {
    await bench.press('F5');
    await bench.toolbar.waitFor();
    await bench.stoppedAt(`${lineOf('alloc_pages(')}:`);
  });

  step('opens the map of physical memory beside it', async (bench) => {
    const map = await bench.webview('.legend');
    await map.locator('.legend .entry:visible', { hasText: 'Free' }).first().waitFor();
    await map.locator('.title', { hasText: '1 GiB' }).waitFor();
  });

  let atFirst = '';
  /** A line of mm/page_alloc.c. */
  let lineInExpand = 0;
  step('shows the zones of the machine', async (bench) => {
    await bench.openScope('Machine');
    atFirst = await bench.valueOf('zone Normal');
    assert.match(atFirst, /pages free/);
  });

  step('steps into alloc_pages, and down to expand', async (bench) => {
    await bench.step('Step Into');
    await bench.stoppedAt('alloc_pages');
    for (let steps = 0; steps < 100; steps++) {
      const [at = ''] = (await bench.topFrame()).split(' ');
      if (at === 'expand') return;
      await bench.step(WAY_DOWN.includes(at) ? 'Step Into' : 'Step Out');
    }
    assert.fail('100 steps did not come to expand()');
  });

  step('shows the locals of expand, and the function as C in mm/page_alloc.c', async (bench) => {
    await bench.variable('low').waitFor();
    assert.equal(await bench.valueOf('low'), '4');
    await bench.editorWith('static void expand(struct zone *zone, struct page *page').waitFor();
    lineInExpand = Number(/page_alloc\.c (\d+):/.exec(await bench.topFrame())?.[1]);
    assert.ok(lineInExpand > 0, await bench.topFrame());
  });

  step('steps back out to the scenario', async (bench) => {
    for (let outs = 0; outs < 20 && !(await bench.topFrame()).startsWith('main'); outs++)
      await bench.step('Step Out');
    assert.match(await bench.topFrame(), /^main/);
  });

  step('steps over, and free memory has changed', async (bench) => {
    if ((await bench.topFrame()).includes(` ${lineOf('alloc_pages(')}:`))
      await bench.step('Step Over');
    await bench.openScope('Machine');
    await zoneHas(bench, freePages(atFirst) - 16);
  });

  step('runs back to the start, and it has not', async (bench) => {
    await bench.tool('Reverse');
    await bench.stoppedAt(`${lineOf('alloc_pages(')}:`);
    await bench.openScope('Machine');
    await zoneHas(bench, freePages(atFirst));
  });

  const BREAK_INSIDE = 'mmscope: Break Inside the Allocator...';

  step('lists what may happen inside the allocator', async (bench) => {
    await bench.command(BREAK_INSIDE);
    await bench.quickPickRow('block-split').waitFor();
  });

  step('picks a split, and stops there', async (bench) => {
    await bench.tickRow('block-split');
    await bench.breakpointSet('block-split');
    await bench.tool('Continue');
    await bench.stoppedAt('expand');
    await bench.pausedBecause('function breakpoint');
  });

  step('and no longer, when the tick is taken away', async (bench) => {
    await bench.command(BREAK_INSIDE);
    await bench.tickRow('block-split');
    const row = bench.breakpoints.locator('.monaco-list-row', { hasText: 'block-split' });
    await row.waitFor({ state: 'detached' });
  });

  step('continues to the breakpoint', async (bench) => {
    await bench.tool('Continue');
    await bench.stoppedAt(`${lineOf('lock_page(block)')}:`);
  });

  step('shows the translation of a page on hover', async (bench) => {
    const text = await bench.hover({ line: lineOf('expect(PageLocked'), column: 19 });
    assert.match(text, /pfn 0x[0-9a-f]+/);
    assert.match(text, /head of a compound page of order 4/);
  });

  step('sets a data breakpoint on PG_locked', async (bench) => {
    await bench.openScope('Locals');
    await bench.expand('block');
    await bench.expand('flags');
    await bench.contextMenu(bench.variable('PG_locked'), 'Break on Value Change');
    await bench.breakpointSet('PG_locked');
  });

  step('hits it inside lock_page', async (bench) => {
    await bench.tool('Continue');
    await bench.stoppedAt('lock_page');
    await bench.pausedBecause('data breakpoint');
  });

  step('hits it again inside unlock_page', async (bench) => {
    await bench.tool('Continue');
    await bench.stoppedAt('unlock_page');
  });

  step('stops where an allocation fails, with the reason', async (bench) => {
    await bench.tool('Continue');
    await bench.pausedBecause('exception');
    const text = await bench.exceptionText();
    assert.match(text, /page allocation failure: order 10/);
    assert.match(text, /usable, not above WMARK_MIN/);
  });

  step('shows the map after all of it', async (bench) => {
    const map = await bench.webview('.legend');
    await map.locator('vscode-text-field input').fill('0x1960');
    await bench.press('Enter');
    await map.locator('.details h2', { hasText: 'pfn 0x1960' }).waitFor();
    await map.locator('.details td').first().waitFor();
  });

  step('sets a breakpoint in mm/page_alloc.c', async (bench) => {
    await bench.showFrame('page_alloc.c');
    await bench.goToLine(lineInExpand);
    await bench.toggleBreakpoint(lineInExpand);
    await bench.breakpointSet('page_alloc.c');
  });

  step('ends the session', async (bench) => {
    await bench.press('Shift+F5');
    await bench.toolbar.waitFor({ state: 'hidden' });
  });

  step('stops at that breakpoint in the next session', async (bench) => {
    await bench.quickOpen(EXAMPLE);
    await bench.press('F5');
    await bench.toolbar.waitFor();
    await bench.stoppedAt(`${lineOf('alloc_pages(')}:`);
    await bench.tool('Continue');
    await bench.stoppedAt('expand');
    assert.match(await bench.topFrame(), new RegExp(`page_alloc\\.c ${lineInExpand}:`));
    await bench.pausedBecause('breakpoint');
    await bench.editorWith('static void expand(struct zone *zone, struct page *page').waitFor();
  });

  step('ends that session, too', async (bench) => {
    await bench.press('Shift+F5');
    await bench.toolbar.waitFor({ state: 'hidden' });
  });
});

/** `Normal: 217657 of 218467 pages free`. */
const freePages = (value: string): number => Number(/(\d+) of/.exec(value)?.[1]);

/** Waits until the variables view, which is drawn some time after a stop, shows so many free pages. */
const zoneHas = (bench: Workbench, nrFree: number): Promise<void> =>
  bench
    .variable('zone Normal')
    .filter({ hasText: `${nrFree} of` })
    .waitFor();

/** The line of the example's first code that has the text. */
const lineOf = (text: string): number => lineIn(EXAMPLE, text);
