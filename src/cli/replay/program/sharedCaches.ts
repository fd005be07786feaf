/**
 * Caches that others use, too: what grew one for others has left objects in it. The recording tells the page and not the cache, so that
 * the page is taken for nobody; where our cache grows next and the kernel's does not, that page is found to have been its own.
 *
 * Which of several pages it was, and how many of its objects others have, nothing tells: it is the last one, and all are ours.
 */
import {
  list_add,
  page_zone,
  per_cpu_ptr,
  set_page_count,
} from '../../../engine/entry/functions.js';
import { order_to_pindex } from '../../../engine/kernel/mm/page_alloc/pcp.js';
import type { Kernel } from '../../../engine/machine/kernel.js';
import { asCell, asPfn, type Cell } from '../../../engine/memory/address.js';
import { isOfCaches, readPageEvent, type ToldPages } from './toldPages.js';

interface Offer {
  readonly pfn: number;
  readonly pcp: Cell;
  readonly freeFactor: number;
}

export class SharedCaches {
  private offer: Offer | undefined;

  constructor(
    private readonly k: Kernel,
    private readonly told: ToldPages,
  ) {}

  /** The flags of a page that our cache took, if others have one for theirs that it may have had. */
  grownFor(ours: string | undefined): string | undefined {
    const { isTaken, order, gfp } = readPageEvent(ours ?? '');
    return isTaken && order === 0 && isOfCaches(gfp) && this.told.lastWith(gfp) !== undefined
      ? gfp
      : undefined;
  }

  /** The page of others is the next one that is taken with these flags. */
  give(gfp: string): void {
    const { k } = this;
    const pfn = this.told.lastWith(gfp);
    if (pfn === undefined) return;
    this.told.forget(k, pfn);
    const isReclaimable = (parseInt(gfp, 16) & k.__GFP_RECLAIMABLE) !== 0;
    const migratetype = isReclaimable ? k.MIGRATE_RECLAIMABLE : k.MIGRATE_UNMOVABLE;
    const page = k.pfn_to_page(asPfn(pfn));
    const flags = asCell(page + k.page.flags);
    k.write(flags, (k.words[flags] ?? 0) & ~((1 << k.__NR_PAGEFLAGS) - 1));
    set_page_count(k, page, 0);
    k.write_long(asCell(page + k.page.index), migratetype);
    const pcp = asCell(per_cpu_ptr(k, page_zone(k, page) + k.zone.per_cpu_pageset, k.cpu));
    const list = order_to_pindex(k, migratetype, 0) * k.stride.list_head;
    list_add(k, asCell(page + k.page.lru), asCell(pcp + k.per_cpu_pages.lists + list));
    const count = asCell(pcp + k.per_cpu_pages.count);
    k.write(count, (k.words[count] ?? 0) + 1);
    this.offer = { pfn, pcp, freeFactor: k.read16(pcp, k.per_cpu_pages.free_factor) };
  }

  /** A span is done again. */
  clear(): void {
    this.offer = undefined;
  }

  /** Whether an event of ours is that page's, which has been taken long ago. */
  isTaken(event: string): boolean {
    const { k, offer } = this;
    const { isTaken, pfn } = readPageEvent(event);
    if (offer === undefined || !isTaken || pfn !== offer.pfn) return false;
    // Each page that is taken halves what frees have doubled; this one was not taken now.
    k.write16(offer.pcp, k.per_cpu_pages.free_factor, offer.freeFactor);
    this.offer = undefined;
    return true;
  }
}
