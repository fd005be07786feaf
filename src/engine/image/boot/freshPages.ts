/**
 * Produces the struct pages of a frame of mem_map from the runs of a booted machine (mapRuns.ts).
 *
 * Invariant: what it produces for a page is what the kernel's own functions would have written by the end of boot, or up to
 * the point where they are called for that page.
 *
 * Source: Linux 6.1 mm/page_alloc.c: __init_single_page(), __free_pages_core(), free_unref_page_prepare().
 */
import type { Mm } from '../../kernel/mm.js';
import {
  fromWords,
  highWord,
  lowWord,
  PAGE_SIZE,
  WORDS_PER_FRAME,
  type Cell,
  type VirtAddr,
} from '../../memory/address.js';
import type { FillFrame } from '../../memory/physical.js';
import { runAt, type MapRun } from './mapRuns.js';

/** Fills frames of mem_map. */
export function freshPages(mm: Mm, runs: readonly MapRun[]): FillFrame {
  const { page_words } = mm.memmap;
  const sizeofPage = page_words * 4;
  const mapStart = startOfMap(mm);
  const writer = new PageWriter(mm);
  return (frame, words, cell) => {
    const va = mm.memmap.vaOfFrame(frame);
    if (va === undefined) return;
    const firstByte = va - mapStart;
    const firstPfn = Math.max(0, Math.floor(firstByte / sizeofPage));
    const endPfn = Math.min(mm.memmap.endPfn, Math.ceil((firstByte + PAGE_SIZE) / sizeofPage));
    let run: MapRun | undefined;
    for (let pfn = firstPfn; pfn < endPfn; pfn++) {
      if (run === undefined || pfn >= run.end) run = runAt(runs, pfn);
      if (run === undefined || run.state === 'absent') continue;
      const offset = (pfn * sizeofPage - firstByte) / 4;
      if (offset >= 0 && offset + page_words <= WORDS_PER_FRAME)
        writer.write(words, cell + offset, pfn, run);
      else writer.writeClipped(words, cell, offset, pfn, run);
    }
  };
}

const startOfMap = ({ memmap }: Mm): VirtAddr => fromWords(memmap.baseLow, memmap.baseHigh);

class PageWriter {
  private readonly scratch: Int32Array;
  private readonly mapStart: VirtAddr;

  constructor(private readonly mm: Mm) {
    this.mapStart = startOfMap(mm);
    this.scratch = new Int32Array(mm.memmap.page_words);
  }

  /** `words` is zero from `page` on. */
  write(words: Int32Array, page: number, pfn: number, run: MapRun): void {
    const { mm } = this;
    const isReserved = run.state === 'reserved' || run.state === 'hole';
    const isFree = run.state === 'free' || run.state === 'freed';
    if (isReserved) words[page + mm.page_flags] = mm.PG_reserved;
    words[page + mm.page_zone_word] =
      (words[page + mm.page_zone_word] as number) | (run.zone << mm.page_zone_shift);
    words[page + mm.page_mapcount] = -1;
    words[page + mm.page_refcount] = isFree ? 0 : 1;
    if (run.state === 'freed') {
      this.writePoison(words, page + mm.page_lru);
      words[page + mm.page_index] = mm.MIGRATE_MOVABLE;
    } else this.writeSelf(words, page + mm.page_lru, pfn);
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

  /** INIT_LIST_HEAD(&page->lru) */
  private writeSelf(words: Int32Array, lru: number, pfn: number): void {
    const { mm } = this;
    const va = this.mapStart + (pfn * mm.memmap.page_words + mm.page_lru) * 4;
    words[lru] = lowWord(va);
    words[lru + mm.list_prev] = lowWord(va);
    if (!mm.wide) return;
    words[lru + 1] = highWord(va);
    words[lru + mm.list_prev + 1] = highWord(va);
  }

  /** What list_del() leaves. */
  private writePoison(words: Int32Array, lru: number): void {
    const { mm } = this;
    words[lru] = mm.LIST_POISON1_low;
    words[lru + mm.list_prev] = mm.LIST_POISON2_low;
    if (!mm.wide) return;
    words[lru + 1] = mm.LIST_POISON1_high;
    words[lru + mm.list_prev + 1] = mm.LIST_POISON2_high;
  }
}
