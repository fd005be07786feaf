/**
 * What of a kernel goes into its profile: names only, no facts about them.
 *
 * Types. A struct or union named in TYPES is written whole, and so is every one it contains by value; those that are only
 * pointed to, or named in SIZE_ONLY, are written as a size. Of the structs in PARTS only the members given are written.
 * Enums and typedefs come along with whatever uses them; ENUMS adds those used through plain integers.
 */

const words = (text) => text.trim().split(/\s+/);

export const TYPES = words(`
  page folio list_head hlist_head hlist_node rb_node rb_root rb_root_cached llist_head llist_node
  zone pglist_data free_area per_cpu_pages per_cpu_zonestat per_cpu_nodestat zonelist zoneref lruvec
  mem_section mem_section_usage
  slab kmem_cache kmem_cache_cpu kmem_cache_node kmem_cache_order_objects array_cache alien_cache kmalloc_info_struct
  kmem_obj_info track stack_record detached_freelist partial_context
  vm_struct vmap_area vmap_block vmap_block_queue vfree_deferred
  mm_struct vm_area_struct anon_vma anon_vma_chain address_space vm_fault vm_operations_struct mmu_gather
  maple_tree maple_node maple_topiary xarray xa_node
  cma memblock memblock_type memblock_region
  vm_event_state cpu_fbatches folio_batch pagevec lru_rotate mlock_pvec
  hstate hugepage_subpool resv_map huge_bootmem_page file_region hugetlb_vma_lock khugepaged_mm_slot
  pcpu_chunk pcpu_block_md pcpu_group_info pcpu_alloc_info
  swap_info_struct swap_cluster_info percpu_cluster reclaim_state shrinker shrink_control
  scan_control compact_control capture_control alloc_context oom_control migration_target_control
  page_frag page_frag_cache cpa_data
  cpu_entry_area exception_stacks cea_exception_stacks
  rw_semaphore mutex thread_info resource flush_tlb_info work_struct kthread worker
  deferred_split mm_slot khugepaged_scan
  kobject kset kernfs_node kernfs_root idr attribute attribute_group slab_attribute saved_alias callback_head rcu_ctrlblk
  mempool_s kref wait_queue_head wait_queue_entry wait_page_queue rwsem_waiter semaphore semaphore_waiter completion swait_queue
  mutex_waiter sigpending percpu_counter ida ida_bitmap xa_limit
  path file_operations miscdevice delayed_work timer_list vma_iterator ma_state sysinfo pid
  cdev char_device_struct kobj_map probe seq_file seq_operations proc_ops proc_dir_entry tasklet_struct poll_table_struct fasync_struct
  device_attribute class_attribute debugfs_blob_wrapper external_name
  scatterlist sg_table sg_mapping_iter dma_pool dma_page mm_walk mm_walk_ops kobj_attribute kobj_type sysfs_ops bin_attribute qrwlock
  devres_node hugetlbfs_sb_info subsys_private device_private class_dir klist klist_node
  irqaction platform_device platform_driver platform_device_id of_device_id device_driver bus_type driver_private hrtimer __kfifo notifier_block atomic_notifier_head blocking_notifier_head raw_notifier_head
  srcu_notifier_head timespec64 kernel_param kernel_param_ops poll_table_entry poll_wqueues pollfd fown_struct ratelimit_state kthread_worker
  kthread_work circ_buf list_lru list_lru_node list_lru_one percpu_ref percpu_ref_data srcu_struct rhash_head rhashtable
  rhashtable_params bucket_table rhashtable_compare_arg rhashtable_iter rhashtable_walker rhlist_head rhltable interval_tree_node srcu_data new_utsname tm irq_affinity_notify printk_ringbuffer
`);

/**
 * Structures of files that no recorded build has: their members in order, laid out as the ABI has it.
 * Source: Linux 6.1 include/linux/genalloc.h.
 */
