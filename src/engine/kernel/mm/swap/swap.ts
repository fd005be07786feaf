/**
 * References to pages: the last one frees a page, which leaves its LRU list first. And the end of batches: before pages are migrated
 * they must all be on their lists, and none may go to a batch.
 *
 * get_page() and put_page(), inlines of include/linux/mm.h, are here: they call __folio_put(), and headers are leaves.
 * Source: Linux 6.1 mm/swap.c; include/linux/mm.h; include/linux/swap.h.
 */
import type { Int, Page } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, type Cell } from '../../../memory/address.js';
import { cpu_online, cpumask_set_cpu, nr_cpu_ids } from '../../include/linux/cpumask.h.js';
import { per_cpu } from '../../include/linux/percpu-defs.h.js';
import { VM_BUG_ON_FOLIO } from '../../include/linux/mmdebug.h.js';
import { page_folio, PageHead } from '../../include/linux/page-flags.h.js';
import { page_ref_count, page_ref_inc, put_page_testzero } from '../../include/linux/page_ref.h.js';
import { synchronize_rcu_expedited } from '../../kernel/rcu/tiny.js';
import { mlock_page_drain_local, need_mlock_page_drain } from '../mlock/mlock.js';
import { free_unref_page } from '../page_alloc/free.js';
import { folio_batch_count, lru_add_drain_cpu } from './batches.js';
import { lru_add_drain } from './lru_add_drain.js';
import { __page_cache_release } from './lruvec.js';
import { __folio_put_large } from './release_pages.js';

/** Whether pages wait in a CPU's batches. Left out: has_bh_in_lru (no buffer heads). */
function cpu_needs_drain(k: Kernel, cpu: Int): boolean {
  const fbatches: Cell = per_cpu(k, 'cpu_fbatches', cpu);
  const of = k.cpu_fbatches;
  return (
    folio_batch_count(k, asCell(fbatches + of.lru_add)) !== 0 ||
    folio_batch_count(k, asCell(per_cpu(k, 'lru_rotate', cpu) + k.lru_rotate.fbatch)) !== 0 ||
    folio_batch_count(k, asCell(fbatches + of.lru_deactivate_file)) !== 0 ||
    folio_batch_count(k, asCell(fbatches + of.lru_deactivate)) !== 0 ||
    folio_batch_count(k, asCell(fbatches + of.lru_lazyfree)) !== 0 ||
    folio_batch_count(k, asCell(fbatches + of.activate)) !== 0 ||
    need_mlock_page_drain(k, cpu)
  );
}

/** What a CPU does that is asked to drain. Left out: invalidate_bh_lrus_cpu (no buffer heads), cpu_fbatches.lock. */
function lru_add_and_bh_lrus_drain(k: Kernel): void {
  lru_add_drain_cpu(k);
  mlock_page_drain_local(k);
}

/**
 * SMP: asks every CPU that has pages in its batches. Left out: the lock and the generation, by which two that ask at once do it once.
 * Differs: the work is done here, one CPU after the other, not by their workers of mm_percpu_wq.
 */
function __lru_add_drain_all(k: Kernel): void {
  const { lru_drain_gen, has_work } = k.globals;
  const this_cpu: Int = k.cpu;
  k.write(lru_drain_gen, k.words[lru_drain_gen]! + 1);
  // cpumask_clear():
  k.write_long(has_work, 0);
  for (let cpu: Int = 0; cpu < nr_cpu_ids(k); cpu++) {
    if (!cpu_online(k, cpu) || !cpu_needs_drain(k, cpu)) continue;
    cpumask_set_cpu(k, cpu, has_work);
    // lru_add_drain_per_cpu():
    k.write(k.machine.register('cpu'), cpu);
    lru_add_and_bh_lrus_drain(k);
  }
  k.write(k.machine.register('cpu'), this_cpu);
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
