/** Reads of words, heard while something runs: what counts as one, and that watching leaves nothing behind. */
import assert from 'node:assert/strict';
import { watchReads } from '../../src/engine/memory/readWatch.js';
import { asCell, asPhys, type Cell } from '../../src/engine/memory/address.js';
import { PhysicalMemory } from '../../src/engine/memory/physical.js';
import { Tape } from '../../src/engine/memory/tape.js';

function machine(): { memory: PhysicalMemory; tape: Tape; cell: Cell } {
  const memory = new PhysicalMemory(64);
  return { memory, tape: new Tape(memory), cell: memory.cell(asPhys(0x2000)) };
}

/** [cell - first, words, may be a compare] of each read that `run` makes. */
function readsOf(
  { tape, cell }: ReturnType<typeof machine>,
  run: () => void,
): (readonly [number, number, boolean])[] {
  const heard: (readonly [number, number, boolean])[] = [];
  watchReads(tape, (at, nrWords, isCompare) => heard.push([at - cell, nrWords, isCompare]), run);
  return heard;
}

describe('watching reads', () => {
  it('hears words and bytes that are read, not what a store compares or keeps', () => {
    const m = machine();
    const { memory, tape, cell } = m;
    const heard = readsOf(m, () => {
      assert.equal(memory.words[cell + 1], 0);
      tape.write(cell, 5);
      tape.write(cell, 5);
      tape.writeBits(asCell(cell + 2), 0xff, 7);
      memory.readBytes(asPhys(0x2004), 6);
      assert.equal(
        memory.unheard(() => memory.words[cell]),
        5,
      );
      assert.equal(memory.words[cell + 3], 0);
    });
    assert.deepEqual(heard, [
      [1, 1, false],
      [1, 2, false],
      [3, 1, false],
    ]);
    assert.deepEqual([memory.words[cell], memory.words[cell + 2]], [5, 7]);
  });

  it('tells the second half of a long that is stored', () => {
    const m = machine();
    const { memory, tape, cell } = m;
    const heard = readsOf(m, () => {
      tape.write(cell, 1);
      if (memory.words[cell + 1] !== 0) tape.write(asCell(cell + 1), 0);
      assert.equal(memory.words[cell + 1], 0);
    });
    assert.deepEqual(heard, [
      [1, 1, true],
      [1, 1, false],
    ]);
  });

  it('goes on when memory grows, and ends with what it listened to', () => {
    const m = machine();
    const { memory, tape, cell } = m;
    tape.write(cell, 9);
    const heard = readsOf(m, () => {
      for (let frame = 0; frame < 60; frame++) memory.cell(asPhys(frame * 0x1000));
      memory.addPseudoFrames(5000);
      assert.equal(memory.words[cell], 9);
    });
    assert.deepEqual(heard, [[0, 1, false]]);
    assert.ok(memory.words instanceof Int32Array && ArrayBuffer.isView(memory.words));
    assert.ok(!Object.hasOwn(tape, 'writeIn') && !Object.hasOwn(tape, 'writeBits'));
    assert.throws(() =>
      watchReads(
        tape,
        () => undefined,
        () => {
          throw new Error('a run that fails');
        },
      ),
    );
    assert.ok(ArrayBuffer.isView(memory.words));
    assert.equal(memory.heard, undefined);
  });
});
