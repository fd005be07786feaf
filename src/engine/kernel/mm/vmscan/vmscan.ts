/**
 * wakeup_kswapd(): tells the reclaim thread for which zone and order memory is short. The thread itself does not run yet:
 * only the hints that it would read are left.
 *
 * Source: Linux 6.1 mm/vmscan.c: wakeup_kswapd(), zone_reclaimable_pages().
 */
import type { Order, Pgdat, ULong, Zone, ZoneType } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { managed_zone } from '../../include/linux/mmzone.h.js';
import { zone_page_state_snapshot } from '../../include/linux/vmstat.h.js';

/** Pages that reclaim could free: those of files. Left out: can_reclaim_anon_pages (there is no swap). */
export function zone_reclaimable_pages(k: Kernel, zone: Zone): ULong {
  return (
    zone_page_state_snapshot(k, zone, k.NR_ZONE_INACTIVE_FILE) +
    zone_page_state_snapshot(k, zone, k.NR_ZONE_ACTIVE_FILE)
  );
}

/** Left out: gfp_flags, cpuset, pgdat_balanced, wakeup_kcompactd: all is decided by the thread, which does not run. */
export function wakeup_kswapd(
  k: Kernel,
  zone: Zone,
  order: Order,
  highest_zoneidx: ZoneType,
): void {
  // Boot has kept all its pages: there is nothing in it to reclaim.
  if (!managed_zone(k, zone)) return;
  const pgdat: Pgdat = k.read_ptr(zone + k.zone.zone_pgdat);
  const curr_idx: ZoneType = k.words[pgdat + k.pglist_data.kswapd_highest_zoneidx]!;
  // MAX_NR_ZONES: nobody has asked since it last slept. The highest zone and the largest order that was asked for count.
  if (curr_idx === k.MAX_NR_ZONES || curr_idx < highest_zoneidx)
    k.write(pgdat + k.pglist_data.kswapd_highest_zoneidx, highest_zoneidx);
  if (k.words[pgdat + k.pglist_data.kswapd_order]! < order)
    k.write(pgdat + k.pglist_data.kswapd_order, order);
}