export const DECLARED = {
  genpool_data_align: ['int align'],
  genpool_data_fixed: ['unsigned long offset'],
  gen_pool: [
    'spinlock_t lock',
    'struct list_head chunks',
    'int min_alloc_order',
    'unsigned long (*algo)(unsigned long *, unsigned long, unsigned long, unsigned int, void *, struct gen_pool *, unsigned long)',
    'void *data',
    'char *name',
  ],
  gen_pool_chunk: [
    'struct list_head next_chunk',
    'atomic_long_t avail',
    'phys_addr_t phys_addr',
    'void *owner',
    'unsigned long start_addr',
    'unsigned long end_addr',
    'unsigned long bits[0]',
  ],
};

/** Contained by value somewhere, but of no interest here. */
export const SIZE_ONLY = words(`
  address_space_operations tss_struct entry_stack_page debug_store debug_store_buffers
  rq rcu_data
  optimistic_spin_queue uprobes_state kernfs_iattrs
`);

export const PARTS = {
  task_struct: words(`
    thread_info __state stack usage flags on_cpu prio static_prio normal_prio rt_priority policy tasks mm active_mm rss_stat
    exit_state exit_code pid tgid real_parent parent children sibling group_leader thread_node comm files nsproxy signal
    maj_flt min_flt nr_dirtied reclaim_state capture_control task_frag kmap_ctrl personality worker_private in_execve in_iowait
    oom_reaper_list oom_reaper_timer plug pagefault_disabled fs nvcsw nivcsw
    pending blocked cred real_cred sighand sas_ss_sp sas_ss_size sas_ss_flags
  `),
  cred: words(`usage uid gid suid sgid euid egid fsuid fsgid`),
  irq_desc: words(`irq_data handle_irq action status_use_accessors depth tot_count kstat_irqs irq_count core_internal_state__do_not_mess_with_it threads_oneshot threads_active wait_for_threads name`),
  irq_chip: words(`name`),
  signal_struct: words(`sigcnt thread_head nr_threads rlim`),
  sighand_struct: words(`siglock count action`),
  // '': the unions without a name.
  file: ['', ...words(`f_path f_inode f_op f_count f_flags f_mode f_pos f_owner f_mapping private_data`)],
  inode: ['', ...words(`i_mode i_opflags i_op i_sb i_mapping i_ino i_size i_blocks i_rwsem i_data i_rdev i_private i_devices`)],
  dentry: words(`d_flags d_hash d_parent d_name d_inode d_iname d_lockref d_op d_sb d_child d_subdirs d_u`),
  dentry_operations: words(`d_dname`),
  super_block: words(`s_list s_dev s_type s_root s_fs_info`),
  file_system_type: words(`name`),
  mount: words(`mnt_parent mnt_mountpoint mnt mnt_pcp`),
  shmem_sb_info: words(`next_ino ino_batch`),
  vfsmount: words(`mnt_root mnt_sb`),
  fs_struct: words(`umask root pwd`),
  vm_special_mapping: words(`name`),
  rcu_state: words(`expedited_sequence`),
  class: words(`name owner class_groups dev_groups dev_kobj devnode class_release dev_release p`),
  device: words(`
    kobj parent init_name driver_data devt class driver dma_mask coherent_dma_mask bus_dma_limit dma_pools devres_lock devres_head groups
    release p bus type platform_data of_node id
  `),
  workqueue_struct: words(`list work_color saved_max_active flags name`),
  worker_pool: words(`worklist`),
  worker: words(`task`),
};

export const ENUMS = words(`
  zone_type migratetype pageflags zone_stat_item node_stat_item vm_event_item zone_flags pgdat_flags zone_watermarks
  lru_list compound_dtor_id pageblock_bits writeback_stat_item
  lruvec_flags migrate_mode migrate_reason compact_result compact_priority page_walk_action
  kmalloc_cache_type slab_state fixed_addresses ttu_flags vm_fault_reason fault_flag tlb_flush_reason pg_level
  page_cache_mode memblock_flags meminit_context mapping_flags oom_constraint
  transparent_hugepage_flag hugetlb_page_flags maple_type scan_result system_states pcpu_fc hk_type hrtimer_mode hrtimer_restart irqreturn lru_status
`);

