/**
 * Pageblocks that are set apart: MIGRATE_ISOLATE.
 *
 * Source: Linux 6.1 include/linux/page-isolation.h.
 */
import type { Migratetype, Zone } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';

export function is_migrate_isolate(k: Kernel, migratetype: Migratetype): boolean {
  return migratetype === k.MIGRATE_ISOLATE;
}

/** Whether a block of the zone is isolated just now. */
export function has_isolate_pageblock(k: Kernel, zone: Zone): boolean {
  return k.words[zone + k.zone.nr_isolate_pageblock] !== 0;
}
