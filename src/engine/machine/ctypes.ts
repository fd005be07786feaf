/**
 * The C types of the values that kernel functions pass around. A pointer is a cell that says what it points to; the other
 * flavours are numbers with a name. The instrumented compile reads these aliases to show a local as C would.
 */
import type { Cell } from '../memory/address.js';

/** A `C *`: any cell may become one, but a `struct page *` is not a `struct zone *`. */
export type Pointer<C extends string> = Cell & { readonly pointsTo?: C };
/** A pointer to what is mostly a part of something: any sum of a cell and an offset, too (`&page->lru` is `page + k.page.lru`). */
type PartPointer<C extends string> = number & { readonly pointsTo?: C };
/**
 * A number with a name: any number may become one, but an `Order` is not a `Gfp`, nor `AllocFlags`. What arithmetic gives is a number
 * again.
 */
type Flavour<C extends string, Name extends string = C> = number & {
  readonly ctype?: C;
  readonly flavour?: Name;
};

export type Page = Pointer<'struct page'>;
export type Zone = Pointer<'struct zone'>;
export type Pgdat = Pointer<'struct pglist_data'>;
export type FreeArea = PartPointer<'struct free_area'>;
export type PerCpuPages = Pointer<'struct per_cpu_pages'>;
export type PerCpuZonestat = Pointer<'struct per_cpu_zonestat'>;
export type ListHead = PartPointer<'struct list_head'>;
export type Cma = Pointer<'struct cma'>;
export type CpuMask = Pointer<'cpumask_t'>;
export type Zonelist = PartPointer<'struct zonelist'>;
export type Zoneref = PartPointer<'struct zoneref'>;

export type PcpuChunk = Pointer<'struct pcpu_chunk'>;
export type PcpuBlockMd = Pointer<'struct pcpu_block_md'>;
export type KmemCache = Pointer<'struct kmem_cache'>;
export type KmemCacheNode = Pointer<'struct kmem_cache_node'>;
export type KmemCacheCpu = Pointer<'struct kmem_cache_cpu'>;
export type Slab = Pointer<'struct slab'>;
export type ArrayCache = Pointer<'struct array_cache'>;

export type VmapArea = Pointer<'struct vmap_area'>;
export type VmStruct = Pointer<'struct vm_struct'>;
export type TaskStruct = Pointer<'struct task_struct'>;
export type SighandStruct = Pointer<'struct sighand_struct'>;
export type Sigaction = Pointer<'struct sigaction'>;
export type MmStruct = Pointer<'struct mm_struct'>;
export type VmAreaStruct = Pointer<'struct vm_area_struct'>;
export type AnonVma = Pointer<'struct anon_vma'>;
export type AnonVmaChain = Pointer<'struct anon_vma_chain'>;
export type AddressSpace = Pointer<'struct address_space'>;
export type Inode = Pointer<'struct inode'>;
export type File = Pointer<'struct file'>;
export type ShmemSbInfo = Pointer<'struct shmem_sb_info'>;
export type SuperBlock = Pointer<'struct super_block'>;
export type Vfsmount = Pointer<'struct vfsmount'>;
export type Dentry = Pointer<'struct dentry'>;
export type Lruvec = Pointer<'struct lruvec'>;
export type FolioBatch = Pointer<'struct folio_batch'>;
export type Pagevec = Pointer<'struct pagevec'>;
export type Hstate = PartPointer<'struct hstate'>;
export type ResvMap = Pointer<'struct resv_map'>;
export type FileRegion = Pointer<'struct file_region'>;
export type HugetlbfsSbInfo = Pointer<'struct hugetlbfs_sb_info'>;
export type HugeBootmemPage = Pointer<'struct huge_bootmem_page'>;
export type HugetlbVmaLock = Pointer<'struct hugetlb_vma_lock'>;
export type MapleTree = Pointer<'struct maple_tree'>;
export type RwSemaphore = Pointer<'struct rw_semaphore'>;
export type RwsemWaiter = Pointer<'struct rwsem_waiter'>;
export type Semaphore = Pointer<'struct semaphore'>;
export type SemaphoreWaiter = Pointer<'struct semaphore_waiter'>;
export type Mutex = Pointer<'struct mutex'>;
export type MutexWaiter = Pointer<'struct mutex_waiter'>;
export type Completion = Pointer<'struct completion'>;
export type SwaitQueue = Pointer<'struct swait_queue'>;
export type Kthread = Pointer<'struct kthread'>;
export type WaitQueueHead = Pointer<'struct wait_queue_head'>;
export type WaitQueueEntry = Pointer<'struct wait_queue_entry'>;
export type WaitPageQueue = Pointer<'struct wait_page_queue'>;
export type Pgd = Pointer<'pgd_t'>;
export type P4d = Pointer<'p4d_t'>;
export type Pud = Pointer<'pud_t'>;
export type Pmd = Pointer<'pmd_t'>;
export type Pte = Pointer<'pte_t'>;

/** Plain integers mix as they do in C, so these are names only. */
export type Int = number;
export type UInt = number;
export type Long = number;
export type ULong = number;

/** `unsigned long pfn`: number of a page frame. */
export type Pfn = Flavour<'unsigned long', 'pfn'>;
/** `unsigned int order`: log2 of a number of pages. */
export type Order = Flavour<'unsigned int', 'order'>;
export type Gfp = Flavour<'gfp_t'>;
export type SlabFlags = Flavour<'slab_flags_t'>;
export type Migratetype = Flavour<'enum migratetype'>;
export type ZoneType = Flavour<'enum zone_type'>;
export type ZoneStatItem = Flavour<'enum zone_stat_item'>;
export type NodeStatItem = Flavour<'enum node_stat_item'>;
export type VmEventItem = Flavour<'enum vm_event_item'>;
/** VM_*: include/linux/mm.h. */
export type VmFlags = Flavour<'unsigned long', 'vm_flags'>;
/** VM_FAULT_*. */
export type VmFault_t = Flavour<'vm_fault_t'>;
/** ALLOC_*: mm/internal.h. */
export type AllocFlags = Flavour<'unsigned int', 'alloc_flags'>;
/** FPI_*: mm/page_alloc.c. */
export type FpiFlags = Flavour<'fpi_t'>;

/**
 * A caller's local that a function stores to, `T *` in C: `num_movable: Out<Int>`, with `num_movable.value` for `*num_movable` there and
 * for `num_movable` in the caller.
 */
export interface Out<T> {
  value: T;
}

/** NULL of any pointer type. */
export const NULL = 0 as Cell;
