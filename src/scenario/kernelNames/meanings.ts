/**
 * Names of the kernel that serve one purpose, so that the message about one that scenarios lack can name those they have.
 * A group is in order of kinship: the neighbours of a name are nearest to it.
 */

const GROUPS: readonly string[] = [
  'kfree kfree_sensitive kzfree kfree_rcu kvfree_rcu kfree_const kvfree vfree kfree_bulk free_pages_exact __free_pages free_page',
  'kmalloc kmalloc_node kzalloc kzalloc_node kcalloc kcalloc_node kmalloc_array kmalloc_array_node kmemdup kmemdup_nul kstrdup kstrndup kstrdup_const devm_kzalloc devm_kmalloc devm_kcalloc kvmalloc kvzalloc kvcalloc kvmalloc_array vmalloc alloc_pages_exact __get_free_pages',
  'krealloc krealloc_array kvrealloc ksize kmalloc_size_roundup kmalloc',
  'kmem_cache_create kmem_cache_create_usercopy kmem_cache_alloc kmem_cache_zalloc kmem_cache_alloc_lru kmem_cache_alloc_node kmem_cache_alloc_bulk kmem_cache_free kmem_cache_free_bulk kmem_cache_destroy kmem_cache_shrink mempool_create mempool_alloc mempool_free alloc_pages',
  'vmalloc vzalloc vmalloc_node vzalloc_node vmalloc_user vmalloc_32 vmalloc_32_user vmalloc_huge __vmalloc __vmalloc_node vmap vm_map_ram alloc_pages_exact alloc_pages',
  'vfree vfree_atomic vunmap vm_unmap_ram vm_unmap_aliases free_pages_exact __free_pages',
  'ioremap ioremap_wc ioremap_wt ioremap_uc ioremap_cache ioremap_np ioremap_prot memremap iounmap phys_to_virt',
  'kmap kmap_atomic kmap_local_page kmap_local_folio kmap_high_get kunmap kunmap_atomic kunmap_local page_address',
  'clear_page clear_highpage clear_user_page clear_user_highpage zero_user zero_user_segment memset',
  'copy_page copy_highpage copy_user_page copy_user_highpage memcpy_to_page memcpy_from_page memcpy_page memcpy',
  'copy_to_user copy_from_user get_user put_user clear_user strncpy_from_user copy_from_kernel_nofault memcpy',
  'alloc_page alloc_pages alloc_pages_node __alloc_pages __alloc_pages_node alloc_page_vma vma_alloc_folio folio_alloc __folio_alloc __folio_alloc_node alloc_pages_mpol alloc_page_interleave dev_alloc_page page_frag_alloc',
  'alloc_pages_exact alloc_pages_exact_nid __get_free_pages __get_free_page __get_dma_pages get_zeroed_page',
  'alloc_pages_bulk_array alloc_pages_bulk_array_node alloc_pages_bulk_array_mempolicy alloc_pages_bulk_list __alloc_pages_bulk alloc_pages',
  '__free_pages __free_page free_pages free_page free_unref_page free_unref_page_list release_pages put_pages_list page_frag_free put_page',
  'put_page get_page folio_put folio_get folio_put_refs folio_try_get try_get_page page_ref_inc page_ref_dec page_ref_add page_ref_sub page_ref_count page_count set_page_count init_page_count',
  'lock_page unlock_page trylock_page folio_lock folio_unlock folio_trylock lock_page_killable wait_on_page_locked wait_on_page_writeback folio_wait_locked end_page_writeback',
  'alloc_contig_range alloc_contig_pages free_contig_range free_contig_pages cma_alloc cma_release dma_alloc_from_contiguous dma_alloc_contiguous',
  'dma_alloc_coherent dma_alloc_attrs dma_alloc_noncoherent dma_alloc_pages dma_pool_create dma_pool_alloc dmam_alloc_coherent dma_map_single dma_map_page dma_map_sg dma_map_resource dma_unmap_single dma_unmap_page dma_mapping_error phys_to_dma',
  'alloc_percpu alloc_percpu_gfp __alloc_percpu __alloc_percpu_gfp free_percpu per_cpu_ptr this_cpu_ptr raw_cpu_ptr get_cpu_ptr get_cpu_var this_cpu_read this_cpu_write this_cpu_inc this_cpu_add per_cpu',
  'get_cpu put_cpu raw_smp_processor_id smp_processor_id num_online_cpus num_possible_cpus nr_cpu_ids cpumask_first for_each_online_cpu for_each_possible_cpu',
  'virt_to_head_page virt_to_folio virt_to_slab virt_to_page page_to_virt page_address lowmem_page_address folio_address pfn_to_kaddr phys_to_virt',
  'page_to_phys folio_pfn page_to_pfn pfn_to_page pfn_folio phys_to_page',
  'nth_page folio_page page_folio compound_head folio_nr_pages folio_order folio_size page_size thp_nr_pages compound_nr compound_order',
  'page_mapcount page_mapped total_mapcount folio_mapcount folio_mapped page_count',
  'set_page_dirty mark_page_accessed folio_mark_dirty folio_mark_accessed SetPageDirty SetPageReferenced',
  'nr_free_pages totalram_pages totalhigh_pages si_meminfo si_mem_available global_zone_page_state zone_page_state global_node_page_state',
  'show_mem show_free_areas __show_mem meminfo_proc_show dump_page proc',
  'mutex_lock mutex_unlock mutex_trylock down up down_read up_read down_write up_write spin_lock spin_unlock spin_lock_irqsave spin_unlock_irqrestore spin_lock_irq spin_lock_bh read_lock write_lock local_irq_save local_irq_restore local_irq_disable preempt_disable preempt_enable lock_page',
  'rcu_read_lock rcu_read_unlock call_rcu synchronize_rcu rcu_barrier rcu_dereference rcu_assign_pointer READ_ONCE WRITE_ONCE',
  'msleep mdelay udelay ndelay usleep_range ssleep schedule_timeout schedule_timeout_interruptible schedule_timeout_uninterruptible wait_event wait_event_interruptible wait_for_completion yield schedule cond_resched',
  'kthread_run kthread_create kthread_stop kthread_should_stop queue_work schedule_work flush_work schedule',
  'atomic_inc atomic_dec atomic_add atomic_sub atomic_read atomic_set atomic_dec_and_test atomic_cmpxchg atomic_xchg atomic_long_inc atomic_long_read refcount_inc refcount_dec_and_test refcount_read page_ref_inc page_ref_count',
  'cmpxchg xchg try_cmpxchg READ_ONCE WRITE_ONCE',
  'set_bit clear_bit test_bit change_bit __set_bit __clear_bit test_and_set_bit test_and_clear_bit BIT',
  'pr_info pr_notice pr_warn pr_err dev_info dev_warn dev_err dev_dbg netdev_info trace_printk early_printk seq_printf seq_puts printk',
  'print_hex_dump print_hex_dump_bytes print_hex_dump_debug pr_info',
  'panic BUG BUG_ON dump_stack show_stack VM_BUG_ON VM_BUG_ON_PAGE VM_WARN_ON WARN_ON WARN WARN_ONCE',
  'sscanf vsscanf kstrtoint kstrtouint kstrtoul kstrtol kstrtou64 simple_strtoul simple_strtol memparse strcmp',
  'strlcpy strlcat strncpy strncat strcat strcpy strscpy strscpy_pad sprintf scnprintf kasprintf kvasprintf',
  'get_random_bytes get_random_u32 get_random_u64 prandom_u32 get_random_int',
  'pmd_large pud_large pmd_leaf pud_leaf pmd_present pud_present pmd_val',
  'pte_offset_map pte_offset_map_lock pte_unmap pte_unmap_unlock pte_offset_kernel',
  'flush_tlb_all flush_tlb_kernel_range flush_tlb_mm flush_tlb_page flush_tlb_range __flush_tlb_all flush_tlb_one_kernel invlpg',
  'set_memory_ro set_memory_rw set_memory_x set_memory_nx set_memory_uc set_memory_wb set_pages_ro set_pte lookup_address',
  'read_cr3 __read_cr3 read_cr3_pa read_cr0 read_cr2 __read_cr4 native_read_cr3 native_read_cr0 native_read_cr2 native_read_cr4',
  'write_cr3 write_cr0 __write_cr4 load_cr3 native_write_cr3 native_write_cr0 native_write_cr4',
  'list_splice list_splice_tail list_splice_init list_cut_position list_bulk_move_tail list_swap list_move_tail list_move list_add list_add_tail list_del',
  'drain_all_pages drain_local_pages lru_add_drain lru_add_drain_all drop_slab drop_pagecache_sb',
  'get_user_pages get_user_pages_fast pin_user_pages pin_user_pages_fast unpin_user_page get_page',
  'for_each_online_node for_each_node for_each_node_state for_each_zone for_each_populated_zone NODE_DATA',
];

/** By name: the groups that have it. */
let known: ReadonlyMap<string, readonly (readonly string[])[]> | undefined;

function byName(): ReadonlyMap<string, readonly (readonly string[])[]> {
  const map = new Map<string, (readonly string[])[]>();
  for (const group of GROUPS) {
    const names = group.split(' ');
    for (const name of names) map.set(name, [...(map.get(name) ?? []), names]);
  }
  return map;
}

/** Whether a group has the name: then Linux has it. */
export const hasMeaning = (name: string): boolean => (known ??= byName()).has(name);

/** At most three names that serve the purpose of `name`, the nearest first, of those that are available. */
export function sameMeaning(name: string, isAvailable: (name: string) => boolean): string[] {
  const groups = (known ??= byName()).get(name) ?? [];
  const [names] = groups;
  if (names === undefined) return [];
  const at = names.indexOf(name);
  return names
    .map((one, i) => ({ one, distance: Math.abs(i - at) }))
    .filter(({ one }) => one !== name && isAvailable(one))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ one }) => one);
}