/** Untagged enums, by one of their enumerators. */
export const UNTAGGED_ENUMS = words(`
  SECTION_MARKED_PRESENT_BIT ZONELIST_FALLBACK MM_FILEPAGES SUBPAGE_INDEX_SUBPOOL PERCPU_REF_INIT_ATOMIC HRTIMER_MODE_ABS IRQ_NONE
  WMARK_MIN
`);

export const TYPEDEFS = words(`
  gfp_t pte_t pmd_t pud_t p4d_t pgd_t pgprot_t pteval_t pmdval_t pudval_t pgdval_t pgprotval_t phys_addr_t dma_addr_t
  resource_size_t atomic_t atomic_long_t atomic64_t spinlock_t raw_spinlock_t size_t ssize_t loff_t off_t pid_t
  bool u8 u16 u32 u64 s8 s16 s32 s64 __u8 __u16 __u32 __u64 uint8_t uint16_t uint32_t uint64_t int32_t
  int64_t uintptr_t slab_flags_t vm_fault_t compound_page_dtor freelist_idx_t swp_entry_t
  pgtable_t vm_flags_t uint ulong ushort kuid_t dev_t nodemask_t cpumask_t
  pg_data_t refcount_t mempool_t rwlock_t wait_queue_head_t wait_queue_entry_t ktime_t
  poll_table __poll_t fmode_t umode_t uid_t gid_t kgid_t work_func_t irqreturn_t irq_handler_t notifier_fn_t clockid_t time64_t u_int seqlock_t list_lru_walk_cb irq_cpustat_t
`);

/** Types that the kernel's headers define as macros: as typedefs. */
export const TYPE_MACROS = { pgoff_t: 'unsigned long' };

