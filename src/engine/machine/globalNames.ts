/**
 * The kernel's global variables that this engine names: `k.globals.vm_zone_stat` is the cell of `vm_zone_stat`, NULL where a build
 * or an image lacks it. Per-CPU variables are offsets and are reached through percpu-defs.h.
 */
export const GLOBALS = `
  __cpu_online_mask __cpu_possible_mask __kmap_pte __per_cpu_offset _text _totalhigh_pages
  _totalram_pages alias_list anon_vma_cachep cdev_map chrdevs chrdevs_lock def_chr_fops
  ktype_cdev_default ktype_cdev_dynamic anon_vma_chain_cachep boot_cpu_data boot_kmem_cache boot_kmem_cache_node cma_area_count
  cma_areas contig_page_data cpus_with_pcps debug_locks default_hstate_idx dentry_cache dentry_hashtable d_hash_shift depot_index depot_offset empty_zero_page
  direct_pages_count dma_contiguous_default_area dynamic_kobj_ktype free_vmap_area_list free_vmap_area_root
  filp_cachep folio_wait_table gfp_allowed_mask has_work high_memory hstates huge_zero_page huge_zero_pfn huge_zero_refcount
  huge_boot_pages hugetlb_cma
  hugetlb_fault_mutex_table hugetlb_max_hstate hugetlbfs_vfsmount mnt_cache hugetlbfs_inode_cachep num_fault_mutexes khugepaged_max_ptes_none khugepaged_scan mm_slot_cache
  mm_slots_hash transparent_hugepage_flags init_fs init_kmem_cache_node init_mm init_task inode_cachep init_pid_ns
  jiffies kernel_kobj kernfs_node_cache kmalloc_caches kmalloc_info kmem_cache kmem_cache_boot
  kmem_cache_node kset_ktype last_pkmap_nr lru_disable_count lru_drain_gen mem_section
  maple_node_cache migratetype_names min_free_kbytes mm_cachep movable_zone next_slab_inited nr_cpu_ids nr_vmalloc_pages
  object_map page_address_htable page_address_maps page_group_by_mobility_disabled pages pcpu_atom_size
  pcpu_base_addr pcpu_chunk_lists pcpu_chunk_struct_size pcpu_first_chunk pcpu_free_slot
  pcpu_group_offsets pcpu_group_sizes pcpu_high_unit_cpu pcpu_low_unit_cpu pcpu_nr_empty_pop_pages
  pcpu_nr_groups pcpu_nr_populated pcpu_nr_slots pcpu_nr_units pcpu_reserved_chunk
  pcpu_sidelined_slot pcpu_to_depopulate_slot pcpu_unit_map pcpu_unit_offsets pcpu_unit_pages
  pcpu_unit_size percpu_pagelist_high_fraction pgd_cache pgd_list pkmap_count pkmap_page_table
  proc_dir_entry_cache purge_vmap_area_list purge_vmap_area_root radix_tree_node_cachep rcu_ctrlblk rcu_state
  seq_file_cache shm_mnt shmem_inode_cachep sighand_cachep signal_cachep shmem_vm_ops size_index slab_attr_group slab_attrs slab_caches slab_caches_to_rcu_destroy slab_kset slab_ktype
  shared_last_ino slab_max_order slab_nodes slab_state slub_debug slub_debug_enabled slub_max_order
  slub_min_objects slub_min_order stack_hash_mask stack_slabs stack_table
  sysctl_lowmem_reserve_ratio sysctl_page_lock_unfairness sysfs_root sysfs_root_kn system_state tainted_mask totalcma_pages
  totalreserve_pages use_alien_caches user_min_free_kbytes vm_dirty_ratio vm_event_states
  task_struct_cachep vm_area_cachep vm_committed_as vm_committed_as_batch vm_node_stat vm_zone_stat vmap_area_cachep vmap_area_list vmap_area_root vmap_blocks vmap_lazy_nr
  watermark_boost_factor watermark_scale_factor zone_names irq_desc_tree platform_bus_type platform_devid_ida platform_bus init_cred fasync_cache shrinker_list shrinker_rwsem sysctl_drop_caches irq_err_count irq_mis_count
`;

/** Per-CPU variables of the hot path; others are asked for by name (percpu-defs.h). */
export const PER_CPU = 'vm_event_states';
