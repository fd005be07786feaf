/**
 * Nodes, zones, free lists and page sets, each list in its order.
 *
 * Source: Linux 6.1 include/linux/mmzone.h, mm/page_alloc.c.
 */
import { asVirt, type VirtAddr } from '../memory/address.js';
import { isDumpError, type Inspected, type Problems } from './inspected.js';
import { isListEmpty, listEntries } from './list.js';
import { memmapOf, type DumpedMemmap } from './memmap.js';

export interface NodeView {
  readonly node: number;
  /** Of its `struct pglist_data`. */
  readonly at: VirtAddr;
}

interface PageSetView {
  readonly cpu: number;
  /** Of its struct per_cpu_pages. */
  readonly at: VirtAddr;
  readonly count: number;
  readonly high: number;
  readonly batch: number;
  /** Of those that are not empty: frames in the order in which they would be given out. */
  readonly lists: Readonly<Record<string, readonly number[]>>;
}

export interface ZoneView {
  readonly node: number;
  readonly index: number;
  readonly name: string;
  readonly at: VirtAddr;
  readonly start: number;
  readonly spanned: number;
  readonly present: number;
  readonly managed: number;
  readonly cma: number;
  readonly watermark: readonly number[];
  readonly boost: number;
  readonly reserve: readonly number[];
  /** By order. */
  readonly nr_free: readonly number[];
}

/** What is on the lists of a zone. */
export interface ZoneLists {
  /** By `order.migratetype`, of those that are not empty: first frames of blocks, in order. */
  readonly free_list: Readonly<Record<string, readonly number[]>>;
  readonly pcp: readonly PageSetView[];
}

/** Online nodes. Source: node_data[] (NUMA), contig_page_data. */
export function nodesOf(k: Inspected): NodeView[] {
  const data = k.findGlobal('node_data');
  if (data === undefined) return [{ node: 0, at: k.global('contig_page_data') }];
  return onlineNodes(k).map((node) => ({
    node,
    at: k.space.pointer(data, node * k.pointerSize),
  }));
}

function onlineNodes(k: Inspected): number[] {
  const states = k.findGlobal('node_states');
  if (states === undefined) return [0];
  const sizeofMask =
    k.dump.types.typedef('nodemask_t') === undefined ? k.pointerSize : nodemaskBytes(k);
  return k.bits(states, sizeofMask * 8, k.enumerator('N_ONLINE') * sizeofMask);
}

function nodemaskBytes(k: Inspected): number {
  const target = k.dump.types.typedef('nodemask_t')?.target;
  return target?.kind === 'struct' ? Math.max(k.pointerSize, target.sizeBytes) : k.pointerSize;
}

/** Every zone of a node, empty ones, too. */
export function zonesOf(k: Inspected, { node, at }: NodeView): ZoneView[] {
  const sizeofZone = k.sizeof('zone');
  const first = k.offset('pglist_data', 'node_zones');
  return Array.from({ length: k.lengthOf('pglist_data', 'node_zones') }, (_, index) =>
    zoneAt(k, node, index, asVirt(at + first + index * sizeofZone)),
  );
}

function zoneAt(k: Inspected, node: number, index: number, at: VirtAddr): ZoneView {
  const read = (path: string): number => k.number(at, 'zone', path);
  const array = (path: string): number[] =>
    Array.from({ length: k.lengthOf('zone', path) }, (_, i) => read(`${path}[${i}]`));
  return {
    node,
    index,
    name: k.space.text(k.pointer(at, 'zone', 'name'), 0, 32),
    at,
    start: read('zone_start_pfn'),
    spanned: read('spanned_pages'),
    present: read('present_pages'),
    managed: read('managed_pages'),
    cma: k.has('zone', 'cma_pages') ? read('cma_pages') : 0,
    // Before 5.5 the boost was there, too; before 5.0 (1c30844d2dfe) no build has it.
    watermark: array(k.either('zone', '_watermark', 'watermark')),
    boost: k.has('zone', 'watermark_boost') ? read('watermark_boost') : 0,
    reserve: array('lowmem_reserve'),
    nr_free: Array.from({ length: k.lengthOf('zone', 'free_area') }, (_, order) =>
      read(`free_area[${order}].nr_free`),
    ),
  };
}