/** Data symbols, with the `.N` of function-local ones left off. */
export const SYMBOLS = words(`
  mem_map contig_page_data mem_section max_pfn max_low_pfn min_low_pfn max_mapnr high_memory highstart_pfn
  highend_pfn max_possible_pfn max_low_pfn_mapped max_pfn_mapped highest_memmap_pfn __highest_present_section_nr
  arch_zone_lowest_possible_pfn arch_zone_highest_possible_pfn zone_movable_pfn movable_zone nr_all_pages nr_kernel_pages
  dma_reserve _totalram_pages _totalhigh_pages totalreserve_pages totalcma_pages gfp_allowed_mask
  min_free_kbytes user_min_free_kbytes watermark_boost_factor watermark_scale_factor sysctl_lowmem_reserve_ratio
  percpu_pagelist_high_fraction page_group_by_mobility_disabled fallbacks zone_names migratetype_names zonelist_update_seq
  compound_page_dtors pageflag_names gfpflag_names vmaflag_names pcpu_drain_mutex lru_disable_count
  boot_pageset boot_zonestats boot_nodestats vm_zone_stat vm_node_stat vm_event_states vmstat_text vm_numa_stat_key
  node_states nr_cpu_ids __cpu_online_mask __cpu_possible_mask __per_cpu_offset
  this_cpu_off cpu_number
  sysctl_compact_unevictable_allowed sysctl_compaction_proactiveness sysctl_extfrag_threshold
  memblock memblock_memory_init_regions memblock_reserved_init_regions memblock_can_resize
  memblock_memory_in_slab memblock_reserved_in_slab system_has_some_mirror
  cma_areas cma_area_count cma_mutex dma_contiguous_default_area
  slab_caches slab_mutex slab_state slab_nomerge kmem_cache kmem_cache_node kmem_cache_boot
  boot_kmem_cache boot_kmem_cache_node
  kmalloc_caches kmalloc_info size_index slub_debug slub_debug_enabled slub_max_order slub_min_order slub_min_objects
  slab_nodes disable_higher_order_debug slub_flush object_map slab_max_order slab_max_order_set init_kmem_cache_node
  use_alien_caches slab_reap_work slab_caches_to_rcu_destroy
  kernel_kobj sysfs_root alias_list dynamic_kobj_ktype kset_ktype slab_kset slab_ktype slab_attrs slab_attr_group sysfs_root_kn sysfs_file_kfops_rw kernfs_node_cache rcu_ctrlblk
  anon_vma_ctor delayed_put_task_struct mt_free_rcu mt_free_walk shmem_init_inode thread_stack_free_rcu
  radix_tree_node_ctor radix_tree_node_rcu_free flush_cpu_slab slab_debugfs_root __d_free __d_free_external i_callback file_free_rcu
  rcu_free_slab kmem_rcu_free simple_dname mempool_alloc_slab mempool_free_slab mempool_kmalloc mempool_kfree mempool_alloc_pages
  mempool_free_pages wake_page_function autoremove_wake_function default_wake_function
  anon_vma_cachep anon_vma_chain_cachep vmap_area_cachep vm_area_cachep mm_cachep task_struct_cachep files_cachep
  fs_cachep sighand_cachep signal_cachep radix_tree_node_cachep maple_node_cache shmem_inode_cachep dentry_cache pgd_cache
  filp_cachep names_cachep inode_cachep dentry_hashtable d_hash_shift init_fs
  vmap_area_list vmap_area_root free_vmap_area_list free_vmap_area_root purge_vmap_area_list purge_vmap_area_root
  vmap_lazy_nr nr_vmalloc_pages vmlist vmap_initialized vmap_blocks vmap_block_queue vfree_deferred
  ne_fit_preload_node ioremap_max_page_shift vmap_area_lock free_vmap_area_lock vmap_purge_lock drain_vmap_work
  vmap_allow_huge purge_vmap_area_lock
  pkmap_count pkmap_page_table last_pkmap_nr page_address_htable page_address_maps __kmap_pte
  pkmap_map_wait
  init_mm init_task current_task cpu_current_top_of_stack pgd_list pgd_lock swapper_pg_dir init_top_pgt early_top_pgt
  initial_page_table level1_fixmap_pgt level2_fixmap_pgt level2_kernel_pgt level3_kernel_pgt
  initial_pg_pmd initial_pg_fixmap bm_pte
  empty_zero_page zero_pfn phys_base
  __supported_pte_mask __default_kernel_pte_mask __VMALLOC_RESERVE __FIXADDR_TOP __userpte_alloc_gfp
  page_size_mask direct_pages_count direct_gbpages after_bootmem pfn_mapped nr_pfn_mapped pgt_buf_end pgt_buf_top
  __cachemode2pte_tbl __pte2cachemode_tbl protection_map mmu_cr4_features boot_cpu_data e820_table e820_table_kexec
  e820_table_firmware boot_command_line
  iomem_resource cpu_tlbstate cpu_tlbstate_shared flush_tlb_info last_mm_ctx_id poking_mm poking_addr
  cpu_entry_area idt_table gdt_page cpu_tss_rw entry_stack_storage doublefault_stack exception_stacks cpu_debug_store
  real_mode_blob real_mode_blob_end
  pcpu_base_addr pcpu_unit_size pcpu_unit_pages pcpu_nr_units pcpu_nr_slots pcpu_chunk_lists pcpu_first_chunk
  pcpu_reserved_chunk pcpu_unit_offsets pcpu_unit_map pcpu_group_offsets pcpu_group_sizes pcpu_nr_groups pcpu_atom_size
  pcpu_chunk_struct_size pcpu_nr_populated pcpu_nr_empty_pop_pages pcpu_low_unit_cpu pcpu_high_unit_cpu
  pcpu_sidelined_slot pcpu_to_depopulate_slot pcpu_free_slot pcpu_lock pcpu_alloc_mutex
  pcpu_balance_work pcpu_async_enabled pcpu_atomic_alloc_failed pages pcpu_get_vm_areas
  hstates hugetlb_max_hstate default_hstate_idx hugetlb_fault_mutex_table num_fault_mutexes hugetlb_lock huge_boot_pages hugetlb_cma hugetlbfs_inode_cachep
  hugetlbfs_vfsmount mnt_cache hugepages_kobj mm_kobj hstate_kobjs hstate_attrs hstate_attr_group hstate_demote_attrs hstate_demote_attr_group
  nr_hugepages_attr nr_overcommit_hugepages_attr free_hugepages_attr resv_hugepages_attr surplus_hugepages_attr demote_attr demote_size_attr
  last_ino shared_last_ino nr_dentry nr_inodes debugfs_mount debugfs_mount_count
  hugetlbfs_file_operations mm_slot_cache khugepaged_max_ptes_none khugepaged_max_ptes_swap khugepaged_max_ptes_shared
  transparent_hugepage_flags huge_zero_page huge_zero_pfn huge_zero_refcount mm_slots_hash khugepaged_scan
  khugepaged_thread deferred_split_shrinker
  shrinker_list shrinker_rwsem sysctl_drop_caches irq_err_count irq_mis_count irq_stat i8259A_chip srcu_drive_gp process_srcu
  percpu_ref_switch_to_atomic_rcu percpu_ref_noop_confirm_switch rht_deferred_worker jhash rhashtable_jhash2 bucket_table_free_rcu vm_swappiness swap_info swapper_spaces nr_swap_pages total_swap_pages nr_swapfiles
  swap_active_head swap_avail_heads swp_slots swap_slot_cache_active swap_slot_cache_enabled
  cpu_fbatches lru_rotate mlock_pvec lru_add_drain_work
  vm_dirty_ratio dirty_background_ratio vm_dirty_bytes dirty_background_bytes global_wb_domain laptop_mode ratelimit_pages
  sysctl_overcommit_memory sysctl_overcommit_ratio sysctl_overcommit_kbytes vm_committed_as vm_committed_as_batch
  sysctl_max_map_count sysctl_user_reserve_kbytes sysctl_admin_reserve_kbytes stack_guard_gap mmap_min_addr
  randomize_va_space fault_around_bytes page_cluster sysctl_page_lock_unfairness folio_wait_table mmlist_lock
  oom_lock oom_victims oom_killer_disabled sysctl_panic_on_oom sysctl_oom_kill_allocating_task sysctl_oom_dump_tasks
  oom_reaper_list init_on_alloc init_on_free
  cpus_with_pcps lru_drain_gen has_work tainted_mask debug_locks
  stack_table stack_hash_mask stack_slabs depot_index depot_offset next_slab_inited
  runqueues cpu_worker_pools rcu_ctrlblk rcu_data rcu_state
  system_state prb jiffies jiffies_64 saved_command_line init_uts_ns linux_banner tasklist_lock init_pid_ns
  shmem_swaplist shm_mnt generic_file_vm_ops shmem_vm_ops hugetlb_vm_ops special_mapping_vmops
  dummy_vm_ops
  chrdevs cdev_map chrdevs_lock exact_match exact_lock base_probe ktype_cdev_default ktype_cdev_dynamic def_chr_fops
  proc_pid_maps_operations proc_pid_smaps_operations proc_pagemap_operations proc_single_file_operations proc_iter_file_ops
  proc_sys_file_operations kernfs_file_fops zero_fops null_fops
  seq_file_cache seq_read seq_lseek seq_release single_release single_start single_next single_stop proc_dir_entry_cache
  proc_reg_file_ops proc_dir_operations proc_single_ops proc_seq_ops fops_u8 fops_u16 fops_u32 fops_u64 fops_ulong fops_x8 fops_x16 fops_x32 fops_x64 fops_size_t
  fops_atomic_t fops_bool fops_blob single_open_size seq_release_private devm_kmalloc_release devm_action_release devm_ioremap_release devm_pages_release
  devices_kset class_kset dev_kobj sysfs_dev_char_kobj sysfs_dev_block_kobj device_ktype class_ktype class_dir_ktype virtual_dir
  dev_attr_uevent dev_attr_dev
  noop_llseek default_llseek generic_file_llseek nonseekable_open stream_open simple_open generic_file_open
  __pollwait pollwake irq_desc_tree devm_irq_release platform_bus_type platform_devid_ida platform_bus platform_device_release init_cred init_user_ns fasync_cache qnodes
  delayed_work_timer_fn system_wq system_highpri_wq system_long_wq system_unbound_wq system_freezable_wq system_power_efficient_wq
`);

