/**
 * The contiguous memory allocator: areas that boot set aside, lent to movable pages until somebody needs them in one piece.
 *
 *     struct cma   base_pfn, count, bitmap: one bit for 1 << order_per_bit pages, set while cma_alloc()'s caller has them
 *
 * A request takes the first gap of the bitmap that is long and aligned enough, and asks alloc_contig_range() for its pages;
 * where one of them cannot be had, it goes on behind.
 * Source: Linux 6.1 mm/cma.c, mm/cma.h.
 */
import {
  type Cma,
  type Gfp,
  type Int,
  NULL,
  type Page,
  type UInt,
  type ULong,
  type Pfn,
} from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { asPhys, PAGE_SIZE, type PhysAddr, type VirtAddr } from '../../memory/address.js';
import { ALIGN } from '../include/linux/align.h.js';
import { EBUSY, ENOMEM } from '../include/linux/errno.h.js';
import { pr_err } from '../include/linux/printk.h.js';
import { __count_vm_events } from '../include/linux/vmstat.h.js';
import { bitmap_clear, bitmap_find_next_zero_area_off, bitmap_set } from '../lib/bitmap.js';
import { alloc_contig_range, free_contig_range } from './page_alloc/contig.js';
import { init_cma_reserved_pageblock } from './page_alloc/mm_init.js';
import { kzalloc } from './slab_common/kmalloc.js';

export const cma_get_base = (k: Kernel, cma: Cma): PhysAddr =>
  asPhys(k.read_ulong(cma + k.cma.base_pfn) * PAGE_SIZE);

export const cma_get_size = (k: Kernel, cma: Cma): ULong =>
  k.read_ulong(cma + k.cma.count) * PAGE_SIZE;

/** For the log. */
export function cma_get_name(k: Kernel, cma: Cma): string {
  let name = '';
  for (let i = 0; k.read8(cma, k.cma.name + i) !== 0; i++)
    name += String.fromCharCode(k.read8(cma, k.cma.name + i));
  return name;
}

/** Bits in the area's bitmap. */
export function cma_bitmap_maxno(k: Kernel, cma: Cma): ULong {
  return k.read_ulong(cma + k.cma.count) >>> k.words[cma + k.cma.order_per_bit]!;
}

/** A place in the bitmap is aligned when it, plus the offset of the area's start, has none of these bits. */
function cma_bitmap_aligned_mask(k: Kernel, cma: Cma, align_order: UInt): ULong {
  const order_per_bit: UInt = k.words[cma + k.cma.order_per_bit]!;
  if (align_order <= order_per_bit) return 0;
  return (1 << (align_order - order_per_bit)) - 1;
}

/** How far the area's start is behind an aligned place, in bits: the area need not be aligned to what is asked for. */
function cma_bitmap_aligned_offset(k: Kernel, cma: Cma, align_order: UInt): ULong {
  const base_pfn: Pfn = k.read_ulong(cma + k.cma.base_pfn);
  return (base_pfn & ((1 << align_order) - 1)) >>> k.words[cma + k.cma.order_per_bit]!;
}

/** Rounded up: a bit stands for all of its pages, or none. */
function cma_bitmap_pages_to_bits(k: Kernel, cma: Cma, pages: ULong): ULong {
  const order_per_bit: UInt = k.words[cma + k.cma.order_per_bit]!;
  return ALIGN(pages, 1 << order_per_bit) >>> order_per_bit;
}

function cma_clear_bitmap(k: Kernel, cma: Cma, pfn: Pfn, count: ULong): void {
  const base_pfn: Pfn = k.read_ulong(cma + k.cma.base_pfn);
  const bitmap_no: ULong = (pfn - base_pfn) >>> k.words[cma + k.cma.order_per_bit]!;
  const bitmap_count: ULong = cma_bitmap_pages_to_bits(k, cma, count);
  bitmap_clear(k, k.read_va(cma + k.cma.bitmap), bitmap_no, bitmap_count);
}

/** Makes an area usable. Left out: the check that the area lies in one zone, the way out without memory. */
export function cma_activate_area(k: Kernel, cma: Cma): void {
  // bitmap_zalloc()
  const nr_longs: ULong = Math.ceil(cma_bitmap_maxno(k, cma) / (k.ptr_words * 32));
  k.write_va(cma + k.cma.bitmap, kzalloc(k, nr_longs * k.ptr_words * 4, k.GFP_KERNEL));
  const base_pfn: Pfn = k.read_ulong(cma + k.cma.base_pfn);
  const count: ULong = k.read_ulong(cma + k.cma.count);
  for (let pfn: Pfn = base_pfn; pfn < base_pfn + count; pfn += k.pageblock_nr_pages)
    init_cma_reserved_pageblock(k, k.pfn_to_page(pfn));
}

