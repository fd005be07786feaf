/**
 * Handing memory to the page allocator: first highmem, page by page upwards; then lowmem, in blocks as large as fit, upwards
 * to the tails of the lists; later the CMA area and what boot had kept for itself.
 *
 * Source: Linux 6.1 arch/x86/mm/init_32.c: mem_init(), add_highpages_with_active_regions(); mm/memblock.c:
 * memblock_free_all(), __free_pages_memory(); mm/cma.c: cma_activate_area(); mm/page_alloc.c: free_highmem_page().
 */
import { __free_one_page, FPI_NONE, FPI_TO_TAIL } from '../../kernel/mm/page_alloc/buddy.js';
import { cma_activate_area } from '../../kernel/mm/cma.js';
import {
  __free_pages_core,
  adjust_managed_page_count,
  free_reserved_area,
  free_reserved_page,
} from '../../kernel/mm/page_alloc/mm_init.js';
import { memset } from '../../kernel/lib/string.js';
import type { Page } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { page_zone } from '../../kernel/include/linux/mm.h.js';
import { get_pfnblock_migratetype } from '../../kernel/mm/page_alloc/pageblock.js';
import { __count_vm_events } from '../../kernel/include/linux/vmstat.h.js';
import { asCell, asVirt, PAGE_SIZE, type Cell } from '../../memory/address.js';
import type { FreedRange } from '../freedRanges.js';
import type { MapRun } from './mapRuns.js';
import type { MemRange } from './memblock.js';
import { isHighmemZone } from './zones.js';

/** What the pages of freed kernel memory are filled with. */
const POISON_FREE_INITMEM = 0xcc;
/** free_reserved_area() is not to fill: the memory rule of those frames has done it. */
const NOT_POISONED = -1;

export function mem_init(mm: Kernel, runs: readonly MapRun[]): void {
  // reset_all_zones_managed_pages()
  for (const zone of mm.zones) mm.write_long(zone + mm.zone.managed_pages, 0);
  const ofHighmem = (run: MapRun): boolean => isHighmemZone(mm.profile, run.zone);
  for (const run of runs) if (ofHighmem(run)) freeHighmem(mm, run);
  for (const run of runs) if (!ofHighmem(run)) freeLowmem(mm, run);
}

/**
 * Single pages freed in ascending order, through a page set that keeps none, end as whole blocks, each put at the head of
 * its list when its last page comes. Where a block lies wholly in the run, only that end is written; its struct pages
 * come from the rule as the way there leaves them.
 */
function freeHighmem(mm: Kernel, run: MapRun): void {
  if (run.state === 'inUse')
    for (let pfn = run.start; pfn < run.end; pfn++) free_reserved_page(mm, mm.pfn_to_page(pfn));
  if (run.state !== 'freed') return;
  const order = mm.MAX_ORDER - 1;
  for (let pfn = run.start; pfn < run.end; pfn += 1 << order) {
    const page = mm.pfn_to_page(pfn);
    const migratetype = get_pfnblock_migratetype(mm, page, pfn);
    __free_one_page(mm, page, pfn, page_zone(mm, page), order, migratetype, FPI_NONE);
    __count_vm_events(mm, mm.PGFREE, 1 << order);
    adjust_managed_page_count(mm, page, 1 << order);
  }
}

/** __free_pages_memory() */
function freeLowmem(mm: Kernel, run: MapRun): void {
  if (run.state !== 'free' && run.state !== 'inUse') return;
  for (let pfn = run.start; pfn < run.end;) {
    let order = Math.min(mm.MAX_ORDER - 1, trailingZeros(pfn));
    while (pfn + (1 << order) > run.end) order--;
    const page = mm.pfn_to_page(pfn);
    if (run.state === 'free') freeFreshPages(mm, page, order);
    else __free_pages_core(mm, page, order);
    pfn += 1 << order;
  }
  mm.add_long(mm.symbol('_totalram_pages'), run.end - run.start);
}

/**
 * As __free_pages_core(), for a block whose struct pages a memory rule already shows as never used and free: only what
 * links the block is written, so a machine of any size is booted in the time its blocks take, not its pages.
 */
function freeFreshPages(mm: Kernel, page: Page, order: number): void {
  const pfn = mm.page_to_pfn(page);
  const zone = page_zone(mm, page);
  mm.add_long(zone + mm.zone.managed_pages, 1 << order);
  const migratetype = get_pfnblock_migratetype(mm, page, pfn);
  __free_one_page(mm, page, pfn, zone, order, migratetype, FPI_TO_TAIL);
  __count_vm_events(mm, mm.PGFREE, 1 << order);
}

const trailingZeros = (value: number): number =>
  value === 0 ? 32 : 31 - Math.clz32(value & -value);

/** The areas' pages go to the page allocator, as MIGRATE_CMA. */
export function cma_init_reserved_areas(mm: Kernel): void {
  const count = mm.words[mm.symbol('cma_area_count')] ?? 0;
  for (let i = 0; i < count; i++)
    cma_activate_area(mm, asCell(mm.symbol('cma_areas') + i * mm.stride.cma));
}

/** free_init_pages(). What boot has written there is filled like the rest. */
export function freeKernelRange(mm: Kernel, { start, end }: FreedRange): void {
  for (let va = start; va < end; va = asVirt(va + PAGE_SIZE)) {
    const frame = Math.floor((mm.phys_of(va) ?? 0) / PAGE_SIZE);
    if (mm.memory.slotOfFrame[frame] !== 0) memset(mm, va, POISON_FREE_INITMEM, PAGE_SIZE);
  }
  free_reserved_area(mm, start, end, NOT_POISONED);
}

export function free_initrd_mem(mm: Kernel, initrd: MemRange): void {
  const { pageOffset } = mm.linear;
  free_reserved_area(
    mm,
    asVirt(pageOffset + initrd.start),
    asVirt(pageOffset + initrd.end),
    NOT_POISONED,
  );
}

/** Fills a frame that boot has given back. */
export function fillPoison(_frame: number, words: Int32Array, cell: Cell): void {
  words.fill(POISON_FREE_INITMEM * 0x01010101, cell, cell + PAGE_SIZE / 4);
}
