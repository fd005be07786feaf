/**
 * Where on which list a free block stands: a walk back along `lru.prev` to the list's head, whose place says which list it
 * is. Bounded: a block further from the head than {@link MAX_STEPS} is on its list all the same, only its position is not told.
 *
 * Source: Linux 6.1 include/linux/mmzone.h (free_area, per_cpu_pages), mm/page_alloc.c.
 */
import type { KernelImage } from '../image/kernelImage.js';
import { KernelFault } from '../kernel/events.js';
import { pcp_list, pindex_to_order, zone_pcp } from '../kernel/pcp.js';
import type { ListHead, Page } from '../kernel/types.js';
import type { Cell } from '../memory/address.js';
import { zoneName } from './zones.js';

/** Some 20 ns each. */
const MAX_STEPS = 1 << 14;

export type ListPlace = FreeListPlace | PcpListPlace;

interface FreeListPlace {
  readonly kind: 'free list';
  readonly zone: string;
  readonly order: number;
  readonly migratetype: number;
  /** 0: the next to be taken. */
  readonly position: number;
}

interface PcpListPlace {
  readonly kind: 'per-CPU list';
  readonly zone: string;
  readonly cpu: number;
  readonly pindex: number;
  readonly order: number;
  readonly position: number;
}

/** @param page the first page of a free block; undefined when its list does not lead to a known head, or not soon */
export function listPlaceOf(image: KernelImage, page: Page): ListPlace | undefined {
  const { mm } = image;
  try {
    let entry: Cell = mm.read_ptr(page + mm.page_lru + mm.list_prev);
    for (let position = 0; position < MAX_STEPS && entry !== 0; position++) {
      const found = headAt(image, entry, position);
      if (found !== undefined) return found;
      entry = mm.read_ptr(entry + mm.list_prev);
    }
  } catch (error) {
    if (!(error instanceof KernelFault)) throw error;
  }
  return undefined;
}

function headAt(image: KernelImage, head: ListHead, position: number): ListPlace | undefined {
  const { mm, nrCpus } = image;
  if (mm.memmap.contains(mm.va_of(head))) return undefined;
  for (const zone of mm.zones) {
    if (mm.read_ulong(zone + mm.zone_present_pages) === 0) continue;
    const within = head - zone - mm.zone_free_area;
    if (within >= 0 && within < mm.MAX_ORDER * mm.free_area_words)
      return {
        kind: 'free list',
        zone: zoneName(image, zone),
        order: Math.floor(within / mm.free_area_words),
        migratetype: Math.floor((within % mm.free_area_words) / mm.list_head_words),
        position,
      };
    for (let cpu = 0; cpu < nrCpus; cpu++) {
      const first = pcp_list(mm, zone_pcp(mm, zone, cpu), 0);
      const pindex = (head - first) / mm.list_head_words;
      if (pindex < 0 || pindex >= mm.NR_PCP_LISTS) continue;
      return {
        kind: 'per-CPU list',
        zone: zoneName(image, zone),
        cpu,
        pindex,
        order: pindex_to_order(mm, pindex),
        position,
      };
    }
  }
  return undefined;
}

export const migratetypeName = ({ profile }: KernelImage, value: number): string =>
  profile.types.enum('migratetype')?.enumerators.find((e) => e.value === value)?.name ??
  `migratetype ${value}`;
