/**
 * /proc/buddyinfo and /proc/pagetypeinfo of a dumped kernel.
 *
 * Source: Linux 6.1 mm/vmstat.c: frag_show_print(), pagetypeinfo_showfree_print(), pagetypeinfo_showblockcount_print().
 */
import { NotInDump } from '../../image/dump/kernelSpace.js';
import { Problems, type Inspected } from '../inspected.js';
import { maxPfnOf, memmapOf } from '../memmap.js';
import { migratetypeNames, migratetypes, pageblockOrder } from '../pageblocks.js';
import { freeList, populatedZonesOf, type ZoneView } from '../zones.js';

const zoneText = ({ node, name }: ZoneView, width: number): string =>
  `Node ${String(node).padStart(width)}, zone ${name.padStart(8)}`;

export const buddyinfo = (k: Inspected): string[] =>
  populatedZonesOf(k).map(
    (zone) =>
      `${zoneText(zone, 0)} ${zone.nr_free.map((nr) => `${String(nr).padStart(6)} `).join('')}`,
  );

/** Lists are counted up to here. */
const MOST_COUNTED = 100_000;

export function pagetypeinfo(k: Inspected): string[] {
  const problems = new Problems();
  const names = migratetypeNames(k);
  const zones = populatedZonesOf(k);
  const order = pageblockOrder(k);
  const orders = zones[0]?.nr_free.map((_, i) => `${String(i).padStart(6)} `).join('') ?? '';
  return [
    `Page block order: ${order}`,
    `Pages per block:  ${2 ** order}`,
    '',
    `${'Free pages count per migrate type at order'.padEnd(43)} ${orders}`,
    ...zones.flatMap((zone) => freeLines(k, zone, names, problems)),
    '',
    `${'Number of blocks type'.padEnd(23)}${names.map((name) => `${name.padStart(12)} `).join('')}`,
    ...blockLines(k, zones, names),
    ...problems.found.map((text) => `# ${text}`),
  ];
}

/** A list that is damaged, or moves while it is read, is marked as the kernel marks one that is too long: there are more. */
function freeLines(
  k: Inspected,
  zone: ZoneView,
  names: readonly string[],
  problems: Problems,
): string[] {
  const memmap = memmapOf(k);
  return names.map((name, type) => {
    const counts = zone.nr_free.map((_, order) => {
      const { pfns, isWhole } = freeList(k, memmap, zone, order, type, problems, MOST_COUNTED);
      const isMore = !isWhole || pfns.length >= MOST_COUNTED;
      return `${isMore ? '>' : ''}${String(pfns.length).padStart(6)} `;
    });
    return `${zoneText(zone, 4)}, type ${name.padStart(12)} ${counts.join('')}`;
  });
}

function blockLines(k: Inspected, zones: readonly ZoneView[], names: readonly string[]): string[] {
  const typeOf = migratetypes(k);
  const blockPages = 2 ** pageblockOrder(k);
  return zones.map((zone) => {
    const counts = names.map(() => 0);
    // As the kernel does: from the zone's start on, be that inside of a block.
    const end = Math.min(zone.start + zone.spanned, maxPfnOf(k));
    for (let pfn = zone.start; pfn < end; pfn += blockPages) {
      const type = triedType(() => typeOf(zone, pfn));
      if (type !== undefined && counts[type] !== undefined) counts[type]++;
    }
    return `${zoneText(zone, 0)} ${counts.map((count) => `${String(count).padStart(12)} `).join('')}`;
  });
}

function triedType(read: () => number | undefined): number | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof NotInDump) return undefined;
    throw error;
  }
}
