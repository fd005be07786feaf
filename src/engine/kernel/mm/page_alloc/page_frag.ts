/**
 * Small pieces of a block of pages, cut off from its end to its beginning. The block is free when the last piece is, and all of it
 * has been given out: the cache takes as many references as there could be pieces in advance, and gives the rest back.
 *
 *     block   | free ... | piece 3 | piece 2 | piece 1 |      va; offset: where piece 3 begins
 *     page->_refcount = pieces in use + pagecnt_bias
 *
 * Left out: free_the_page() of a block from the reserves when it is refilled (pfmemalloc) is as there.
 * Source: Linux 6.1 mm/page_alloc.c: __page_frag_cache_refill() to page_frag_free(); include/linux/mm_types.h: PAGE_FRAG_CACHE_MAX_SIZE.
 */
import {
  type Gfp,
  type Int,
  NULL,
  type Page,
  type Pointer,
  type UInt,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { virt_to_page } from '../../arch/x86/include/asm/page.h.js';
import { compound_order, page_is_pfmemalloc, virt_to_head_page } from '../../include/linux/mm.h.js';
import { VM_BUG_ON_PAGE } from '../../include/linux/mmdebug.h.js';
import {
  page_ref_add,
  page_ref_count,
  put_page_testzero,
  set_page_count,
} from '../../include/linux/page_ref.h.js';
import { page_address } from '../highmem/page_address.js';
import { alloc_pages } from './api.js';
import { free_the_page } from './free.js';

export type PageFragCache = Pointer<'struct page_frag_cache'>;

const PAGE_FRAG_CACHE_MAX_SIZE = 32768;
const PAGE_FRAG_CACHE_MAX_ORDER = 3;

/** page_ref_sub_and_test() */
const refSubAndTest = (k: Kernel, page: Page, nr: Int): boolean => {
  page_ref_add(k, page, -nr);
  return page_ref_count(k, page) === 0;
};

/** 32 KiB, or else one page; NULL without memory. */
function __page_frag_cache_refill(k: Kernel, nc: PageFragCache, gfp_mask: Gfp): Page {
  const gfp: Gfp = gfp_mask;
  gfp_mask |= k.__GFP_COMP | k.__GFP_NOWARN | k.__GFP_NORETRY | k.__GFP_NOMEMALLOC;
  let page: Page = alloc_pages(k, gfp_mask, PAGE_FRAG_CACHE_MAX_ORDER);
  k.write16(
    k.plus(nc, k.page_frag_cache.size >> 2),
    k.page_frag_cache.size & 3,
    page === NULL ? PAGE_SIZE : PAGE_FRAG_CACHE_MAX_SIZE,
  );
  if (page === NULL) page = alloc_pages(k, gfp, 0);
  k.write_va(k.plus(nc, k.page_frag_cache.va), page === NULL ? asVirt(0) : page_address(k, page));
  return page;
}

export function __page_frag_cache_drain(k: Kernel, page: Page, count: UInt): void {
  if (k.CONFIG_DEBUG_VM !== 0)
    VM_BUG_ON_PAGE(
      page_ref_count(k, page) === 0,
      page,
      'mm/page_alloc.c',
      'page_ref_count(page) == 0',
    );
  if (refSubAndTest(k, page, count)) free_the_page(k, page, compound_order(k, page));
}

/** `fragsz` bytes that begin at a multiple of -align_mask; 0 without memory. */
export function page_frag_alloc_align(
  k: Kernel,
  nc: PageFragCache,
  fragsz: UInt,
  gfp_mask: Gfp,
  align_mask: UInt,
): VirtAddr {
  let needsBlock = k.read_va(k.plus(nc, k.page_frag_cache.va)) === 0;
  for (;;) {
    if (needsBlock) {
      // refill:
      const block: Page = __page_frag_cache_refill(k, nc, gfp_mask);
      if (block === NULL) return asVirt(0);
      page_ref_add(k, block, PAGE_FRAG_CACHE_MAX_SIZE);
      k.write8(
        k.plus(nc, k.page_frag_cache.pfmemalloc >> 2),
        k.page_frag_cache.pfmemalloc & 3,
        page_is_pfmemalloc(k, block) ? 1 : 0,
      );
      k.write(k.plus(nc, k.page_frag_cache.pagecnt_bias), PAGE_FRAG_CACHE_MAX_SIZE + 1);
      k.write16(
        k.plus(nc, k.page_frag_cache.offset >> 2),
        k.page_frag_cache.offset & 3,
        k.read16(k.plus(nc, k.page_frag_cache.size >> 2), k.page_frag_cache.size & 3),
      );
    }
    const va: VirtAddr = k.read_va(k.plus(nc, k.page_frag_cache.va));
    let offset: Int =
      k.read16(k.plus(nc, k.page_frag_cache.offset >> 2), k.page_frag_cache.offset & 3) - fragsz;
    if (offset < 0) {
      const page: Page = virt_to_page(k, va);
      const bias: Int = k.read_int(k.plus(nc, k.page_frag_cache.pagecnt_bias));
      // Some pieces are in use: the last of them frees the block.
      needsBlock = !refSubAndTest(k, page, bias);
      if (
        !needsBlock &&
        k.read8(k.plus(nc, k.page_frag_cache.pfmemalloc >> 2), k.page_frag_cache.pfmemalloc & 3) !==
          0
      ) {
        free_the_page(k, page, compound_order(k, page));
        needsBlock = true;
      }
      if (needsBlock) continue;
      // All came back: the block is cut up once more.
      set_page_count(k, page, PAGE_FRAG_CACHE_MAX_SIZE + 1);
      k.write(k.plus(nc, k.page_frag_cache.pagecnt_bias), PAGE_FRAG_CACHE_MAX_SIZE + 1);
      offset =
        k.read16(k.plus(nc, k.page_frag_cache.size >> 2), k.page_frag_cache.size & 3) - fragsz;
      if (offset < 0) return asVirt(0);
    }
    const bias_at = k.plus(nc, k.page_frag_cache.pagecnt_bias);
    k.write(bias_at, k.read_int(bias_at) - 1);
    offset &= align_mask;
    k.write16(k.plus(nc, k.page_frag_cache.offset >> 2), k.page_frag_cache.offset & 3, offset);
    return asVirt(va + offset);
  }
}

export function page_frag_free(k: Kernel, addr: VirtAddr): void {
  const page: Page = virt_to_head_page(k, addr);
  if (put_page_testzero(k, page)) free_the_page(k, page, compound_order(k, page));
}
