/** The laws of free memory: what lies on free lists and per-CPU lists, and what zones count of it. */
import assert from 'node:assert/strict';
import {
  buddy_order,
  page_ref_count,
  page_zone,
  PageBuddy,
  zone_page_state_snapshot,
} from '../../../src/engine/entry/functions.js';
import type { ListHead, Page, Zone } from '../../../src/engine/machine/ctypes.js';
import type { Kernel } from '../../../src/engine/machine/kernel.js';
import { freeArea, freeList, pcpList, zonePcp } from '../../../src/engine/view/zoneLists.js';

interface FreeBlock {
  readonly pfn: number;
  readonly order: number;
  readonly migratetype: number;
}

/** The pages of a list that hang at their `lru`. @throws AssertionError if its links do not fit together */
export function* listedPages(k: Kernel, head: ListHead): Generator<Page> {
  let before: ListHead = head;
  for (let at: ListHead = k.read_ptr(head); at !== head; at = k.read_ptr(at)) {
    const page = (at - k.page.lru) as Page;
    equal(k.read_ptr(at + k.ptr_words), before, () => `lru.prev of ${nameOf(k, page)}`);
    yield page;
    before = at;
  }
  assert.equal(k.read_ptr(head + k.ptr_words), before, "the list's prev");
}

/** assert.equal() of numbers, whose message is made only when it is wanted: laws are looked at a million times. */
export function equal(actual: number, expected: number, message: () => string): void {
  if (actual !== expected)
    assert.equal(actual, expected, `${message()}: ${actual}, not ${expected}`);
}

export function holds(condition: boolean, message: () => string): void {
  if (!condition) assert.fail(message());
}

export const nameOf = (k: Kernel, page: Page): string =>
  `page 0x${k.page_to_pfn(page).toString(16)}`;

/** Every free block of a zone, by its lists. */
function freeBlocks(k: Kernel, zone: Zone): FreeBlock[] {
  const blocks: FreeBlock[] = [];
  for (let order = 0; order < k.MAX_ORDER; order++) {
    const area = freeArea(k, zone, order);
    let inOrder = 0;
    for (let migratetype = 0; migratetype < k.MIGRATE_TYPES; migratetype++)
      for (const page of listedPages(k, freeList(k, area, migratetype))) {
        const name = (what: string) => () => `${nameOf(k, page)} on free_area[${order}]: ${what}`;
        holds(PageBuddy(k, page), name('not PageBuddy'));
        equal(buddy_order(k, page), order, name('private'));
        equal(page_ref_count(k, page), 0, name('_refcount'));
        holds(page_zone(k, page) === zone, name('of another zone'));
        const pfn = k.page_to_pfn(page);
        equal(pfn % 2 ** order, 0, name('not aligned'));
        blocks.push({ pfn, order, migratetype });
        inOrder++;
      }
    assert.equal(k.read_ulong(area + k.free_area.nr_free), inOrder, `free_area[${order}].nr_free`);
  }
  return blocks;
}

/** Every block on the zone's per-CPU lists. */
function listedPerCpu(k: Kernel, zone: Zone, cpus: number): FreeBlock[] {
  const blocks: FreeBlock[] = [];
  // Orders 0 to PAGE_ALLOC_COSTLY_ORDER of each type, then huge pages.
  const ordinary = k.NR_LOWORDER_PCP_LISTS;
  for (let cpu = 0; cpu < cpus; cpu++) {
    const pcp = zonePcp(k, zone, cpu);
    let count = 0;
    for (let pindex = 0; pindex < k.NR_PCP_LISTS; pindex++) {
      const isOrdinary = pindex < ordinary;
      const order = isOrdinary ? Math.floor(pindex / k.MIGRATE_PCPTYPES) : k.PMD_SHIFT - 12;
      for (const page of listedPages(k, pcpList(k, pcp, pindex))) {
        equal(page_ref_count(k, page), 0, () => `${nameOf(k, page)} on a per-CPU list: _refcount`);
        blocks.push({ pfn: k.page_to_pfn(page), order, migratetype: pindex % k.MIGRATE_PCPTYPES });
        count += 2 ** order;
      }
    }
    assert.equal(
      k.read_int(pcp + k.per_cpu_pages.count),
      count,
      `per_cpu_pages.count of CPU ${cpu}`,
    );
  }
  return blocks;
}

const pagesIn = (blocks: readonly FreeBlock[]): number =>
  blocks.reduce((sum, { order }) => sum + 2 ** order, 0);

/**
 * Blocks are aligned and disjoint, buddies are joined, and the counters are their sums.
 * @param isFree gets 1 for each frame that is free
 */
export function checkFreeLists(k: Kernel, cpus: number, isFree: Uint8Array): void {
  for (const zone of k.zones) {
    if (k.read_ulong(zone + k.zone.present_pages) === 0) continue;
    const blocks = freeBlocks(k, zone);
    const all = [...blocks, ...listedPerCpu(k, zone, cpus)].sort((a, b) => a.pfn - b.pfn);
    let end = 0;
    for (const { pfn, order } of all) {
      holds(pfn >= end, () => `the free block at ${pfn.toString(16)} overlaps the one before`);
      end = pfn + 2 ** order;
      isFree.fill(1, pfn, end);
    }
    const counted = blocks.filter(({ migratetype }) => migratetype !== k.MIGRATE_ISOLATE);
    const cma = counted.filter(({ migratetype }) => migratetype === k.MIGRATE_CMA);
    const stat = (item: number): number => zone_page_state_snapshot(k, zone, item);
    assert.equal(stat(k.NR_FREE_PAGES), pagesIn(counted), 'NR_FREE_PAGES');
    assert.equal(stat(k.NR_FREE_CMA_PAGES), pagesIn(cma), 'NR_FREE_CMA_PAGES');
    // Within a pageblock nothing may keep two buddies apart.
    const byPlace = new Map(blocks.map((block) => [block.pfn, block]));
    for (const { pfn, order, migratetype } of blocks) {
      if (order >= k.pageblock_order || order >= k.MAX_ORDER - 1) continue;
      const buddy = byPlace.get(pfn ^ (2 ** order));
      holds(
        buddy?.order !== order || buddy.migratetype !== migratetype,
        () =>
          `the block at ${pfn.toString(16)} and its buddy, both of order ${order}, are not joined`,
      );
    }
  }
}
