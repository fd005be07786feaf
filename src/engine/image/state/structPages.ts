/**
 * `struct page` of a recorded state, produced frame by frame of mem_map when somebody looks.
 *
 * Told by the dump: flags, `_refcount`, `_mapcount`, `private` of every page; `lru` of pages on free lists and per-CPU
 * lists; `index` of the latter; from what they are, the words of compound heads and tails. Everything else is a *guess*:
 * what pages of that kind have that nobody changed since.
 *
 *     kind of page                       lru                       index
 *     never allocated, or reserved       linked to itself          0
 *     freed one by one (see PageFacts)   LIST_POISON1, 2           the type its pageblock had at boot
 *     allocated                          0, LIST_POISON2           its pageblock's type
 *     on an LRU list                     linked to itself          0 (the dump has no LRU lists)
 *     first of a free CMA pageblock      -                         MIGRATE_CMA
 *
 * Of all words of mem_map, 99.2% or more are what the real machine had (five machines of which there is a core, too).
 * Source: Linux 6.1 include/linux/mm_types.h; mm/page_alloc.c: __init_single_page(), prep_new_page(),
 * prep_compound_page(), free_unref_page_prepare(), free_reserved_area(); mm/highmem.c.
 */
import type { Kernel } from '../../machine/kernel.js';
import { highWord, lowWord, PAGE_SIZE, type Cell, type VirtAddr } from '../../memory/address.js';
import type { Compounds } from './compounds.js';
import type { ListLinks } from './listLinks.js';
import type { MemmapRuns } from './memmapDump.js';

export interface PageFacts {
  readonly memmap: MemmapRuns;
  readonly links: ListLinks;
  readonly compounds: Compounds;
  readonly mapBase: VirtAddr;
  /**
   * Whether boot freed the page, if it did, as a single page through the per-CPU lists: highmem, the parts of the kernel
   * image that are needed only at boot, the initial ramdisk. Other memory went to the buddy lists in large blocks.
   */
  readonly freedSingly: (pfn: number) => boolean;
  readonly pageblockType: (pfn: number) => number;
  /** The type of the page's block before anybody allocated. */
  readonly bootPageblockType: (pfn: number) => number;
}

export class StructPages {
  private readonly page: Int32Array;
  /** Of the page produced last: 1 where the word is told by the dump. */
  private readonly told: Uint8Array;
  private readonly pageBytes: number;
  /** Run of the page produced last: neighbours are mostly in it or in the next one. */
  private run = 0;

  constructor(
    private readonly mm: Kernel,
    private readonly facts: PageFacts,
  ) {
    this.page = new Int32Array(mm.memmap.page_words);
    this.told = new Uint8Array(mm.memmap.page_words);
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

  /** Words of a page that are guesses: offset -> the guess. */
  guesses(pfn: number): ReadonlyMap<number, number> {
    this.produce(pfn);
    const guesses = new Map<number, number>();
    this.page.forEach((word, i) => {
      if (this.told[i] === 0) guesses.set(i, word);
    });
    return guesses;
  }

  private produce(pfn: number): void {
    const { mm, facts } = this;
    this.page.fill(0);
    this.told.fill(0);
    const run = this.findRun(pfn);
    if (run < 0) return;
    const { memmap } = facts;
    const flags = memmap.flagsLow[run] ?? 0;
    this.tell(mm.page.flags, flags, memmap.flagsHigh[run]);
    this.tell(mm.page.private, memmap.privateLow[run] ?? 0, memmap.privateHigh[run]);
    this.tellWord(mm.page._mapcount, memmap.mapcount[run] ?? 0);
    this.tellWord(mm.page._refcount, memmap.refcount[run] ?? 0);
    const head = facts.compounds.heads.get(pfn);
    if (facts.links.linkOf(pfn) !== undefined) this.produceListed(pfn);
    else if (head !== undefined) this.produceTail(pfn, head);
    else if ((flags & ((1 << mm.PG_reserved) | (1 << mm.PG_lru))) !== 0)
      this.putLru(this.lruOf(pfn));
    else if ((memmap.refcount[run] ?? 0) !== 0) this.produceAllocated(pfn);
    else this.produceFree(pfn);
  }

  private produceListed(pfn: number): void {
    const { mm, facts } = this;
    const link = facts.links.linkOf(pfn);
    if (link === undefined) return;
    this.tellLong(mm.page.lru, link.next);
    this.tellLong(mm.page.lru + mm.list_head.prev, link.prev);
    const pcpType = facts.links.pcpTypeOf(pfn);
    if (pcpType === undefined) this.putLong(mm.page.index, this.staleIndex(pfn));
    else this.tellLong(mm.page.index, pcpType);
  }

  private produceAllocated(pfn: number): void {
    this.putPoison2();
    this.putLong(this.mm.page.index, this.facts.pageblockType(pfn));
  }

  /** Inside of a free block, or the rest of an allocated one without tails. */
  private produceFree(pfn: number): void {
    const { mm, page } = this;
    this.putLong(mm.page.index, this.staleIndex(pfn));
    if (!this.facts.freedSingly(pfn)) {
      this.putLru(this.lruOf(pfn));
      return;
    }
    page[mm.page.lru] = mm.LIST_POISON1.low;
    if (mm.wide) page[mm.page.lru + 1] = mm.LIST_POISON1.high;
    this.putPoison2();
  }

  private produceTail(pfn: number, head: number): void {
    const { mm, facts } = this;
    this.putLru(this.lruOf(pfn));
    this.tellLong(mm.page.compound_head, facts.mapBase + head * this.pageBytes + 1);
    this.tell(mm.page.mapping, mm.TAIL_MAPPING.low, mm.TAIL_MAPPING.high);
    if (pfn !== head + 1) return;
    const order = facts.compounds.orders.get(head) ?? 0;
    this.putByte(mm.page.compound_dtor, mm.COMPOUND_PAGE_DTOR);
    this.putByte(mm.page.compound_order, order);
    this.tellWord(mm.page.compound_mapcount, -1);
    this.tellWord(mm.page.compound_pincount, 0);
    if (mm.page.compound_nr >= 0) this.tellWord(mm.page.compound_nr, 1 << order);
  }

  private staleIndex(pfn: number): number {
    const { mm, facts } = this;
    if (facts.freedSingly(pfn)) return facts.bootPageblockType(pfn);
    const firstOfCma =
      pfn % mm.pageblock_nr_pages === 0 && facts.pageblockType(pfn) === mm.MIGRATE_CMA;
    return firstOfCma ? mm.MIGRATE_CMA : 0;
  }

  private lruOf(pfn: number): VirtAddr {
    return (this.facts.mapBase + pfn * this.pageBytes + this.mm.page.lru * 4) as VirtAddr;
  }

  private putLru(address: VirtAddr): void {
    this.putLong(this.mm.page.lru, address);
    this.putLong(this.mm.page.lru + this.mm.list_head.prev, address);
  }

  private putPoison2(): void {
    const { mm, page } = this;
    page[mm.page.lru + mm.list_head.prev] = mm.LIST_POISON2.low;
    if (mm.wide) page[mm.page.lru + mm.list_head.prev + 1] = mm.LIST_POISON2.high;
  }

  // A word that is told is put and marked; one that is put only is a guess.

  private tell(at: number, low: number, high = 0): void {
    this.tellWord(at, low);
    if (this.mm.wide) this.tellWord(at + 1, high);
  }

  private tellLong(at: number, value: number): void {
    this.tell(at, lowWord(value), highWord(value));
  }

  private tellWord(at: number, value: number): void {
    this.page[at] = value;
    this.told[at] = 1;
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