export const populatedZonesOf = (k: Inspected): ZoneView[] =>
  nodesOf(k).flatMap((node) => zonesOf(k, node).filter(({ present }) => present > 0));

export function listsOf(k: Inspected, zone: ZoneView, problems: Problems): ZoneLists {
  const memmap = memmapOf(k);
  return {
    free_list: freeLists(k, memmap, zone, problems),
    pcp: pageSets(k, memmap, zone, problems),
  };
}

function freeLists(
  k: Inspected,
  memmap: DumpedMemmap,
  zone: ZoneView,
  problems: Problems,
): ZoneLists['free_list'] {
  const lists: Record<string, readonly number[]> = {};
  const nrTypes = k.lengthOf('free_area', 'free_list');
  zone.nr_free.forEach((_, order) => {
    for (let type = 0; type < nrTypes; type++) {
      const { pfns } = freeList(k, memmap, zone, order, type, problems);
      if (pfns.length > 0) lists[`${order}.${type}`] = pfns;
    }
  });
  return lists;
}

/** One free list: the frames on it, and whether it could be followed to its end, or to `limit`. */
export function freeList(
  k: Inspected,
  memmap: DumpedMemmap,
  zone: ZoneView,
  order: number,
  type: number,
  problems: Problems,
  limit = Infinity,
): FramesOnList {
  const offset = k.offset('zone', `free_area[${order}].free_list[${type}]`);
  const what = `zone ${zone.name}, free_area[${order}].free_list[${type}]`;
  return pfnsOn(k, memmap, zone.at, offset, what, problems, limit);
}

interface FramesOnList {
  readonly pfns: readonly number[];
  readonly isWhole: boolean;
}

/** Page sets were per_cpu_pageset.pcp before 5.14 (28f836b6777b). */
function pageSets(
  k: Inspected,
  memmap: DumpedMemmap,
  zone: ZoneView,
  problems: Problems,
): PageSetView[] {
  const member = k.either('zone', 'per_cpu_pageset', 'pageset');
  const inner = member === 'pageset' ? k.offset('per_cpu_pageset', 'pcp') : 0;
  const sets = k.pointer(zone.at, 'zone', member);
  const nrLists = k.lengthOf('per_cpu_pages', 'lists');
  return k.onlineCpus().map((cpu) => {
    const at = asVirt(k.perCpu(sets, cpu) + inner);
    const lists: Record<string, readonly number[]> = {};
    for (let i = 0; i < nrLists; i++) {
      const offset = k.offset('per_cpu_pages', `lists[${i}]`);
      const what = `zone ${zone.name}, page set of CPU ${cpu}, lists[${i}]`;
      const pfns = problems.tried(what, () => isListEmpty(k, at, offset), true)
        ? []
        : pfnsOn(k, memmap, at, offset, what, problems).pfns;
      if (pfns.length > 0) lists[i] = pfns;
    }
    const read = (name: string): number =>
      problems.tried(`page set of CPU ${cpu}`, () => k.number(at, 'per_cpu_pages', name), 0);
    return { cpu, at, count: read('count'), high: read('high'), batch: read('batch'), lists };
  });
}

function pfnsOn(
  k: Inspected,
  memmap: DumpedMemmap,
  head: VirtAddr,
  offset: number,
  what: string,
  problems: Problems,
  limit = Infinity,
): FramesOnList {
  const pfns: number[] = [];
  try {
    for (const page of listEntries(k, head, offset, 'page', 'lru')) {
      const pfn = memmap.pageToPfn(page);
      if (pfn === undefined) {
        // The head of another list: of a machine that runs, an entry was moved while the list was followed.
        problems.add(what, `${k.hex(page)}, on it, is not a struct page`);
        return { pfns, isWhole: false };
      }
      pfns.push(pfn);
      if (pfns.length >= limit) break;
    }
  } catch (error) {
    if (!isDumpError(error)) throw error;
    problems.add(what, error);
    return { pfns, isWhole: false };
  }
  return { pfns, isWhole: true };
}
