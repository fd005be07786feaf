/**
 * Everything of the kernel that a caller may call, each under its kernel name and with `k: Mm` first. The instrumented
 * compile answers with these; the plain one has a shorter way to some of them (index.ts).
 */
export * from './api.js';
export * from './bad_page.js';
export * from './bitmap.js';
export * from './buddy.js';
export * from './compound.js';
export * from './events.js';
export * from './fallback.js';
export * from './free.js';
export * from './gfp.js';
export * from './highatomic.js';
export * from './kswapd.js';
export * from './list.js';
export * from './mm_init.js';
export * from './node_stat.js';
export * from './page_alloc.js';
export * from './page_flags.js';
export * from './page_isolation.js';
export * from './page_lock.js';
export * from './page_ref.js';
export * from './pageblock.js';
export * from './pageset_setup.js';
export * from './pcp.js';
export * from './percpu.js';
export * from './pgalloc.js';
export * from './pgtable.js';
export * from './pgtable_types.js';
export * from './proc.js';
export * from './proc_buddyinfo.js';
export * from './proc_zoneinfo.js';
export * from './rmqueue.js';
export * from './slab.js';
export * from './slab_flags.js';
export * from './slowpath.js';
export * from './swiotlb.js';
export * from './tlbflush.js';
export * from './verdict.js';
export * from './vmstat.js';
export * from './vmstat_refresh.js';
export * from './vmstat_text.js';
export * from './warn_alloc.js';
export * from './watermark.js';
export * from './watermark_setup.js';
export * from './zeroing.js';
export * from './zonelist.js';
