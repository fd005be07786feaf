/**
 * Where the fields of the kernel's structures lie: word offsets, resolved once when an image is opened, so that
 * `k.words[page + k.page_private]` is `page->private`. Names are struct and member; `_bytes` marks the few byte offsets.
 */
import { Constants } from './constants.js';

export class Layout extends Constants {
  /** 64-bit pointers and longs: two words. */
  readonly wide = this.profile.pointerSize === 8;
  /** Words in a pointer, and in a `long`. */
  readonly ptr_words = this.wide ? 2 : 1;
  readonly smp = this.profile.smp;
  /** `struct mem_section` is there, and has the pageblock bits; else each zone has its own. */
  readonly sparsemem = !this.hasMember('zone', 'pageblock_flags');

  // --- struct list_head ----------------------------------------------------------------------------------------------
  readonly list_prev = this.offset('list_head', 'prev');
  readonly list_head_words = this.sizeWords('list_head');

  // --- struct rb_node ------------------------------------------------------------------------------------------------
  readonly rb_right = this.offset('rb_node', 'rb_right');
  readonly rb_left = this.offset('rb_node', 'rb_left');

  // --- struct page ---------------------------------------------------------------------------------------------------
  readonly page_flags = this.offset('page', 'flags');
  /** Also buddy_list and pcp_list; compound_head is its first pointer. */
  readonly page_lru = this.offset('page', 'lru');
  readonly page_mapping = this.offset('page', 'mapping');
  readonly page_index = this.offset('page', 'index');
  readonly page_private = this.offset('page', 'private');
  readonly page_mapcount = this.offset('page', '_mapcount');
  readonly page_refcount = this.offset('page', '_refcount');
  readonly page_compound_head = this.offset('page', 'compound_head');
  readonly page_compound_dtor_bytes = this.byteOffset('page', 'compound_dtor');
  readonly page_compound_order_bytes = this.byteOffset('page', 'compound_order');
  readonly page_compound_mapcount = this.offset('page', 'compound_mapcount');
  readonly page_compound_pincount = this.offset('page', 'compound_pincount');
  /** 64 bit only. */
  readonly page_compound_nr = this.optionalOffset('page', 'compound_nr');
  /**
   * What tells heads and tails apart (compoundEncoding.ts), as tests of a word: a head has exactly `head_bits` of `head_mask`
   * in its flags, a tail `tail_bits` of `tail_mask` in the word at `page_tail_word`, and leads to its head by the pointer at
   * `page_first_page`.
   */
  readonly first_page = this.PG_tail_bit >= 0 || this.PG_compound_bit >= 0;
  readonly head_bits = this.PG_head;
  readonly head_mask = this.PG_compound_bit < 0 ? this.PG_head : this.PG_head | this.PG_reclaim;
  readonly page_tail_word = this.first_page ? this.page_flags : this.page_compound_head;
  readonly tail_mask = this.tailBits();
  readonly tail_bits = this.tail_mask;
  readonly page_first_page = this.first_page ? this.page_private : this.page_compound_head;
  readonly page_deferred_list = this.offset('page', 'deferred_list');
  /** The word of `flags` with the zone number, and where in it. */
  readonly page_zone_word = this.page_flags + (this.ZONES_PGSHIFT >> 5);
  readonly page_zone_shift = this.ZONES_PGSHIFT & 31;

  // --- struct zone ---------------------------------------------------------------------------------------------------
  readonly zone_words = this.sizeWords('zone');
  readonly zone_watermark = this.offset('zone', '_watermark');
  readonly zone_watermark_boost = this.offset('zone', 'watermark_boost');
  readonly zone_nr_reserved_highatomic = this.offset('zone', 'nr_reserved_highatomic');
  readonly zone_lowmem_reserve = this.offset('zone', 'lowmem_reserve');
  readonly zone_zone_pgdat = this.offset('zone', 'zone_pgdat');
  readonly zone_per_cpu_pageset = this.offset('zone', 'per_cpu_pageset');
  readonly zone_per_cpu_zonestats = this.offset('zone', 'per_cpu_zonestats');
  readonly zone_pageset_high = this.offset('zone', 'pageset_high');
  readonly zone_pageset_batch = this.offset('zone', 'pageset_batch');
  /** FLATMEM only. */
  readonly zone_pageblock_flags = this.optionalOffset('zone', 'pageblock_flags');
  readonly zone_zone_start_pfn = this.offset('zone', 'zone_start_pfn');
  readonly zone_managed_pages = this.offset('zone', 'managed_pages');
  readonly zone_spanned_pages = this.offset('zone', 'spanned_pages');
  readonly zone_present_pages = this.offset('zone', 'present_pages');
  readonly zone_cma_pages = this.offset('zone', 'cma_pages');
  readonly zone_name = this.offset('zone', 'name');
  readonly zone_nr_isolate_pageblock = this.offset('zone', 'nr_isolate_pageblock');
  readonly zone_initialized = this.offset('zone', 'initialized');
  readonly zone_free_area = this.offset('zone', 'free_area');
  readonly zone_flags = this.offset('zone', 'flags');
  readonly zone_percpu_drift_mark = this.offset('zone', 'percpu_drift_mark');
  readonly zone_contiguous_bytes = this.byteOffset('zone', 'contiguous');
  readonly zone_vm_stat = this.offset('zone', 'vm_stat');
  readonly free_area_words = this.sizeWords('free_area');
  readonly free_area_nr_free = this.offset('free_area', 'nr_free');

