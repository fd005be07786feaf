/** Pages that are cleared and copied as a whole: what the tape has of it, with history and without. */
import assert from 'node:assert/strict';
import type { Cell } from '../../src/engine/memory/address.js';
import { asPfn } from '../../src/engine/memory/address.js';
import { openMachine, type Machine } from './machines.js';
import { random } from './random.js';

const WORDS = 1024;

describe('contents of pages', () => {
  let machine: Machine;
  let to: Cell;
  let from: Cell;
  /** Words of both pages that are not 0: the first, the last, and some between. */
  const filled = [0, 7, 8, 100, 101, 1016, 1023];

  const contentsOf = (page: Cell): number[] => [
    ...machine.memory.words.subarray(page, page + WORDS),
  ];
  const fill = (page: Cell, seed: number): void => {
    const next = random(seed);
    for (let i = 0; i < WORDS; i++)
      machine.mm.write(page + i, filled.includes(i) ? next(2 ** 31) + 1 : 0);
  };
  /** The cells that were written from a position on, in their order. */
  const writtenSince = (position: number): number[] => {
    const cells: number[] = [];
    machine.tape.searchForward(position, machine.tape.end, (cell) => {
      cells.push(cell);
      return false;
    });
    return cells;
  };

  beforeEach(() => {
    machine = openMachine('x86_64-slub');
    const frame = (pfn: number): Cell => machine.mm.pfn_to_kaddr(asPfn(pfn));
    [to, from] = [frame(0x3000), frame(0x3001)];
    machine.tape.setRecording(true);
    fill(to, 1);
    fill(from, 2);
  });

  it('are cleared: an entry for each word that held something, lowest first, and back', () => {
    const { tape, mm } = machine;
    const before = contentsOf(to);
    const start = tape.cursor;
    mm.clear_page(to);
    assert.ok(contentsOf(to).every((word) => word === 0));
    assert.deepEqual(
      writtenSince(start),
      filled.map((i) => to + i),
    );
    tape.seek(start);
    assert.deepEqual(contentsOf(to), before);
  });

  it('are copied: an entry for each word that differs, lowest first, and back', () => {
    const { tape, mm } = machine;
    mm.write(to + 8, mm.words[from + 8] ?? 0);
    mm.write(to + 500, 5);
    const before = contentsOf(to);
    const start = tape.cursor;
    mm.copy_page(to, from);
    assert.deepEqual(contentsOf(to), contentsOf(from));
    const differing = [...filled.filter((i) => i !== 8), 500].sort((a, b) => a - b);
    assert.deepEqual(
      writtenSince(start),
      differing.map((i) => to + i),
    );
    tape.seek(start);
    assert.deepEqual(contentsOf(to), before);
  });

  it('are the same where no history is kept, and a page that was written counts as written', () => {
    const { tape, mm, memory } = machine;
    tape.countWrites();
    tape.setRecording(false);
    const generation = (): number => memory.generations[to >>> 10] ?? 0;
    const first = generation();
    mm.copy_page(to, from);
    assert.deepEqual(contentsOf(to), contentsOf(from));
    const second = generation();
    mm.clear_page(to);
    assert.ok(contentsOf(to).every((word) => word === 0));
    assert.ok(first !== second && second !== generation());
  });
});
