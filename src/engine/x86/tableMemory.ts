/**
 * What page tables are read from and written to.
 *
 * Invariant: reading never touches a frame, so that looking at an address costs the machine nothing; writing goes through
 * the tape.
 */
import { asPhys, type PhysAddr } from '../memory/address.js';
import type { PhysicalMemory } from '../memory/physical.js';
import type { Tape } from '../memory/tape.js';

export interface TableMemory {
  /**
   * Words from `phys` on, all in one frame; undefined where there is no memory. A view of the memory or a copy: not to be
   * kept across a write, nor across another read.
   */
  readWords(phys: PhysAddr, nrWords: number): Int32Array | undefined;
}

export interface WritableTableMemory extends TableMemory {
  writeWord(phys: PhysAddr, value: number): void;
}

export function inspected(memory: PhysicalMemory): TableMemory {
  return { readWords: (phys, nrWords) => readWords(memory, phys, nrWords) };
}

/** A tape whatever its events. */
export type WordTape = Pick<Tape, 'memory' | 'write'>;

export function onTape(tape: WordTape): WritableTableMemory {
  const { memory } = tape;
  return {
    readWords: (phys, nrWords) => readWords(memory, phys, nrWords),
    writeWord: (phys, value) => {
      const cell = memory.cell(phys);
      if (cell !== 0) tape.write(cell, value | 0);
    },
  };
}

const ONE_WORD = new Int32Array(1);
const TWO_WORDS = new Int32Array(2);

function readWords(
  memory: PhysicalMemory,
  phys: PhysAddr,
  nrWords: number,
): Int32Array | undefined {
  const frame = Math.floor(phys / 4096);
  const slot = memory.slotOfFrame[frame] ?? 0;
  if (slot !== 0) {
    const cell = memory.cell(asPhys(phys));
    memory.heard?.(cell, nrWords);
    const { words } = memory;
    if (nrWords > 2) return words.subarray(cell, cell + nrWords);
    // An entry: a view costs more than all else that a walk does at a level.
    const entry = nrWords === 2 ? TWO_WORDS : ONE_WORD;
    entry[0] = words[cell] as number;
    if (nrWords === 2) entry[1] = words[cell + 1] as number;
    return entry;
  }
  if (!memory.has(frame)) return undefined;
  const at = (phys & 4095) >>> 2;
  return memory.firstContents(frame).subarray(at, at + nrWords);
}
