/**
 * A machine that runs moves entries from list to list while they are followed (/proc/kcore): what is read is marked as partial, and nothing
 * fails, runs for ever, or counts entries of another list.
 */
import assert from 'node:assert/strict';
import type { DumpMemory } from '../../src/engine/image/dump/dumpMemory.js';
import { KernelSpace } from '../../src/engine/image/dump/kernelSpace.js';
import { Inspected, Problems } from '../../src/engine/inspect/inspected.js';
import { memmapOf } from '../../src/engine/inspect/memmap.js';
import { dumpedProcLines, dumpedProcNames } from '../../src/engine/inspect/proc/files.js';
import { reportOf } from '../../src/engine/inspect/report.js';
import { listsOf, populatedZonesOf } from '../../src/engine/inspect/zones.js';
import { random as seeded } from '../engine/random.js';
import { reducedKernel } from './dumps.js';

/** The same kernel on memory that a test answers for. */
function on(memory: DumpMemory): Inspected {
  const { dump } = reducedKernel();
  const space = new KernelSpace(memory, dump.space.paging);
  space.setLinearMaps([{ start: dump.pageOffset, sizeBytes: 65504 * 4096, startPhys: 0 }]);
  return new Inspected({ ...dump, space });
}

interface Followed {
  readonly zone: string;
  readonly order: number;
  readonly type: number;
  readonly pfns: readonly number[];
}

/** Free lists with at least so many blocks, and where the kernel has the first pointer of a struct page's lru. */
function longLists(least: number): { lists: Followed[]; lruOf: (pfn: number) => number } {
  const k = reducedKernel();
  const lists = populatedZonesOf(k).flatMap((zone) =>
    Object.entries(listsOf(k, zone, new Problems()).free_list).flatMap(([key, pfns]) => {
      const [order = 0, type = 0] = key.split('.').map(Number);
      return pfns.length < least ? [] : [{ zone: zone.name, order, type, pfns }];
    }),
  );
  const memmap = memmapOf(k);
  const lru = k.offset('page', 'lru');
  return { lists, lruOf: (pfn) => (memmap.pfnToPage(pfn) ?? 0) + lru };
}

/** Reads of 8 bytes at an address give another pointer from the `after`th on. */
function moving(
  moves: readonly { readonly at: number; readonly after: number; readonly to: number }[],
): {
  memory: DumpMemory;
  moved: () => number;
} {
  const { dump } = reducedKernel();
  const { memory, ...space } = { memory: dump.space.memory, k: dump.space };
  const places = new Map(
    moves.map(({ at, ...rest }) => [space.k.physOf(at as never) ?? -1, { ...rest, reads: 0 }]),
  );
  let moved = 0;
  return {
    moved: () => moved,
    memory: {
      endFrame: memory.endFrame,
      hasFrame: (frame) => memory.hasFrame(frame),
      read: (phys, sizeBytes) => {
        const bytes = Uint8Array.from(memory.read(phys, sizeBytes));
        for (const [place, move] of places)
          if (place >= phys && place + 8 <= phys + sizeBytes && move.reads++ >= move.after) {
            new DataView(bytes.buffer).setBigInt64(place - phys, BigInt(move.to), true);
            moved++;
          }
        return bytes;
      },
    },
  };
}

describe('a list that moves while it is followed', () => {
  const { lists, lruOf } = longLists(4);
  const [first = assert.fail('no list'), second = assert.fail('one list')] = lists;
  const lineOf = (k: Inspected, { zone, type }: Followed): string =>
    dumpedProcLines(k, 'pagetypeinfo')?.filter((line) =>
      line.startsWith(`Node    0, zone ${zone.padStart(8)}, type`),
    )[type] ?? '';

  it('into another list: pagetypeinfo counts its own entries, says that there are more, and why', () => {
    const [a = 0, b = 0] = first.pfns;
    const { memory, moved } = moving([
      { at: lruOf(b), after: 0, to: lruOf(second.pfns.at(-1) ?? 0) },
    ]);
    const k = on(memory);
    const lines = dumpedProcLines(k, 'pagetypeinfo') ?? [];
    assert.ok(moved() > 0 && a !== b);
    // Its two own entries and the one that leads on: then comes the head of the other list.
    assert.match(lineOf(k, first), />\s+3 /);
    assert.match(
      lines.at(-1) ?? '',
      /^# zone \w+, free_area\[\d+\]\.free_list\[\d+\]: .*is not a struct page/,
    );
  });

  it('back to an entry before: it ends, and says so', () => {
    const [a = 0, , c = 0] = first.pfns;
    const k = on(moving([{ at: lruOf(c), after: 0, to: lruOf(a) }]).memory);
    assert.match(lineOf(k, first), />\s+3 /);
    assert.match(dumpedProcLines(k, 'pagetypeinfo')?.at(-1) ?? '', /^# .*runs in a circle/);
  });

  it('everywhere: every file of /proc and every list is told as far as it goes', () => {
    const below = seeded(31);
    const pages = lists.flatMap(({ pfns }) => pfns);
    const targets = [
      0,
      ...pages.map(lruOf),
      ...lists.map(({ pfns }) => lruOf(pfns[0] ?? 0) + 4096),
    ];
    for (let round = 0; round < 6; round++) {
      const moves = Array.from({ length: 20 }, () => ({
        at: lruOf(pages[below(pages.length)] ?? 0),
        after: below(3),
        to: targets[below(targets.length)] ?? 0,
      }));
      const k = on(moving(moves).memory);
      for (const name of dumpedProcNames)
        assert.ok((dumpedProcLines(k, name)?.length ?? 0) > 0, name);
      assert.ok(reportOf(k).problems.length > 0);
    }
  });
});
