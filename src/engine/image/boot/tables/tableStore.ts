/**
 * Page tables that are made before there is memory to hold them: frames of entries, by physical address.
 *
 * Invariant: a frame that was never cleared is not a table; what it would hold is zero.
 */
import {
  asCell,
  asPhys,
  PAGE_SIZE,
  WORDS_PER_FRAME,
  type PhysAddr,
} from '../../../memory/address.js';
import { toPteWords } from '../../../machine/pteWords.js';
import type { WordTape, WritableTableMemory } from '../../../x86/tableMemory.js';

export class TableStore implements WritableTableMemory {
  private readonly tables = new Map<number, Int32Array>();

  constructor(readonly entryBytes: 4 | 8) {}

  /** Makes a frame a table without entries. */
  clear_page(phys: PhysAddr): PhysAddr {
    this.tables.set(phys / PAGE_SIZE, new Int32Array(WORDS_PER_FRAME));
    return phys;
  }

  readWords(phys: PhysAddr, nrWords: number): Int32Array | undefined {
    const table = this.tables.get(Math.floor(phys / PAGE_SIZE));
    const first = (phys % PAGE_SIZE) / 4;
    return table?.subarray(first, first + nrWords);
  }

  /** The words of `nr` entries of one table, from a physical address on: what is written there is written in the table. */
  entryWords(at: PhysAddr, nr: number): Int32Array {
    const words = this.readWords(at, (nr * this.entryBytes) / 4);
    if (words === undefined) throw new Error(`0x${at.toString(16)} is not in a page table`);
    return words;
  }

  writeWord(phys: PhysAddr, value: number): void {
    const frame = Math.floor(phys / PAGE_SIZE);
    const table = this.tables.get(frame);
    if (table === undefined) throw new Error(`frame 0x${frame.toString(16)} is not a page table`);
    table[(phys % PAGE_SIZE) / 4] = value;
  }

  /** The entry at a physical address. */
  entry(at: PhysAddr): bigint {
    const table = this.tables.get(Math.floor(at / PAGE_SIZE));
    if (table === undefined) return 0n;
    const first = (at % PAGE_SIZE) / 4;
    const low = BigInt((table[first] ?? 0) >>> 0);
    const high = this.entryBytes === 8 ? (table[first + 1] ?? 0) : 0;
    return high === 0 ? low : low | (BigInt(high >>> 0) << 32n);
  }

  setEntry(at: PhysAddr, value: bigint): void {
    const { low, high } = toPteWords(value);
    this.writeWord(at, low);
    if (this.entryBytes === 8) this.writeWord(asPhys(at + 4), high);
  }

  /** Those of tables with entries. */
  get frames(): number[] {
    return [...this.tables.keys()].filter((frame) => this.hasEntries(frame));
  }

  private hasEntries(frame: number): boolean {
    return this.tables.get(frame)?.some((word) => word !== 0) === true;
  }

  /** Writes the tables into a machine's memory. What is zero there is not written, nor is a frame without entries touched. */
  writeTo(tape: WordTape, isWanted: (frame: number) => boolean = () => true): void {
    for (const [frame, table] of this.tables) {
      if (!this.hasEntries(frame) || !isWanted(frame)) continue;
      const first = tape.memory.cell(asPhys(frame * PAGE_SIZE));
      for (let i = 0; i < WORDS_PER_FRAME; i++) {
        const value = table[i] ?? 0;
        if (value !== 0) tape.write(asCell(first + i), value);
      }
    }
  }
}
