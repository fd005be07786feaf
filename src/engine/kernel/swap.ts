/**
 * The batches in which pages wait to be put on LRU lists, one set a CPU: before pages are migrated they must all be on their
 * lists, and none may go to a batch.
 *
 * Nothing here puts a page on an LRU list, so a batch has pages only in a core, where it keeps them.
 * Source: Linux 6.1 mm/swap.c: lru_cache_disable(), __lru_add_drain_all(), cpu_needs_drain(); include/linux/swap.h.
 */
import type { Mm } from './mm.js';
import { synchronize_rcu_expedited } from './rcu.js';

/** SMP: counts itself, and notes which CPUs have work: none. */
function __lru_add_drain_all(k: Mm): void {
  const lru_drain_gen = k.symbol('lru_drain_gen');
  k.write(lru_drain_gen, k.words[lru_drain_gen]! + 1);
  k.write_long(k.symbol('has_work'), 0);
}

/** No page waits in a batch from here on, on any CPU. */
export function lru_cache_disable(k: Mm): void {
  const lru_disable_count = k.symbol('lru_disable_count');
  k.write(lru_disable_count, k.words[lru_disable_count]! + 1);
  synchronize_rcu_expedited(k);
  if (k.smp) __lru_add_drain_all(k);
}

export function lru_cache_enable(k: Mm): void {
  const lru_disable_count = k.symbol('lru_disable_count');
  k.write(lru_disable_count, k.words[lru_disable_count]! - 1);
}
