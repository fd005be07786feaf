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
  type Int,
  NULL,
  type Page,
  type UInt,
  type ULong,
  type Pfn,
} from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { asVirt, fromWords, type VirtAddr } from '../../memory/address.js';
import { EBUSY, ENOMEM } from '../include/linux/errno.h.js';
import { __count_vm_events } from '../include/linux/vmstat.h.js';
import { bitmap_clear, bitmap_find_next_zero_area_off, bitmap_set } from '../lib/bitmap.js';
import { alloc_contig_range, free_contig_range } from './page_alloc/contig.js';
import { init_cma_reserved_pageblock } from './page_alloc/mm_init.js';

export const cma_base_pfn = (k: Kernel, cma: Cma): Pfn => k.read_ulong(cma + k.cma.base_pfn);
export const cma_count = (k: Kernel, cma: Cma): ULong => k.read_ulong(cma + k.cma.count);
export const cma_order_per_bit = (k: Kernel, cma: Cma): UInt => k.words[cma + k.cma.order_per_bit]!;

/** cma->bitmap */
export function cma_bitmap(k: Kernel, cma: Cma): VirtAddr {
  const at = cma + k.cma.bitmap;
  return asVirt(k.wide ? fromWords(k.words[at]!, k.words[at + 1]!) : k.words[at]! >>> 0);
}

/** cma->name */
export function cma_get_name(k: Kernel, cma: Cma): string {
  let name = '';
  for (let i = 0; k.read8(cma, k.cma.name + i) !== 0; i++)
    name += String.fromCharCode(k.read8(cma, k.cma.name + i));
  return name;
}

export const cma_bitmap_maxno = (k: Kernel, cma: Cma): ULong =>
  cma_count(k, cma) >>> cma_order_per_bit(k, cma);

/** A place in the bitmap is aligned when it, plus the offset of the area's start, has none of these bits. */
function cma_bitmap_aligned_mask(k: Kernel, cma: Cma, align_order: UInt): ULong {
  const order_per_bit = cma_order_per_bit(k, cma);
  return align_order <= order_per_bit ? 0 : (1 << (align_order - order_per_bit)) - 1;
}

function cma_bitmap_aligned_offset(k: Kernel, cma: Cma, align_order: UInt): ULong {
  return (cma_base_pfn(k, cma) & ((1 << align_order) - 1)) >>> cma_order_per_bit(k, cma);
}

function cma_bitmap_pages_to_bits(k: Kernel, cma: Cma, pages: ULong): ULong {
  return Math.ceil(pages / (1 << cma_order_per_bit(k, cma)));
}

function cma_clear_bitmap(k: Kernel, cma: Cma, pfn: Pfn, count: ULong): void {
  const bitmap_no: ULong = (pfn - cma_base_pfn(k, cma)) >>> cma_order_per_bit(k, cma);
  const bitmap_count: ULong = cma_bitmap_pages_to_bits(k, cma, count);
  bitmap_clear(k, cma_bitmap(k, cma), bitmap_no, bitmap_count);
}

/** Makes an area usable. Its bitmap, which Linux allocates here, is there and zero. */
export function cma_activate_area(k: Kernel, cma: Cma): void {
  const base_pfn: Pfn = cma_base_pfn(k, cma);
  for (let pfn: Pfn = base_pfn; pfn < base_pfn + cma_count(k, cma); pfn += k.pageblock_nr_pages)
    init_cma_reserved_pageblock(k, k.pfn_to_page(pfn));
}

/** Takes `count` pages in a row from the area, aligned to 1 << align pages; NULL if there are none. */
export function cma_alloc(k: Kernel, cma: Cma, count: ULong, align: UInt, no_warn: boolean): Page {
  let page: Page = NULL;
  if (cma !== NULL && cma_count(k, cma) !== 0 && cma_bitmap(k, cma) !== 0 && count !== 0) {
    const mask: ULong = cma_bitmap_aligned_mask(k, cma, align);
    const offset: ULong = cma_bitmap_aligned_offset(k, cma, align);
    const bitmap_maxno: ULong = cma_bitmap_maxno(k, cma);
    const bitmap_count: ULong = cma_bitmap_pages_to_bits(k, cma, count);
    const bitmap: VirtAddr = cma_bitmap(k, cma);
    const gfp = k.GFP_KERNEL | (no_warn ? k.__GFP_NOWARN : 0);
    let start: ULong = 0;
    let ret: Int = -ENOMEM;
    while (bitmap_count <= bitmap_maxno) {
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
      bitmap_set(k, bitmap, bitmap_no, bitmap_count);

      const pfn: Pfn = cma_base_pfn(k, cma) + (bitmap_no << cma_order_per_bit(k, cma));
      ret = alloc_contig_range(k, pfn, pfn + count, k.MIGRATE_CMA, gfp);
      if (ret === 0) {
        page = k.pfn_to_page(pfn);
        break;
      }
      cma_clear_bitmap(k, cma, pfn, count);
      if (ret !== -EBUSY) break;
      // Again, with pages a bit further on.
      start = bitmap_no + mask + 1;
    }
    // A request larger than the area fails without a word.
    if (ret !== 0 && !no_warn && bitmap_count <= bitmap_maxno) report_failure(k, cma, count, ret);
  }
  __count_vm_events(k, page !== NULL ? k.CMA_ALLOC_SUCCESS : k.CMA_ALLOC_FAIL, 1);
  return page;
}

function report_failure(k: Kernel, cma: Cma, count: ULong, ret: Int): void {
  const what = `alloc failed, req-size: ${count} pages, ret: ${ret}`;
  k.emit({ kind: 'printk', level: 3, text: `cma: cma_alloc: ${cma_get_name(k, cma)}: ${what}` });
}

function cma_pages_valid(k: Kernel, cma: Cma, pages: Page): boolean {
  if (cma === NULL || pages === NULL) return false;
  const pfn: Pfn = k.page_to_pfn(pages);
  return pfn >= cma_base_pfn(k, cma) && pfn < cma_base_pfn(k, cma) + cma_count(k, cma);
}

/** Gives pages of cma_alloc() back; false if they are not the area's. */
export function cma_release(k: Kernel, cma: Cma, pages: Page, count: ULong): boolean {
  if (!cma_pages_valid(k, cma, pages)) return false;
  const pfn: Pfn = k.page_to_pfn(pages);
  free_contig_range(k, pfn, count);
  cma_clear_bitmap(k, cma, pfn, count);
  return true;
}
