/**
 * Parameters and locals of kernel functions that are listened to. A local of the body may be asked for before it is declared.
 * Made by scripts/kernel/locals.mjs: `npm run locals`.
 */
import type { AllocContext, CompactControl } from '../../kernel/mm/internal.h.js';
import type {
  AllocFlags,
  Cma,
  FpiFlags,
  FreeArea,
  Gfp,
  Int,
  ListHead,
  Long,
  Migratetype,
  Order,
  Out,
  Page,
  PerCpuPages,
  Pfn,
  Pgdat,
  UInt,
  ULong,
  Zone,
  ZoneType,
  Zoneref,
} from '../../machine/ctypes.js';
import type { VirtAddr } from '../../memory/address.js';

export interface PagesLocals {
  readonly __alloc_pages: {
    readonly gfp: Gfp;
    readonly order: Order;
    readonly migratetype?: Migratetype;
    readonly highest_zoneidx?: ZoneType;
    readonly ac?: AllocContext;
    readonly alloc_flags?: AllocFlags;
    readonly page?: Page;
  };
  readonly __alloc_pages_bulk: {
    readonly gfp: Gfp;
    readonly nr_pages: Int;
    readonly page_list: ListHead;
    readonly page_array: Page[] | undefined;
    readonly page?: Page;
    readonly nr_populated?: Int;
    readonly nr_account?: Int;
    readonly ac?: AllocContext;
    readonly alloc_flags?: AllocFlags;
    readonly z?: Zoneref;
    readonly zone?: Zone;
    readonly mark?: ULong;
    readonly preferred?: ZoneType;
    readonly pcp?: PerCpuPages;
    readonly pcp_list?: ListHead;
  };
  readonly __alloc_pages_direct_compact: {
    readonly gfp_mask: Gfp;
    readonly order: Order;
  };
  readonly __alloc_pages_slowpath: {
    readonly gfp_mask: Gfp;
    readonly order: Order;
    readonly ac: AllocContext;
    readonly can_direct_reclaim?: boolean;
    readonly can_compact?: boolean;
    readonly costly_order?: boolean;
    readonly page?: Page;
    readonly did_some_progress?: Out<ULong>;
    readonly both?: Gfp;
    readonly no_progress_loops?: Out<Int>;
    readonly alloc_flags?: AllocFlags;
    readonly reserve_flags?: AllocFlags;
    readonly migratetype?: Migratetype;
    readonly highest_zoneidx?: ZoneType;
    readonly gfp?: Gfp;
  };
  readonly __free_one_page: {
    readonly page: Page;
    readonly pfn: Pfn;
    readonly zone: Zone;
    readonly order: Order;
    readonly migratetype: Migratetype;
    readonly fpi_flags: FpiFlags;
    readonly buddy_pfn?: Pfn;
    readonly buddy?: Page;
    readonly buddy_mt?: Migratetype;
    readonly combined_pfn?: Pfn;
    readonly to_tail?: boolean;
  };
  readonly __perform_reclaim: {
    readonly gfp_mask: Gfp;
    readonly order: Order;
  };
  readonly __rmqueue_fallback: {
    readonly zone: Zone;
    readonly order: Order;
    readonly start_migratetype: Migratetype;
    readonly alloc_flags: AllocFlags;
    readonly area?: FreeArea;
    readonly fallback_mt?: Migratetype;
    readonly can_steal?: Out<boolean>;
    readonly min_order?: Order;
    readonly current_order?: Int;
    readonly page?: Page;
  };
  readonly __rmqueue_pcplist: {
    readonly zone: Zone;
    readonly order: Order;
    readonly migratetype: Migratetype;
    readonly alloc_flags: AllocFlags;
    readonly pcp: PerCpuPages;
    readonly list: ListHead;
    readonly page?: Page;
    readonly batch?: Int;
    readonly alloced?: Int;
  };
  readonly __rmqueue_smallest: {
    readonly zone: Zone;
    readonly order: Order;
    readonly migratetype: Migratetype;
    readonly current_order?: Order;
    readonly area?: FreeArea;
    readonly page?: Page;
  };
  readonly __zone_watermark_ok: {
    readonly z: Zone;
    readonly order: Order;
    readonly mark: ULong;
    readonly highest_zoneidx: ZoneType;
    readonly alloc_flags: AllocFlags;
    readonly free_pages: Long;
    readonly min?: Long;
    readonly lowmem_reserve?: Long;
    readonly o?: Order;
    readonly area?: FreeArea;
    readonly mt?: Migratetype;
  };
  readonly alloc_contig_range: {
    readonly start: Pfn;
    readonly end: Pfn;
    readonly migratetype: Migratetype;
    readonly gfp_mask: Gfp;
    readonly migratepages?: ListHead;
    readonly cc?: CompactControl;
    readonly ret?: Int;
    readonly order?: Order;
    readonly outer_start?: Pfn;
    readonly outer_end?: Pfn;
  };
  readonly boost_watermark: {
    readonly zone: Zone;
    readonly watermark_boost_factor?: Int;
    readonly high?: ULong;
    readonly max_boost?: ULong;
    readonly boost?: ULong;
  };
  readonly cma_alloc: {
    readonly cma: Cma;
    readonly count: ULong;
    readonly align: UInt;
    readonly no_warn: boolean;
    readonly page?: Page;
    readonly ret?: Int;
    readonly bitmap?: VirtAddr;
    readonly mask?: ULong;
    readonly offset?: ULong;
    readonly bitmap_maxno?: ULong;
    readonly bitmap_count?: ULong;
    readonly start?: ULong;
    readonly bitmap_no?: ULong;
    readonly base_pfn?: Pfn;
    readonly pfn?: Pfn;
    readonly gfp_mask?: Gfp;
    readonly name?: string;
  };
  readonly del_page_from_free_list: {
    readonly page: Page;
    readonly zone: Zone;
    readonly order: Order;
  };
  readonly drain_all_pages: {
    readonly zone: Zone;
  };
  readonly expand: {
    readonly zone: Zone;
    readonly page: Page;
    readonly low: Order;
    readonly high: Order;
    readonly migratetype: Migratetype;
    readonly size?: ULong;
    readonly half?: Page;
  };
  readonly free_pcppages_bulk: {
    readonly zone: Zone;
    readonly count: Int;
    readonly pcp: PerCpuPages;
    readonly pindex: Int;
    readonly min_pindex?: Int;
    readonly max_pindex?: Int;
    readonly isolated_pageblocks?: boolean;
    readonly list?: ListHead;
    readonly rounds?: number;
    readonly order?: Order;
    readonly nr_pages?: Int;
    readonly page?: Page;
    readonly mt?: Migratetype;
  };
  readonly get_page_from_freelist: {
    readonly gfp_mask: Gfp;
    readonly order: Order;
    readonly alloc_flags: AllocFlags;
    readonly ac: AllocContext;
    readonly no_fallback?: boolean;
    readonly z?: Zoneref;
    readonly zone?: Zone;
    readonly mark?: ULong;
    readonly page?: Page;
  };
  readonly node_dirty_ok: {
    readonly dirty?: ULong;
    readonly writeback?: ULong;
  };
  readonly prep_new_page: {
    readonly page: Page;
    readonly order: Order;
    readonly gfp_flags: Gfp;
    readonly alloc_flags: AllocFlags;
  };
  readonly reserve_highatomic_pageblock: {
    readonly page: Page;
    readonly zone: Zone;
    readonly max_managed?: ULong;
    readonly reserved?: ULong;
    readonly mt?: Migratetype;
  };
  readonly rmqueue_bulk: {
    readonly zone: Zone;
    readonly order: Order;
    readonly count: ULong;
    readonly list: ListHead;
    readonly migratetype: Migratetype;
    readonly alloc_flags: AllocFlags;
    readonly i?: Int;
    readonly allocated?: Int;
    readonly page?: Page;
  };
  readonly set_pageblock_migratetype: {
    readonly page: Page;
    readonly migratetype: Migratetype;
  };
  readonly steal_suitable_fallback: {
    readonly zone: Zone;
    readonly page: Page;
    readonly alloc_flags: AllocFlags;
    readonly start_type: Migratetype;
    readonly whole_block: boolean;
    readonly current_order?: Order;
    readonly old_block_type?: Migratetype;
    readonly movable_pages?: Out<Int>;
    readonly free_pages?: Int;
    readonly alike_pages?: Int;
  };
  readonly unreserve_highatomic_pageblock: {
    readonly ac: AllocContext;
    readonly force: boolean;
    readonly z?: Zoneref;
    readonly zone?: Zone;
    readonly order?: Order;
    readonly area?: FreeArea;
    readonly page?: Page;
    readonly reserved?: ULong;
    readonly ret?: boolean;
  };
  readonly wakeup_kswapd: {
    readonly zone: Zone;
    readonly order: Order;
    readonly highest_zoneidx: ZoneType;
    readonly pgdat?: Pgdat;
    readonly curr_idx?: ZoneType;
  };
  readonly warn_alloc: {
    readonly gfp_mask: Gfp;
    readonly message: string;
    readonly mode?: string;
  };
  readonly zone_watermark_fast: {
    readonly z: Zone;
    readonly order: Order;
    readonly mark: ULong;
    readonly highest_zoneidx: ZoneType;
    readonly alloc_flags: AllocFlags;
    readonly gfp_mask: Gfp;
    readonly free_pages?: Long;
    readonly usable_free?: Long;
    readonly reserved?: Long;
    readonly lowmem_reserve?: Long;
  };
}
