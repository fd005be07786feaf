/**
 * What a kernel module calls: allocating and freeing pages, by page and by address, singly, in bulk and in exact sizes.
 *
 * Source: Linux 6.1 mm/page_alloc.c, include/linux/gfp.h, include/linux/mm.h, mm/swap.c: __folio_put().
 */
import {
  type AllocFlags,
  type Gfp,
  type Int,
  type ListHead,
  NULL,
  type Order,
  type Page,
  type PerCpuPages,
  type ULong,
  type Zone,
  type Pfn,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, PAGE_SHIFT, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { virt_to_page } from '../../arch/x86/include/asm/page.h.js';
import { get_order } from '../../include/asm-generic/getorder.h.js';
import { list_add } from '../../include/linux/list.h.js';
import {
  wmark_pages,
  zone_idx,
  zonelist_zone,
  zonelist_zone_idx,
} from '../../include/linux/mmzone.h.js';
import { PageHead } from '../../include/linux/page-flags.h.js';
import { put_page_testzero } from '../../include/linux/page_ref.h.js';
import { __count_zid_vm_events } from '../../include/linux/vmstat.h.js';
import { page_address } from '../highmem/page_address.js';
import { prep_transhuge_page } from '../huge_memory.js';
import { set_page_refcounted } from '../internal.h.js';
import { next_zones_zonelist } from '../mmzone.js';
import { gfp_to_alloc_flags_cma } from './alloc_flags.js';
import { FPI_TO_TAIL } from './buddy.js';
import { __free_pages_ok, free_the_page } from './free.js';
import { __alloc_pages, prep_new_page, prepare_alloc_pages } from './page_alloc.js';
import { __rmqueue_pcplist, order_to_pindex, pcp_list, zone_pcp } from './pcp.js';
import { zone_watermark_fast } from './watermark.js';

// --- by page -----------------------------------------------------------------------------------------------------------

export function alloc_pages(k: Kernel, gfp: Gfp, order: Order): Page {
  return __alloc_pages(k, gfp, order);
}

export function alloc_page(k: Kernel, gfp: Gfp): Page {
  return __alloc_pages(k, gfp, 0);
}

/** A compound page of any order, to be used as a folio. */
export function folio_alloc(k: Kernel, gfp: Gfp, order: Order): Page {
  const page: Page = __alloc_pages(k, gfp | k.__GFP_COMP, order);
  if (page !== NULL && order > 1) prep_transhuge_page(k, page);
  return page;
}

/** Drops a reference; the last one frees the block. With others left, all but the first page of a plain block go. */
export function __free_pages(k: Kernel, page: Page, order: Order): void {
  // Read before the reference is dropped: afterwards the page may be somebody else's.
  const head = PageHead(k, page);
  if (put_page_testzero(k, page)) {
    free_the_page(k, page, order);
  } else if (!head) {
    const pfn: Pfn = k.page_to_pfn(page);
    while (order-- > 0) free_the_page(k, k.pfn_to_page(pfn + (1 << order)), order);
  }
}

export function __free_page(k: Kernel, page: Page): void {
  __free_pages(k, page, 0);
}

/** Makes single pages of a plain block. */
export function split_page(k: Kernel, page: Page, order: Order): void {
  const pfn: Pfn = k.page_to_pfn(page);
  for (let i = 1; i < 1 << order; i++) set_page_refcounted(k, k.pfn_to_page(pfn + i));
}

export function __get_free_pages(k: Kernel, gfp_mask: Gfp, order: Order): VirtAddr {
  const page: Page = alloc_pages(k, gfp_mask & ~k.__GFP_HIGHMEM, order);
  return page === NULL ? asVirt(0) : page_address(k, page);
}

export function get_zeroed_page(k: Kernel, gfp_mask: Gfp): VirtAddr {
  return __get_free_pages(k, gfp_mask | k.__GFP_ZERO, 0);
}

export function free_pages(k: Kernel, addr: VirtAddr, order: Order): void {
  if (addr !== 0) __free_pages(k, virt_to_page(k, addr), order);
}

/** Splits a block into pages and gives those beyond `size` back. */
function make_alloc_exact(k: Kernel, addr: VirtAddr, order: Order, size: ULong): VirtAddr {
  if (addr === 0) return addr;
  const nr: ULong = Math.ceil(size / PAGE_SIZE);
  const pfn: Pfn = k.page_to_pfn(virt_to_page(k, addr));
  for (let last = nr - 1; last > 0; last--) set_page_refcounted(k, k.pfn_to_page(pfn + last));
  for (let unused = nr; unused < 1 << order; unused++)
    __free_pages_ok(k, k.pfn_to_page(pfn + unused), 0, FPI_TO_TAIL);
  return addr;
}

export function alloc_pages_exact(k: Kernel, size: ULong, gfp_mask: Gfp): VirtAddr {
  const order: Order = get_order(size);
  gfp_mask &= ~(k.__GFP_COMP | k.__GFP_HIGHMEM);
  return make_alloc_exact(k, __get_free_pages(k, gfp_mask, order), order, size);
}

export function free_pages_exact(k: Kernel, virt: VirtAddr, size: ULong): void {
  const nr: ULong = Math.ceil(size / PAGE_SIZE);
  for (let i = 0; i < nr; i++) free_pages(k, asVirt(virt + (i << PAGE_SHIFT)), 0);
}

// --- in bulk -----------------------------------------------------------------------------------------------------------

/**
 * Single pages from one zone's per-cpu list, for the empty places of `page_array` up to `nr_pages`, or onto `page_list`.
 * How many the array or the list has then.
 */
export function __alloc_pages_bulk(
  k: Kernel,
  gfp: Gfp,
  nr_pages: Int,
  page_list: ListHead,
  page_array: Page[] | undefined,
): Int {
  let nr_populated: Int = 0;
  const populated = (i: Int): boolean => (page_array?.[i] ?? NULL) !== NULL;
  while (nr_populated < nr_pages && populated(nr_populated)) nr_populated++;
  if (nr_pages <= 0) return nr_populated;
  if (page_array !== undefined && nr_pages === nr_populated) return nr_populated;

  const keep = (page: Page): void => {
    if (page_array === undefined) list_add(k, (page + k.page.lru) as ListHead, page_list);
    else page_array[nr_populated] = page;
    nr_populated++;
  };

  if (nr_pages - nr_populated > 1) {
    gfp &= k.words[k.globals.gfp_allowed_mask]!;
    const ac = prepare_alloc_pages(k, gfp);
    const alloc_flags: AllocFlags = gfp_to_alloc_flags_cma(k, gfp, k.ALLOC_WMARK_LOW);
    let z = ac.preferred_zoneref;
    let zone: Zone = zonelist_zone(k, z);
    while (zone !== NULL) {
      const mark: ULong = wmark_pages(k, zone, alloc_flags & k.ALLOC_WMARK_MASK) + nr_pages;
      const preferred_idx = zonelist_zone_idx(k, ac.preferred_zoneref);
      if (zone_watermark_fast(k, zone, 0, mark, preferred_idx, alloc_flags, gfp)) break;
      z = next_zones_zonelist(k, z, ac.highest_zoneidx);
      zone = zonelist_zone(k, z);
    }

    if (zone !== NULL) {
      let nr_account: Int = 0;
      const pcp: PerCpuPages = zone_pcp(k, zone, k.cpu);
      const list: ListHead = pcp_list(k, pcp, order_to_pindex(k, ac.migratetype, 0));
      while (nr_populated < nr_pages) {
        if (populated(nr_populated)) {
          nr_populated++;
          continue;
        }
        const page: Page = __rmqueue_pcplist(k, zone, 0, ac.migratetype, alloc_flags, pcp, list);
        if (page === NULL) break;
        nr_account++;
        prep_new_page(k, page, 0, gfp, 0);
        keep(page);
      }
      if (nr_account !== 0) {
        __count_zid_vm_events(k, k.PGALLOC_NORMAL, zone_idx(k, zone), nr_account);
        return nr_populated;
      }
    }
  }

  // One page, or no zone that could spare so many: an ordinary allocation.
  const page: Page = __alloc_pages(k, gfp, 0);
  if (page !== NULL) keep(page);
  return nr_populated;
}

export function alloc_pages_bulk_array(
  k: Kernel,
  gfp: Gfp,
  nr_pages: Int,
  page_array: Page[],
): Int {
  return __alloc_pages_bulk(k, gfp, nr_pages, NULL, page_array);
}

export function alloc_pages_bulk_list(k: Kernel, gfp: Gfp, nr_pages: Int, list: ListHead): Int {
  return __alloc_pages_bulk(k, gfp, nr_pages, list, undefined);
}
