/**
 * The members of the kernel's structures that this engine names, and how a name is spelled: `page->private` is
 * `k.page.private`. A new field costs one word here.
 *
 * A member of a member is written with its dot and named with an underscore (`work.entry`, `k.slub_flush_work.work_entry`);
 * `?` marks a member that not every build has: -1 there, as are all members of a structure that a build lacks.
 */
export const STRUCTS = {
  address_space: 'a_ops host',
  array_cache: 'avail batchcount entry limit touched',
  attribute: 'mode name',
  attribute_group: 'attrs',
  callback_head: 'func',
  cma: 'base_pfn bitmap count name order_per_bit',
  cpuinfo_x86: 'x86_cache_alignment',
  dentry: 'd_inode d_u.d_alias d_u.d_rcu',
  flush_tlb_info: `
    end freed_tables initiating_cpu mm new_tlb_gen start stride_shift trim_cpumask
  `,
  free_area: 'free_list nr_free',
  idr: 'idr_next idr_rt idr_rt.xa_flags idr_rt.xa_head',
  inode: 'i_dentry i_ino',
  kernfs_node: `
    active attr.ops attr.size count dir.children dir.rev dir.root dir.subdirs flags hash id mode
    name parent priv rb symlink.target_kn
  `,
  kernfs_root:
    'flags id_highbits ino_idr kn supers deactivate_waitq.head kernfs_rwsem.owner last_id_lowbits',
  kmem_cache: `
    align allocflags batchcount? colour? colour_off? cpu_cache? cpu_partial? cpu_partial_slabs?
    cpu_slab? ctor flags freelist_size? gfporder? inuse? kobj? limit? list min? min_partial? name
    node num? object_size offset? oo? reciprocal_buffer_size? reciprocal_size? red_left_pad?
    refcount shared? size useroffset usersize
  `,
  kmem_cache_cpu: 'freelist partial? slab tid',
  kmem_cache_node: `
    alien? colour_next? free_limit? free_objects? free_slabs? free_touched? full? list_lock
    next_reap? nr_partial? nr_slabs? partial? shared? slabs_free? slabs_full? slabs_partial?
    total_objects? total_slabs?
  `,
  kmalloc_info_struct: 'name size',
  kobject: 'entry kref kset ktype name parent sd state_initialized',
  kset: 'kobj list',
  list_head: 'prev',
  mem_section: 'section_mem_map usage',
  mem_section_usage: 'pageblock_flags subsection_map',
  mm_struct: 'mmap_lock.owner pgd pgtables_bytes',
  page: `
    _mapcount _refcount compound_dtor compound_head compound_mapcount compound_nr?
    compound_order compound_pincount deferred_list flags index lru mapping private pt_mm
  `,
  page_address_map: 'list page virtual',
  page_address_slot: 'lh',
  pcpu_block_md: `
    contig_hint contig_hint_start first_free left_free nr_bits right_free scan_hint
    scan_hint_start
  `,
  pcpu_chunk: `
    alloc_map base_addr bound_map chunk_md data end_offset free_bytes immutable isolated list md_blocks
    nr_empty_pop_pages nr_pages nr_populated populated start_offset
  `,
  per_cpu_nodestat: 'stat_threshold vm_node_stat_diff',
  per_cpu_pages: 'batch count free_factor high lists',
  per_cpu_zonestat: 'stat_threshold? vm_stat_diff?',
  pglist_data: `
    kswapd_failures kswapd_highest_zoneidx kswapd_order node_id node_mem_map? node_zonelists
    node_zones nr_zones per_cpu_nodestats totalreserve_pages vm_stat
  `,
  rb_node: '__rb_parent_color rb_left rb_right',
  mempool_s: 'alloc curr_nr elements free lock min_nr pool_data wait.head',
  rcu_ctrlblk: 'curtail donetail gp_seq rcucblist',
  rcu_state: 'expedited_sequence',
  saved_alias: 'name next s',
  slab: 'active? counters? freelist frozen? inuse? next? objects? callback_head s_mem? slab_cache slab_list slabs?',
  slub_flush_work: 's skip work.entry work.func',
  stack_record: 'entries handle hash next size',
  task_struct: 'comm flags kmap_ctrl.idx? kmap_ctrl.pteval? pagefault_disabled',
  track: 'addr cpu handle? pid when',
  vm_struct: 'addr caller flags nr_pages page_order? pages phys_addr size',
  vmap_block_queue: 'free',
  vmap_area: 'list rb_node subtree_max_size va_end va_start vm',
  work_struct: 'data',
  xa_node: 'array callback_head count offset parent private_list shift slots tags',
  xarray: 'xa_flags xa_head',
  zone: `
    _watermark cma_pages compact_considered contiguous flags free_area initialized
    lowmem_reserve managed_pages name nr_isolate_pageblock nr_reserved_highatomic
    pageblock_flags? pageset_batch pageset_high per_cpu_pageset per_cpu_zonestats
    percpu_drift_mark present_pages spanned_pages vm_stat watermark_boost zone_pgdat
    zone_start_pfn
  `,
  zonelist: '_zonerefs',
  zoneref: 'zone_idx',
} as const;