/** C types of symbols that type information leaves out: statics inside of functions, assembly. A name stands for a constant. */
export const SYMBOL_TYPES = {
  last_pkmap_nr: 'unsigned int',
  lru_drain_gen: 'unsigned int',
  cpus_with_pcps: 'cpumask_t',
  has_work: 'struct cpumask',
  shared_last_ino: 'atomic_t',
  virtual_dir: 'struct kobject *',
  jiffies: 'unsigned long',
  swapper_pg_dir: 'pgd_t [PTRS_PER_PGD]',
};

/** Labels of sections, most of which have an address only; and tables of which only the name is wanted. */
export const LABELS = words(`
  _text _stext _etext _sinittext _einittext _sdata _edata _end __bss_start __bss_stop __brk_base __brk_limit _brk_start
  _brk_end __init_begin __init_end __per_cpu_start __per_cpu_end __per_cpu_load __start_rodata __end_rodata
  __end_rodata_hpage_align __end_rodata_aligned __start_ro_after_init __end_ro_after_init __smp_locks __smp_locks_end
  __nosave_begin __nosave_end startup_32 startup_64 __end_of_kernel_reserve init_thread_union init_stack
  __brk_pagetables
  shmem_aops ram_aops def_blk_aops hugetlbfs_aops empty_aops anon_ops
`);

