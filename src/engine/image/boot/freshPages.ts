/**
 * Produces the struct pages of a frame of mem_map from the runs of a booted machine (mapRuns.ts).
 *
 * Invariant: what it produces for a page is what the kernel's own functions would have written by the end of boot, or up to
 * the point where they are called for that page.
 *
 * Source: Linux 6.1 mm/page_alloc.c: __init_single_page(), __free_pages_core(), free_unref_page_prepare().
 */
import type { Kernel } from '../../machine/kernel.js';
import {
  fromWords,
  highWord,
  PAGE_SIZE,
  WORDS_PER_FRAME,
  type Cell,
  type VirtAddr,
} from '../../memory/address.js';
import type { FillFrame } from '../../memory/physical.js';
import { runAt, type MapRun } from './mapRuns.js';

/** Fills frames of mem_map. */
export function freshPages(mm: Kernel, runs: readonly MapRun[]): FillFrame {
  const { page_words } = mm.memmap;
  const sizeofPage = page_words * 4;
  const mapStart = fromWords(mm.memmap.baseLow, mm.memmap.baseHigh);
  const writer = new PageWriter(mm, mapStart);
  return (frame, words, cell) => {
    const va = mm.memmap.vaOfFrame(frame);
    if (va === undefined) return;
    const firstByte = va - mapStart;
    const endByte = firstByte + PAGE_SIZE;
    const endPfn = Math.min(mm.memmap.endPfn, Math.ceil(endByte / sizeofPage));
    for (let pfn = Math.max(0, Math.floor(firstByte / sizeofPage)); pfn < endPfn;) {
      const run = runAt(runs, pfn);
      if (run === undefined) return;
      const stop = Math.min(run.end, endPfn);
      if (run.state === 'absent') pfn = stop;
      for (; pfn < stop; pfn++) {
        const offset = (pfn * sizeofPage - firstByte) / 4;
        if (offset >= 0 && offset + page_words <= WORDS_PER_FRAME)
          writer.write(words, cell + offset, pfn, run);
        else writer.writeClipped(words, cell, offset, pfn, run);
      }
    }
  };
}

class PageWriter {
  private readonly scratch: Int32Array;

  constructor(
    private readonly mm: Kernel,
    private readonly mapStart: VirtAddr,
  ) {
    this.scratch = new Int32Array(mm.memmap.page_words);
  }

  /** `words` is zero from `page` on. */
  write(words: Int32Array, page: number, pfn: number, { state, zone }: MapRun): void {
    const { mm } = this;
    if (state === 'reserved' || state === 'hole') words[page + mm.page.flags] = 1 << mm.PG_reserved;
    const zoneWord = page + mm.page.flags + (mm.ZONES_PGSHIFT >> 5);
    words[zoneWord] = (words[zoneWord] as number) | (zone << (mm.ZONES_PGSHIFT & 31));
    words[page + mm.page._mapcount] = -1;
    if (state !== 'free' && state !== 'freed') words[page + mm.page._refcount] = 1;
    const lru = page + mm.page.lru;
    const prev = lru + mm.list_head.prev;
    if (state === 'freed') {
      // What list_del() leaves, and the type that the page was freed with.
      words[page + mm.page.index] = mm.MIGRATE_MOVABLE;
      words[lru] = mm.LIST_POISON1.low;
      words[prev] = mm.LIST_POISON2.low;
      if (!mm.wide) return;
      words[lru + 1] = mm.LIST_POISON1.high;
      words[prev + 1] = mm.LIST_POISON2.high;
      return;
    }
    const self = this.mapStart + (pfn * mm.memmap.page_words + mm.page.lru) * 4;
    words[lru] = self | 0;
    words[prev] = self | 0;
    if (!mm.wide) return;
    words[lru + 1] = highWord(self);
    words[prev + 1] = highWord(self);
  }

  /** A structure of which the frame holds a part. */
  writeClipped(words: Int32Array, cell: Cell, offset: number, pfn: number, run: MapRun): void {
    const { scratch } = this;
    scratch.fill(0);
    this.write(scratch, 0, pfn, run);
    for (let i = 0; i < scratch.length; i++)
      if (offset + i >= 0 && offset + i < WORDS_PER_FRAME)
        words[cell + offset + i] = scratch[i] as number;
  }
}
