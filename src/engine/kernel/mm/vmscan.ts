/**
 * wakeup_kswapd(): tells the reclaim thread for which zone and order memory is short. The thread itself does not run yet:
 * only the hints that it would read are left.
 *
 * Source: Linux 6.1 mm/vmscan.c: wakeup_kswapd(); mm/page_alloc.c: wake_all_kswapds().
 */
import type { Order, Pgdat, Zone, ZoneType } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { managed_zone } from '../include/linux/mmzone.h.js';

export function wakeup_kswapd(
  k: Kernel,
  zone: Zone,
  order: Order,
  highest_zoneidx: ZoneType,
): void {
  if (!managed_zone(k, zone)) return;
  const pgdat: Pgdat = k.read_ptr(zone + k.zone.zone_pgdat);
  const curr_idx: ZoneType = k.words[pgdat + k.pglist_data.kswapd_highest_zoneidx]!;
  // MAX_NR_ZONES: nobody has asked since it last slept.
  if (curr_idx === k.MAX_NR_ZONES || curr_idx < highest_zoneidx)
    k.write(pgdat + k.pglist_data.kswapd_highest_zoneidx, highest_zoneidx);
  if (k.words[pgdat + k.pglist_data.kswapd_order]! < order)
    k.write(pgdat + k.pglist_data.kswapd_order, order);
}