  // --- struct per_cpu_pages, struct per_cpu_zonestat -----------------------------------------------------------------
  readonly pcp_words = this.sizeWords('per_cpu_pages');
  readonly pcp_count = this.offset('per_cpu_pages', 'count');
  readonly pcp_high = this.offset('per_cpu_pages', 'high');
  readonly pcp_batch = this.offset('per_cpu_pages', 'batch');
  readonly pcp_free_factor_bytes = this.byteOffset('per_cpu_pages', 'free_factor');
  readonly pcp_lists = this.offset('per_cpu_pages', 'lists');
  /** SMP only; the struct is empty otherwise. */
  readonly zonestat_bytes = this.sizeBytes('per_cpu_zonestat');
  readonly zonestat_vm_stat_diff_bytes = this.smp
    ? this.byteOffset('per_cpu_zonestat', 'vm_stat_diff')
    : -1;
  readonly zonestat_stat_threshold_bytes = this.smp
    ? this.byteOffset('per_cpu_zonestat', 'stat_threshold')
    : -1;

  // --- struct pglist_data, struct zonelist ---------------------------------------------------------------------------
  readonly pgdat_node_zones = this.offset('pglist_data', 'node_zones');
  readonly pgdat_node_zonelists = this.offset('pglist_data', 'node_zonelists');
  readonly pgdat_node_id = this.offset('pglist_data', 'node_id');
  readonly pgdat_nr_zones = this.offset('pglist_data', 'nr_zones');
  readonly pgdat_totalreserve_pages = this.offset('pglist_data', 'totalreserve_pages');
  readonly pgdat_kswapd_order = this.offset('pglist_data', 'kswapd_order');
  readonly pgdat_kswapd_failures = this.offset('pglist_data', 'kswapd_failures');
  readonly pgdat_kswapd_highest_zoneidx = this.offset('pglist_data', 'kswapd_highest_zoneidx');
  readonly zonelist_zonerefs = this.offset('zonelist', '_zonerefs');
  readonly zoneref_words = this.sizeWords('zoneref');
  readonly zoneref_zone_idx = this.offset('zoneref', 'zone_idx');

  // --- page tables ---------------------------------------------------------------------------------------------------
  /** Words in an entry of a page table, on any level. */
  readonly pte_words = this.profile.arch === 'i386' ? 1 : 2;
  /** The bits that an entry has. */
  readonly pte_mask = (1n << BigInt(this.pte_words * 32)) - 1n;
  readonly PTE_PFN_MASK = this.profile.wideConstant('PTE_PFN_MASK');
  readonly mm_struct_pgd = this.offset('mm_struct', 'pgd');

  // --- struct mem_section (SPARSEMEM) --------------------------------------------------------------------------------
  readonly PAGES_PER_SECTION = this.sparsemem ? this.constant('PAGES_PER_SECTION') : -1;
  readonly mem_section_words = this.sparsemem ? this.sizeWords('mem_section') : -1;
  readonly mem_section_usage = this.sparsemem ? this.offset('mem_section', 'usage') : -1;
  readonly usage_pageblock_flags = this.sparsemem
    ? this.offset('mem_section_usage', 'pageblock_flags')
    : -1;

  // --- struct cma ------------------------------------------------------------------------------------------------------
  readonly cma_words = this.sizeWords('cma');
  readonly cma_base_pfn = this.offset('cma', 'base_pfn');
  readonly cma_count = this.offset('cma', 'count');
  readonly cma_bitmap = this.offset('cma', 'bitmap');
  readonly cma_order_per_bit = this.offset('cma', 'order_per_bit');
  readonly cma_name_bytes = this.byteOffset('cma', 'name');

  private tailBits(): number {
    if (this.PG_tail_bit >= 0) return 1 << this.PG_tail_bit;
    return this.PG_compound_bit >= 0 ? this.PG_head | this.PG_reclaim : 1;
  }
}
