/**
 * Walks along a zonelist.
 *
 * Source: Linux 6.1 mm/mmzone.c: __next_zones_zonelist(); the inlines of include/linux/mmzone.h that call it.
 */
import type { Zonelist, Zoneref, ZoneType } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { zonelist_zone_idx } from '../include/linux/mmzone.h.js';

/** The first entry from `z` on whose zone the request may use. */
function __next_zones_zonelist(k: Kernel, z: Zoneref, highest_zoneidx: ZoneType): Zoneref {
  while (zonelist_zone_idx(k, z) > highest_zoneidx) z = (z + k.stride.zoneref) as Zoneref;
  return z;
}

/** The entry after `z` that the request may use. */
export const next_zones_zonelist = (k: Kernel, z: Zoneref, highest_zoneidx: ZoneType): Zoneref =>
  __next_zones_zonelist(k, (z + k.stride.zoneref) as Zoneref, highest_zoneidx);

/** The preferred zone's entry. */
export const first_zones_zonelist = (
  k: Kernel,
  zonelist: Zonelist,
  highest_zoneidx: ZoneType,
): Zoneref =>
  __next_zones_zonelist(k, (zonelist + k.zonelist._zonerefs) as Zoneref, highest_zoneidx);
