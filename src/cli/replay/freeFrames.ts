/** Which frames a dump of the zones has on its lists. */
import type { ZonesDump } from '../../engine/image/state/index.js';

/** Whether a frame was on a free list or a per-CPU list. */
export function freeIn({ zones }: ZonesDump): (pfn: number) => boolean {
  const blocks = zones.flatMap(({ populated }) => [
    ...(populated?.free_area ?? []).flatMap(({ lists }, order) =>
      lists.flat().map((start) => ({ start, end: start + (1 << order) })),
    ),
    ...(populated?.pcp ?? []).flatMap(({ lists }) =>
      [...lists.values()].flatMap(({ pfns }) => pfns.map((start) => ({ start, end: start + 1 }))),
    ),
  ]);
  return (pfn) => blocks.some(({ start, end }) => pfn >= start && pfn < end);
}
