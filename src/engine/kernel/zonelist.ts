/**
 * The zonelist: the zones that a request may use, the highest first, as `pgdat->node_zonelists[0]._zonerefs[]`.
 *
 * Ends with an entry whose zone is NULL and whose index is 0, so a search for a low enough index always ends.
 * Source: Linux 6.1 include/linux/mmzone.h: first_zones_zonelist(), next_zones_zonelist().
 */
import type { Mm } from './mm.js';
import type { Zone, Zonelist, Zoneref, ZoneType } from './types.js';

/** node_zonelist(): there is one node, and one list of it. */
export const node_zonelist = (k: Mm): Zonelist => (k.node + k.pgdat_node_zonelists) as Zonelist;

export const zonelist_zone = (k: Mm, z: Zoneref): Zone => k.read_ptr(z);

export const zonelist_zone_idx = (k: Mm, z: Zoneref): ZoneType => k.words[z + k.zoneref_zone_idx]!;

/** The first entry from `z` on whose zone the request may use. */
function __next_zones_zonelist(k: Mm, z: Zoneref, highest_zoneidx: ZoneType): Zoneref {
  while (zonelist_zone_idx(k, z) > highest_zoneidx) z = (z + k.zoneref_words) as Zoneref;
  return z;
}

/** The entry after `z` that the request may use. */
export const next_zones_zonelist = (k: Mm, z: Zoneref, highest_zoneidx: ZoneType): Zoneref =>
  __next_zones_zonelist(k, (z + k.zoneref_words) as Zoneref, highest_zoneidx);

/** The preferred zone's entry. */
export const first_zones_zonelist = (
  k: Mm,
  zonelist: Zonelist,
  highest_zoneidx: ZoneType,
): Zoneref =>
  __next_zones_zonelist(k, (zonelist + k.zonelist_zonerefs) as Zoneref, highest_zoneidx);
