/**
 * Happenings that are a write, whichever function makes it. The stop is behind the line that wrote.
 *
 * Source: Linux 6.1 include/linux/mmzone.h (watermarks), include/linux/page_ref.h.
 */
import type { Kernel } from '../../../engine/machine/kernel.js';
import { page_ref_count } from '../../../engine/kernel/include/linux/page_ref.h.js';
import { page_zonenum } from '../../../engine/kernel/include/linux/mm.h.js';
import { zone_page_state } from '../../../engine/kernel/include/linux/vmstat.h.js';
import { populated_zone, wmark_pages } from '../../../engine/kernel/include/linux/mmzone.h.js';
import type { Cell } from '../../../engine/memory/address.js';
import { counted } from '../../../engine/view/counted.js';
import { hex, markText, zoneText, type Facts, type Happening } from './happening.js';

/** Those that allocation and kswapd are measured against. */
const marksOf = (k: Kernel): readonly number[] => [k.WMARK_MIN, k.WMARK_LOW, k.WMARK_HIGH];

/** Cells of a zone that say how its free pages stand to its watermarks -> the zone's number. */
function zoneCells(k: Kernel): ReadonlyMap<number, number> {
  const cells = new Map<number, number>();
  k.zones.forEach((zone, index) => {
    if (!populated_zone(k, zone)) return;
    cells.set(zone + k.zone.vm_stat + k.NR_FREE_PAGES * k.ptr_words, index);
    cells.set(zone + k.zone.watermark_boost, index);
    for (const mark of marksOf(k)) cells.set(zone + k.zone._watermark + mark * k.ptr_words, index);
  });
  return cells;
}

/** The pfn whose `_refcount` a cell is. */
function refcountOf(k: Kernel, cell: Cell): number | undefined {
  if (!k.memmap.contains(k.va_of(cell))) return undefined;
  const pfn = k.page_to_pfn(cell);
  return k.pfn_to_page(pfn) + k.page._refcount === cell ? pfn : undefined;
}

export const WRITE_HAPPENINGS: readonly Happening[] = [
  {
    id: 'watermark',
    label: 'Watermark crossed',
    description:
      "Stops behind the line that moves a zone's free pages to the other side of its min, low or high watermark.",
    knows: 'zone mark free old_free pages',
    example: 'mark == WMARK_LOW && free < old_free',
    watches: [
      {
        at: 'write',
        subjects(k) {
          const cells = zoneCells(k);
          return (cell) => cells.get(cell);
        },
        /** Free pages, then the marks. */
        look(k, subject) {
          const zone = k.zones[subject];
          if (zone === undefined) return [];
          const free = zone_page_state(k, zone, k.NR_FREE_PAGES);
          return [free, ...marksOf(k).map((mark) => wmark_pages(k, zone, mark))];
        },
        facts(k, zone, [old_free = 0, ...before], [free = 0, ...after]) {
          return marksOf(k).flatMap((mark, i): Facts[] => {
            const was = old_free > (before[i] ?? 0);
            const is = free > (after[i] ?? 0);
            return was === is ? [] : [{ zone, mark, free, old_free, pages: after[i] ?? 0 }];
          });
        },
      },
    ],
    sentence: (k, { zone, mark, free = 0, old_free = 0, pages = 0 }) =>
      `watermark: ${zoneText(k, zone)}, ${old_free} -> ${counted(free, 'free page')}, ` +
      `${free > pages ? 'above' : 'no longer above'} ${markText(k, mark)} (${pages})`,
  },
  {
    id: 'refcount-zero',
    label: 'Reference count to zero',
    description: 'Stops behind the line that drops the last reference to a page.',
    knows: 'pfn zone',
    example: 'pfn == page_to_pfn(page)',
    watches: [
      {
        at: 'write',
        subjects: (k) => (cell, before, after) =>
          after === 0 && before > 0 ? refcountOf(k, cell) : undefined,
        look: (k, pfn) => [page_ref_count(k, k.pfn_to_page(pfn))],
        facts: (k, pfn, _before, [count]) =>
          count === 0 ? [{ pfn, zone: page_zonenum(k, k.pfn_to_page(pfn)) }] : [],
      },
    ],
    sentence: (k, { pfn, zone }) =>
      `_refcount of pfn ${hex(pfn)} in ${zoneText(k, zone)} dropped to 0`,
  },
];
