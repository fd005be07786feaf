/**
 * Freeing pages that were mapped: what waits in batches for the LRU lists goes there first, so that no batch keeps a page that is about to
 * be freed.
 *
 * Left out: the swap cache (there is no swap).
 * Source: Linux 6.1 mm/swap_state.c: free_pages_and_swap_cache().
 */
import type { Int, Page } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { lru_add_drain } from './swap/lru_add_drain.js';
import { release_pages } from './swap/release_pages.js';

/** Gives back a reference of each page. Left out: free_swap_cache. */
export function free_pages_and_swap_cache(k: Kernel, pages: readonly Page[], nr: Int): void {
  lru_add_drain(k);
  release_pages(k, pages, nr);
}
