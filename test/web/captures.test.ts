/** kpageflags, kpagecount and pagemap on the map of the window Memory: what a capture tells is drawn, coloured and said; the rest is not offered. */
import assert from 'node:assert/strict';
import { CaptureMachine } from '../../src/extension/capture/captureMachine.js';
import type { FrameBody, MapBody } from '../../src/engine/view/map.js';
import type { FrameLabelsBody, FrameValuesBody } from '../../src/engine/view/frameValues.js';
import { detailOfState, kindOfState, PAGE_KINDS } from '../../src/engine/view/pageState.js';
import { FrameCapture, type CaptureFile } from '../../src/report/binary/frameCapture.js';
import { bytesOf as decoded } from '../../webview/text.js';
import { complaints } from './boards.js';
import { bytesOf, capturedFrames, KPF } from './capturedFrames.js';
import { describeInBrowser, openMap } from './inBrowser.js';
import { type MapPage } from './mapPage.js';
import { themeColors } from './themes.js';

const words = (...all: readonly bigint[]): Uint8Array => bytesOf(BigUint64Array.from(all));

function machineOf(
  files: Partial<Record<CaptureFile, Uint8Array>>,
  pieceBytes = 24,
): CaptureMachine {
  const capture = new FrameCapture();
  for (const [kind, bytes] of Object.entries(files))
    for (let at = 0; at < bytes.length; at += pieceBytes)
      capture.add(kind as CaptureFile, bytes.subarray(at, at + pieceBytes));
  return new CaptureMachine(capture);
}

const mapOf = (machine: CaptureMachine, framesPerCell = 1, cells = 64): MapBody =>
  machine.answer('mmscope/map', { firstPfn: 0, framesPerCell, cells }) as MapBody;
const shown = (machine: CaptureMachine): string[] =>
  [...decoded(mapOf(machine).states)].map(
    (state) => `${PAGE_KINDS[kindOfState(state)]?.name ?? ''} ${detailOfState(state)}`,
  );
const valuesOf = (machine: CaptureMachine, by: string, framesPerCell = 1): number[] => [
  ...decoded(
    (
      machine.answer('mmscope/frameValues', {
        firstPfn: 0,
        framesPerCell,
        cells: 64,
        by,
      }) as FrameValuesBody
    ).values,
  ),
];
const frameOf = (machine: CaptureMachine, pfn: number): FrameBody =>
  machine.answer('mmscope/frame', { pfn }) as FrameBody;

describe('a capture of frames as a machine', () => {
  const flags = words(
    KPF.reserved,
    KPF.nopage,
    KPF.buddy,
    KPF.buddy,
    KPF.slabHead,
    KPF.slabTail,
    0n,
    KPF.file | KPF.locked,
    KPF.hugeHead,
    KPF.hugeTail,
    KPF.hugeTail,
    KPF.hugeTail,
    KPF.pgtable,
    KPF.mappedFile,
    KPF.nopage,
    KPF.nopage,
  );
  const counts = words(0n, 0n, 0n, 0n, 0n, 0n, 0n, 0n, 1n, 1n, 1n, 1n, 0n, 4000n, 0n, 0n);
  const machine = machineOf({ kpageflags: flags, kpagecount: counts });

  it('ends where only holes follow; each frame has its use and the order of its block', () => {
    assert.deepEqual(shown(machine), [
      'reserved 0',
      'absent 0',
      'free 1',
      'free 1',
      'slab 1',
      'slab 1',
      'kernel 0',
      'pageCache 0',
      'user 2',
      'user 2',
      'user 2',
      'user 2',
      'pageTable 0',
      'pageCache 0',
    ]);
    assert.equal(mapOf(machine).maxPfn, 14);
  });

  it('offers only what it tells: uses, orders, mappings and the flags that occur', () => {
    const { machine: kind } = mapOf(machine);
    assert.deepEqual(kind?.colourings, ['use', 'order', 'mappings']);
    assert.deepEqual(kind.views, ['physical']);
    assert.ok(kind.flags.includes('KPF_LOCKED') && kind.flags.includes('KPF_THP'));
    assert.ok(!kind.flags.includes('KPF_KSM') && !kind.flags.includes('KPF_NOPAGE'));
    assert.throws(() => valuesOf(machine, 'migratetype'), /does not tell/);
    assert.throws(() => machine.answer('mmscope/virtual', {}), /does not tell/);
  });

  it('is coloured by flags and by counts; of several frames by the share and the largest', () => {
    assert.deepEqual(
      valuesOf(machine, 'KPF_LOCKED').flatMap((value, pfn) => (value === 15 ? [pfn] : [])),
      [7],
    );
    assert.deepEqual(valuesOf(machine, 'KPF_LOCKED', 8), [2, 0]);
    assert.deepEqual(valuesOf(machine, 'mappings', 8), [0, 250]);
  });

  it('tells of one frame its words, its exact count and its block', () => {
    const frame = frameOf(machine, 13);
    assert.deepEqual(frame.holders, [
      { name: 'kpageflags', value: '0x86c' },
      { name: 'kpagecount', value: 'mapped 4000 times' },
    ]);
    assert.deepEqual(frame.flags, [
      'KPF_REFERENCED',
      'KPF_UPTODATE',
      'KPF_LRU',
      'KPF_ACTIVE',
      'KPF_MMAP',
    ]);
    assert.equal(
      frameOf(machine, 10).summary,
      'transparent huge, of a block of order 2 from pfn 0x8',
    );
    const { counts: mapped, flags: letters } = machine.answer('mmscope/frameLabels', {
      firstPfn: 12,
      nrFrames: 2,
    }) as FrameLabelsBody;
    assert.deepEqual(
      [mapped, letters],
      [
        [0, 4000],
        ['g', 'RUlAM'],
      ],
    );
    assert.throws(() => frameOf(machine, 14), /ends before pfn 0xe/);
  });

  it('finds frame numbers and physical addresses', () => {
    const found = (text: string): unknown =>
      (machine.answer('mmscope/locate', { text }) as { readonly pfn: number }).pfn;
    assert.deepEqual([found('0xd'), found('pfn 3'), found('0xd123')], [13, 3, 13]);
    assert.throws(() => found('init_task'), /no symbols/);
    assert.throws(() => found('0x100000'), /ends before/);
  });

  it('before 4.6 marks only the first frame of a free block: the rest is told by where a block can end', () => {
    const old = machineOf({
      kpageflags: words(
        0n,
        KPF.slab,
        KPF.buddy,
        0n,
        KPF.buddy,
        0n,
        0n,
        0n,
        KPF.buddy,
        0n,
        0n,
        KPF.slab,
      ),
    });
    assert.deepEqual(shown(old), [
      'kernel 0',
      'slab 0',
      'free 1',
      'free 1',
      'free 2',
      'free 2',
      'free 2',
      'free 2',
      'free 1',
      'free 1',
      'kernel 0',
      'slab 0',
    ]);
    assert.match(
      frameOf(old, 6).summary ?? '',
      /^free: behind the first frame .*order 2 from pfn 0x4/,
    );
  });

  it('of kpagecount alone is coloured by counts; counts below zero are none', () => {
    const alone = machineOf({ kpagecount: words(3n, (1n << 64n) - 127n, 0n) });
    assert.deepEqual(mapOf(alone).machine?.colourings, ['mappings']);
    assert.deepEqual(valuesOf(alone, 'mappings'), [3, 0, 0]);
  });

  it("of a process's pagemap shows its frames; together with the others, too", () => {
    const present = 1n << 63n;
    const pagemap = words(0n, present | 5n, present | (1n << 61n) | 2n, present | 5n, 1n << 62n);
    const alone = machineOf({ pagemap });
    assert.deepEqual(valuesOf(alone, 'process'), [0, 0, 1, 0, 0, 2]);
    const all = machineOf({ kpageflags: flags, pagemap });
    assert.deepEqual(mapOf(all).machine?.colourings, ['use', 'order', 'process']);
    assert.deepEqual(frameOf(all, 5).holders?.at(-1), {
      name: 'pagemap',
      value: 'entry 0x1: address 0x1000, if the file begins at address 0',
    });
  });
});