/** CONFIG_ values that change what memory management does: 1 for y, 0 when unset or unknown to the architecture. */
export const CONFIG = words(`
  SMP NR_CPUS NUMA X86_32 X86_64 X86_PAE X86_5LEVEL X86_DIRECT_GBPAGES HIGHMEM HIGHMEM4G HIGHMEM64G NOHIGHMEM HIGHPTE
  PGTABLE_LEVELS PHYSICAL_START PHYSICAL_ALIGN PAGE_OFFSET RANDOMIZE_BASE RELOCATABLE
  FLATMEM SPARSEMEM SPARSEMEM_EXTREME SPARSEMEM_VMEMMAP MEMORY_HOTPLUG DEFERRED_STRUCT_PAGE_INIT NODES_SHIFT
  ZONE_DMA ZONE_DMA32 ZONE_DEVICE ARCH_FORCE_MAX_ORDER PCP_BATCH_SCALE_MAX BASE_SMALL
  SLAB SLUB SLOB SLUB_CPU_PARTIAL SLUB_DEBUG SLUB_DEBUG_ON SLUB_STATS SLUB_TINY SLAB_MERGE_DEFAULT SLAB_FREELIST_RANDOM
  SLAB_FREELIST_HARDENED
  COMPACTION COMPACT_UNEVICTABLE_DEFAULT MIGRATION MEMORY_ISOLATION CONTIG_ALLOC CMA CMA_AREAS CMA_ALIGNMENT DMA_CMA
  CMA_SIZE_MBYTES TRANSPARENT_HUGEPAGE TRANSPARENT_HUGEPAGE_ALWAYS TRANSPARENT_HUGEPAGE_MADVISE THP_SWAP HUGETLB_PAGE
  HUGETLBFS HUGETLB_PAGE_SIZE_VARIABLE HUGETLB_PAGE_OPTIMIZE_VMEMMAP ARCH_WANT_HUGE_PMD_SHARE HAVE_ARCH_HUGE_VMALLOC
  HAVE_ARCH_HUGE_VMAP HAVE_ALIGNED_STRUCT_PAGE VMAP_STACK THREAD_INFO_IN_TASK DEBUG_KMAP_LOCAL
  SWAP SHMEM ZSWAP KSM LRU_GEN MEMCG MEMCG_KMEM MEMORY_FAILURE USERFAULTFD PAGE_REPORTING IDLE_PAGE_TRACKING
  PAGE_IDLE_FLAG PAGE_EXTENSION PAGE_OWNER PAGE_POISONING PAGE_TABLE_CHECK PAGE_TABLE_ISOLATION SHUFFLE_PAGE_ALLOCATOR
  DEBUG_PAGEALLOC DEBUG_VM DEBUG_LIST DEBUG_SPINLOCK DEBUG_LOCK_ALLOC LOCKDEP KASAN KFENCE INIT_ON_ALLOC_DEFAULT_ON
  INIT_ON_FREE_DEFAULT_ON ILLEGAL_POINTER_VALUE DEFAULT_MMAP_MIN_ADDR PREEMPT PREEMPT_NONE PREEMPT_COUNT HZ 64BIT
  X86_L1_CACHE_SHIFT X86_INTERNODE_CACHE_SHIFT BUG STRICT_KERNEL_RWX NEED_PER_CPU_EMBED_FIRST_CHUNK
  NEED_PER_CPU_PAGE_FIRST_CHUNK ARCH_ENABLE_SPLIT_PMD_PTLOCK SPLIT_PTLOCK_CPUS ARCH_HAS_PTE_SPECIAL PSI PER_VMA_LOCK
  DMA_DECLARE_COHERENT SYSFS PROC_FS X86_LOCAL_APIC X86_IO_APIC HAVE_KVM
`);

