/**
 * Dropping one reference of each of many pages: those that were the last leave their LRU lists, and are freed together.
 *
 * Left out: the lists' lock, which is let go after 32 pages; the huge zero page; ZONE_DEVICE; memcg.
 * Source: Linux 6.1 mm/swap.c: release_pages(), __folio_put_large(); mm/swap_state.c: free_pages_and_swap_cache().
 */
import type { Int, ListHead, Page } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { test_bit } from '../../arch/x86/include/asm/bitops.h.js';
import { PageHuge } from '../../include/linux/hugetlb.h.js';
import { INIT_LIST_HEAD, list_add } from '../../include/linux/list.h.js';
import { page_folio, PageHead } from '../../include/linux/page-flags.h.js';
import { put_page_testzero } from '../../include/linux/page_ref.h.js';
import { destroy_large_folio, free_unref_page_list } from '../page_alloc/free.js';
import { __folio_clear_lru_flags, __page_cache_release, lruvec_del_folio } from './lruvec.js';

/** Pages of hugetlbfs are on no LRU list, though their lists use the same words. */
export function __folio_put_large(k: Kernel, folio: Page): void {
  if (!PageHuge(k, folio)) __page_cache_release(k, folio);
  destroy_large_folio(k, folio);
}

/** The list is built at its head: pages are freed in reverse. */
export function release_pages(k: Kernel, pages: readonly Page[], nr: Int): void {
  const pages_to_free: ListHead = k.machine.register('pages_to_free');
  INIT_LIST_HEAD(k, pages_to_free);
  for (let i = 0; i < nr; i++) {
    const folio: Page = page_folio(k, pages[i]!);
    if (!put_page_testzero(k, folio)) continue;
    if (PageHead(k, folio)) {
      __folio_put_large(k, folio);
      continue;
    }
    if (test_bit(k, k.PG_lru, folio + k.page.flags)) {
      lruvec_del_folio(k, folio);
      __folio_clear_lru_flags(k, folio);
    }
    list_add(k, folio + k.page.lru, pages_to_free);
  }
  free_unref_page_list(k, pages_to_free);
}
