/**
 * Tracepoints of memory management, where the kernel has them. They say what happened to whoever listens (`k.tracer`), and
 * change nothing.
 *
 * Left out: the caller's address (call_site, _RET_IP_), which no engine has.
 * Source: Linux 6.1 include/trace/events/kmem.h.
 */
import type { Gfp, Int, KmemCache, Migratetype, Order, Page } from '../../../../machine/ctypes.js';
import type { Kernel } from '../../../../machine/kernel.js';
import type { VirtAddr } from '../../../../memory/address.js';

export const trace_mm_page_alloc = (
  k: Kernel,
  page: Page,
  order: Order,
  gfp_flags: Gfp,
  migratetype: Migratetype,
): void => k.tracer?.mm_page_alloc(page, order, gfp_flags, migratetype);

export const trace_mm_page_free = (k: Kernel, page: Page, order: Order): void =>
  k.tracer?.mm_page_free(page, order);

export const trace_mm_page_free_batched = (k: Kernel, page: Page): void =>
  k.tracer?.mm_page_free_batched(page);

export const trace_mm_page_alloc_zone_locked = (
  k: Kernel,
  page: Page,
  order: Order,
  migratetype: Migratetype,
): void => k.tracer?.mm_page_alloc_zone_locked(page, order, migratetype);

export const trace_mm_page_pcpu_drain = (
  k: Kernel,
  page: Page,
  order: Order,
  migratetype: Migratetype,
): void => k.tracer?.mm_page_pcpu_drain(page, order, migratetype);

export const trace_mm_page_alloc_extfrag = (
  k: Kernel,
  page: Page,
  alloc_order: Order,
  fallback_order: Order,
  alloc_migratetype: Migratetype,
  fallback_migratetype: Migratetype,
): void =>
  k.tracer?.mm_page_alloc_extfrag(
    page,
    alloc_order,
    fallback_order,
    alloc_migratetype,
    fallback_migratetype,
  );

export const trace_kmem_cache_alloc = (
  k: Kernel,
  ptr: VirtAddr,
  s: KmemCache,
  gfp_flags: Gfp,
): void => k.tracer?.kmem_cache_alloc(ptr, s, gfp_flags);

export const trace_kmem_cache_free = (k: Kernel, ptr: VirtAddr, s: KmemCache): void =>
  k.tracer?.kmem_cache_free(ptr, s);

export const trace_kmalloc = (
  k: Kernel,
  ptr: VirtAddr,
  bytes_req: Int,
  bytes_alloc: Int,
  gfp_flags: Gfp,
): void => k.tracer?.kmalloc(ptr, bytes_req, bytes_alloc, gfp_flags);

export const trace_kfree = (k: Kernel, ptr: VirtAddr): void => k.tracer?.kfree(ptr);
