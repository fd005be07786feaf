/**
 * The free lists of a dumped kernel as their picture shows them (atlas/freeAreas.ts), read by its own types. Lists that the dump lacks
 * are empty.
 *
 * Source: Linux 6.1 include/linux/mmzone.h: struct zone, enum zone_stat_item; mm/page_alloc.c: order_to_pindex().
 */
import { Problems, type Inspected } from '../inspect/inspected.js';
import { migratetypeNames, pageblockOrder } from '../inspect/pageblocks.js';
import { listsOf, populatedZonesOf, type ZoneLists, type ZoneView } from '../inspect/zones.js';
import type {
  CpuListsBody,
  FreeAreasBody,
  FreeBlocksArguments,
  FreeBlocksBody,
  ZoneBody,
} from './atlas/freeAreas.js';

/** PAGE_ALLOC_COSTLY_ORDER, and orders of page sets up to it. */
const LOW_ORDERS = 4;

/** By number: the names of enum migratetype, or what /proc calls them. */
export function migratetypesOf(k: Inspected): readonly string[] {
  const nrTypes = k.lengthOf('free_area', 'free_list');
  const names = k.dump.types.enum('migratetype')?.enumerators ?? [];
  const shown = tried(() => migratetypeNames(k)) ?? [];
  return Array.from({ length: nrTypes }, (_, type) => {
    const found = names.find(({ name, value }) => value === type && name !== 'MIGRATE_PCPTYPES');
    return found?.name ?? shown[type] ?? `type ${type}`;
  });
}

export function dumpFreeAreas(k: Inspected): FreeAreasBody {
  const migratetypes = migratetypesOf(k);
  const zones = populatedZonesOf(k);
  return {
    migratetypes,
    nrOrders: k.lengthOf('zone', 'free_area'),
    pageblockOrder: pageblockOrder(k),
    zones: zones.map((zone, place) => zoneBody(k, zone, zones, place, migratetypes)),
  };
}

/** `index` is the place among those that are populated: nodes have zones of the same number. */
function zoneBody(
  k: Inspected,
  zone: ZoneView,
  zones: readonly ZoneView[],
  index: number,
  migratetypes: readonly string[],
): ZoneBody {
  const lists = keptLists(k, zone);
  const counter = (name: string): number => {
    const nr = k.findEnumerator(name);
    return nr === undefined
      ? 0
      : (tried(() => Math.max(0, k.number(zone.at, 'zone', `vm_stat[${nr}]`))) ?? 0);
  };
  const [min = 0, low = 0, high = 0] = zone.watermark;
  const isOneNode = zones.every(({ node }) => node === zone.node);
  return {
    index,
    address: k.hex(zone.at),
    name: isOneNode ? zone.name : `${zone.name} (node ${zone.node})`,
    managedPages: zone.managed,
    freePages: counter('NR_FREE_PAGES'),
    freeCmaPages: counter('NR_FREE_CMA_PAGES'),
    highatomicPages: tried(() => k.number(zone.at, 'zone', 'nr_reserved_highatomic')) ?? 0,
    watermarks: { min, low, high },
    boost: zone.boost,
    reserves: zone.reserve.flatMap((pages, higher) => {
      const name = zones.find((each) => each.node === zone.node && each.index === higher)?.name;
      return pages === 0 || name === undefined ? [] : [{ zone: name, pages }];
    }),
    orders: zone.nr_free.map((nrFree, order) => ({
      order,
      nrFree,
      counts: migratetypes.map((_, type) => lists.free_list[`${order}.${type}`]?.length ?? 0),
      capped: false,
    })),
    cpus: lists.pcp.map((set) => cpuLists(k, set, migratetypes)),
  };
}

function cpuLists(
  k: Inspected,
  { at, cpu, count, high, batch, lists }: ZoneLists['pcp'][number],
  migratetypes: readonly string[],
): CpuListsBody {
  return {
    cpu,
    address: k.hex(at),
    count,
    high,
    batch,
    lists: Object.entries(lists).map(([list, pfns]) => {
      const pindex = Number(list);
      const migratetype = pindex < LOW_ORDERS * 3 ? migratetypes[pindex % 3] : undefined;
      return {
        pindex,
        order: orderOf(pindex),
        nrBlocks: pfns.length,
        ...(migratetype !== undefined && { migratetype }),
      };
    }),
  };
}

/** Three types of each low order; behind them large pages. Before 5.13 (44042b449872) all are of order 0. */
const orderOf = (pindex: number): number => (pindex < LOW_ORDERS * 3 ? Math.floor(pindex / 3) : 9);

/** Undefined when the machine has no such list. */
export function dumpFreeBlocks(
  k: Inspected,
  { zone: index, order, migratetype, cpu, pindex, start, count }: FreeBlocksArguments,
): FreeBlocksBody | undefined {
  const zone = populatedZonesOf(k)[index];
  if (zone === undefined) return undefined;
  const { free_list, pcp } = keptLists(k, zone);
  const isCpus = cpu !== undefined && pindex !== undefined;
  if (!isCpus && (order === undefined || migratetype === undefined)) return undefined;
  const pfns = isCpus
    ? pcp.find((set) => set.cpu === cpu)?.lists[String(pindex)]
    : free_list[`${order}.${migratetype}`];
  const found = (pfns ?? []).slice(start, start + count);
  return {
    order: isCpus ? orderOf(pindex) : (order ?? 0),
    pfns: found,
    more: start + found.length < (pfns?.length ?? 0),
  };
}

const kept = new WeakMap<Inspected, Map<number, ZoneLists>>();

/** A dump does not change: each zone's lists are walked once. */
function keptLists(k: Inspected, zone: ZoneView): ZoneLists {
  const zones = kept.get(k) ?? new Map<number, ZoneLists>();
  kept.set(k, zones);
  const known = zones.get(zone.at) ?? listsOf(k, zone, new Problems());
  zones.set(zone.at, known);
  return known;
}

const tried = <T>(read: () => T): T | undefined =>
  new Problems().tried<T | undefined>('', read, undefined);
