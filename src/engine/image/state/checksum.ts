/**
 * The checksum that the recorder's `ck` prints of the allocator's state: FNV-1a over 32-bit values, each part behind a tag
 * that says what it is.
 */
import type { PopulatedZone, ZonesDump } from './zonesDump.js';

const START = 2166136261;
const PRIME = 16777619;

const TAG_ZONE = 0x5a000000;
const TAG_ORDER = 0x0f000000;
const TAG_MIGRATETYPE = 0x0e000000;
const TAG_PCP_LIST = 0x0d000000;

const MIGRATETYPE_BITS = 7;
/** An entry of a pageblock without struct pages. */
const NO_PAGEBLOCK = 15;

/** `d3a72931 free 0:f00 1:35239`: the checksum, and each zone's free pages. */
export function checksumText(dump: ZonesDump, nrPcpLists: number): string {
  const free = dump.zones.flatMap(({ index, populated }) =>
    populated === undefined ? [] : [`${index}:${stat(populated, 'nr_free_pages').toString(16)}`],
  );
  const sum = checksum(dump, nrPcpLists).toString(16).padStart(8, '0');
  return [sum, 'free', ...free].join(' ');
}

/** As an unsigned 32-bit number. */
function checksum(dump: ZonesDump, nrPcpLists: number): number {
  let hash = START;
  const add = (value: number): void => {
    hash = Math.imul(hash ^ value, PRIME);
  };
  for (const { index, populated } of dump.zones) {
    if (populated === undefined) continue;
    add(TAG_ZONE + index);
    addZone(populated, nrPcpLists, add);
  }
  return hash >>> 0;
}

function addZone(zone: PopulatedZone, nrPcpLists: number, add: (value: number) => void): void {
  zone.free_area.forEach((area, order) => {
    add(TAG_ORDER + order);
    add(area.nr_free);
    area.lists.forEach((pfns, migratetype) => {
      add(TAG_MIGRATETYPE + migratetype);
      pfns.forEach(add);
    });
  });
  const [pcp] = zone.pcp;
  add(pcp?.fields.count ?? 0);
  add(pcp?.fields.free_factor ?? 0);
  for (let pindex = 0; pindex < nrPcpLists; pindex++) {
    add(TAG_PCP_LIST + pindex);
    pcp?.lists.get(pindex)?.pfns.forEach(add);
  }
  for (const type of zone.pageblocks?.types ?? [])
    if (type !== NO_PAGEBLOCK) add(type & MIGRATETYPE_BITS);
  add(stat(zone, 'nr_free_pages'));
  add(stat(zone, 'nr_free_cma'));
  add(zone.wmark.boost);
  add(zone.wmark.highatomic);
  add(zone.fields.flags);
}

const stat = (zone: PopulatedZone, name: string): number =>
  zone.stat.find((item) => item.name === name)?.value ?? 0;
