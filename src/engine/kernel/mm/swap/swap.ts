/**
 * References to pages: the last one frees a page, which leaves its LRU list first. And the end of batches: before pages are migrated
 * they must all be on their lists, and none may go to a batch.
 *
 * get_page() and put_page(), inlines of include/linux/mm.h, are here: they call __folio_put(), and headers are leaves.
 * Source: Linux 6.1 mm/swap.c; include/linux/mm.h; include/linux/swap.h.
 */
import type { Page } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { VM_BUG_ON_FOLIO } from '../../include/linux/mmdebug.h.js';
import { page_folio, PageHead } from '../../include/linux/page-flags.h.js';
import { page_ref_count, page_ref_inc, put_page_testzero } from '../../include/linux/page_ref.h.js';
import { synchronize_rcu_expedited } from '../../kernel/rcu/tiny.js';
import { free_unref_page } from '../page_alloc/free.js';
import { lru_add_drain } from './lru_add_drain.js';
import { __page_cache_release } from './lruvec.js';
import { __folio_put_large } from './release_pages.js';

/** SMP: counts itself, and notes which CPUs have work. Differs: the work is done here, not by a worker of mm_percpu_wq. */
function __lru_add_drain_all(k: Kernel): void {
  const lru_drain_gen = k.globals.lru_drain_gen;
  k.write(lru_drain_gen, k.words[lru_drain_gen]! + 1);
  k.write_long(k.globals.has_work, 0);
  lru_add_drain(k);
}

/** What waits in batches goes to its lists, on all CPUs. */
export function lru_add_drain_all(k: Kernel): void {
  if (k.smp) __lru_add_drain_all(k);
  else lru_add_drain(k);
}

/** No page waits in a batch from here on, on any CPU. */
export function lru_cache_disable(k: Kernel): void {
  const lru_disable_count = k.globals.lru_disable_count;
  k.write(lru_disable_count, k.words[lru_disable_count]! + 1);
  // Whoever has read the old count puts no page in a batch any more once this is over.
  synchronize_rcu_expedited(k);
  lru_add_drain_all(k);
}

export function lru_cache_enable(k: Kernel): void {
  const lru_disable_count = k.globals.lru_disable_count;
  k.write(lru_disable_count, k.words[lru_disable_count]! - 1);
}

/** 127: more than any CPU adds at once. */
const folio_ref_zero_or_close_to_overflow = (k: Kernel, folio: Page): boolean =>
  (page_ref_count(k, folio) + 127) >>> 0 <= 127;

/** Takes a reference to the page's folio. */
export function get_page(k: Kernel, page: Page): void {
  const folio: Page = page_folio(k, page);
  if (k.CONFIG_DEBUG_VM !== 0)
    VM_BUG_ON_FOLIO(
      folio_ref_zero_or_close_to_overflow(k, folio),
      folio,
      'include/linux/mm.h',
      'folio_ref_zero_or_close_to_overflow(folio)',
    );
  page_ref_inc(k, folio);
}

/** Drops a reference to the page's folio; the last one frees it: a plain block's first page only. */
export function put_page(k: Kernel, page: Page): void {
  const folio: Page = page_folio(k, page);
  if (put_page_testzero(k, folio)) __folio_put(k, folio);
}

/** Left out: memcg. */
function __folio_put_small(k: Kernel, folio: Page): void {
  __page_cache_release(k, folio);
  free_unref_page(k, folio, 0);
}

/** Left out: is_zone_device_page. */
export function __folio_put(k: Kernel, folio: Page): void {
  if (PageHead(k, folio)) __folio_put_large(k, folio);
  else __folio_put_small(k, folio);
}
