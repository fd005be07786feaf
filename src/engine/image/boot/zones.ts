/**
 * Which frames belong to which zone: bounds by architecture, sizes by what is RAM.
 *
 * Source: Linux 6.1 arch/x86/mm/init.c: zone_sizes_init(); mm/page_alloc.c: free_area_init(),
 * zone_spanned_pages_in_node(), zone_absent_pages_in_node(), calculate_node_totalpages().
 */
import { PAGE_SIZE } from '../../memory/address.js';
import type { Profile } from '../../types/profile.js';
import type { MemRange } from './memblock.js';

/** In pages. */
export interface ZoneSpan {
  /** 0 for an empty zone. */
  readonly start: number;
  readonly spanned: number;
  readonly present: number;
}

export interface PfnRange {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

const MAX_DMA_PFN = 0x1000;
const MAX_DMA32_PFN = 0x100000;

/** for_each_mem_pfn_range() */
export const pfnRanges = (memory: readonly MemRange[]): readonly PfnRange[] =>
  memory.map(({ start, end }) => ({
    start: Math.ceil(start / PAGE_SIZE),
    end: Math.floor(end / PAGE_SIZE),
  }));

/** One past the highest pfn that each zone may have; undefined for ZONE_MOVABLE, which takes from others. */
function zone_sizes_init(
  profile: Profile,
  maxLowPfn: number,
  maxPfn: number,
): readonly (number | undefined)[] {
  const bounds: (number | undefined)[] = [];
  const bound = (name: string, end: number | undefined): void => {
    const zone = profile.findConstant(name);
    if (zone !== undefined) bounds[zone] = end;
  };
  bound('ZONE_DMA', Math.min(MAX_DMA_PFN, maxLowPfn));
  bound('ZONE_DMA32', Math.min(MAX_DMA32_PFN, maxLowPfn));
  bound('ZONE_NORMAL', maxLowPfn);
  bound('ZONE_HIGHMEM', maxPfn);
  bound('ZONE_MOVABLE', undefined);
  return bounds;
}

/** Start, spanned and present pages of every zone. */
export function zoneSpans(
  profile: Profile,
  ranges: readonly PfnRange[],
  maxLowPfn: number,
  maxPfn: number,
): readonly ZoneSpan[] {
  const nodeStart = ranges[0]?.start ?? 0;
  const nodeEnd = ranges.at(-1)?.end ?? 0;
  let lowest = nodeStart;
  return zone_sizes_init(profile, maxLowPfn, maxPfn).map((bound) => {
    if (bound === undefined) return { start: 0, spanned: 0, present: 0 };
    const start = lowest;
    lowest = Math.max(bound, lowest);
    const end = Math.min(lowest, nodeEnd);
    if (end <= start) return { start: 0, spanned: 0, present: 0 };
    return { start, spanned: end - start, present: presentPages(ranges, start, end) };
  });
}

export const presentPages = (ranges: readonly PfnRange[], start: number, end: number): number =>
  ranges.reduce(
    (sum, range) => sum + Math.max(0, Math.min(range.end, end) - Math.max(range.start, start)),
    0,
  );

/** The zone of HIGHMEM, undefined where this kind of machine has none. */
export const isHighmemZone = (profile: Profile, zone: number): boolean =>
  zone === profile.findConstant('ZONE_HIGHMEM');
