/** The short way to single pages leaves the tape that the kernel's own functions leave: entry by entry, on every kernel. */
import { constantNamed } from '../../src/engine/types/named.js';
import assert from 'node:assert/strict';
import * as ordinary from '../../src/engine/entry/functions.js';
import { KernelFault } from '../../src/engine/machine/events.js';
import * as plain from '../../src/engine/entry/plain.js';
import { NULL, type Page } from '../../src/engine/machine/ctypes.js';
import { describeMachines, type Machine } from './machines.js';
import { random } from './random.js';

type Calls = Pick<typeof ordinary, 'alloc_pages' | '__free_pages' | 'drain_all_pages'>;

const OPERATIONS = 6000;

/** Allocates and frees at random, in bursts, with flags, damaged pages and drained lists between. */
function play(machine: Machine, calls: Calls, seed: number, disturbed = false): void {
  const { mm } = machine;
  const next = random(seed);
  const gfps = ['GFP_KERNEL', 'GFP_ATOMIC', 'GFP_HIGHUSER_MOVABLE', 'GFP_DMA', 'GFP_USER'].map(
    (name) => constantNamed(mm.profile, name),
  );
  const held: Block[] = [];
  let growing = true;
  for (let i = 0; i < OPERATIONS; i++) {
    if (next(200) === 0) growing = !growing;
    const what = next(100);
    if (what === 0) calls.drain_all_pages(mm, NULL);
    if (disturbed && what < 6) disturb(machine, next, held);
    if (growing ? what < 75 : what < 30) {
      const order = next(disturbed ? 2 : 8) === 0 ? next(5) : 0;
      const zero = next(16) === 0 ? mm.__GFP_ZERO : 0;
      const page = calls.alloc_pages(mm, (gfps[next(gfps.length)] ?? 0) | zero, order);
      if (page !== 0) held.push({ page, order });
    } else if (held.length > 0) {
      const [{ page, order } = { page: NULL, order: 0 }] = held.splice(next(held.length), 1);
      // What users leave behind: a private word, a flag; sometimes one reference too many.
      if (next(4) === 0) mm.write(page + mm.page.private, next(1000));
      if (next(4) === 0) mm.write(page + mm.page.flags, (mm.words[page + mm.page.flags] ?? 0) | 4);
      if (next(16) === 0) mm.write(page + mm.page._refcount, 2);
      calls.__free_pages(mm, page, order);
    }
  }
}

/** What the short way remembers must be asked again after: a zone's state, flags allowed, words of a block's tails. */
function disturb(machine: Machine, next: (below: number) => number, held: readonly Block[]): void {
  const { mm, tape } = machine;
  const zone = mm.zones[next(mm.zones.length)] ?? assert.fail();
  const { page, order } = held[next(held.length)] ?? { page: NULL, order: 0 };
  const tail = page + (1 + next((1 << order) - 1 || 1)) * mm.memmap.page_words;
  const toggle = (cell: number, bits: number): void => mm.write(cell, (mm.words[cell] ?? 0) ^ bits);
  const changes = [
    () => toggle(zone + mm.zone.flags, 1 << mm.ZONE_BOOSTED_WATERMARK),
    () => mm.write(zone + mm.zone.watermark_boost, next(2) * 64),
    () => toggle(zone + mm.zone._watermark + mm.WMARK_LOW * mm.ptr_words, 1 << 20),
    () => toggle(mm.globals.gfp_allowed_mask, 1 << next(5)),
    () => mm.write(mm.globals.page_group_by_mobility_disabled, next(8) === 0 ? 1 : 0),
    // A page in two places: given back alone while its block is held.
    () => {
      if (order === 0 || next(10) > 0) return;
      mm.write(tail + mm.page._refcount, 1);
      ordinary.__free_pages(mm, tail as Page, 0);
    },
    () => {
      if (order > 0) mm.write(tail + mm.page._refcount, next(2));
    },
    () => {
      if (order > 0) toggle(tail + mm.page.flags, 1);
    },
    () => {
      const { cursor } = tape;
      tape.seek(cursor - next(200));
      tape.seek(cursor);
    },
  ];
  changes[next(changes.length)]?.();
}

interface Block {
  readonly page: Page;
  readonly order: number;
}

function entries({ tape }: Machine): number[] {
  const out: number[] = [];
  tape.searchForward(tape.start, tape.end, (cell, before, after) => {
    out.push(cell, before, after);
    return false;
  });
  return out;
}

describeMachines('short way to single pages', (open) => {
  const both = [1, 2, 3].flatMap((seed) => [
    { seed, disturbed: false },
    { seed, disturbed: true },
  ]);
  for (const { seed, disturbed } of both) {
    /** What it ended with: a list that was damaged is a fault sooner or later. */
    const run = (machine: Machine, calls: Calls): string => {
      try {
        play(machine, calls, seed, disturbed);
        return 'done';
      } catch (error) {
        if (!(error instanceof KernelFault)) throw error;
        return error.text;
      }
    };
    it(`leaves the ordinary tape, seed ${seed}${disturbed ? ', under edits' : ''}`, () => {
      const short = open();
      const long = open();
      const ends = [run(short, plain), run(long, ordinary)];
      assert.equal(ends[0], ends[1]);
      assert.equal(short.tape.end, long.tape.end);
      assert.equal(short.tape.hash(), long.tape.hash());
      const [got, expected] = [entries(short), entries(long)];
      if (!disturbed) assert.ok(got.length > 3 << 16, 'crosses segments');
      assert.ok(got.length > 10_000);
      assert.equal(
        got.findIndex((word, i) => word !== expected[i]),
        -1,
      );
    });
  }

  it('is taken by a pair of calls, and undone to the word', () => {
    const { mm, tape } = open();
    const gfp = mm.GFP_KERNEL;
    for (let i = 0; i < 3; i++) ordinary.__free_pages(mm, ordinary.alloc_pages(mm, gfp, 0), 0);
    // The first ones learn where this CPU's page set is.
    for (let i = 0; i < 4; i++) plain.__free_pages(mm, plain.alloc_pages(mm, gfp, 0), 0);
    const { cursor } = tape;
    const hash = tape.hash();
    const page = mm.pcpHits.alloc(gfp, 0);
    assert.notEqual(page, 0);
    assert.ok(mm.pcpHits.free(page, 0));
    const { end } = tape;
    const after = tape.hash();
    tape.seek(cursor);
    assert.equal(tape.hash(), hash);
    tape.replay(() => ordinary.__free_pages(mm, ordinary.alloc_pages(mm, gfp, 0), 0));
    assert.equal(tape.cursor, end);
    assert.equal(tape.hash(), after);
  });

  it('sees that a page inside a block has been taken singly', () => {
    const { mm } = open();
    const gfp = mm.GFP_KERNEL;
    const order = mm.PAGE_ALLOC_COSTLY_ORDER;
    for (const each of [0, order])
      for (let i = 0; i < 4; i++) plain.__free_pages(mm, plain.alloc_pages(mm, gfp, each), each);
    const block = plain.alloc_pages(mm, gfp, order);
    const tail = (block + 3 * mm.memmap.page_words) as Page;
    mm.write(tail + mm.page._refcount, 1);
    assert.ok(mm.pcpHits.free(tail, 0), 'listed alone');
    assert.ok(mm.pcpHits.free(block, order), 'and as part of its block: its words look free');
    assert.equal(mm.pcpHits.alloc(gfp, 0), tail);
    assert.equal(mm.pcpHits.alloc(gfp, order), block);
    assert.equal(mm.pcpHits.free(block, order), false, 'a tail has a reference');
  });
});
