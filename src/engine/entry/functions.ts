/** Everything of the kernel that a caller may call, each under its kernel name and with `k: Kernel` first. */
export * from '../kernel/arch/x86/include/asm/cache.h.js';
export * from '../kernel/arch/x86/include/asm/current.h.js';
export * from '../kernel/arch/x86/include/asm/page.h.js';
export * from '../kernel/arch/x86/include/asm/pgtable.h.js';
export * from '../kernel/arch/x86/include/asm/pgtable_types.h.js';
export * from '../kernel/arch/x86/include/asm/special_insns.h.js';
export * from '../kernel/arch/x86/mm/fault/user.js';
export * from '../kernel/arch/x86/mm/ioremap.js';
export * from '../kernel/arch/x86/mm/pat/set_memory/lookup.js';
export * from '../kernel/arch/x86/mm/pat/set_memory/set_memory.js';
export * from '../kernel/arch/x86/mm/pgtable/huge_vmap.js';
export * from '../kernel/arch/x86/mm/pgtable/pgalloc.js';
export * from '../kernel/arch/x86/mm/pgtable/pgtable.js';
export * from '../kernel/arch/x86/mm/tlb.js';
export * from '../kernel/arch/x86/include/asm/bitops.h.js';
export * from '../kernel/include/asm-generic/getorder.h.js';
export * from '../kernel/include/linux/align.h.js';
export * from '../kernel/include/linux/bitops.h.js';
export * from '../kernel/include/linux/cpumask.h.js';
export * from '../kernel/include/linux/dma-direct.h.js';
export * from '../kernel/include/linux/err.h.js';
export * from '../kernel/include/linux/errno.h.js';
export * from '../kernel/include/linux/gfp.h.js';
export * from '../kernel/include/linux/hash.h.js';
export * from '../kernel/include/linux/highmem.h.js';
export * from '../kernel/include/linux/huge_mm.h.js';
export * from '../kernel/include/linux/idr.h.js';
export { jhash, jhash2 } from '../kernel/include/linux/jhash.h.js';
export * from '../kernel/include/linux/list.h.js';
export * from '../kernel/include/linux/log2.h.js';
export * from '../kernel/include/linux/memory_hotplug.h.js';
export * from '../kernel/include/linux/hugetlb.h.js';
export * from '../kernel/include/linux/mm.h.js';
export * from '../kernel/include/linux/mmzone.h.js';
export * from '../kernel/include/linux/page-flags.h.js';
export * from '../kernel/include/linux/page-isolation.h.js';
export * from '../kernel/include/linux/page_ref.h.js';
export * from '../kernel/include/linux/pageblock-flags.h.js';
export * from '../kernel/include/linux/pagemap.h.js';
export * from '../kernel/include/linux/percpu-defs.h.js';
export * from '../kernel/include/linux/pgtable.h.js';
export * from '../kernel/include/linux/rbtree.h.js';
export * from '../kernel/include/linux/swapops.h.js';
export * from '../kernel/include/linux/rbtree_augmented.h.js';
export * from '../kernel/include/linux/slab.h.js';
export * from '../kernel/include/linux/swap.h.js';
export * from '../kernel/include/linux/vmstat.h.js';
export * from '../kernel/include/linux/wait.h.js';
export * from '../kernel/include/linux/workqueue.h.js';
export {
  bus_register,
  bus_unregister,
  driver_register,
  driver_unregister,
} from '../kernel/drivers/base/bus.js';
export * from '../kernel/drivers/base/class.js';
export * from '../kernel/drivers/base/core.js';
export * from '../kernel/drivers/base/devres.js';
export * from '../kernel/drivers/base/platform/platform.js';
export {
  __register_chrdev,
  __unregister_chrdev,
  alloc_chrdev_region,
  cdev_add,
  cdev_alloc,
  cdev_del,
  cdev_init,
  register_chrdev_region,
  unregister_chrdev_region,
} from '../kernel/fs/char_dev.js';
export * from '../kernel/fs/dcache/dcache.js';
export * from '../kernel/fs/dcache/hash.js';
export * from '../kernel/fs/dcache/path.js';
export * from '../kernel/fs/debugfs/file.js';
export * from '../kernel/fs/file_table/devices.js';
export { MKDEV } from '../kernel/include/linux/kdev_t.h.js';
export { nonseekable_open } from '../kernel/fs/file_table/knownOperations.js';
export * from '../kernel/fs/file_table/operations.js';
export * from '../kernel/fs/file_table/file_table.js';
export * from '../kernel/fs/hugetlbfs/inode/inode.js';
export * from '../kernel/fs/file_table/knownOperations.js';
export * from '../kernel/fs/file_table/shownFiles.js';
export * from '../kernel/fs/proc/generic.js';
export { seq_has_overflowed, seq_putc, seq_write, seqPrint } from '../kernel/fs/seq_file/buffer.js';
export * from '../kernel/fs/fcntl.js';
export * from '../kernel/fs/select.js';
export * from '../kernel/fs/seq_file/open.js';
export { seq_lseek, seq_read_iter } from '../kernel/fs/seq_file/seq_file.js';
export * from '../kernel/fs/sysfs/file.js';
export * from '../kernel/kernel/dma/contiguous.js';
export * from '../kernel/kernel/dma/direct.js';
export * from '../kernel/kernel/dma/mapping.js';
export * from '../kernel/kernel/dma/swiotlb.js';
export { MEMREMAP_WB, memremap, memunmap } from '../kernel/kernel/iomem.js';
export * from '../kernel/kernel/fork/fork.js';
export * from '../kernel/kernel/fork/mmdrop.js';
export { mmgrab } from '../kernel/include/linux/sched/mm.h.js';
export * from '../kernel/kernel/kthread.js';
export * from '../kernel/kernel/time/timer.js';
export * from '../kernel/kernel/panic.js';
export * from '../kernel/kernel/locking/rwsem/mmap_lock.js';
export * from '../kernel/kernel/locking/rwsem/rwsem.js';
export * from '../kernel/kernel/locking/mutex.js';
export * from '../kernel/kernel/locking/semaphore.js';
export * from '../kernel/kernel/rcu/tiny.js';
export * from '../kernel/kernel/sched/core/wakeup.js';
export * from '../kernel/kernel/sched/completion.js';
export * from '../kernel/kernel/sched/wait.js';
export * from '../kernel/kernel/signal/signal.js';
export * from '../kernel/kernel/signal/deliver.js';
export {
  DEFAULT_ACTION,
  __cleanup_sighand,
  copy_sighand,
  sig_handler,
} from '../kernel/kernel/signal/sighand.js';
export { PF_KTHREAD } from '../kernel/include/linux/sched.h.js';
export * from '../kernel/include/linux/sched/signal.h.js';
export * from '../kernel/kernel/exit.js';
export * from '../kernel/kernel/sched/core/context_switch.js';
export * from '../kernel/kernel/sched/core/core.js';
export * from '../kernel/kernel/irq/devres.js';
export * from '../kernel/kernel/irq/handle.js';
export * from '../kernel/kernel/irq/irqdesc.js';
export * from '../kernel/kernel/irq/manage.js';
export * from '../kernel/kernel/time/hrtimer.js';
export * from '../kernel/kernel/time/timekeeping.js';
export * from '../kernel/kernel/workqueue.js';
export * from '../kernel/lib/bitmap.js';
export * from '../kernel/lib/find_bit.js';
export * from '../kernel/lib/genalloc/genalloc.js';
export * from '../kernel/lib/idr.js';
export {
  kobject_create_and_add,
  kobject_del,
  kobject_get,
  kobject_init_and_add,
  kobject_put,
} from '../kernel/lib/kobject.js';
export * from '../kernel/lib/percpu-refcount.js';
export {
  rhashtable_free_and_destroy,
  rhashtable_init,
  rhashtable_insert_slow,
  rhashtable_lookup,
  rhashtable_remove_fast,
  rhashtable_replace_fast,
  rhtKeyOf,
} from '../kernel/lib/rhashtable/rhashtable.js';
export * from '../kernel/lib/rhashtable/walk.js';
export * from '../kernel/lib/percpu_counter.js';
export * from '../kernel/lib/scatterlist.js';
export * from '../kernel/include/linux/scatterlist.h.js';
export * from '../kernel/lib/rbtree.js';
export * from '../kernel/lib/string.js';
export * from '../kernel/lib/show_mem.js';
export * from '../kernel/lib/vsprintf.js';
export * from '../kernel/lib/xarray/entries.js';
export { xa_load } from '../kernel/lib/xarray/xarray.js';
export { idr_init } from '../kernel/include/linux/idr.h.js';
export * from '../kernel/mm/cma.js';
export * from '../kernel/mm/compaction/compaction.js';
export * from '../kernel/mm/debug.js';
export * from '../kernel/mm/dmapool.js';
export * from '../kernel/mm/highmem/highmem.js';
export * from '../kernel/mm/highmem/kmap_local.js';
export * from '../kernel/mm/highmem/page_address.js';
export * from '../kernel/mm/filemap/filemap.js';
export * from '../kernel/mm/filemap/find.js';
export * from '../kernel/mm/filemap/folio_wait.js';
export * from '../kernel/mm/filemap/writeback.js';
export * from '../kernel/mm/gup/fast.js';
export * from '../kernel/mm/gup/gup.js';
export * from '../kernel/mm/gup/pins.js';
export * from '../kernel/mm/gup/populate.js';
export * from '../kernel/mm/huge_memory/huge_memory.js';
export * from '../kernel/mm/huge_memory/split_page.js';
export * from '../kernel/mm/hugetlb/fault.js';
export * from '../kernel/mm/hugetlb/gigantic.js';
export * from '../kernel/mm/hugetlb/huge_pte.js';
export * from '../kernel/mm/hugetlb/hugetlb.js';
export * from '../kernel/mm/hugetlb/pool.js';
export * from '../kernel/mm/hugetlb/reserve.js';
export * from '../kernel/mm/hugetlb/resv_map.js';
export * from '../kernel/mm/khugepaged/khugepaged.js';
export * from '../kernel/mm/khugepaged/collapse.js';
export * from '../kernel/mm/internal.h.js';
export * from '../kernel/mm/memory/unmap_mapping.js';
export * from '../kernel/mm/memory/insert.js';
export * from '../kernel/mm/memory/memory.js';
export * from '../kernel/mm/memory/remap_pfn.js';
export * from '../kernel/mm/list_lru.js';
export * from '../kernel/mm/madvise/madvise.js';
export * from '../kernel/mm/memory/follow_pte.js';
export * from '../kernel/mm/memory/rss.js';
export * from '../kernel/mm/memory/wp.js';
export * from '../kernel/mm/mempool.js';
export * from '../kernel/mm/mlock/range.js';
export * from '../kernel/mm/mmap/expand_stack.js';
export * from '../kernel/mm/mmap/find_vma.js';
export * from '../kernel/mm/mmap/ksys_mmap.js';
export * from '../kernel/mm/mmap/brk.js';
export * from '../kernel/mm/mmap/mmap.js';
export * from '../kernel/mm/mmap/munmap.js';
import '../kernel/mm/mmap/special_mapping.js';
export * from '../kernel/mm/migrate/entries.js';
export * from '../kernel/mm/migrate/migrate.js';
export * from '../kernel/mm/migrate/migrate_pages.js';
export * from '../kernel/mm/mincore.js';
export * from '../kernel/mm/mprotect.js';
export * from '../kernel/mm/mremap/mremap.js';
export * from '../kernel/mm/shmem/file.js';
export * from '../kernel/mm/shmem/shmem.js';
export * from '../kernel/mm/shmem/truncate.js';
export * from '../kernel/mm/mmzone.js';
export * from '../kernel/mm/page-writeback.js';
export * from '../kernel/mm/pagewalk/pagewalk.js';
export * from '../kernel/mm/page_alloc/alloc_flags.js';
export * from '../kernel/mm/page_alloc/api.js';
export * from '../kernel/mm/page_alloc/bad_page.js';
export * from '../kernel/mm/page_alloc/buddy.js';
export * from '../kernel/mm/page_alloc/compound.js';
export * from '../kernel/mm/page_alloc/contig.js';
export * from '../kernel/mm/page_alloc/fallback.js';
export * from '../kernel/mm/page_alloc/direct_reclaim.js';
export * from '../kernel/mm/page_alloc/free.js';
export * from '../kernel/mm/page_alloc/get_page_from_freelist.js';
export * from '../kernel/mm/page_alloc/highatomic.js';
export * from '../kernel/mm/page_alloc/isolate_free_page.js';
export * from '../kernel/mm/page_alloc/mm_init.js';
export * from '../kernel/mm/page_alloc/page_alloc.js';
export * from '../kernel/mm/page_alloc/page_frag.js';
export * from '../kernel/mm/page_alloc/pageblock.js';
export * from '../kernel/mm/page_alloc/pageset_setup.js';
export * from '../kernel/mm/page_alloc/pcp.js';
export * from '../kernel/mm/page_alloc/rmqueue.js';
export * from '../kernel/mm/page_alloc/show_free_areas.js';
export * from '../kernel/mm/page_alloc/slowpath.js';
export * from '../kernel/mm/page_alloc/warn_alloc.js';
export * from '../kernel/mm/page_alloc/watermark.js';
export * from '../kernel/mm/page_alloc/watermark_setup.js';
export * from '../kernel/mm/page_isolation/page_isolation.js';
export * from '../kernel/mm/page_isolation/range.js';
export * from '../kernel/mm/percpu/block.js';
export * from '../kernel/mm/percpu/chunk.js';
export * from '../kernel/mm/percpu/chunk_hints.js';
export * from '../kernel/mm/percpu-internal.h.js';
export * from '../kernel/mm/percpu/fit.js';
export * from '../kernel/mm/percpu/hints.js';
export * from '../kernel/mm/percpu/percpu.js';
export * from '../kernel/mm/slab.h.js';
// The two slab allocators, which slab.h reaches by name.
import '../kernel/mm/slab/slab.js';
import '../kernel/mm/slub/slub.js';
export * from '../kernel/mm/slub/validate.js';
export * from '../kernel/mm/slab_common/kmalloc.js';
export * from '../kernel/mm/slab_common/realloc.js';
export * from '../kernel/mm/slab_common/slab_common.js';
export * from '../kernel/mm/swap/batches.js';
export * from '../kernel/mm/swap/lru_add_drain.js';
export * from '../kernel/mm/swap/lruvec.js';
export * from '../kernel/mm/swap/release_pages.js';
export * from '../kernel/mm/swap/swap.js';
export * from '../kernel/mm/util.js';
export * from '../kernel/mm/vmalloc/alloc.js';
export * from '../kernel/mm/vmalloc/vmap_area.js';
export * from '../kernel/mm/vmalloc/vmap_block.js';
export * from '../kernel/mm/vmalloc/purge.js';
export * from '../kernel/mm/vmalloc/map.js';
export * from '../kernel/mm/vmalloc/vmap_tree.js';
export * from '../kernel/mm/vmalloc/vm_struct.js';
export * from '../kernel/mm/vmalloc/map_pages.js';
export * from '../kernel/mm/vmalloc/vfree.js';
export * from '../kernel/mm/vmalloc/user.js';
export * from '../kernel/mm/vmalloc/vmalloc.js';
export * from '../kernel/mm/vmscan/isolate.js';
export {
  free_prealloced_shrinker,
  prealloc_shrinker,
  register_shrinker,
  register_shrinker_prepared,
  synchronize_shrinkers,
  unregister_shrinker,
} from '../kernel/mm/vmscan/shrinker.js';
export * from '../kernel/mm/vmscan/vmscan.js';
export * from '../kernel/mm/vmstat/node_stat.js';
export * from '../kernel/mm/vmstat/refresh.js';
export * from '../kernel/mm/vmstat/vmstat.js';
export * from '../machine/events.js';
export * from '../proc/files.js';
export * from '../proc/shown.js';
export * from '../proc/sysctl.js';
export * from '../proc/sysfs.js';
export * from '../machine/ulong.js';
export * from '../proc/names.js';
export * from '../proc/slabCaches.js';
export * from '../proc/buddyinfo.js';
export * from '../proc/zoneinfo.js';
export * from '../verdict/reason.js';
export * from './slabWorker.js';
export * from './kernelWorks.js';
export * from './srcu.js';
export * from './startProcess.js';
export * from './walkOps.js';
