/**
 * wakeup_kswapd(): tells the reclaim thread for which zone and order memory is short. The thread itself does not run yet:
 * only the hints that it would read are left.
 *
 * Source: Linux 6.1 mm/vmscan.c: wakeup_kswapd(); mm/page_alloc.c: wake_all_kswapds().
 */
import type { AllocContext } from './alloc_context.js';
import type { Mm } from './mm.js';
import type { Order, Pgdat, Zone, ZoneType } from './types.js';
import { NULL } from './types.js';
import { managed_zone } from './watermark.js';
import { first_zones_zonelist, next_zones_zonelist, zonelist_zone } from './zonelist.js';

export function wakeup_kswapd(k: Mm, zone: Zone, order: Order, highest_zoneidx: ZoneType): void {
  if (!managed_zone(k, zone)) return;
  const pgdat: Pgdat = k.read_ptr(zone + k.zone_zone_pgdat);
  const curr_idx: ZoneType = k.words[pgdat + k.pgdat_kswapd_highest_zoneidx]!;
  // MAX_NR_ZONES: nobody has asked since it last slept.
  if (curr_idx === k.MAX_NR_ZONES || curr_idx < highest_zoneidx)
    k.write(pgdat + k.pgdat_kswapd_highest_zoneidx, highest_zoneidx);
  if (k.words[pgdat + k.pgdat_kswapd_order]! < order) k.write(pgdat + k.pgdat_kswapd_order, order);
}

/** Once a node, through its first zone that has pages. */
export function wake_all_kswapds(k: Mm, order: Order, ac: AllocContext): void {
  let z = first_zones_zonelist(k, ac.zonelist, ac.highest_zoneidx);
  for (
    let zone: Zone = zonelist_zone(k, z);
    zone !== NULL;
    z = next_zones_zonelist(k, z, ac.highest_zoneidx), zone = zonelist_zone(k, z)
  ) {
    if (!managed_zone(k, zone)) continue;
    wakeup_kswapd(k, zone, order, ac.highest_zoneidx);
    return;
  }
}
