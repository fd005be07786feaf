/** The instrumented kernel leaves the tape that the plain one leaves: entry by entry, on every kernel, under edits too. */
import { constantNamed } from '../../src/engine/types/named.js';
import assert from 'node:assert/strict';
import { KernelFault } from '../../src/engine/machine/events.js';
import { kernel as instrumented } from '../../src/engine/entry/instrumented.js';
import * as plain from '../../src/engine/entry/functions.js';
import { NULL, type Page } from '../../src/engine/machine/ctypes.js';
import { describeMachines, type Machine } from './machines.js';
import { random } from './random.js';

type Calls = Pick<typeof plain, 'alloc_pages' | '__free_pages' | 'drain_all_pages'>;

const OPERATIONS = 2000;

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

/** What a user may change between calls: a zone's state, flags allowed, words of a block's tails, the place in time. */
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
      plain.__free_pages(mm, tail as Page, 0);
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

describeMachines('tape of the instrumented kernel', (open) => {
  const both = [1, 2].flatMap((seed) => [
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
    it(`is the plain one's, seed ${seed}${disturbed ? ', under edits' : ''}`, () => {
      const stepped = open();
      const whole = open();
      const ends = [run(stepped, instrumented), run(whole, plain)];
      assert.equal(ends[0], ends[1]);
      assert.equal(stepped.tape.end, whole.tape.end);
      assert.equal(stepped.tape.hash(), whole.tape.hash());
      const [got, expected] = [entries(stepped), entries(whole)];
      assert.ok(got.length > 10_000);
      assert.equal(
        got.findIndex((word, i) => word !== expected[i]),
        -1,
      );
    });
  }

  it('is what a pair of calls repeats after it was undone, to the word', () => {
    const { mm, tape } = open();
    const pair = (calls: Calls): void =>
      calls.__free_pages(mm, calls.alloc_pages(mm, mm.GFP_KERNEL, 0), 0);
    pair(plain);
    const { cursor } = tape;
    const hash = tape.hash();
    pair(plain);
    const { end } = tape;
    const after = tape.hash();
    tape.seek(cursor);
    assert.equal(tape.hash(), hash);
    tape.replay(() => pair(instrumented));
    assert.equal(tape.cursor, end);
    assert.equal(tape.hash(), after);
  });
});
