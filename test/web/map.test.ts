/** The map as it is drawn: pixels, words and keys, in a browser. Screenshots for the eye in build/screenshots. */
import assert from 'node:assert/strict';
import { pageKindCode, pageState } from '../../src/engine/view/pageState.js';
import { describeInBrowser, openMap } from './inBrowser.js';
import { plainMachine, recordedMachine, smallMachine } from './machines.js';

const RECORDED = 'examples/data/i386-highmem4g-slub-1G.trace.gz';
/** `mmscope.kernel`, dark. */
const KERNEL_COLOR = '227,162,60';
const FREE_COLOR = '47,174,155';

describeInBrowser('the map of physical memory', () => {
  it('says what to do while there is no session', async () => {
    const map = await openMap(smallMachine().machine);
    await map.page.locator('.empty', { hasText: 'Start debugging' }).waitFor();
    assert.deepEqual(map.complaints, []);
    await map.page.close();
  });

  it('keeps to its content security policy', async () => {
    const map = await openMap(smallMachine().machine);
    await map.stopped();
    // One style attribute inside the toolkit is refused: harmless, and there is nothing to set.
    const serious = map.complaints.filter((text) => !/inline style/.test(text));
    assert.deepEqual(serious, []);
    await map.page.close();
  });

  it('writes the order of a block once, also where two zones share a tile', async () => {
    const states = new Uint8Array(2048).fill(pageState(pageKindCode('free'), 9));
    const zones = [
      { name: 'DMA', startPfn: 0, endPfn: 512 },
      { name: 'Normal', startPfn: 512, endPfn: 2048 },
    ];
    const map = await openMap(plainMachine(zones, states));
    await map.page.evaluate(() => {
      const scope = window as unknown as { places: Set<string> };
      scope.places = new Set();
      const { prototype } = CanvasRenderingContext2D;
      const own = Reflect.get(prototype, 'fillText') as (...args: unknown[]) => void;
      prototype.fillText = function (this: CanvasRenderingContext2D, ...args: unknown[]) {
        if (args[0] === '9') scope.places.add(args.slice(1).join());
        own.apply(this, args);
      };
    });
    await map.stopped();
    const nrPlaces = await map.page.evaluate(
      () => (window as unknown as { places: Set<string> }).places.size,
    );
    assert.equal(nrPlaces, 4);
    await map.page.close();
  });

  it('draws free memory and counts it', async () => {
    const map = await openMap(smallMachine().machine);
    await map.stopped();
    const colors = await map.colors();
    assert.ok((colors[FREE_COLOR] ?? 0) > 100_000, JSON.stringify(colors));
    const legend = await map.page.locator('.legend .entry:visible').allInnerTexts();
    assert.deepEqual(
      legend.map((text) => text.replaceAll(/\s+/g, ' ').trim()),
      ['Reserved 1,024', 'Free 3,072'],
    );
    assert.match(await map.page.locator('.title').innerText(), /^16 MiB; test\.mms$/);
    await map.page.close();
  });

  it('shows what changed since the last stop', async () => {
    const { machine, states } = smallMachine();
    const map = await openMap(machine);
    await map.stopped();
    const outlined = (): Promise<number> =>
      map.page.evaluate(() => {
        const overlay = document.querySelector<HTMLCanvasElement>('canvas.overlay');
        const context = overlay?.getContext('2d');
        if (!overlay || !context) throw new Error('no overlay');
        const { data } = context.getImageData(0, 0, overlay.width, overlay.height);
        return data.filter((value, index) => index % 4 === 3 && value > 100).length;
      });
    assert.equal(await outlined(), 0);
    states[2048] = pageState(pageKindCode('kernel'));
    for (let order = 0; order < 10; order++)
      states.fill(pageState(pageKindCode('free'), order), 2048 + (1 << order), 2048 + (2 << order));
    await map.stopped();
    assert.ok((await outlined()) > 500);
    assert.ok(((await map.colors())[KERNEL_COLOR] ?? 0) > 20);
    await map.screenshot('split');
    await map.stopped();
    assert.equal(await outlined(), 0);
    await map.page.close();
  });

  it('selects by click, moves by arrow keys, and says it to screen readers', async () => {
    const map = await openMap(smallMachine().machine);
    await map.stopped();
    const field = map.page.locator('vscode-text-field input');
    await field.fill('0x800');
    await field.press('Enter');
    const title = map.page.locator('.details h2');
    await title.filter({ hasText: 'pfn 0x800' }).waitFor();
    await map.page.locator('.viewport').focus();
    await map.page.keyboard.press('ArrowRight');
    await title.filter({ hasText: 'pfn 0x801' }).waitFor();
    await map.page.keyboard.press('ArrowDown');
    await title.filter({ hasText: 'pfn 0x803' }).waitFor();
    await map.page.keyboard.press('Control+ArrowRight');
    await title.filter({ hasText: 'pfn 0x804' }).waitFor();
    await map.settle();
    const spoken = await map.page.locator('#focused-frame').textContent();
    assert.match(spoken ?? '', /frame 0x804, Free, .*zone DMA, block order 10: 1,024 pages/);
    await map.page.locator('vscode-button', { hasText: 'Copy' }).click();
    await map.settle();
    assert.deepEqual(map.acts, [{ action: 'copy', text: '*pfn_to_page(0x804)' }]);
    await map.page.keyboard.press('Escape');
    await map.page.close();
  });

  it('goes far by Page Up and Down, Home and End; says what it does not find', async () => {
    const map = await openMap(smallMachine().machine);
    await map.stopped();
    const title = map.page.locator('.details h2');
    await map.page.locator('.viewport').focus();
    await map.page.keyboard.press('End');
    await title.filter({ hasText: 'pfn 0xfff' }).waitFor();
    await map.page.keyboard.press('Home');
    await title.filter({ hasText: /pfn 0x0$/ }).waitFor();
    await map.page.keyboard.press('PageDown');
    await title.filter({ hasNotText: /pfn 0x0$/ }).waitFor();
    const field = map.page.locator('vscode-text-field input');
    assert.equal(
      await field.getAttribute('aria-label'),
      'Go to frame, address, symbol or expression',
    );
    await field.fill('nonsense');
    await field.press('Enter');
    await map.page.locator('.complaint', { hasText: "'nonsense' is not defined" }).waitFor();
    await map.page.close();
  });

  it('keeps the last state when the session has ended', async () => {
    const map = await openMap(smallMachine().machine);
    await map.stopped();
    await map.tell(undefined);
    await map.page.locator('.note', { hasText: 'The session has ended' }).waitFor();
    await map.settle();
    assert.ok(((await map.colors())[FREE_COLOR] ?? 0) > 100_000);
    assert.equal(await map.page.locator('.empty').isVisible(), false);
    await map.page.close();
  });

  it('points to changes that are out of sight, and goes there', async () => {
    const { machine, states } = smallMachine();
    const map = await openMap(machine, { width: 500, height: 420 });
    await map.stopped();
    states[0x400] = pageState(pageKindCode('kernel'));
    states[0xfff] = pageState(pageKindCode('kernel'));
    await map.stopped();
    const arrow = map.page.locator('.edge:visible');
    await arrow.filter({ hasText: 'a change below' }).waitFor();
    await arrow.click();
    await map.page.locator('.edge.above:visible', { hasText: 'a change above' }).waitFor();
    await map.page.close();
  });

  it('brings a change into view that is in a later zone', async () => {
    const states = new Uint8Array(1 << 16).fill(pageState(pageKindCode('free'), 10));
    const zones = [
      { name: 'DMA', startPfn: 0, endPfn: 4096 },
      { name: 'Normal', startPfn: 4096, endPfn: 1 << 16 },
    ];
    const map = await openMap(plainMachine(zones, states), {
      width: 400,
      height: 420,
    });
    await map.stopped();
    states[0x8000] = pageState(pageKindCode('kernel'));
    await map.stopped();
    assert.ok(((await map.colors())[KERNEL_COLOR] ?? 0) > 10);
    assert.equal(await map.page.locator('.edge:visible').count(), 0);
    await map.page.close();
  });

  it('does not count holes as memory', async () => {
    const states = new Uint8Array(1 << 20);
    states.fill(pageState(pageKindCode('free'), 10));
    states.fill(pageState(pageKindCode('absent')), 1 << 18, 1 << 19);
    const zones = [{ name: 'Normal', startPfn: 0, endPfn: 1 << 20 }];
    const map = await openMap(plainMachine(zones, states));
    await map.stopped();
    await map.page.locator('.title', { hasText: '3 GiB' }).waitFor();
    await map.page.close();
  });

  it('brings out one kind when its legend entry is pressed', async () => {
    const map = await openMap(smallMachine().machine);
    await map.stopped();
    await map.page.locator('.legend .entry', { hasText: 'Reserved' }).click();
    await map.settle();
    assert.equal((await map.colors())[FREE_COLOR], undefined);
    await map.page.close();
  });

  it('says what the last allocation considered, and finds its block', async () => {
    const none = await openMap(await recordedMachine(RECORDED));
    await none.stopped();
    assert.equal(await none.page.locator('.verdict').isVisible(), false);
    await none.page.close();

    const machine = await recordedMachine(RECORDED, 'alloc_pages(GFP_HIGHUSER, 4)');
    const map = await openMap(machine);
    await map.stopped();
    const sentence = await map.page.locator('.verdict .sentence').innerText();
    const [, pfn = ''] = /^order 4: pfn 0x([0-9a-f]+), .* in zone HighMem/.exec(sentence) ?? [];
    assert.notEqual(pfn, '', sentence);
    const lines = map.page.locator('.verdict pre');
    assert.equal(await lines.isVisible(), false);
    await map.page.locator('.verdict summary').click();
    assert.match(await lines.innerText(), /^order 4, GFP_HIGHUSER\nfast path \(ALLOC_WMARK_LOW/);
    await map.screenshot('verdict');
    await map.page.locator('.verdict vscode-button').click();
    await map.page.locator('.details h2', { hasText: `pfn 0x${pfn}` }).waitFor();
    await map.page.close();
  });

  it('marks an allocation that failed', async () => {
    const machine = await recordedMachine(
      RECORDED,
      'alloc_pages(GFP_DMA | GFP_ATOMIC | __GFP_NOWARN, 11)',
    );
    const map = await openMap(machine, { theme: 'light' });
    await map.stopped();
    assert.match(
      await map.page.locator('.verdict.failed .sentence').innerText(),
      /^order 11 failed/,
    );
    await map.screenshot('verdict-failed');
    await map.page.close();
  });

  for (const theme of ['dark', 'light', 'highContrast', 'highContrastLight'] as const)
    it(`draws a recorded machine, theme ${theme}`, async () => {
      const map = await openMap(await recordedMachine(RECORDED), { theme });
      await map.stopped();
      await map.page.locator('vscode-button[title^="Fit"]').click();
      await map.settle();
      await map.page.mouse.move(600, 300);
      await map.page.locator('.tooltip', { hasText: /zone\s*Normal/ }).waitFor();
      await map.screenshot(`recorded-${theme}`);
      await map.page.close();
    });

  it('draws a machine of 64 GiB', async () => {
    const states = new Uint8Array(1 << 24);
    states.fill(pageState(pageKindCode('free'), 10));
    states.fill(pageState(pageKindCode('reserved')), 0, 1 << 18);
    states.fill(pageState(pageKindCode('absent')), 3 << 18, 1 << 20);
    const zones = [
      { name: 'DMA', startPfn: 0, endPfn: 4096 },
      { name: 'DMA32', startPfn: 4096, endPfn: 1 << 20 },
      { name: 'Normal', startPfn: 1 << 20, endPfn: 1 << 24 },
    ];
    const map = await openMap(plainMachine(zones, states));
    await map.stopped();
    await map.page.locator('.title', { hasText: '63 GiB' }).waitFor();
    for (let i = 0; i < 5; i++) {
      await map.page.locator('vscode-button[title="Zoom in (+)"]').click();
      await map.settle();
    }
    await map.screenshot('64-gib');
    await map.page.close();
  });
});