/**
 * Lines of %layout that are not facts of the build: what a boot finds out, and addresses that are symbols. (On i386 the start
 * of the vmalloc area follows the size of memory.)
 */
export const RUN_TIME = {
  all: words(`
    high_memory max_pfn max_low_pfn max_mapnr highstart_pfn highend_pfn min_free_kbytes nr_cpu_ids num_online_cpus
    num_possible_cpus mem_map pfn_to_page(0) _text _end &contig_page_data &init_mm swapper_pg_dir read_cr0() __read_cr3()
    __read_cr4() phys_base __supported_pte_mask gfp_allowed_mask
  `),
  i386: ['VMALLOC_START'],
  'i386-pae': ['VMALLOC_START'],
  x86_64: [],
};

/** gfp_types.h: which flags each composite is made of (`~` takes away). */
export const GFP_COMPOSITES = {
  __GFP_RECLAIM: '__GFP_DIRECT_RECLAIM __GFP_KSWAPD_RECLAIM',
  GFP_ZONEMASK: '__GFP_DMA __GFP_HIGHMEM __GFP_DMA32 __GFP_MOVABLE',
  GFP_ATOMIC: '__GFP_HIGH __GFP_ATOMIC __GFP_KSWAPD_RECLAIM',
  GFP_KERNEL: '__GFP_RECLAIM __GFP_IO __GFP_FS',
  GFP_KERNEL_ACCOUNT: 'GFP_KERNEL __GFP_ACCOUNT',
  GFP_NOWAIT: '__GFP_KSWAPD_RECLAIM',
  GFP_NOIO: '__GFP_RECLAIM',
  GFP_NOFS: '__GFP_RECLAIM __GFP_IO',
  GFP_USER: '__GFP_RECLAIM __GFP_IO __GFP_FS __GFP_HARDWALL',
  GFP_DMA: '__GFP_DMA',
  GFP_DMA32: '__GFP_DMA32',
  GFP_HIGHUSER: 'GFP_USER __GFP_HIGHMEM',
  GFP_HIGHUSER_MOVABLE: 'GFP_HIGHUSER __GFP_MOVABLE',
  GFP_TRANSHUGE_LIGHT: 'GFP_HIGHUSER_MOVABLE __GFP_COMP __GFP_NOMEMALLOC __GFP_NOWARN ~__GFP_RECLAIM',
  GFP_TRANSHUGE: 'GFP_TRANSHUGE_LIGHT __GFP_DIRECT_RECLAIM',
  GFP_MOVABLE_MASK: '__GFP_RECLAIMABLE __GFP_MOVABLE',
};
