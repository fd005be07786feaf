/**
 * Parameters and locals of the kernel functions that are listened to. A local of the body may be asked for before it is declared.
 * Made by scripts/kernel/locals.mjs: `npm run locals`.
 */
import type { PteVal } from '../kernel/arch/x86/include/asm/pgtable_types.h.js';
import type { AllocContext, CompactControl } from '../kernel/mm/internal.h.js';
import type { PartialContext } from '../kernel/mm/slub/partial.js';
import type {
  AllocFlags,
  ArrayCache,
  Cma,
  FpiFlags,
  FreeArea,
  Gfp,
  Int,
  KmemCache,
  KmemCacheCpu,
  KmemCacheNode,
  ListHead,
  Long,
  Migratetype,
  Order,
  Out,
  Page,
  PerCpuPages,
  Pfn,
  Pgdat,
  Pte,
  Slab,
  UInt,
  ULong,
  VmStruct,
  VmapArea,
  Zone,
  ZoneType,
  Zoneref,
} from '../machine/ctypes.js';
import type { Cell, VirtAddr } from '../memory/address.js';

export interface KernelLocals {
  readonly ___slab_alloc: {
    readonly s: KmemCache;
    readonly gfpflags: Gfp;
    readonly addr: VirtAddr;
    readonly c: KmemCacheCpu;
    readonly orig_size: UInt;
    readonly freelist?: VirtAddr;
    readonly tid?: ULong;
    readonly slab?: Slab;
    readonly pc?: PartialContext;
    readonly objects?: Int;
  };
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
  readonly __cache_free: {
    readonly cachep: KmemCache;
    readonly objp: VirtAddr;
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
  readonly __purge_vmap_area_lazy: {
    readonly start: VirtAddr;
    readonly end: VirtAddr;
    readonly local_purge_list?: ListHead;
    readonly first?: VmapArea;
    readonly last?: VmapArea;
    readonly va?: VmapArea;
    readonly n_va?: VmapArea;
    readonly nr?: ULong;
    readonly merged?: VmapArea;
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
  readonly __vmalloc_area_node: {
    readonly area: VmStruct;
    readonly gfp_mask: Gfp;
    readonly prot: PteVal;
    readonly page_shift: Int;
    readonly nested_gfp?: Gfp;
    readonly addr?: VirtAddr;
    readonly size?: ULong;
    readonly nr_small_pages?: Int;
    readonly array_size?: ULong;
    readonly text?: string;
    readonly page_order?: Order;
    readonly pages?: Page[];
    readonly nr_pages?: Int;
    readonly i?: number;
  };
  readonly __vmalloc_node_range: {
    readonly size: ULong;
    readonly align: ULong;
    readonly start: VirtAddr;
    readonly end: VirtAddr;
    readonly gfp_mask: Gfp;
    readonly prot: PteVal;
    readonly vm_flags: ULong;
    readonly caller: VirtAddr;
    readonly real_align?: ULong;
    readonly shift?: Int;
    readonly area?: VmStruct;
    readonly ret?: VirtAddr;
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
    readonly cc?: CompactControl;
    readonly ret?: Int;
    readonly order?: Order;
    readonly outer_start?: Pfn;
    readonly outer_end?: Pfn;
  };
  readonly allocate_slab: {
    readonly s: KmemCache;
    readonly flags: Gfp;
    readonly oo?: Int;
    readonly min?: Int;
    readonly alloc_gfp?: Gfp;
    readonly slab?: Slab;
    readonly counters?: ULong;
    readonly start?: VirtAddr;
    readonly p?: VirtAddr;
    readonly idx?: Int;
    readonly next?: VirtAddr;
  };
  readonly boost_watermark: {
    readonly zone: Zone;
    readonly watermark_boost_factor?: Int;
    readonly high?: ULong;
    readonly max_boost?: ULong;
    readonly boost?: ULong;
  };
  readonly cache_alloc_refill: {
    readonly cachep: KmemCache;
    readonly flags: Gfp;
    readonly ac?: ArrayCache;
    readonly batchcount?: Int;
    readonly n?: KmemCacheNode;
    readonly slab?: Slab;
  };
  readonly cache_grow_begin: {
    readonly cachep: KmemCache;
    readonly flags: Gfp;
    readonly local_flags?: Gfp;
    readonly slab?: Slab;
    readonly n?: KmemCacheNode;
    readonly colour?: Int;
    readonly offset?: Int;
    readonly mgmt_flags?: Gfp;
    readonly freelist?: VirtAddr;
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
  readonly do_slab_free: {
    readonly s: KmemCache;
    readonly slab: Slab;
    readonly head: VirtAddr;
    readonly tail: VirtAddr;
    readonly cnt: Int;
    readonly addr: VirtAddr;
    readonly c?: KmemCacheCpu;
    readonly freelist?: Cell;
    readonly tid?: ULong;
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
  readonly fixup_slab_list: {
    readonly cachep: KmemCache;
    readonly n: KmemCacheNode;
    readonly slab: Slab;
  };
  readonly flush_all_zero_pkmaps: {
    readonly need_flush?: Int;
    readonly i?: Int;
    readonly ptep?: Pte;
    readonly page?: Page;
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
  readonly free_slab: {
    readonly s: KmemCache;
    readonly slab: Slab;
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
  readonly get_partial_node: {
    readonly s: KmemCache;
    readonly n: KmemCacheNode;
    readonly pc: PartialContext;
    readonly object?: VirtAddr;
    readonly partial_slabs?: Int;
    readonly partial?: ListHead;
    readonly slab?: Slab;
    readonly slab2?: Slab;
    readonly t?: VirtAddr;
  };
  readonly kmem_cache_alloc_bulk: {
    readonly s: KmemCache;
    readonly flags: Gfp;
    readonly size: Int;
    readonly p: VirtAddr[];
    readonly i?: Int;
    readonly objp?: VirtAddr;
    readonly c?: KmemCacheCpu;
    readonly tid?: ULong;
    readonly object?: VirtAddr;
    readonly object_size?: UInt;
  };
  readonly kmem_getpages: {
    readonly cachep: KmemCache;
    readonly flags: Gfp;
    readonly folio?: Page;
    readonly slab?: Slab;
  };
  readonly map_new_virtual: {
    readonly page: Page;
    readonly count?: Int;
    readonly last_pkmap_nr?: Int;
    readonly vaddr?: VirtAddr;
  };
  readonly no_more_pkmaps: {
    readonly pkmap_nr: Int;
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
  readonly slab_alloc_node: {
    readonly cachep?: KmemCache;
    readonly flags?: Gfp;
    readonly objp?: VirtAddr;
    readonly s?: KmemCache;
    readonly gfpflags?: Gfp;
    readonly addr?: VirtAddr;
    readonly orig_size?: UInt;
    readonly c?: KmemCacheCpu;
    readonly freelist?: Cell;
    readonly object?: VirtAddr;
    readonly next_object?: Cell;
    readonly tid?: ULong;
  };
  readonly slab_destroy: {
    readonly cachep: KmemCache;
    readonly slab: Slab;
    readonly freelist?: VirtAddr;
  };
  readonly slab_out_of_memory: {
    readonly s: KmemCache;
    readonly gfpflags: Gfp;
    readonly gfp?: string;
    readonly name?: string;
    readonly object_size?: Int;
    readonly size?: Int;
    readonly order?: Int;
    readonly min_order?: Int;
    readonly n?: KmemCacheNode;
    readonly nr_free?: ULong;
    readonly nr_slabs?: ULong;
    readonly nr_objs?: ULong;
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
