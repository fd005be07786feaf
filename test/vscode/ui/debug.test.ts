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
  step('opens a shipped example', (bench) => bench.editor.open(EXAMPLE));

  step('sets a breakpoint by a click into the gutter', (bench) =>
    bench.editor.toggleBreakpoint(lineOf('lock_page(block)')),
  );

  step('starts with F5 and no launch.json, stopped at the first statement', async (bench) => {
    await bench.session.start(lineOf('alloc_pages('));
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
    await bench.variables.openScope('Machine');
    atFirst = await bench.variables.valueOf('zone Normal');
    assert.match(atFirst, /pages free/);
  });

  step('steps into alloc_pages, and down to expand', async (bench) => {
    await bench.session.step('Step Into');
    await bench.session.stoppedAt('alloc_pages');
    for (let steps = 0; steps < 100; steps++) {
      const [at = ''] = (await bench.session.topFrame()).split(' ');
      if (at === 'expand') return;
      await bench.session.step(WAY_DOWN.includes(at) ? 'Step Into' : 'Step Out');
    }
    assert.fail('100 steps did not come to expand()');
  });

  step('shows the locals of expand, and the function as C in mm/page_alloc.c', async (bench) => {
    await bench.variables.row('low').waitFor();
    assert.equal(await bench.variables.valueOf('low'), '4');
    await bench.editor
      .withText('static void expand(struct zone *zone, struct page *page')
      .waitFor();
    lineInExpand = Number(/page_alloc\.c (\d+):/.exec(await bench.session.topFrame())?.[1]);
    assert.ok(lineInExpand > 0, await bench.session.topFrame());
  });

  step('steps back out to the scenario', async (bench) => {
    for (let outs = 0; outs < 20 && !(await bench.session.topFrame()).startsWith('main'); outs++)
      await bench.session.step('Step Out');
    assert.match(await bench.session.topFrame(), /^main/);
  });

  step('steps over, and free memory has changed', async (bench) => {
    if ((await bench.session.topFrame()).includes(` ${lineOf('alloc_pages(')}:`))
      await bench.session.step('Step Over');
    await bench.variables.openScope('Machine');
    await zoneHas(bench, freePages(atFirst) - 16);
  });

  step('runs back to the start, and it has not', async (bench) => {
    await bench.session.press('Reverse');
    await bench.session.stoppedAt(lineOf('alloc_pages('));
    await bench.variables.openScope('Machine');
    await zoneHas(bench, freePages(atFirst));
  });

  const BREAK_INSIDE = 'mmscope: Break Inside the Allocator...';

  step('lists what may happen inside the allocator', async (bench) => {
    await bench.quick.command(BREAK_INSIDE);
    await bench.quick.row('block-split').waitFor();
  });

  step('picks a split, and stops there', async (bench) => {
    await bench.quick.tick('block-split');
    await bench.session.breakpointSet('block-split');
    await bench.session.press('Continue');
    await bench.session.stoppedAt('expand');
    await bench.session.pausedBecause('function breakpoint');
  });

  step('and no longer, when the tick is taken away', async (bench) => {
    await bench.quick.command(BREAK_INSIDE);
    await bench.quick.tick('block-split');
    const row = bench.session.breakpoints.locator('.monaco-list-row', { hasText: 'block-split' });
    await row.waitFor({ state: 'detached' });
  });

  step('continues to the breakpoint', async (bench) => {
    await bench.session.press('Continue');
    await bench.session.stoppedAt(lineOf('lock_page(block)'));
  });

  step('shows the translation of a page on hover', async (bench) => {
    const text = await bench.editor.hover({ line: lineOf('expect(PageLocked'), column: 19 });
    assert.match(text, /pfn 0x[0-9a-f]+/);
    assert.match(text, /head of a compound page of order 4/);
  });

  step('sets a data breakpoint on PG_locked', async (bench) => {
    await bench.variables.openScope('Locals');
    await bench.variables.expand('block');
    await bench.variables.expand('flags');
    await bench.variables.contextMenu('PG_locked', 'Break on Value Change');
    await bench.session.breakpointSet('PG_locked');
  });

  step('hits it inside lock_page', async (bench) => {
    await bench.session.press('Continue');
    await bench.session.stoppedAt('lock_page');
    await bench.session.pausedBecause('data breakpoint');
  });

  step('hits it again inside unlock_page', async (bench) => {
    await bench.session.press('Continue');
    await bench.session.stoppedAt('unlock_page');
  });

  step('stops where an allocation fails, with the reason', async (bench) => {
    await bench.session.press('Continue');
    await bench.session.pausedBecause('exception');
    const text = await bench.session.exceptionText();
    assert.match(text, /page allocation failure: order 10/);
    assert.match(text, /usable, not above WMARK_MIN/);
  });

  step('shows the map after all of it', async (bench) => {
    const map = await bench.webview('.legend');
    const field = map.locator('vscode-text-field input');
    await field.fill('0x1960');
    await field.press('Enter');
    await map.locator('.details h2', { hasText: 'pfn 0x1960' }).waitFor();
    await map.locator('.details td').first().waitFor();
  });

  step('sets a breakpoint in mm/page_alloc.c', async (bench) => {
    await bench.session.showFrame('page_alloc.c');
    await bench.editor.goToLine(lineInExpand);
    await bench.editor.toggleBreakpoint(lineInExpand);
    await bench.session.breakpointSet('page_alloc.c');
  });

  step('ends the session', async (bench) => {
    await bench.session.end();
  });

  step('stops at that breakpoint in the next session', async (bench) => {
    await bench.editor.quickOpen(EXAMPLE);
    await bench.session.start(lineOf('alloc_pages('));
    await bench.session.press('Continue');
    await bench.session.stoppedAt('expand');
    assert.match(await bench.session.topFrame(), new RegExp(`page_alloc\\.c ${lineInExpand}:`));
    await bench.session.pausedBecause('breakpoint');
    await bench.editor
      .withText('static void expand(struct zone *zone, struct page *page')
      .waitFor();
  });

  step('ends that session, too', async (bench) => {
    await bench.session.end();
  });
});

/** `Normal: 217657 of 218467 pages free`. */
const freePages = (value: string): number => Number(/(\d+) of/.exec(value)?.[1]);

/** Waits until the variables view, which is drawn some time after a stop, shows so many free pages. */
const zoneHas = (bench: Workbench, nrFree: number): Promise<void> =>
  bench.variables
    .row('zone Normal')
    .filter({ hasText: `${nrFree} of` })
    .waitFor();

/** The line of the example's first code that has the text. */
const lineOf = (text: string): number => lineIn(EXAMPLE, text);
