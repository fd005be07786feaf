/** struct alloc_context: what stays the same in one request. Source: Linux 6.1 mm/internal.h. */
import type { Migratetype, Zonelist, Zoneref, ZoneType } from './types.js';

export interface AllocContext {
  zonelist: Zonelist;
  preferred_zoneref: Zoneref;
  migratetype: Migratetype;
  /** Highest zone the request may use: the index into lowmem_reserve[] of every zone it tries. */
  highest_zoneidx: ZoneType;
  /** Pages to be written through the page cache: stay below the dirty limit. */
  spread_dirty_pages: boolean;
}
