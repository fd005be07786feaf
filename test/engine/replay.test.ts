import assert from 'node:assert/strict';
import { asCell, asPhys } from '../../src/engine/memory/address.js';
import { PhysicalMemory } from '../../src/engine/memory/physical.js';
import { ReplayDiverged } from '../../src/engine/memory/runEnds.js';
import { Tape } from '../../src/engine/memory/tape.js';

describe('replay', () => {
  const machine = () => {
    const memory = new PhysicalMemory(1);
    const tape = new Tape<string>(memory);
    const first = memory.cell(asPhys(0));
    const count = (from: number, to: number) => () => {
      for (let value = from; value <= to; value++) {
        tape.mark(`before ${value}`);
        tape.write(asCell(first + (value % 16)), value);
      }
    };
    return { memory, tape, first, count };
  };

  it('repeats a run over the tape without cutting it', () => {
    const { tape, count } = machine();
    count(1, 100_000)();
    const { end } = tape;
    const hash = tape.hash();
    tape.seek(0);
    const marks: string[] = [];
    tape.replay(count(1, 70_000), { mark: (mark) => void marks.push(mark) });
    assert.equal(tape.cursor, 70_000);
    assert.equal(tape.end, end);
    assert.equal(marks.length, 70_000);
    assert.equal(tape.marksBetween(0, end).length, 100_000);
    tape.seek(end);
    assert.equal(tape.hash(), hash);
  });

  it('stops a run that does something else, with memory at the cursor', () => {
    const { memory, tape, first, count } = machine();
    count(1, 10)();
    tape.seek(0);
    assert.throws(
      () =>
        tape.replay(() => {
          count(1, 4)();
          tape.write(asCell(first + 5), 99);
        }),
      (error: unknown) => error instanceof ReplayDiverged && error.position === 4,
    );
    assert.equal(tape.cursor, 4);
    assert.equal(memory.words[first + 5], 0);
    assert.equal(tape.end, 10);
    tape.seek(10);
    assert.throws(() => tape.replay(count(11, 11)), ReplayDiverged);
  });

  it('takes over edits in the middle and goes on recording behind them', () => {
    const { memory, tape, first, count } = machine();
    count(1, 10)();
    tape.seek(4);
    tape.write(asCell(first), 77);
    tape.seek(0);
    tape.replay(() => {
      count(1, 4)();
      tape.replayEntriesTo(5);
      tape.endReplay();
      count(5, 10)();
    });
    assert.equal(tape.end, 11);
    assert.equal(memory.words[first], 77);
    assert.equal(memory.words[first + 10], 10);
    tape.seek(0);
    assert.equal(memory.words[first], 0);
  });

  it('asks before it gives up a run that leaves the tape', () => {
    const { memory, tape, first, count } = machine();
    count(1, 10)();
    tape.seek(4);
    tape.write(asCell(first), 77);
    tape.seek(0);
    tape.replay(count(1, 10), {
      diverged: () => {
        tape.replayEntriesTo(5);
        tape.endReplay();
        return true;
      },
    });
    assert.equal(tape.end, 11);
    assert.equal(memory.words[first], 77);
  });

  it('follows a run that undoes itself and goes on', () => {
    const { tape, first, count } = machine();
    count(1, 3)();
    const parks = (): void => {
      const start = tape.cursor;
      tape.seek(start);
      tape.write(asCell(first), 5);
    };
    parks();
    count(4, 6)();
    const { end, cuts } = tape;
    tape.seek(3);
    tape.replay(parks);
    assert.deepEqual([tape.cursor, tape.end, tape.cuts], [4, end, cuts]);
  });
});
