/**
 * Pageblocks that are set apart: MIGRATE_ISOLATE.
 *
 * Source: Linux 6.1 include/linux/page-isolation.h.
 */
import type { Migratetype, Zone } from '../../../machine/ctypes.js';
import type { Mm } from '../../../machine/mm.js';

export const is_migrate_isolate = (k: Mm, mt: Migratetype): boolean => mt === k.MIGRATE_ISOLATE;

/** Whether a block of the zone is isolated just now. */
export function has_isolate_pageblock(k: Mm, zone: Zone): boolean {
  return k.words[zone + k.zone_nr_isolate_pageblock] !== 0;
}
