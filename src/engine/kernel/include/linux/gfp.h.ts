/**
 * What a gfp_t asks for: the highest zone, the migratetype, whether compaction may help.
 *
 * Source: Linux 6.1 include/linux/gfp.h.
 */
import type { Gfp, Int, Migratetype, Zonelist, ZoneType } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { WARN } from '../asm-generic/bug.h.js';

/** Left out: nid, gfp_zonelist (one node, and one list of it). */
export function node_zonelist(k: Kernel): Zonelist {
  return k.globals.contig_page_data + k.pglist_data.node_zonelists;
}

const GFP_ZONES_SHIFT = 2;

/** The highest zone a request may use: a table with two bits for each mixture of the four zone bits. */
export function gfp_zone(k: Kernel, flags: Gfp): ZoneType {
  const bit: Int = flags & k.GFP_ZONEMASK;
  return (k.GFP_ZONE_TABLE >>> (bit * GFP_ZONES_SHIFT)) & ((1 << GFP_ZONES_SHIFT) - 1);
}

/** The list that a request's pages come from. The mobility bits of gfp_t are MIGRATE_* shifted. */
export function gfp_migratetype(k: Kernel, gfp_flags: Gfp): Migratetype {
  if (k.CONFIG_DEBUG_VM !== 0) {
    // Both bits make the number of MIGRATE_HIGHATOMIC, which no request may ask for.
    const both: boolean = (gfp_flags & k.GFP_MOVABLE_MASK) === k.GFP_MOVABLE_MASK;
    WARN(k, both, 'gfp_migratetype: (gfp_flags & GFP_MOVABLE_MASK) == GFP_MOVABLE_MASK');
  }
  if (k.words[k.globals.page_group_by_mobility_disabled] !== 0) return k.MIGRATE_UNMOVABLE;
  return (gfp_flags & k.GFP_MOVABLE_MASK) >> k.GFP_MOVABLE_SHIFT;
}

/** Migrating pages may write them out, so a request that must not do so cannot ask for it. */
export function gfp_compaction_allowed(k: Kernel, gfp_mask: Gfp): boolean {
  return (gfp_mask & k.__GFP_IO) !== 0;
}
