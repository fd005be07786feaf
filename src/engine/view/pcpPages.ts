/**
 * The blocks on all per-cpu lists: pfn of the first page, order. Nothing in a struct page tells them from used ones, so the
 * lists are walked: `pcp->high` bounds them to some ten thousand pages, and the table that they go into is made for that.
 *
 *     slots   pfn << 4 | order, at hash(pfn) or behind it; EMPTY where nobody is
 */
import type { KernelImage } from '../image/kernelImage.js';
import { KernelFault } from '../machine/events.js';
import { list_empty } from '../kernel/include/linux/list.h.js';
import { pindex_to_order } from '../kernel/mm/page_alloc/pcp.js';
import type { ListHead } from '../machine/ctypes.js';
import { pcpList, zonePcp } from './zoneLists.js';

/** A damaged list may have no end. */
const MAX_ENTRIES = 1 << 16;
const FIRST_BITS = 10;
const EMPTY = -1;
/** 2^32 / golden ratio: neighbouring pfns spread. */
const SPREAD = 0x9e3779b1;

export class PcpPages {
  private bits = FIRST_BITS;
  private slots = new Int32Array(1 << FIRST_BITS).fill(EMPTY);
  size = 0;

  constructor(private readonly image: KernelImage) {}

  /** Walks the lists as they are now. */
  read(): void {
    this.slots.fill(EMPTY);
    this.size = 0;
    try {
      this.collect();
    } catch (error) {
      // A list that leads nowhere: what was found up to there is what there is.
      if (!(error instanceof KernelFault)) throw error;
    }
  }

  /** The order of the block that begins at a pfn; -1 when none does. */
  orderOf(pfn: number): number {
    const { slots } = this;
    for (let at = this.home(pfn); ; at = (at + 1) & (slots.length - 1)) {
      const slot = slots[at] as number;
      if (slot === EMPTY) return -1;
      if (slot >>> 4 === pfn) return slot & 15;
    }
  }

  /** Pages of all blocks together. */
  get nrPages(): number {
    return this.slots.reduce((sum, slot) => (slot === EMPTY ? sum : sum + (1 << (slot & 15))), 0);
  }

  private home(pfn: number): number {
    return Math.imul(pfn, SPREAD) >>> (32 - this.bits);
  }

  private add(pfn: number, order: number): void {
    if (this.size * 2 >= this.slots.length) this.grow();
    this.put((pfn << 4) | order);
    this.size++;
  }

  private put(slot: number): void {
    const { slots } = this;
    let at = this.home(slot >>> 4);
    while (slots[at] !== EMPTY) at = (at + 1) & (slots.length - 1);
    slots[at] = slot;
  }

  private grow(): void {
    const before = this.slots;
    this.bits++;
    this.slots = new Int32Array(1 << this.bits).fill(EMPTY);
    for (const slot of before) if (slot !== EMPTY) this.put(slot);
  }

  private collect(): void {
    const { mm, nrCpus } = this.image;
    for (const zone of mm.zones) {
      if (mm.read_ulong(zone + mm.zone.present_pages) === 0) continue;
      for (let cpu = 0; cpu < nrCpus; cpu++) {
        const pcp = zonePcp(mm, zone, cpu);
        if ((mm.words[pcp + mm.per_cpu_pages.count] ?? 0) === 0) continue;
        for (let pindex = 0; pindex < mm.NR_PCP_LISTS; pindex++) {
          const head = pcpList(mm, pcp, pindex);
          if (!list_empty(mm, head)) this.walk(head, pindex_to_order(mm, pindex));
        }
      }
    }
  }

  private walk(head: ListHead, order: number): void {
    const { mm } = this.image;
    let entry: ListHead = mm.read_ptr(head);
    while (entry !== head && entry !== 0 && this.size < MAX_ENTRIES) {
      this.add(mm.page_to_pfn(entry - mm.page.lru), order);
      entry = mm.read_ptr(entry);
    }
  }
}
