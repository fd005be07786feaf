/** The watermark rule before 4.4, in C, to be stepped on a machine whose own kernel has another. */
import type { Allowance } from '../facts/watermark.js';
import type { MachineZone } from './placement.js';

export function oldRuleText(
  zones: readonly MachineZone[],
  order: number,
  flags: ReadonlySet<string>,
  { high, harder }: Allowance,
): string[] {
  return [
    "// The rule of the report's kernel: pages in smaller blocks do not count, and min is halved at each order.",
    'bool zone_watermark_ok_before_4_4(struct zone *zone, int order, long reserve) {',
    '  long min = zone->_watermark[WMARK_MIN];',
    '  long free_pages = zone_page_state(zone, NR_FREE_PAGES) - (1 << order) + 1;',
    ...(high ? ['  min -= min / 2;'] : []),
    ...(harder ? ['  min -= min / 4;'] : []),
    '  if (free_pages <= min + reserve)',
    '    return false;',
    '  for (int o = 0; o < order; o++) {',
    '    free_pages -= zone->free_area[o].nr_free << o;',
    '    min >>= 1;',
    '    if (free_pages <= min)',
    '      return false;',
    '  }',
    '  return true;',
    '}',
    ...zones.map(
      (zone) =>
        `expect(!zone_watermark_ok_before_4_4(&contig_page_data.node_zones[ZONE_${zone.toUpperCase()}], ${order}, contig_page_data.node_zones[ZONE_${zone.toUpperCase()}].lowmem_reserve[ZONE_NORMAL]));`,
    ),
    ...(flags.size === 0 ? [] : ['']),
  ];
}
