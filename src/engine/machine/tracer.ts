/** Who hears the kernel's tracepoints, in the order in which they fire. Nobody, mostly: `k.tracer` is undefined then. */
import type { VirtAddr } from '../memory/address.js';
import type { Gfp, Int, KmemCache, Migratetype, Order, Page, Pfn } from './ctypes.js';

/** By the names of the events; what of their arguments this kernel has. */
export interface Tracer {
  mm_page_alloc(page: Page, order: Order, gfp_flags: Gfp, migratetype: Migratetype): void;
  mm_page_free(page: Page, order: Order): void;
  mm_page_free_batched(page: Page): void;
  mm_page_alloc_zone_locked(page: Page, order: Order, migratetype: Migratetype): void;
  mm_page_pcpu_drain(page: Page, order: Order, migratetype: Migratetype): void;
  mm_page_alloc_extfrag(
    page: Page,
    alloc_order: Order,
    fallback_order: Order,
    alloc_migratetype: Migratetype,
    fallback_migratetype: Migratetype,
  ): void;
  kmem_cache_alloc(ptr: VirtAddr, s: KmemCache, gfp_flags: Gfp): void;
  kmem_cache_free(ptr: VirtAddr, s: KmemCache): void;
  kmalloc(ptr: VirtAddr, bytes_req: Int, bytes_alloc: Int, gfp_flags: Gfp): void;
  kfree(ptr: VirtAddr): void;
  mm_compaction_isolate_migratepages(start: Pfn, end: Pfn, scanned: Int, taken: Int): void;
  mm_compaction_isolate_freepages(start: Pfn, end: Pfn, scanned: Int, taken: Int): void;
  mm_migrate_pages(
    succeeded: Int,
    failed: Int,
    thp_succeeded: Int,
    thp_failed: Int,
    thp_split: Int,
    mode: Int,
    reason: Int,
  ): void;
  set_migration_pte(addr: VirtAddr, pte: bigint, order: Order): void;
  remove_migration_pte(addr: VirtAddr, pte: bigint, order: Order): void;
}
