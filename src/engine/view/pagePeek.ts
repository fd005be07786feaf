/**
 * Reads words of `struct page` without touching frames of mem_map that only a rule describes: looking at a machine must
 * not change what it costs.
 *
 * A struct page whose frame is in the pool is read in place; others are produced on the side, a batch at a time.
 */
import { readVirtual } from '../image/assemble.js';
import type { KernelImage } from '../image/kernelImage.js';
import {
  asPfn,
  asVirt,
  fromWords,
  WORDS_PER_FRAME,
  type Pfn,
  type VirtAddr,
} from '../memory/address.js';

/** Struct pages produced at a time; whole groups of every sizeof(struct page). */
const BATCH = 512;

export class PagePeek {
  /** Where the struct page last found lies: words[at ..]. */
  words: Int32Array = new Int32Array(0);
  at = 0;
  private readonly base: VirtAddr;
  private readonly sizeofPage: number;
  private batchStart = -1;
  private batch: Int32Array | undefined;

  constructor(private readonly image: KernelImage) {
    const { mm } = image;
    const { memmap } = mm;
    this.base = mm.wide ? fromWords(memmap.baseLow, memmap.baseHigh) : asVirt(memmap.baseLow >>> 0);
    this.sizeofPage = memmap.page_words * 4;
  }

  /** The address of the struct page of a pfn. */
  addressOf(pfn: number): VirtAddr {
    return asVirt(this.base + pfn * this.sizeofPage);
  }

  /** The pfn whose struct page holds an address; undefined outside of mem_map. */
  pfnOf(va: VirtAddr): Pfn | undefined {
    const pfn = Math.floor((va - this.base) / this.sizeofPage);
    return pfn >= 0 && pfn < this.image.mm.memmap.endPfn ? asPfn(pfn) : undefined;
  }

  /** Whether mem_map has a struct page for a pfn. */
  exists(pfn: number): boolean {
    return this.frameOf(pfn) !== undefined;
  }

  /** Finds the struct page of a pfn; false when there is none, or when a dump does not hold it. */
  find(pfn: number): boolean {
    const { memory } = this.image;
    const frame = this.frameOf(pfn);
    if (frame === undefined) return false;
    const va = this.addressOf(pfn);
    const slot = memory.slotOfFrame[frame] ?? 0;
    if (slot === 0) return this.findInBatch(pfn);
    this.words = memory.words;
    this.at = slot * WORDS_PER_FRAME + (((va >>> 0) & 4095) >>> 2);
    return true;
  }

  /** Must be called when memory may have changed since the last `find`. */
  reset(): void {
    this.batchStart = -1;
  }

  /** The frame that backs the struct page of a pfn. */
  private frameOf(pfn: number): number | undefined {
    const { memmap } = this.image.mm;
    return pfn < 0 || pfn >= memmap.endPfn ? undefined : memmap.frameOfVa(this.addressOf(pfn));
  }

  private findInBatch(pfn: number): boolean {
    const start = pfn - (pfn % BATCH);
    if (start !== this.batchStart) {
      this.batchStart = start;
      const bytes = readVirtual(this.image, this.addressOf(start), BATCH * this.sizeofPage);
      this.batch =
        bytes && new Int32Array(bytes.slice(0, bytes.length & ~3).buffer, 0, bytes.length >>> 2);
    }
    const at = ((pfn - start) * this.sizeofPage) / 4;
    if (this.batch === undefined || at + this.sizeofPage / 4 > this.batch.length) return false;
    this.words = this.batch;
    this.at = at;
    return true;
  }
}
