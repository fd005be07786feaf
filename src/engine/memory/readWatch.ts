/**
 * Hears every read of a word while something runs: what the tape does not hold. For a statement that is run again to find its reads,
 * never for plain running: each access goes through a proxy of the pool, some hundred times slower.
 *
 * A read is what kernel code, the scenario and the processor's walk look at. Not one: what a store compares its value with, and
 * what the debugger looks up meanwhile (`PhysicalMemory.unheard`).
 */
import type { Cell } from './address.js';
import type { PhysicalMemory } from './physical.js';
import { Tape } from './tape.js';

/**
 * Words that are read. `isCompare`: the word below has just been stored, so that this may be the store of a long, which compares
 * its high word, too.
 */
export type ReadListener = (cell: Cell, nrWords: number, isCompare: boolean) => void;

export function watchReads<T>(tape: Tape, read: ReadListener, run: () => T): T {
  const { memory } = tape;
  let stored = -1;
  memory.heard = (cell, nrWords) => {
    read(cell, nrWords, cell === stored + 1);
    stored = -1;
  };
  memory.showThrough((pool) => watched(memory, pool));
  // Stores of a part of a word read the rest of it, which the processor's own do not.
  tape.writeBits = (cell, mask, bits) =>
    memory.unheard(() => Tape.prototype.writeBits.call(tape, cell, mask, bits));
  tape.writeIn = (words, cell, value) => {
    memory.unheard(() => Tape.prototype.writeIn.call(tape, words, cell, value));
    stored = cell;
  };
  try {
    return run();
  } finally {
    delete (tape as { writeIn?: unknown }).writeIn;
    delete (tape as { writeBits?: unknown }).writeBits;
    memory.showThrough(undefined);
    memory.heard = undefined;
  }
}

function watched(memory: PhysicalMemory, pool: Int32Array): Int32Array {
  return new Proxy(pool, {
    get(target, key): unknown {
      const cell = typeof key === 'string' ? Number(key) : NaN;
      if (Number.isInteger(cell)) {
        memory.heard?.(cell as Cell, 1);
        return target[cell];
      }
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
    set(target, key, value) {
      target[Number(key)] = value as number;
      return true;
    },
  });
}
