/**
 * Names of the counters as /proc shows them. A name is its enumerator's in lower case (NR_ZONE_ACTIVE_ANON is
 * nr_zone_active_anon) but for those in the table; which counters a build has, and in which order, its enums say.
 *
 * Source: Linux 6.1 mm/vmstat.c: vmstat_text[]; mm/page_alloc.c: migratetype_names[].
 */
import type {
  Int,
  Migratetype,
  NodeStatItem,
  VmEventItem,
  ZoneStatItem,
} from '../machine/ctypes.js';
import type { Kernel } from '../machine/kernel.js';

const VMSTAT_TEXT: Readonly<Record<string, string>> = {
  NR_FREE_CMA_PAGES: 'nr_free_cma',
  NR_SLAB_RECLAIMABLE_B: 'nr_slab_reclaimable',
  NR_SLAB_UNRECLAIMABLE_B: 'nr_slab_unreclaimable',
  NR_ANON_MAPPED: 'nr_anon_pages',
  NR_FILE_MAPPED: 'nr_mapped',
  NR_FILE_DIRTY: 'nr_dirty',
  NR_SHMEM_THPS: 'nr_shmem_hugepages',
  NR_FILE_THPS: 'nr_file_hugepages',
  NR_ANON_THPS: 'nr_anon_transparent_hugepages',
  NR_VMSCAN_IMMEDIATE: 'nr_vmscan_immediate_reclaim',
  NR_KERNEL_STACK_KB: 'nr_kernel_stack',
  NR_PAGETABLE: 'nr_page_table_pages',
  NR_SECONDARY_PAGETABLE: 'nr_sec_page_table_pages',
  NR_SWAPCACHE: 'nr_swapcached',
};

const MIGRATETYPE_NAMES: Readonly<Record<string, string>> = {
  MIGRATE_UNMOVABLE: 'Unmovable',
  MIGRATE_MOVABLE: 'Movable',
  MIGRATE_RECLAIMABLE: 'Reclaimable',
  MIGRATE_HIGHATOMIC: 'HighAtomic',
  MIGRATE_CMA: 'CMA',
  MIGRATE_ISOLATE: 'Isolate',
};

/** Events whose text is not their name's: a prefix, and what stands for it. */
const EVENT_PREFIXES: readonly (readonly [string, string])[] = [
  ['PGSCAN_SKIP_', 'pgskip_'],
  ['KCOMPACTD_', 'compact_daemon_'],
  ['COMPACT', 'compact_'],
  ['UNEVICTABLE_PG', 'unevictable_pgs_'],
];
const EVENT_TEXT: Readonly<Record<string, string>> = {
  HTLB_BUDDY_PGALLOC: 'htlb_buddy_alloc_success',
  HTLB_BUDDY_PGALLOC_FAIL: 'htlb_buddy_alloc_fail',
  THP_SCAN_EXCEED_SHARED_PTE: 'thp_scan_exceed_share_pte',
  DIRECT_MAP_LEVEL2_SPLIT: 'direct_map_level2_splits',
  DIRECT_MAP_LEVEL3_SPLIT: 'direct_map_level3_splits',
};

/** The enumerator of a value; of two with one value (NR_ZONE_LRU_BASE is the first LRU counter) the later one. */
function enumeratorOf(k: Kernel, known: string, value: Int): string {
  const type = k.profile.types.enumerator(known)?.type;
  return type?.enumerators.findLast((each) => each.value === value)?.name ?? '';
}

function stat_name(k: Kernel, known: string, item: Int): string {
  const name = enumeratorOf(k, known, item);
  return VMSTAT_TEXT[name] ?? name.toLowerCase();
}

export const zone_stat_name = (k: Kernel, item: ZoneStatItem): string =>
  stat_name(k, 'NR_FREE_PAGES', item);

export const node_stat_name = (k: Kernel, item: NodeStatItem): string =>
  stat_name(k, 'NR_INACTIVE_ANON', item);

export function event_name(k: Kernel, item: VmEventItem): string {
  const name = enumeratorOf(k, 'PGPGIN', item);
  const [prefix, text] = EVENT_PREFIXES.find(([each]) => name.startsWith(each)) ?? ['', ''];
  return EVENT_TEXT[name] ?? text + name.slice(prefix.length).toLowerCase();
}

/** migratetype_names[]; MIGRATE_PCPTYPES has the value of MIGRATE_HIGHATOMIC, which comes later. */
export function migratetype_name(k: Kernel, mtype: Migratetype): string {
  const name = enumeratorOf(k, 'MIGRATE_UNMOVABLE', mtype);
  return MIGRATETYPE_NAMES[name] ?? name;
}
