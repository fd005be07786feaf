/**
 * The free lists of every zone as numbers: blocks by order and migratetype, what each CPU has in stock, the watermarks.
 *
 * Source: Linux 6.1 include/linux/mmzone.h: struct zone, struct free_area, struct per_cpu_pages; mm/page_alloc.c.
 */
import type { KernelImage } from '../../image/kernelImage.js';
import { zone_page_state } from '../../kernel/include/linux/vmstat.h.js';
import { pindex_to_order } from '../../kernel/mm/page_alloc/pcp.js';
import type { ListHead, PerCpuPages, Zone } from '../../machine/ctypes.js';
import { KernelFault } from '../../machine/events.js';
import { formatAddress } from '../../memory/address.js';
import { migratetypeName } from '../../types/enumName.js';
import { freeArea, freeList, pcpList, zonePcp } from '../zoneLists.js';
import { populatedZones, zoneName, type ZoneView } from '../zones.js';
import {
  type CpuListBody,
  type CpuListsBody,
  type FreeAreasBody,
  type FreeBlocksArguments,
  type FreeBlocksBody,
  type ZoneBody,
} from './freeAreas.js';
import type { ListCounts } from './listCounts.js';

export function freeAreasBody(image: KernelImage, counts: ListCounts): FreeAreasBody {
  const { mm } = image;
  return {
    migratetypes: Array.from({ length: mm.MIGRATE_TYPES }, (_, mt) =>
      migratetypeName(image.profile, mt),
    ),
    nrOrders: mm.MAX_ORDER,
    pageblockOrder: mm.pageblock_order,
    zones: populatedZones(image).map((zone) => zoneBody(image, counts, zone)),
  };
}

function zoneBody(image: KernelImage, counts: ListCounts, view: ZoneView): ZoneBody {
  const { mm, nrCpus } = image;
  const { zone, index, name } = view;
  const mark = (which: number): number =>
    mm.read_ulong(zone + mm.zone._watermark + which * mm.ptr_words);
  return {
    index,
    address: addressText(image, zone),
    name,
    managedPages: mm.read_ulong(zone + mm.zone.managed_pages),
    freePages: zone_page_state(mm, zone, mm.NR_FREE_PAGES),
    freeCmaPages: zone_page_state(mm, zone, mm.NR_FREE_CMA_PAGES),
    highatomicPages: mm.read_ulong(zone + mm.zone.nr_reserved_highatomic),
    watermarks: {
      min: mark(mm.ALLOC_WMARK_MIN),
      low: mark(mm.ALLOC_WMARK_LOW),
      high: mark(mm.ALLOC_WMARK_HIGH),
    },
    boost: mm.read_ulong(zone + mm.zone.watermark_boost),
    reserves: mm.zones.flatMap((higher, i) => {
      const pages = mm.read_long(zone + mm.zone.lowmem_reserve + i * mm.ptr_words);
      return pages === 0 ? [] : [{ zone: zoneName(image, higher), pages }];
    }),
    orders: Array.from({ length: mm.MAX_ORDER }, (_, order) => ({
      order,
      ...counts.of(zone, order),
    })),
    cpus: Array.from({ length: nrCpus }, (_, cpu) => cpuLists(image, zonePcp(mm, zone, cpu), cpu)),
  };
}

const addressText = ({ mm, profile }: KernelImage, at: Zone | PerCpuPages): string =>
  formatAddress(mm.va_of(at), profile.pointerSize);

function cpuLists(image: KernelImage, pcp: PerCpuPages, cpu: number): CpuListsBody {
  const { mm } = image;
  const word = (offset: number): number => mm.words[pcp + offset] ?? 0;
  const count = word(mm.per_cpu_pages.count);
  return {
    cpu,
    address: addressText(image, pcp),
    count,
    high: word(mm.per_cpu_pages.high),
    batch: word(mm.per_cpu_pages.batch),
    lists: Array.from({ length: mm.NR_PCP_LISTS }, (_, pindex) => pindex).flatMap(
      (pindex): CpuListBody[] => {
        // No list is longer than the pages of all of them.
        const { pfns } = blocksOf(image, pcpList(mm, pcp, pindex), 0, count + 1);
        if (pfns.length === 0) return [];
        const migratetype = pcpMigratetype(image, pindex);
        const order = pindex_to_order(mm, pindex);
        return [
          {
            pindex,
            order,
            nrBlocks: pfns.length,
            ...(migratetype !== undefined && { migratetype }),
          },
        ];
      },
    ),
  };
}

/** Above the costly order the lists tell only movable from others. Source: Linux 6.1 mm/page_alloc.c: order_to_pindex(). */
function pcpMigratetype(image: KernelImage, pindex: number): string | undefined {
  const { mm } = image;
  if (pindex < mm.NR_LOWORDER_PCP_LISTS)
    return migratetypeName(image.profile, pindex % mm.MIGRATE_PCPTYPES);
  return pindex > mm.NR_LOWORDER_PCP_LISTS
    ? migratetypeName(image.profile, mm.MIGRATE_MOVABLE)
    : undefined;
}

/** Undefined when the machine has no such list. */
export function freeBlocksBody(
  image: KernelImage,
  { zone: index, order, migratetype, cpu, pindex, start, count }: FreeBlocksArguments,
): FreeBlocksBody | undefined {
  const { mm, nrCpus } = image;
  const found = populatedZones(image).find((each) => each.index === index);
  if (found === undefined) return undefined;
  const { zone } = found;
  if (cpu !== undefined && pindex !== undefined) {
    if (!isBelow(cpu, nrCpus) || !isBelow(pindex, mm.NR_PCP_LISTS)) return undefined;
    const head = pcpList(mm, zonePcp(mm, zone, cpu), pindex);
    return { order: pindex_to_order(mm, pindex), ...blocksOf(image, head, start, count) };
  }
  if (order === undefined || migratetype === undefined) return undefined;
  if (!isBelow(order, mm.MAX_ORDER) || !isBelow(migratetype, mm.MIGRATE_TYPES)) return undefined;
  return { order, ...blocksOf(image, listOf(image, zone, order, migratetype), start, count) };
}

const isBelow = (value: number, end: number): boolean =>
  Number.isInteger(value) && value >= 0 && value < end;

const listOf = ({ mm }: KernelImage, zone: Zone, order: number, migratetype: number): ListHead =>
  freeList(mm, freeArea(mm, zone, order), migratetype);

function blocksOf(
  { mm }: KernelImage,
  head: ListHead,
  start: number,
  count: number,
): Omit<FreeBlocksBody, 'order'> {
  const pfns: number[] = [];
  try {
    let entry = mm.read_ptr(head);
    for (let i = 0; entry !== head; i++) {
      if (entry === 0) return { pfns, more: false, broken: 'NULL' };
      if (pfns.length === count) return { pfns, more: true };
      if (i >= start) pfns.push(mm.page_to_pfn(entry - mm.page.lru));
      entry = mm.read_ptr(entry);
    }
  } catch (error) {
    if (!(error instanceof KernelFault)) throw error;
    return { pfns, more: false, broken: error.text };
  }
  return { pfns, more: false };
}
