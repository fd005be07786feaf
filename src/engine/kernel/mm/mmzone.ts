/**
 * Walks along a zonelist.
 *
 * Source: Linux 6.1 mm/mmzone.c: __next_zones_zonelist(); the inlines of include/linux/mmzone.h that call it.
 */
import type { Zonelist, Zoneref, ZoneType } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { zonelist_zone_idx } from '../include/linux/mmzone.h.js';

/** The first entry from `z` on whose zone the request may use; the end mark is one. Left out: nodes (one node). */
function __next_zones_zonelist(k: Kernel, z: Zoneref, highest_zoneidx: ZoneType): Zoneref {
  while (zonelist_zone_idx(k, z) > highest_zoneidx) z += k.stride.zoneref;
  return z;
}

/**
 * The first entry from `z` on that the request may use. Differs: for_each_zone_zonelist() calls it with the entry behind the last
 * one; here that step is part of it.
 */
export function next_zones_zonelist(k: Kernel, z: Zoneref, highest_zoneidx: ZoneType): Zoneref {
  return __next_zones_zonelist(k, z + k.stride.zoneref, highest_zoneidx);
}

/** The preferred zone's entry. */
export function first_zones_zonelist(
  k: Kernel,
  zonelist: Zonelist,
  highest_zoneidx: ZoneType,
): Zoneref {
  return __next_zones_zonelist(k, zonelist + k.zonelist._zonerefs, highest_zoneidx);
}
