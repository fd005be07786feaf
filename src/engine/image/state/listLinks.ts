/**
 * The `lru` words of pages that a dump lists: each page of a free list or of a per-CPU list, linked in the list's order
 * between the list's head.
 */
import { asVirt, type VirtAddr } from '../../memory/address.js';
import type { Kernel } from '../../machine/kernel.js';
import type { PcpDump, PopulatedZone } from './zonesDump.js';

export interface Link {
  readonly next: VirtAddr;
  readonly prev: VirtAddr;
}

/** The ends of a list, as its head points to them; the head itself when the list is empty. */
export interface ListEnds extends Link {
  readonly head: VirtAddr;
}

export class ListLinks {
  private readonly links = new Map<number, Link>();
  /** `page->index` of the pages on per-CPU lists: the type they will be freed with. */
  private readonly pcpTypes = new Map<number, number>();

  constructor(
    private readonly mm: Kernel,
    private readonly mapBase: VirtAddr,
  ) {}

  linkOf(pfn: number): Link | undefined {
    return this.links.get(pfn);
  }

  pcpTypeOf(pfn: number): number | undefined {
    return this.pcpTypes.get(pfn);
  }

  /** Links the pages of `zone->free_area[]`; the ends of every list, for the heads. */
  addFreeArea(zone: PopulatedZone): ListEnds[] {
    const { mm } = this;
    return zone.free_area.flatMap((area, order) =>
      area.lists.map((pfns, migratetype) => {
        const words =
          mm.zone.free_area + order * mm.stride.free_area + migratetype * mm.stride.list_head;
        return this.add(asVirt(zone.at + words * 4), pfns);
      }),
    );
  }

  /** Links the pages of a page set that lies at `pageset`. */
  addPcp(pageset: VirtAddr, pcp: PcpDump): ListEnds[] {
    const { mm } = this;
    return Array.from({ length: mm.NR_PCP_LISTS }, (_, pindex) => {
      const list = pcp.lists.get(pindex) ?? { pfns: [], migratetypes: [] };
      list.pfns.forEach((pfn, i) => this.pcpTypes.set(pfn, list.migratetypes[i] ?? 0));
      const words = mm.per_cpu_pages.lists + pindex * mm.stride.list_head;
      return this.add(asVirt(pageset + words * 4), list.pfns);
    });
  }

  private add(head: VirtAddr, pfns: readonly number[]): ListEnds {
    const lru = pfns.map((pfn) => this.lruOf(pfn));
    pfns.forEach((pfn, i) =>
      this.links.set(pfn, { next: lru[i + 1] ?? head, prev: lru[i - 1] ?? head }),
    );
    return { head, next: lru[0] ?? head, prev: lru[lru.length - 1] ?? head };
  }

  private lruOf(pfn: number): VirtAddr {
    return asVirt(this.mapBase + (pfn * this.mm.memmap.page_words + this.mm.page.lru) * 4);
  }
}
