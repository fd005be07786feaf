/**
 * The members of the kernel's structures that this engine names, and how a name is spelled: `page->private` is
 * `k.page.private`. A new field costs one word here.
 *
 * A member of a member is written with its dot and named with an underscore (`work.entry`, `k.slub_flush_work.work_entry`);
 * `?` marks a member that not every build has: -1 there, as are all members of a structure that a build lacks.
 */
export const STRUCTS = {
  __kfifo: 'data esize in mask out',
  address_space: 'a_ops flags gfp_mask host i_mmap i_mmap_writable i_pages nrpages private_data',
  anon_vma: 'num_active_vmas num_children parent refcount rb_root root rwsem',
  anon_vma_chain: 'anon_vma rb rb_subtree_last same_vma vma',
  array_cache: 'avail batchcount entry limit touched',
  attribute: 'mode name',
  attribute_group: 'attrs',
  bus_type: 'match name p probe remove',
  callback_head: 'func',
  cdev: 'count dev kobj list ops owner',
  char_device_struct: 'baseminor cdev major minorct name next',
  class: 'class_groups name owner',
  cma: 'base_pfn bitmap count name order_per_bit',
  completion: 'done wait.task_list',
  cpu_fbatches: 'activate? lru_add lru_deactivate lru_deactivate_file lru_lazyfree',
  cpuinfo_x86: 'x86_cache_alignment',
  dentry: `
    d_child d_flags d_hash.next d_hash.pprev d_iname d_inode d_lockref d_lockref.count? d_name.hash d_name.len d_name.name d_op d_parent
    d_sb d_subdirs d_u.d_alias d_u.d_rcu
  `,
  debugfs_blob_wrapper: 'data size',
  dentry_operations: 'd_dname',
  device:
    'bus bus_dma_limit class coherent_dma_mask devres_head devt dma_mask dma_pools driver driver_data init_name kobj p parent platform_data release',
  device_driver: 'bus name owner p probe remove',
  device_private: 'deferred_probe device klist_children knode_bus knode_driver',
  devres_node: 'entry release size',
  driver_private: 'driver klist_devices knode_bus',
  flush_tlb_info: `
    end freed_tables initiating_cpu mm new_tlb_gen start stride_shift trim_cpumask
  `,
  dma_page: 'dma in_use offset page_list vaddr',
  dma_pool: 'allocation boundary dev lock name page_list pools size',
  delayed_work: 'cpu timer work wq',
  deferred_split: 'split_queue split_queue_len',
  external_name: 'name u.count u.head',
  file: 'f_owner.pid f_owner.signum f_count f_flags f_inode f_mapping f_mode f_op f_path.dentry f_path.mnt f_pos f_rcuhead private_data',
  fasync_struct: 'fa_fd fa_file fa_next magic',
  file_operations: 'fasync llseek mmap open owner poll read release unlocked_ioctl write',
  file_region: 'from link to',
  fs_struct: 'root.dentry root.mnt',
  folio_batch: 'folios nr percpu_pvec_drained',
  free_area: 'free_list nr_free',
  gen_pool: 'algo chunks data min_alloc_order name',
  gen_pool_chunk: 'avail bits end_addr owner phys_addr start_addr',
  hlist_node: 'pprev',
  hrtimer: '_softexpires function node.expires state',
  hstate: `
    demote_order free_huge_pages free_huge_pages_node hugepage_activelist hugepage_freelists mask max_huge_pages name
    next_nid_to_alloc next_nid_to_free nr_huge_pages nr_huge_pages_node nr_overcommit_huge_pages order resize_lock resv_huge_pages
    surplus_huge_pages surplus_huge_pages_node
  `,
  huge_bootmem_page: 'hstate list',
  hugetlb_vma_lock: 'refs rw_sema vma',
  hugetlbfs_sb_info: 'free_inodes hstate max_inodes spool',
  ida: 'xa',
  ida_bitmap: 'bitmap',
  idr: 'idr_next idr_rt idr_rt.xa_flags idr_rt.xa_head',
  inode:
    'i_blocks i_cdev i_data i_dentry i_devices i_fop i_ino i_mapping i_mode i_private i_rcu i_rdev i_sb i_size',
  irq_chip: 'name',
  irq_desc: `
    action core_internal_state__do_not_mess_with_it depth irq_data.chip irq_data.domain irq_data.hwirq irq_data.irq kstat_irqs
    name tot_count
  `,
  irqaction: 'dev_id flags handler irq name next thread_flags thread_fn',
  kernfs_node: `
    active attr.ops attr.size count dir.children dir.rev dir.root dir.subdirs flags hash id mode
    name parent priv rb symlink.target_kn
  `,
  kernfs_root:
    'flags id_highbits ino_idr kn supers deactivate_waitq.head kernfs_rwsem.owner last_id_lowbits',
  klist: 'k_list',
  klist_node: 'n_klist n_node n_ref',
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
  khugepaged_mm_slot: '',
  khugepaged_scan: 'mm_head mm_slot',
  kobject: 'entry kref kset ktype name parent sd state_initialized',
  kobj_map: 'lock probes',
  kobj_type: 'release sysfs_ops',
  kset: 'kobj list',
  kthread: 'cpu data exited flags full_name parked result threadfn',
  list_head: 'prev',
  list_lru: 'node',
  list_lru_node: 'lru nr_items',
  list_lru_one: 'list nr_items',
  lru_rotate: 'fbatch',
  lruvec: 'anon_cost file_cost flags lists nonresident_age',
  maple_alloc: 'node_count request_count slot total',
  maple_arange_64: 'gap meta.end meta.gap pivot slot',
  maple_node: 'parent parent_slot piv_parent rcu slot_len type',
  maple_range_64: 'meta.end meta.gap pivot slot',
  maple_topiary: 'next',
  maple_tree: 'ma_flags ma_root',
  mem_section: 'section_mem_map usage',
  mem_section_usage: 'pageblock_flags subsection_map',
  mlock_pvec: 'vec',
  miscdevice: 'fops list minor name this_device',
  mm_slot: 'hash mm mm_node',
  mm_walk: 'action mm no_vma ops pgd private vma',
  mm_walk_ops: `
    hugetlb_entry p4d_entry pgd_entry pmd_entry post_vma pre_vma pte_entry pte_hole pud_entry test_walk
  `,
  mm_struct: `
    context.vdso_image hugetlb_usage pmd_huge_pte?
    arg_end arg_start brk data_vm def_flags end_code end_data exe_file exec_vm flags hiwater_rss hiwater_vm locked_vm
    map_count mm_count mm_mt mm_users mmap_base mmap_legacy_base mmap_lock mmap_lock.owner mmlist pgd pgtables_bytes
    pinned_vm rss_stat stack_vm start_brk start_code start_data start_stack task_size total_vm write_protect_seq
  `,
  mmu_gather_batch: 'max next nr pages',
  mount: 'mnt mnt_mountpoint mnt_parent',
  mutex: 'owner wait_list',
  mutex_waiter: 'list task',
  page: `
    _mapcount _refcount compound_dtor compound_head compound_mapcount compound_nr?
    compound_order compound_pincount deferred_list flags index lru mapping mlock_count pmd_huge_pte private pt_mm
  `,
  page_frag_cache: 'offset pagecnt_bias pfmemalloc size va',
  page_address_map: 'list page virtual',
  page_address_slot: 'lh',
  pagevec: 'nr pages percpu_pvec_drained',
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
  percpu_counter: 'count counters?',
  pid_namespace: 'idr',
  pglist_data: `
    __lruvec
    deferred_split_queue kswapd_failures kswapd_highest_zoneidx kswapd_order node_id node_mem_map? node_zonelists
    node_zones nr_zones per_cpu_nodestats totalreserve_pages vm_stat
  `,
  platform_device: 'dev id id_auto id_entry name num_resources resource',
  platform_device_id: 'name',
  platform_driver: 'driver id_table probe remove',
  poll_table_entry: 'filp wait wait_address',
  poll_table_struct: '_qproc',
  poll_wqueues: 'inline_entries inline_index polling_task pt._qproc triggered',
  probe: 'data dev get lock next owner range',
  proc_dir_entry: 'data mode name parent proc_ops seq_ops single_show state_size',
  proc_ops: 'proc_ioctl proc_lseek proc_mmap proc_open proc_poll proc_read proc_release proc_write',
  percpu_ref: 'data percpu_count_ptr',
  percpu_ref_data: 'allow_reinit confirm_switch count force_atomic rcu ref release',
  rb_node: '__rb_parent_color rb_left rb_right',
  rb_root_cached: 'rb_leftmost',
  mempool_s: 'alloc curr_nr elements free lock min_nr pool_data wait.head',
  rcu_ctrlblk: 'curtail donetail gp_seq rcucblist',
  rcu_state: 'expedited_sequence',
  saved_alias: 'name next s',
  seq_file: 'buf count file from index lock op pad_until private read_pos size',
  seq_operations: 'next show start stop',
  sg_table: 'nents orig_nents sgl',
  shmem_sb_info: 'ino_batch next_ino',
  shrink_control: 'gfp_mask memcg nid nr_scanned nr_to_scan',
  shrinker: 'batch count_objects flags list nr_deferred scan_objects seeks',
  slab: 'active? counters? freelist frozen? inuse? next? objects? callback_head s_mem? slab_cache slab_list slabs?',
  slub_flush_work: 's skip work.entry work.func',
  subsys_private: 'bus klist_devices klist_drivers',
  super_block: 's_dev s_fs_info',
  srcu_data: 'cpu srcu_cblist srcu_lock_count srcu_unlock_count ssp',
  srcu_struct: `
    sda? srcu_cb_head? srcu_cb_tail? srcu_gp_running? srcu_gp_seq? srcu_gp_seq_needed? srcu_idx srcu_idx_max? srcu_lock_nesting?
    srcu_work? srcu_wq? work?
  `,
  swait_queue: 'task task_list',
  stack_record: 'entries handle hash next size',
  resv_map: 'adds_in_progress refs region_cache region_cache_count regions rw_sema',
  resource: '',
  rw_semaphore: 'count owner wait_list',
  rwsem_waiter: 'handoff_set list task timeout type',
  scatterlist: 'dma_address dma_length length offset page_link',
  bucket_table: 'buckets future_tbl hash_rnd rcu size walkers',
  rhashtable: 'key_len max_elems mutex nelems p run_work tbl',
  rhashtable_compare_arg: 'ht key',
  rhashtable_iter: 'end_of_table ht p skip slot walker',
  rhashtable_params: `
    automatic_shrinking hashfn head_offset key_len key_offset max_size min_size nelem_hint obj_cmpfn obj_hashfn
  `,
  rhashtable_walker: 'list tbl',
  rcu_segcblist: 'head len tails',
  semaphore: 'count wait_list',
  semaphore_waiter: 'list task up',
  sigaction: 'sa_flags sa_handler sa_mask sa_restorer',
  sighand_struct: 'action count',
  signal_struct: 'rlim sigcnt',
  sysinfo: 'freehigh freeram mem_unit sharedram totalhigh totalram',
  task_struct: `
    __state active_mm blocked comm cred exit_code exit_state flags fs group_leader kmap_ctrl.idx? kmap_ctrl.pteval? maj_flt min_flt mm on_cpu? pagefault_disabled
    parent pending.list pending.signal personality pid real_cred real_parent rss_stat? sas_ss_flags sas_ss_size sas_ss_sp sighand signal stack tasks tgid thread_info.cpu? thread_info.flags usage worker_private
  `,
  tasklet_struct: 'callback count data func next state use_callback',
  timer_list: 'entry expires flags function',
  track: 'addr cpu handle? pid when',
  vm_area_struct: `
    anon_vma anon_vma_chain shared.rb shared.rb_subtree_last vm_end vm_file vm_flags vm_mm vm_ops vm_page_prot vm_pgoff
    vm_private_data vm_start
  `,
  vm_fault: 'address cow_page flags gfp_mask page pgoff pmd pte pud real_address vma',
  vm_operations_struct: 'close fault map_pages may_split open page_mkwrite',
  vm_struct: 'addr caller flags nr_pages page_order? pages phys_addr size',
  vfsmount: 'mnt_root mnt_sb',
  vmap_block: 'callback_head dirty dirty_max dirty_min free free_list purge va',
  vmap_block_queue: 'free',
  vmap_area: 'list rb_node subtree_max_size va_end va_start vm',
  wait_page_queue: 'bit_nr folio wait',
  wait_queue_entry: 'entry flags func private',
  wait_queue_head: 'head',
  work_struct: 'data entry func',
  worker_pool: 'worklist',
  workqueue_struct: 'flags list name saved_max_active work_color',
  xa_node: 'array callback_head count nr_values offset parent private_list shift slots tags',
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