describeInBrowser('captures on the map', () => {
  let map: MapPage;
  afterEach(() => map.page.close());

  it('are drawn by use, flags and counts, in one view', async () => {
    const { flags, counts } = capturedFrames(1 << 18);
    const machine = machineOf({ kpageflags: bytesOf(flags), kpagecount: bytesOf(counts) }, 1 << 20);
    map = await openMap({
      request: (name, args) => Promise.resolve().then(() => machine.answer(name, args)),
    });
    await map.stopped();
    assert.deepEqual(complaints(map), []);
    await map.page.locator('.title', { hasText: '1 GiB, captured; test.mms' }).waitFor();
    assert.deepEqual(await map.page.locator('[role=tab]:visible').allInnerTexts(), ['Physical']);
    const { kinds } = themeColors('dark');
    const user = PAGE_KINDS.findIndex(({ name }) => name === 'user');
    const drawn = await map.colors();
    const { r, g, b } = kinds[user] ?? assert.fail();
    assert.ok((drawn[`${r},${g},${b}`] ?? 0) > 100, 'anonymous memory in its colour');
    await map.screenshot('capture-use');
    const choices = map.page.locator('vscode-dropdown[aria-label="Colour by"]');
    for (const by of ['mappings', 'KPF_THP']) {
      await choices.evaluate((box, value) => {
        (box as HTMLSelectElement).value = value;
        box.dispatchEvent(new Event('change'));
      }, by);
      await map.settle();
      assert.notDeepEqual(await map.colors(), drawn);
      await map.screenshot(`capture-${by}`);
    }
    await map.page.locator('.goto vscode-text-field input').fill('0x1000');
    await map.page.keyboard.press('Enter');
    await map.page.locator('.details', { hasText: 'kpageflags' }).waitFor();
    await map.settle();
    await map.screenshot('capture-details');
    assert.deepEqual(complaints(map), []);
  });

  it('of kpagecount alone are coloured by it at once', async () => {
    const { counts } = capturedFrames(1 << 14);
    const machine = machineOf({ kpagecount: bytesOf(counts) }, 1 << 20);
    map = await openMap({
      request: (name, args) => Promise.resolve().then(() => machine.answer(name, args)),
    });
    await map.stopped();
    await map.page.locator('.legend', { hasText: '8 and more' }).waitFor();
    assert.ok(Object.keys(await map.colors()).length > 3);
    await map.screenshot('capture-counts');
    assert.deepEqual(complaints(map), []);
  });
});
