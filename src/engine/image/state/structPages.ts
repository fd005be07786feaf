/**
 * `struct page` of a recorded state, produced frame by frame of mem_map when somebody looks.
 *
 * Exact, from the dump: flags, `_refcount`, `_mapcount`, `private` of every page; `lru` of pages on free lists and per-CPU
 * lists; `index` of the latter. Following from what a page is: the words of compound heads and tails. The rest is not in a
 * dump and is what most pages of that kind have:
 *
 *     kind of page                       lru                       index
 *     never allocated, or reserved       linked to itself          0
 *     free or once freed, in highmem     LIST_POISON1, 2           MIGRATE_MOVABLE (boot freed them one by one)
 *     allocated                          0, LIST_POISON2           its pageblock's type
 *     on an LRU list                     linked to itself          0 (the dump has no LRU lists)
 *
 * Source: Linux 6.1 include/linux/mm_types.h; mm/page_alloc.c: __init_single_page(), prep_new_page(),
 * prep_compound_page(), free_unref_page_prepare(); mm/highmem.c.
 */
import type { Mm } from '../../kernel/mm.js';
import { highWord, lowWord, PAGE_SIZE, type Cell, type VirtAddr } from '../../memory/address.js';
import type { Compounds } from './compounds.js';
import type { ListLinks } from './listLinks.js';
import type { MemmapRuns } from './memmapDump.js';

export interface PageFacts {
  readonly memmap: MemmapRuns;
  readonly links: ListLinks;
  readonly compounds: Compounds;
  readonly mapBase: VirtAddr;
  /** First pfn of highmem; beyond the end without any. */
  readonly highmemStart: number;
  readonly pageblockType: (pfn: number) => number;
}

export class StructPages {
  private readonly page: Int32Array;
  private readonly pageBytes: number;
  /** Run of the page produced last: neighbours are mostly in it or in the next one. */
  private run = 0;

  constructor(
    private readonly mm: Mm,
    private readonly facts: PageFacts,
  ) {
    this.page = new Int32Array(mm.memmap.page_words);
    this.pageBytes = mm.memmap.page_words * 4;
  }

  /** The rule of mem_map's frames. A structure may straddle two of them. */
  readonly fill = (frame: number, words: Int32Array, cell: Cell): void => {
    const va = this.mm.memmap.vaOfFrame(frame);
    if (va === undefined) return;
    const startBytes = va - this.facts.mapBase;
    const endBytes = startBytes + PAGE_SIZE;
    let pfn = Math.floor(startBytes / this.pageBytes);
    for (let at = pfn * this.pageBytes; at < endBytes; at += this.pageBytes, pfn++) {
      this.produce(pfn);
      const from = Math.max(0, startBytes - at) / 4;
      const to = Math.min(this.pageBytes, endBytes - at) / 4;
      words.set(this.page.subarray(from, to), cell + (at - startBytes) / 4 + from);
    }
  };

  private produce(pfn: number): void {
    const { mm, page, facts } = this;
    page.fill(0);
    const run = this.findRun(pfn);
    if (run < 0) return;
    const { memmap } = facts;
    const flags = memmap.flagsLow[run] ?? 0;
    page[mm.page_flags] = flags;
    if (mm.wide) page[mm.page_flags + 1] = memmap.flagsHigh[run] ?? 0;
    page[mm.page_private] = memmap.privateLow[run] ?? 0;
    if (mm.wide) page[mm.page_private + 1] = memmap.privateHigh[run] ?? 0;
    page[mm.page_mapcount] = memmap.mapcount[run] ?? 0;
    page[mm.page_refcount] = memmap.refcount[run] ?? 0;
    const link = facts.links.linkOf(pfn);
    if (link !== undefined) {
      this.putLru(link.next, link.prev);
      this.putLong(mm.page_index, facts.links.pcpTypeOf(pfn) ?? this.staleIndex(pfn));
      return;
    }
    const head = facts.compounds.heads.get(pfn);
    if (head !== undefined) this.produceTail(pfn, head);
    else if ((flags & (mm.PG_reserved | mm.PG_lru)) !== 0) this.putLru(this.lruOf(pfn));
    else if ((memmap.refcount[run] ?? 0) !== 0) this.produceAllocated(pfn);
    else this.produceFree(pfn);
  }

  private produceAllocated(pfn: number): void {
    this.putPoison2();
    this.putLong(this.mm.page_index, this.facts.pageblockType(pfn));
  }

  /** Inside of a free block, or the rest of an allocated one without tails. */
  private produceFree(pfn: number): void {
    if (pfn >= this.facts.highmemStart) {
      const { mm, page } = this;
      page[mm.page_lru] = mm.LIST_POISON1_low;
      if (mm.wide) page[mm.page_lru + 1] = mm.LIST_POISON1_high;
      this.putPoison2();
      this.putLong(mm.page_index, this.staleIndex(pfn));
    } else this.putLru(this.lruOf(pfn));
  }

  private produceTail(pfn: number, head: number): void {
    const { mm, page, facts } = this;
    this.putLru(this.lruOf(pfn));
    this.putLong(mm.page_compound_head, facts.mapBase + head * this.pageBytes + 1);
    page[mm.page_mapping] = mm.TAIL_MAPPING_low;
    if (mm.wide) page[mm.page_mapping + 1] = mm.TAIL_MAPPING_high;
    if (pfn !== head + 1) return;
    const order = facts.compounds.orders.get(head) ?? 0;
    this.putByte(mm.page_compound_dtor_bytes, mm.COMPOUND_PAGE_DTOR);
    this.putByte(mm.page_compound_order_bytes, order);
    page[mm.page_compound_mapcount] = -1;
    page[mm.page_compound_pincount] = 0;
    if (mm.page_compound_nr >= 0) page[mm.page_compound_nr] = 1 << order;
  }

  private staleIndex(pfn: number): number {
    return pfn >= this.facts.highmemStart ? this.mm.MIGRATE_MOVABLE : 0;
  }

  private lruOf(pfn: number): VirtAddr {
    return (this.facts.mapBase + pfn * this.pageBytes + this.mm.page_lru * 4) as VirtAddr;
  }

  private putLru(next: VirtAddr, prev: VirtAddr = next): void {
    this.putLong(this.mm.page_lru, next);
    this.putLong(this.mm.page_lru + this.mm.list_prev, prev);
  }

  private putPoison2(): void {
    const { mm, page } = this;
    page[mm.page_lru + mm.list_prev] = mm.LIST_POISON2_low;
    if (mm.wide) page[mm.page_lru + mm.list_prev + 1] = mm.LIST_POISON2_high;
  }

  private putLong(at: number, value: number): void {
    this.page[at] = lowWord(value);
    if (this.mm.wide) this.page[at + 1] = highWord(value);
  }

  private putByte(byteOffset: number, value: number): void {
    const shift = (byteOffset & 3) * 8;
    const word = this.page[byteOffset >> 2] ?? 0;
    this.page[byteOffset >> 2] = (word & ~(0xff << shift)) | (value << shift);
  }

  private findRun(pfn: number): number {
    const { memmap } = this.facts;
    for (const run of [this.run, this.run + 1]) {
      const start = memmap.startPfn[run];
      if (start === undefined || pfn < start || pfn >= start + (memmap.count[run] ?? 0)) continue;
      this.run = run;
      return run;
    }
    const run = memmap.find(pfn);
    if (run >= 0) this.run = run;
    return run;
  }
}
