/**
 * What a kernel module calls: allocating and freeing pages, by page and by address, singly, in bulk and in exact sizes.
 *
 * alloc_pages(), alloc_page() and folio_alloc() are inlines of include/linux/gfp.h that call into page_alloc.c: headers here are
 * leaves, so they are in this room. get_page() and put_page() are in mm/swap.ts for the same reason.
 * Source: Linux 6.1 mm/page_alloc.c; include/linux/gfp.h; mm/folio-compat.c; include/linux/highmem.h.
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
  type Zoneref,
  type ZoneType,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { virt_to_page } from '../../arch/x86/include/asm/page.h.js';
import { get_order } from '../../include/asm-generic/getorder.h.js';
import { list_add } from '../../include/linux/list.h.js';
import { nth_page } from '../../include/linux/mm.h.js';
import {
  wmark_pages,
  zone_idx,
  zonelist_zone,
  zonelist_zone_idx,
} from '../../include/linux/mmzone.h.js';
import { VM_BUG_ON_PAGE } from '../../include/linux/mmdebug.h.js';
import { PageCompound, PageHead } from '../../include/linux/page-flags.h.js';
import { page_ref_count, put_page_testzero } from '../../include/linux/page_ref.h.js';
import { per_cpu_ptr } from '../../include/linux/percpu-defs.h.js';
import { __count_zid_vm_events } from '../../include/linux/vmstat.h.js';
import { page_address } from '../highmem/page_address.js';
import { prep_transhuge_page } from '../huge_memory/huge_memory.js';
import { type AllocContext, newAllocContext, set_page_refcounted } from '../internal.h.js';
import { next_zones_zonelist } from '../mmzone.js';
import { FPI_TO_TAIL } from './buddy.js';
import { __free_pages_ok, free_the_page } from './free.js';
import { prep_new_page } from './get_page_from_freelist.js';
import { __alloc_pages, prepare_alloc_pages } from './page_alloc.js';
import { __rmqueue_pcplist, order_to_pindex } from './pcp.js';
import { zone_watermark_fast } from './watermark.js';

// --- by page -----------------------------------------------------------------------------------------------------------

/** 2^order pages in a row: the first of them, or NULL. */
export function alloc_pages(k: Kernel, gfp: Gfp, order: Order): Page {
  return __alloc_pages(k, gfp, order);
}

export const alloc_page = (k: Kernel, gfp: Gfp): Page => alloc_pages(k, gfp, 0);

/** A page for a process. Left out: mempolicy. */
export const alloc_page_vma = (k: Kernel, gfp: Gfp): Page => alloc_page(k, gfp | k.__GFP_COMP);

/** A page for a process, full of zeros. An inline of include/linux/highmem.h. */
export const alloc_zeroed_user_highpage_movable = (k: Kernel): Page =>
  alloc_page_vma(k, k.GFP_HIGHUSER_MOVABLE | k.__GFP_ZERO);

/** A compound page of any order, to be used as a folio. Left out: mempolicy. */
export function folio_alloc(k: Kernel, gfp: Gfp, order: Order): Page {
  const page: Page = __alloc_pages(k, gfp | k.__GFP_COMP, order);
  // Only from order 2 on is there a second tail, which holds the link in the list of folios that wait to be split.
  if (page !== NULL && order > 1) prep_transhuge_page(k, page);
  return page;
}

/** Drops a reference; the last one frees the block. With others left, all but the first page of a plain block go. */
export function __free_pages(k: Kernel, page: Page, order: Order): void {
  // Read before the reference is dropped: afterwards the page may be somebody else's.
  const head = PageHead(k, page);
  if (put_page_testzero(k, page)) free_the_page(k, page, order);
  // Somebody looks at the first page just now (a speculative reference) and will free it alone: the others would be leaked.
  else if (!head) while (order-- > 0) free_the_page(k, nth_page(k, page, 1 << order), order);
}

export const __free_page = (k: Kernel, page: Page): void => {
  __free_pages(k, page, 0);
};

/** Makes single pages of a plain block: each has its own reference. Left out: page_owner, memcg. */
export function split_page(k: Kernel, page: Page, order: Order): void {
  if (k.CONFIG_DEBUG_VM !== 0)
    VM_BUG_ON_PAGE(PageCompound(k, page), page, 'mm/page_alloc.c', 'PageCompound(page)');
  if (k.CONFIG_DEBUG_VM !== 0)
    VM_BUG_ON_PAGE(page_ref_count(k, page) === 0, page, 'mm/page_alloc.c', '!page_count(page)');
  // The first page has had its reference since the allocation.
  for (let i = 1; i < 1 << order; i++) set_page_refcounted(k, nth_page(k, page, i));
}

/** By address, so of a page that has one. */
export function __get_free_pages(k: Kernel, gfp_mask: Gfp, order: Order): VirtAddr {
  // A highmem page has an address only while it is mapped with kmap().
  const page: Page = alloc_pages(k, gfp_mask & ~k.__GFP_HIGHMEM, order);
  return page === NULL ? asVirt(0) : page_address(k, page);
}

/** The address of a page full of zeros; 0 without memory. */
export function get_zeroed_page(k: Kernel, gfp_mask: Gfp): VirtAddr {
  return __get_free_pages(k, gfp_mask | k.__GFP_ZERO, 0);
}

/** Frees pages by the address that __get_free_pages() returned. With address 0 nothing happens. */
export function free_pages(k: Kernel, addr: VirtAddr, order: Order): void {
  if (addr !== 0) __free_pages(k, virt_to_page(k, addr), order);
}

