/** struct compact_control: how a scan goes and how far it came. Source: Linux 6.1 mm/internal.h. */
import type { Gfp, Int, ULong, Zone } from './types.js';

export interface CompactControl {
  readonly zone: Zone;
  readonly gfp_mask: Gfp;
  nr_freepages: Int;
  /** Where the search for pages to migrate goes on. */
  migrate_pfn: ULong;
}
