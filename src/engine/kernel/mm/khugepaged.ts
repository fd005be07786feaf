/**
 * What huge pages ask of the reserves.
 *
 * Source: Linux 6.1 mm/khugepaged.c: set_recommended_min_free_kbytes().
 */
import type { Int, ULong } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { PAGE_SHIFT } from '../../memory/address.js';
import { gfp_zone } from '../include/linux/gfp.h.js';
import { populated_zone, zone_idx } from '../include/linux/mmzone.h.js';
import {
  calculate_min_free_kbytes,
  nr_free_buffer_pages,
  setup_per_zone_wmarks,
} from './page_alloc/watermark_setup.js';

/** With huge pages two pageblocks of each type are to be kept free, within 5 % of lowmem. */
export function set_recommended_min_free_kbytes(k: Kernel, hugepage_flags_enabled: boolean): void {
  update_wmarks: {
    if (!hugepage_flags_enabled) {
      calculate_min_free_kbytes(k);
      break update_wmarks;
    }

    let nr_zones: Int = 0;
    for (const zone of k.zones) {
      // ZONE_MOVABLE has movable pages only: they cannot be fragmented for good.
      if (!populated_zone(k, zone) || zone_idx(k, zone) > gfp_zone(k, k.GFP_USER)) continue;
      nr_zones++;
    }

    // Two free pageblocks, so that none must be stolen,
    let recommended_min: ULong = k.pageblock_nr_pages * nr_zones * 2;
    // and two of each type that are almost free, for each type to fall back to.
    recommended_min += k.pageblock_nr_pages * nr_zones * k.MIGRATE_PCPTYPES * k.MIGRATE_PCPTYPES;
    recommended_min = Math.min(recommended_min, Math.floor(nr_free_buffer_pages(k) / 20));
    recommended_min *= 1 << (PAGE_SHIFT - 10);

    const min_free_kbytes = k.globals.min_free_kbytes;
    if (recommended_min > k.words[min_free_kbytes]!) k.write(min_free_kbytes, recommended_min);
  }
  // update_wmarks:
  setup_per_zone_wmarks(k);
}
