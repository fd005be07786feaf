/**
 * Page tables that are made before there is memory to hold them: frames of entries, by physical address.
 *
 * Invariant: a frame that was never cleared is not a table; what it would hold is zero.
 */
import { asPhys, PAGE_SIZE, WORDS_PER_FRAME, type PhysAddr } from '../../../memory/address.js';
import type { WritableTableMemory } from '../../../x86/tableMemory.js';

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

  writeWord(phys: PhysAddr, value: number): void {
    const frame = Math.floor(phys / PAGE_SIZE);
    const table = this.tables.get(frame);
    if (table === undefined) throw new Error(`frame 0x${frame.toString(16)} is not a page table`);
    table[(phys % PAGE_SIZE) / 4] = value;
  }

  /** The entry at a physical address. */
  entry(at: PhysAddr): bigint {
    const words = this.readWords(at, this.entryBytes / 4);
    const low = BigInt((words?.[0] ?? 0) >>> 0);
    return low | (BigInt((words?.[1] ?? 0) >>> 0) << 32n);
  }

  setEntry(at: PhysAddr, value: bigint): void {
    this.writeWord(at, Number(BigInt.asIntN(32, value)));
    if (this.entryBytes === 8)
      this.writeWord(asPhys(at + 4), Number(BigInt.asIntN(32, value >> 32n)));
  }

  /** Every word that is not zero, table by table. */
  *words(): Generator<{ readonly phys: PhysAddr; readonly value: number }> {
    for (const [frame, table] of this.tables)
      for (const [i, value] of table.entries())
        if (value !== 0) yield { phys: asPhys(frame * PAGE_SIZE + i * 4), value };
  }
}
