/** Where the machine's memory is, by the totals of Mem-Info: who holds it, and what none of them counts. */
import { percent, pagesText, size } from '../render/amount.js';
import type { MemInfo } from './memInfo.js';

interface MemoryUse {
  readonly name: string;
  readonly pages: number;
}

/** What is counted, greatest first, and what is not; `managed` is all that the allocator has. */
export interface MemoryUses {
  readonly managed: number;
  readonly uses: readonly MemoryUse[];
  /** Pages that none of the counters has: taken by drivers with alloc_pages(), by vmalloc() before 5.x, by balloons. */
  readonly uncounted: number;
}

export function memoryUses(memInfo: MemInfo): MemoryUses | undefined {
  const { totals, counts, zones } = memInfo;
  const total = (...names: string[]): number =>
    names.reduce((sum, name) => sum + (totals.get(name) ?? 0), 0);
  const managedKb = zones.reduce(
    (sum, zone) => sum + (zone.kB.get('managed') ?? zone.kB.get('present') ?? 0),
    0,
  );
  const ram = (counts.get('pages RAM') ?? 0) - (counts.get('pages reserved') ?? 0);
  const managed = ram > 0 ? ram : Math.floor((managedKb * 1024) / memInfo.pageSize);
  if (managed <= 0 || !totals.has('active_anon')) return undefined;
  const hugetlb = Math.floor(((counts.get('hugetlb kB') ?? 0) * 1024) / memInfo.pageSize);
  const uses = [
    { name: 'free', pages: total('free', 'free_pcp') },
    {
      name: 'anonymous (processes, shmem)',
      pages: total('active_anon', 'inactive_anon', 'isolated_anon'),
    },
    { name: 'page cache', pages: total('active_file', 'inactive_file', 'isolated_file') },
    { name: 'unevictable', pages: total('unevictable') },
    { name: 'slab, reclaimable', pages: total('slab_reclaimable') },
    { name: 'slab, unreclaimable', pages: total('slab_unreclaimable', 'slab') },
    { name: 'page tables', pages: total('pagetables', 'sec_pagetables') },
    { name: 'hugetlb pool', pages: hugetlb },
  ].filter(({ pages }) => pages > 0);
  const counted = uses.reduce((sum, { pages }) => sum + pages, 0);
  return {
    managed,
    uses: uses.toSorted((a, b) => b.pages - a.pages),
    uncounted: Math.max(0, managed - counted),
  };
}

export function memoryRows({ managed, uses, uncounted }: MemoryUses, pageSize: number): string[][] {
  const share = (pages: number): string => percent(pages, managed);
  return [
    ['', 'pages', 'size', 'share'],
    ...[...uses, { name: 'not counted by any of these', pages: uncounted }].map(
      ({ name, pages }) => [name, String(pages), size(pages * pageSize), share(pages)],
    ),
  ];
}

/** What stands out. */
export function memoryItems(memInfo: MemInfo, uses: MemoryUses): string[] {
  const items: string[] = [];
  const { totals, counts, pageSize } = memInfo;
  const writeback = (totals.get('writeback') ?? 0) + (totals.get('dirty') ?? 0);
  if (writeback > 0)
    items.push(
      `${pagesText(totals.get('dirty') ?? 0, pageSize)} are dirty and ${pagesText(totals.get('writeback') ?? 0, pageSize)} under writeback: not to be had without waiting.`,
    );
  const swap = counts.get('Total swap');
  const freeSwap = counts.get('Free swap') ?? 0;
  if (swap === 0) items.push('There is no swap: anonymous pages cannot be reclaimed.');
  else if (swap !== undefined && freeSwap < swap / 50)
    items.push(`Swap is full (${size(freeSwap * 1024)} of ${size(swap * 1024)} free).`);
  if (uses.uncounted > uses.managed / 5)
    items.push(
      `${pagesText(uses.uncounted, pageSize)} are in none of the counters: pages that drivers took with alloc_pages() or vmalloc(), balloons of a virtual machine. Look at /proc/vmallocinfo and at page_owner.`,
    );
  const slab = totals.get('slab_unreclaimable') ?? 0;
  if (slab > uses.managed / 4)
    items.push(
      `Unreclaimable slab holds ${pagesText(slab, pageSize)}: a cache leaks, /proc/slabinfo tells which.`,
    );
  const tables = totals.get('pagetables') ?? 0;
  if (tables > uses.managed / 10)
    items.push(
      `Page tables hold ${pagesText(tables, pageSize)}: many processes map the same memory.`,
    );
  return items;
}