/** Splits a block into pages and gives those beyond `size` back. */
function make_alloc_exact(k: Kernel, addr: VirtAddr, order: Order, size: ULong): VirtAddr {
  if (addr !== 0) {
    const nr: ULong = Math.ceil(size / PAGE_SIZE);
    const page: Page = virt_to_page(k, addr);
    // As split_page(), but only for pages that stay: the others are freed below, for which they need no reference.
    for (let last = nr - 1; last > 0; last--) set_page_refcounted(k, nth_page(k, page, last));
    // Those were never used: others, that may still be in the caches, are to go first.
    for (let unused = nr; unused < 1 << order; unused++)
      __free_pages_ok(k, nth_page(k, page, unused), 0, FPI_TO_TAIL);
  }
  return addr;
}

/** Whole pages for `size` bytes, no more. */
export function alloc_pages_exact(k: Kernel, size: ULong, gfp_mask: Gfp): VirtAddr {
  const order: Order = get_order(k, size);
  // A compound page could not be given back in parts, and a highmem page has no address.
  gfp_mask &= ~(k.__GFP_COMP | k.__GFP_HIGHMEM);
  const addr: VirtAddr = __get_free_pages(k, gfp_mask, order);
  return make_alloc_exact(k, addr, order, size);
}

/** Page by page, as the block was split: `size` is the one that alloc_pages_exact() was asked for. */
export function free_pages_exact(k: Kernel, virt: VirtAddr, size: ULong): void {
  const end = virt + Math.ceil(size / PAGE_SIZE) * PAGE_SIZE;
  for (let addr = virt; addr < end; addr = asVirt(addr + PAGE_SIZE)) free_pages(k, addr, 0);
}

// --- in bulk -----------------------------------------------------------------------------------------------------------

/**
 * Single pages from one zone's per-cpu list, for the empty places of `page_array` up to `nr_pages`, or onto `page_list`.
 * How many the array or the list has then. Left out: nid, nodemask, cpuset, memcg, page_owner, a trylock that fails.
 */
export function __alloc_pages_bulk(
  k: Kernel,
  gfp: Gfp,
  nr_pages: Int,
  page_list: ListHead,
  page_array: Page[] | undefined,
): Int {
  let page: Page;
  let nr_populated: Int = 0;
  let nr_account: Int = 0;

  // Places that are filled at the beginning: perhaps nothing is left to do.
  while (
    page_array !== undefined &&
    nr_populated < nr_pages &&
    (page_array[nr_populated] ?? 0) !== NULL
  )
    nr_populated++;

  // Neither a caller that asks for nothing nor a full array is an error.
  if (nr_pages <= 0) return nr_populated;
  if (page_array !== undefined && nr_pages - nr_populated === 0) return nr_populated;

  failed: {
    // For one page the ordinary way is the shorter one.
    if (nr_pages - nr_populated === 1) break failed;

    gfp &= k.words[k.globals.gfp_allowed_mask]!;
    const ac: AllocContext = newAllocContext();
    const alloc_flags: AllocFlags = prepare_alloc_pages(k, gfp, ac, k.ALLOC_WMARK_LOW);

    let z: Zoneref = ac.preferred_zoneref;
    let zone: Zone = zonelist_zone(k, z);
    for (
      ;
      zone !== NULL;
      z = next_zones_zonelist(k, z, ac.highest_zoneidx), zone = zonelist_zone(k, z)
    ) {
      // Raised by the whole batch, so that the mark is looked at once and not for each page.
      const mark: ULong = wmark_pages(k, zone, alloc_flags & k.ALLOC_WMARK_MASK) + nr_pages;
      const preferred: ZoneType = zonelist_zone_idx(k, ac.preferred_zoneref);
      if (zone_watermark_fast(k, zone, 0, mark, preferred, alloc_flags, gfp)) break;
    }
    // No zone can spare so many: one page, then, which may reclaim.
    if (zone === NULL) break failed;

    // One list serves the whole batch. It is looked up once: that is what makes a batch cheap.
    const pcp: PerCpuPages = per_cpu_ptr(k, zone + k.zone.per_cpu_pageset, k.cpu);
    const pcp_list: ListHead =
      pcp + k.per_cpu_pages.lists + order_to_pindex(k, ac.migratetype, 0) * k.stride.list_head;
    while (nr_populated < nr_pages) {
      if (page_array !== undefined && (page_array[nr_populated] ?? 0) !== NULL) {
        nr_populated++;
        continue;
      }
      page = __rmqueue_pcplist(k, zone, 0, ac.migratetype, alloc_flags, pcp, pcp_list);
      if (page === NULL) {
        // At least one is to be tried for with all means.
        if (nr_account === 0) break failed;
        break;
      }
      nr_account++;

      prep_new_page(k, page, 0, gfp, 0);
      if (page_array === undefined) list_add(k, page + k.page.lru, page_list);
      else page_array[nr_populated] = page;
      nr_populated++;
    }

    __count_zid_vm_events(k, k.PGALLOC_NORMAL, zone_idx(k, zone), nr_account);
    // out:
    return nr_populated;
  }

  // failed:
  // This can wait and reclaim, so the caller gets a page at least, and may come back for the others.
  page = __alloc_pages(k, gfp, 0);
  if (page !== NULL) {
    if (page_array === undefined) list_add(k, page + k.page.lru, page_list);
    else page_array[nr_populated] = page;
    nr_populated++;
  }
  return nr_populated;
}

/** Inlines of include/linux/gfp.h. */
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
