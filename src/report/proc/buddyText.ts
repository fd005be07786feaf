/** What /proc/buddyinfo and /proc/pagetypeinfo tell: how large a block can be had, and how broken up the rest is. */
import { sections } from '../finding.js';
import { listed, plural, size } from '../render/amount.js';
import { largestOrder, pagesIn, type BuddyZone, type TypeRow } from './buddyinfo.js';
import type { CaptureText } from './zoneinfoText.js';

const title = ({ node, zone }: BuddyZone): string => `node ${node} ${zone}`;

export function buddyText(zones: readonly BuddyZone[]): CaptureText {
  const best = Math.max(-1, ...zones.map(({ counts }) => largestOrder(counts)));
  const free = zones.reduce((sum, { counts }) => sum + pagesIn(counts), 0);
  return {
    headline:
      best < 0
        ? 'No free block at all.'
        : `${size(free * 4096)} are free, in blocks of up to order ${best} (${size(2 ** best * 4096)}).`,
    sections: sections(['Free blocks', [rows(zones), ...zones.map(zoneItem)]]),
    facts: {
      zones: zones.map((zone) => ({
        node: zone.node,
        zone: zone.zone,
        freePages: pagesIn(zone.counts),
        largestOrder: largestOrder(zone.counts),
        counts: [...zone.counts],
        unusableFor: zone.counts.map((_, order) => unusable(zone.counts, order)),
      })),
    },
  };
}

const rows = (zones: readonly BuddyZone[]): string[][] => {
  const orders = Math.max(0, ...zones.map(({ counts }) => counts.length));
  return [
    ['blocks by order', ...Array.from({ length: orders }, (_, order) => String(order)), 'pages'],
    ...zones.map((zone) => [title(zone), ...zone.counts.map(String), String(pagesIn(zone.counts))]),
  ];
};

/** Share of free memory in blocks too small for an order: mm/vmstat.c: unusable_free_index(). */
const unusable = (counts: readonly number[], order: number): number => {
  const free = pagesIn(counts);
  return free === 0 ? 1 : Number(((free - pagesIn(counts, order)) / free).toFixed(3));
};

function zoneItem(zone: BuddyZone): string {
  const { counts } = zone;
  const largest = largestOrder(counts);
  const free = pagesIn(counts);
  if (free === 0) return `${title(zone)}: nothing free.`;
  const share = unusable(counts, 4);
  return `${title(zone)}: ${size(free * 4096)} free; largest block order ${largest} (${size(2 ** largest * 4096)}); ${(share * 100).toFixed(0)}% lie in blocks below order 4 (64 kB).`;
}

export function pagetypeText(types: readonly TypeRow[]): CaptureText {
  const zones = [...new Set(types.map(title))];
  const items = zones.map((zone) => {
    const own = types.filter((row) => title(row) === zone);
    const parts = own
      .filter(({ counts }) => pagesIn(counts) > 0)
      .map(
        ({ type, counts }) =>
          `${type} ${plural(pagesIn(counts), 'page')} (largest order ${largestOrder(counts)})`,
      );
    return parts.length === 0 ? `${zone}: nothing free.` : `${zone}: ${listed(parts)}.`;
  });
  const cma = types
    .filter(({ type }) => type === 'CMA')
    .reduce((sum, { counts }) => sum + pagesIn(counts), 0);
  const free = types.reduce((sum, { counts }) => sum + pagesIn(counts), 0);
  return {
    headline: `${size(free * 4096)} are free by migratetype${cma > 0 ? `, of them ${size(cma * 4096)} CMA's, for movable requests only` : ''}.`,
    sections: sections(['Free memory by migratetype', items]),
    facts: {
      types: types.map(({ node, zone, type, counts }) => ({
        node,
        zone,
        type,
        freePages: pagesIn(counts),
        largestOrder: largestOrder(counts),
      })),
      cmaPages: cma,
    },
  };
}
