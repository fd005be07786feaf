/** The short way to single pages leaves the tape that the kernel's own functions leave: entry by entry, on every kernel. */
import assert from 'node:assert/strict';
import * as ordinary from '../../src/engine/kernel/functions.js';
import * as plain from '../../src/engine/kernel/index.js';
import { NULL, type Page } from '../../src/engine/kernel/types.js';
import { describeMachines, type Machine } from './machines.js';
import { random } from './random.js';

type Calls = Pick<typeof ordinary, 'alloc_pages' | '__free_pages' | 'drain_all_pages'>;

const OPERATIONS = 6000;

/** Allocates and frees at random, in bursts, with flags, damaged pages and drained lists between. */
function play({ mm }: Machine, calls: Calls, seed: number): void {
  const next = random(seed);
  const gfps = ['GFP_KERNEL', 'GFP_ATOMIC', 'GFP_HIGHUSER_MOVABLE', 'GFP_DMA', 'GFP_USER'].map(
    (name) => mm.constant(name),
  );
  const held: { page: Page; order: number }[] = [];
  let growing = true;
  for (let i = 0; i < OPERATIONS; i++) {
    if (next(200) === 0) growing = !growing;
    const what = next(100);
    if (what === 0) calls.drain_all_pages(mm, NULL);
    if (growing ? what < 75 : what < 30) {
      const order = next(8) === 0 ? next(5) : 0;
      const zero = next(16) === 0 ? mm.__GFP_ZERO : 0;
      const page = calls.alloc_pages(mm, (gfps[next(gfps.length)] ?? 0) | zero, order);
      if (page !== 0) held.push({ page, order });
    } else if (held.length > 0) {
      const [{ page, order } = { page: NULL, order: 0 }] = held.splice(next(held.length), 1);
      // What users leave behind: a private word, a flag; sometimes one reference too many.
      if (next(4) === 0) mm.write(page + mm.page_private, next(1000));
      if (next(4) === 0) mm.write(page + mm.page_flags, (mm.words[page + mm.page_flags] ?? 0) | 4);
      if (next(16) === 0) mm.write(page + mm.page_refcount, 2);
      calls.__free_pages(mm, page, order);
    }
  }
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
  for (const seed of [1, 2, 3])
    it(`leaves the ordinary tape, seed ${seed}`, () => {
      const short = open();
      const long = open();
      play(short, plain, seed);
      play(long, ordinary, seed);
      assert.equal(short.tape.end, long.tape.end);
      assert.equal(short.tape.hash(), long.tape.hash());
      const [got, expected] = [entries(short), entries(long)];
      assert.ok(got.length > 3 << 16, 'crosses segments');
      assert.equal(
        got.findIndex((word, i) => word !== expected[i]),
        -1,
      );
    });

  it('is taken by a pair of calls, and undone to the word', () => {
    const { mm, tape } = open();
    const gfp = mm.constant('GFP_KERNEL');
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
});