/**
 * Takes `count` pages in a row from the area, aligned to 1 << align pages; NULL if there are none.
 * Left out: cma->lock, cma_mutex, page_kasan_tag_reset, cma_debug_show_areas, cma_sysfs_account_success_pages.
 */
export function cma_alloc(k: Kernel, cma: Cma, count: ULong, align: UInt, no_warn: boolean): Page {
  let page: Page = NULL;
  let ret: Int = -ENOMEM;

  out: {
    if (cma === NULL || k.read_ulong(cma + k.cma.count) === 0) break out;
    const bitmap: VirtAddr = k.read_va(cma + k.cma.bitmap);
    if (bitmap === 0) break out;
    if (count === 0) break out;

    // From here on in bits, each for 1 << order_per_bit pages.
    const mask: ULong = cma_bitmap_aligned_mask(k, cma, align);
    const offset: ULong = cma_bitmap_aligned_offset(k, cma, align);
    const bitmap_maxno: ULong = cma_bitmap_maxno(k, cma);
    const bitmap_count: ULong = cma_bitmap_pages_to_bits(k, cma, count);
    // Larger than the area: it fails without a word.
    if (bitmap_count > bitmap_maxno) break out;

    let start: ULong = 0;
    for (;;) {
      const bitmap_no: ULong = bitmap_find_next_zero_area_off(
        k,
        bitmap,
        bitmap_maxno,
        start,
        bitmap_count,
        mask,
        offset,
      );
      if (bitmap_no >= bitmap_maxno) break;
      // Marked first: so the lock need not be held while pages migrate, and no one else tries for the same ones.
      bitmap_set(k, bitmap, bitmap_no, bitmap_count);

      const base_pfn: Pfn = k.read_ulong(cma + k.cma.base_pfn);
      const pfn: Pfn = base_pfn + (bitmap_no << k.words[cma + k.cma.order_per_bit]!);
      const gfp_mask: Gfp = k.GFP_KERNEL | (no_warn ? k.__GFP_NOWARN : 0);
      ret = alloc_contig_range(k, pfn, pfn + count, k.MIGRATE_CMA, gfp_mask);
      if (ret === 0) {
        page = k.pfn_to_page(pfn);
        break;
      }

      cma_clear_bitmap(k, cma, pfn, count);
      // A busy page is no reason to give up: there may be others.
      if (ret !== -EBUSY) break;
      // On behind, at the next place that is aligned.
      start = bitmap_no + mask + 1;
    }

    if (ret !== 0 && !no_warn) {
      const name = cma_get_name(k, cma);
      pr_err(k, `cma: cma_alloc: ${name}: alloc failed, req-size: ${count} pages, ret: ${ret}`);
    }
  }
  // out:
  if (page !== NULL) __count_vm_events(k, k.CMA_ALLOC_SUCCESS, 1);
  else __count_vm_events(k, k.CMA_ALLOC_FAIL, 1);
  return page;
}

/** Whether the pages can be the area's. Left out: a range that begins in it and ends behind it (VM_BUG_ON). */
function cma_pages_valid(k: Kernel, cma: Cma, pages: Page): boolean {
  if (cma === NULL || pages === NULL) return false;
  const pfn: Pfn = k.page_to_pfn(pages);
  const base_pfn: Pfn = k.read_ulong(cma + k.cma.base_pfn);
  return pfn >= base_pfn && pfn < base_pfn + k.read_ulong(cma + k.cma.count);
}

/** Gives pages of cma_alloc() back; false if they are not the area's. */
export function cma_release(k: Kernel, cma: Cma, pages: Page, count: ULong): boolean {
  if (!cma_pages_valid(k, cma, pages)) return false;
  const pfn: Pfn = k.page_to_pfn(pages);
  // They are free before the bits say so: whoever finds the bits clear can have the pages at once.
  free_contig_range(k, pfn, count);
  cma_clear_bitmap(k, cma, pfn, count);
  return true;
}

/** Until `it` returns something else than 0, which is the result. */
export function cma_for_each_area(k: Kernel, it: (cma: Cma) => Int): Int {
  const nr: UInt = k.globals.cma_area_count === NULL ? 0 : k.words[k.globals.cma_area_count]!;
  for (let i = 0; i < nr; i++) {
    const ret: Int = it(k.plus(k.globals.cma_areas, (i * k.sizeof.cma) / 4));
    if (ret !== 0) return ret;
  }
  return 0;
}
