/** The watermark rule before 4.4, in C, to be stepped on a machine whose own kernel has another. */
import type { Allowance } from '../facts/watermark.js';
import type { PlacedZone } from './placement.js';

export function oldRuleText(
  zones: readonly PlacedZone[],
  order: number,
  flags: ReadonlySet<string>,
  { high, harder, cma, cmaForMarkAlone }: Allowance,
): string[] {
  const hasCma = !cma && zones.some(({ report }) => (report.freeCma ?? 0) > 0);
  return [
    "// The rule of the report's kernel: pages in smaller blocks do not count, and min is halved at each order.",
    'bool zone_watermark_ok_before_4_4(struct zone *zone, int order, long reserve) {',
    '  long min = zone->_watermark[WMARK_MIN];',
    '  long free_pages = zone_page_state(zone, NR_FREE_PAGES) - (1 << order) + 1;',
    ...(high ? ['  min -= min / 2;'] : []),
    ...(harder ? ['  min -= min / 4;'] : []),
    ...(hasCma ? ['  long free_cma = zone_page_state(zone, NR_FREE_CMA_PAGES);'] : []),
    ...(hasCma && !cmaForMarkAlone ? ['  free_pages -= free_cma;'] : []),
    `  if (free_pages${hasCma && cmaForMarkAlone ? ' - free_cma' : ''} <= min + reserve)`,
    '    return false;',
    '  for (int o = 0; o < order; o++) {',
    '    free_pages -= zone->free_area[o].nr_free << o;',
    '    min >>= 1;',
    '    if (free_pages <= min)',
    '      return false;',
    '  }',
    '  return true;',
    '}',
    ...zones.map(({ zone, report }) => {
      const place = `contig_page_data.node_zones[ZONE_${zone.toUpperCase()}]`;
      const isRefused = ['mark', 'order'].includes(report.judgement.refusal ?? '');
      return `expect(${isRefused ? '!' : ''}zone_watermark_ok_before_4_4(&${place}, ${order}, ${place}.lowmem_reserve[ZONE_NORMAL]));`;
    }),
    ...(flags.size === 0 ? [] : ['']),
  ];
}
