/**
 * Which member of which structure each field of a `%zones` dump is. Rebuilding a state and reading one back both follow
 * these tables.
 */
import type { MemberTable } from './members.js';

export const PGDAT_MEMBERS = {
  start: 'node_start_pfn',
  spanned: 'node_spanned_pages',
  present: 'node_present_pages',
  totalreserve: 'totalreserve_pages',
  kswapd_hi: 'kswapd_highest_zoneidx',
  kswapd_order: 'kswapd_order',
} satisfies MemberTable<string>;

/** Fields of the `node` line that are globals. */
export const NODE_GLOBALS = {
  totalram: '_totalram_pages',
  min_free_kbytes: 'min_free_kbytes',
  movable_zone: 'movable_zone',
} satisfies MemberTable<string>;

export const ZONE_MEMBERS = {
  start: 'zone_start_pfn',
  spanned: 'spanned_pages',
  present: 'present_pages',
  managed: 'managed_pages.counter',
  cma: 'cma_pages',
  flags: 'flags',
  isolate: 'nr_isolate_pageblock',
  contiguous: 'contiguous',
} satisfies MemberTable<string>;

export const WMARK_MEMBERS = {
  min: '_watermark[0]',
  low: '_watermark[1]',
  high: '_watermark[2]',
  promo: '_watermark[3]',
  boost: 'watermark_boost',
  highatomic: 'nr_reserved_highatomic',
  drift: 'percpu_drift_mark',
} satisfies MemberTable<string>;

export const COMPACT_MEMBERS = {
  considered: 'compact_considered',
  shift: 'compact_defer_shift',
  failed: 'compact_order_failed',
  free: 'compact_cached_free_pfn',
  mig0: 'compact_cached_migrate_pfn[0]',
  mig1: 'compact_cached_migrate_pfn[1]',
  imig: 'compact_init_migrate_pfn',
  ifree: 'compact_init_free_pfn',
  skipflush: 'compact_blockskip_flush',
} satisfies MemberTable<string>;

export const PCP_MEMBERS = {
  count: 'count',
  high: 'high',
  batch: 'batch',
  free_factor: 'free_factor',
} satisfies MemberTable<string>;
