/**
 * Counters of the node that a recorded state does not name but its pages tell. What they do not tell (how many slab pages
 * are reclaimable, kernel stacks) stays 0; so does what the recorded machines cannot have (swap, huge pages, pins).
 *
 *     LRU counters            sums of the zones' own
 *     nr_page_table_pages     pages of type PG_table
 *     nr_shmem                swap-backed pages that were written to: those of tmpfs, the only file system
 *     nr_anon_pages           other swap-backed pages that are mapped
 *     nr_mapped               mapped pages that are not anonymous, the vDSO's in the kernel image among them
 *
 * On SMP the real counters lag behind by what each CPU holds back; these do not.
 * Source: Linux 6.1 mm/rmap.c, mm/shmem.c, include/linux/mm_inline.h, include/linux/mm.h: pgtable_pte_page_ctor().
 */
import { constantNamed } from '../../types/named.js';
import type { Kernel } from '../../machine/kernel.js';
import type { RecordedState } from './recordedState.js';

/** `enum node_stat_item` -> pages. */
export function nodeCounters(mm: Kernel, state: RecordedState): ReadonlyMap<number, number> {
  return new Map([...lruCounters(mm, state), ...pageCounters(mm, state)]);
}

function* lruCounters(mm: Kernel, { zones }: RecordedState): Generator<[number, number]> {
  const [nodeBase, zoneBase] = [mm.NR_LRU_BASE, mm.NR_ZONE_LRU_BASE];
  for (let lru = 0; lru < mm.NR_LRU_LISTS; lru++) {
    const pages = zones.zones.map(({ populated }) => populated?.stat[zoneBase + lru]?.value ?? 0);
    yield [nodeBase + lru, pages.reduce((sum, each) => sum + each, 0)];
  }
}

function pageCounters(mm: Kernel, { memmap }: RecordedState): [number, number][] {
  const flag = (name: string): number => 1 << constantNamed(mm.profile, name);
  const [swapbacked, dirty] = [flag('PG_swapbacked'), flag('PG_dirty')];
  const PG_table = mm.PG_table;
  let [tables, shmem, anon, mapped] = [0, 0, 0, 0];
  for (let run = 0; run < memmap.length; run++) {
    const pages = memmap.count[run] ?? 0;
    const flags = memmap.flagsLow[run] ?? 0;
    const mapcount = memmap.mapcount[run] ?? -1;
    const isShmem = (flags & swapbacked) !== 0 && (flags & dirty) !== 0;
    const isAnon = (flags & swapbacked) !== 0 && !isShmem;
    if ((mapcount & (mm.PAGE_TYPE_BASE | PG_table)) === mm.PAGE_TYPE_BASE) tables += pages;
    if (isShmem) shmem += pages;
    // A slab page keeps something else there.
    if (mapcount < 0 || (flags & (1 << mm.PG_slab)) !== 0) continue;
    if (isAnon) anon += pages;
    else mapped += pages;
  }
  return [
    [mm.NR_PAGETABLE, tables],
    [mm.NR_SHMEM, shmem],
    [mm.NR_FILE_PAGES, shmem],
    [mm.NR_ANON_MAPPED, anon],
    [mm.NR_FILE_MAPPED, mapped],
  ];
}
