/**
 * Address spaces: made, copied for a child, and given back when nobody uses them any more; and the kernel stack of a task.
 *
 *     mm_users   tasks that use it: the last one takes its areas away     mm_count   users, all as one, and who only needs the structure
 *
 * Left out: everything of a task that is not memory (copy_process: files, signals, credentials, pids), AIO, KSM, uprobes, userfaultfd,
 * mm_cpumask, context (LDT, pkeys, ctx_id), oom, exec.
 * Source: Linux 6.1 kernel/fork.c: dup_mmap(), mm_init() to mmput(), dup_mm(), alloc_thread_stack_node(), free_thread_stack();
 * kernel/exit.c: exit_mm(); include/linux/sched/mm.h: mmget().
 */
import {
  type AddressSpace,
  type File,
  type Int,
  type KmemCache,
  type MapleTree,
  type MmStruct,
  NULL,
  type Page,
  type TaskStruct,
  type UInt,
  type ULong,
  type VmAreaStruct,
  type VmFlags,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, asVirt, type Cell, type VirtAddr } from '../../../memory/address.js';
import { current } from '../../arch/x86/include/asm/current.h.js';
import { virt_to_page } from '../../arch/x86/include/asm/page.h.js';
import { pgd_alloc } from '../../arch/x86/mm/pgtable/pgtable.js';
import { flush_tlb_mm } from '../../arch/x86/mm/tlb.js';
import { fput, get_file } from '../../fs/file_table/file_table.js';
import { ENOMEM } from '../../include/linux/errno.h.js';
import { is_vm_hugetlb_page } from '../../include/linux/hugetlb.h.js';
import { INIT_LIST_HEAD } from '../../include/linux/list.h.js';
import {
  MA_STATE,
  ULONG_MAX,
  type MaState,
  mt_clear_in_rcu,
  mt_init_flags,
  mt_set_in_rcu,
  MT_FLAGS_ALLOC_RANGE,
  MT_FLAGS_LOCK_EXTERN,
  MT_FLAGS_USE_RCU,
} from '../../include/linux/maple_tree.h.js';
import { is_shared_maywrite, vma_pages } from '../../include/linux/mm.h.js';
import {
  MMF_INIT_MASK,
  VM_ACCOUNT,
  VM_DONTCOPY,
  VM_LOCKED,
  VM_LOCKONFAULT,
  VM_NOHUGEPAGE,
  VM_WIPEONFORK,
} from '../../include/linux/mm_types.h.js';
import { mmgrab } from '../../include/linux/sched/mm.h.js';
import { kmem_cache_alloc, kmem_cache_free } from '../../include/linux/slab.h.js';
import { mas_find } from '../../lib/maple_tree/find.js';
import { mas_destroy, mas_expected_entries, mas_store } from '../../lib/maple_tree/maple_tree.js';
import { mas_is_err } from '../../lib/maple_tree/walk.js';
import { vma_interval_tree_insert_after } from '../../mm/interval_tree.js';
import { hugetlb_dup_vma_private } from '../../mm/hugetlb/reserve.js';
import { vmOperations } from '../../mm/memory/vm_ops.js';
import { copy_page_range } from '../../mm/memory/copy.js';
import { sync_mm_rss } from '../../mm/memory/rss.js';
import { addMapCount } from '../../mm/mmap/adjust.js';
import { mmTree } from '../../mm/mmap/find_vma.js';
import {
  areasOfFile,
  mapping_allow_writable,
  mappingOf,
  vm_area_dup,
  vm_area_free,
  vmaFile,
} from '../../mm/mmap/link.js';
import { exit_mmap, vm_stat_account } from '../../mm/mmap/munmap.js';
import { __free_pages, alloc_pages } from '../../mm/page_alloc/api.js';
import { page_address } from '../../mm/highmem/page_address.js';
import { anon_vma_fork, unlink_anon_vmas } from '../../mm/rmap/anon_vma.js';
import { __vm_enough_memory, vm_unacct_memory } from '../../mm/util.js';
import { __mod_node_page_state } from '../../mm/vmstat/node_stat.js';
import { mm_put_huge_zero_page } from '../../mm/huge_memory/zero_page.js';
import { khugepaged_exit, khugepaged_fork } from '../../mm/khugepaged/khugepaged.js';
import { mmCache, mmdrop } from './mmdrop.js';
import { mmap_init_lock } from '../locking/rwsem/mmap_lock.js';
import { call_rcu, functionNamed, linkCallback } from '../rcu/tiny.js';

// --- an address space ----------------------------------------------------------------------------------------------------

/** Without areas, and with a top-level table; NULL without memory, and the structure is freed. */
function mm_init(k: Kernel, mm: MmStruct): MmStruct {
  const flags = MT_FLAGS_ALLOC_RANGE | MT_FLAGS_LOCK_EXTERN | MT_FLAGS_USE_RCU;
  mt_init_flags(k, mmTree(k, mm), flags);
  k.write(k.plus(mm, k.mm_struct.mm_users), 1);
  k.write(k.plus(mm, k.mm_struct.mm_count), 1);
  k.write(k.plus(mm, k.mm_struct.write_protect_seq), 0);
  mmap_init_lock(k, mm);
  INIT_LIST_HEAD(k, k.plus(mm, k.mm_struct.mmlist));
  k.write_long(k.plus(mm, k.mm_struct.pgtables_bytes), 0);
  k.write(k.plus(mm, k.mm_struct.map_count), 0);
  k.write_long(k.plus(mm, k.mm_struct.locked_vm), 0);
  k.write(k.plus(mm, k.mm_struct.pinned_vm), 0);
  k.write(k.plus(mm, k.mm_struct.pinned_vm) + 1, 0);
  for (let i = 0; i < k.NR_MM_COUNTERS; i++)
    k.write_long(k.plus(mm, k.mm_struct.rss_stat + i * k.ptr_words), 0);
  k.write_long(k.plus(mm, k.mm_struct.exe_file), 0);
  if (k.mm_struct.pmd_huge_pte >= 0) k.write_long(k.plus(mm, k.mm_struct.pmd_huge_pte), 0);
  // hugetlb_count_init():
  k.write_long(k.plus(mm, k.mm_struct.hugetlb_usage), 0);
  const parent: MmStruct = k.read_ptr(k.plus(current(k), k.task_struct.mm));
  if (parent !== NULL) {
    k.write(
      k.plus(mm, k.mm_struct.flags),
      k.read_int(k.plus(parent, k.mm_struct.flags)) & MMF_INIT_MASK,
    );
    k.write_long(
      k.plus(mm, k.mm_struct.def_flags),
      k.read_int(k.plus(parent, k.mm_struct.def_flags)) & VM_NOHUGEPAGE, // VM_INIT_DEF_MASK
    );
  } else {
    // default_dump_filter
    k.write(k.plus(mm, k.mm_struct.flags), 0xcc);
    k.write_long(k.plus(mm, k.mm_struct.def_flags), 0);
  }
  // mm_alloc_pgd():
  if (pgd_alloc(k, mm) !== NULL) return mm;
  // fail_nopgd:
  kmem_cache_free(k, mmCache(k), k.va_of(mm));
  return NULL;
}

/** A new one, with nothing in it. */
export function mm_alloc(k: Kernel): MmStruct {
  const object: VirtAddr = kmem_cache_alloc(k, mmCache(k), k.GFP_KERNEL);
  if (object === 0) return NULL;
  const mm: MmStruct = k.cell_at(object);
  for (let i = 0; i < k.sizeof.mm_struct / 4; i++) k.write(k.plus(mm, i), 0);
  return mm_init(k, mm);
}

const countRef = (k: Kernel, mm: MmStruct, member: Int, delta: Int): Int => {
  const at = k.plus(mm, member);
  k.write(at, k.read_int(at) + delta);
  return k.read_int(at);
};

export function mmget(k: Kernel, mm: MmStruct): void {
  countRef(k, mm, k.mm_struct.mm_users, 1);
}

function __mmput(k: Kernel, mm: MmStruct): void {
  // Before the areas go: khugepaged must not look at them meanwhile.
  khugepaged_exit(k, mm);
  exit_mmap(k, mm);
  mm_put_huge_zero_page(k, mm);
  // set_mm_exe_file(mm, NULL):
  const exe_file: File = k.read_ptr(k.plus(mm, k.mm_struct.exe_file));
  k.write_long(k.plus(mm, k.mm_struct.exe_file), 0);
  if (exe_file !== NULL) fput(k, exe_file);
  mmdrop(k, mm);
}

/** One user less; the last one takes the areas away. */
export function mmput(k: Kernel, mm: MmStruct): void {
  if (countRef(k, mm, k.mm_struct.mm_users, -1) === 0) __mmput(k, mm);
}

/** A task ends: it goes on without an address space of its own, on the tables of the one it had until another task runs. */
export function exit_mm(k: Kernel, task: TaskStruct): void {
  const mm: MmStruct = k.read_ptr(k.plus(task, k.task_struct.mm));
  if (mm === NULL) return;
  sync_mm_rss(k, mm);
  // mmgrab_lazy_tlb():
  mmgrab(k, mm);
  k.write_ptr(k.plus(task, k.task_struct.mm), NULL);
  mmput(k, mm);
}

// --- fork() --------------------------------------------------------------------------------------------------------------

/** Copies every area of `oldmm`, and the pages that only it has. */
function dup_mmap(k: Kernel, mm: MmStruct, oldmm: MmStruct): Int {
  const exe_file: File = k.read_ptr(k.plus(oldmm, k.mm_struct.exe_file));
  // dup_mm_exe_file():
  if (exe_file !== NULL) k.write_ptr(k.plus(mm, k.mm_struct.exe_file), get_file(k, exe_file));
  for (const member of [
    k.mm_struct.total_vm,
    k.mm_struct.data_vm,
    k.mm_struct.exec_vm,
    k.mm_struct.stack_vm,
  ])
    k.write_long(k.plus(mm, member), k.read_ulong(k.plus(oldmm, member)));
  khugepaged_fork(k, mm, oldmm);
  const tree: MapleTree = mmTree(k, mm);
  const old_mas: MaState = MA_STATE(k, mmTree(k, oldmm), 0, 0);
  const mas: MaState = MA_STATE(k, tree, 0, 0);
  const map_count: Int = k.read_int(k.plus(oldmm, k.mm_struct.map_count));
  let retval: Int = mas_expected_entries(k, mas, map_count);
  if (retval !== 0) return retval;
  mt_clear_in_rcu(k, tree);
  let mpnt: VmAreaStruct = mas_find(k, old_mas, ULONG_MAX(k));
  for (; mpnt !== NULL && retval === 0; mpnt = mas_find(k, old_mas, ULONG_MAX(k)))
    retval = dupArea(k, mm, mas, mpnt);
  // loop_out:
  mas_destroy(k, mas);
  if (retval === 0) mt_set_in_rcu(k, tree);
  // The parent's entries have become read-only.
  flush_tlb_mm(k, oldmm);
  return retval;
}

/** One area of them. */
function dupArea(k: Kernel, mm: MmStruct, mas: MaState, mpnt: VmAreaStruct): Int {
  const vm_flags: VmFlags = k.read_int(k.plus(mpnt, k.vm_area_struct.vm_flags));
  const len: ULong = vma_pages(k, mpnt);
  if ((vm_flags & VM_DONTCOPY) !== 0) {
    vm_stat_account(k, mm, vm_flags, -len);
    return 0;
  }
  let charge: ULong = 0;
  fail_nomem: {
    if ((vm_flags & VM_ACCOUNT) !== 0) {
      if (__vm_enough_memory(k, len) !== 0) return -ENOMEM;
      charge = len;
    }
    const tmp: VmAreaStruct = vm_area_dup(k, mpnt);
    if (tmp === NULL) break fail_nomem;
    k.write_ptr(k.plus(tmp, k.vm_area_struct.vm_mm), mm);
    const at = k.plus(tmp, k.vm_area_struct.vm_flags);
    if ((vm_flags & VM_WIPEONFORK) !== 0) {
      k.write_ptr(k.plus(tmp, k.vm_area_struct.anon_vma), NULL);
    } else if (anon_vma_fork(k, tmp, mpnt) !== 0) {
      vm_area_free(k, tmp);
      break fail_nomem;
    }
    // Locks in memory are not inherited.
    k.write(at, k.read_int(at) & ~(VM_LOCKED | VM_LOCKONFAULT));
    const file: File = vmaFile(k, tmp);
    if (file !== NULL) {
      const mapping: AddressSpace = mappingOf(k, file);
      get_file(k, file);
      if (is_shared_maywrite(vm_flags)) mapping_allow_writable(k, mapping);
      vma_interval_tree_insert_after(k, tmp, mpnt, areasOfFile(k, mapping));
    }
    if (is_vm_hugetlb_page(k, tmp)) hugetlb_dup_vma_private(k, tmp);

    // From where the last one went in.
    mas.index = k.read_ulong(k.plus(tmp, k.vm_area_struct.vm_start));
    mas.last = k.read_ulong(k.plus(tmp, k.vm_area_struct.vm_end)) - 1;
    mas_store(k, mas, tmp);
    if (mas_is_err(mas)) {
      // fail_nomem_mas_store:
      unlink_anon_vmas(k, tmp);
      vm_area_free(k, tmp);
      break fail_nomem;
    }
    addMapCount(k, mm, 1);
    vmOperations(k, tmp)?.open?.(k, tmp);
    return (vm_flags & VM_WIPEONFORK) !== 0 ? 0 : copy_page_range(k, tmp, mpnt);
  }
  // fail_nomem:
  if (charge !== 0) vm_unacct_memory(k, charge);
  return -ENOMEM;
}

/** A copy for a child; NULL without memory. */
export function dup_mm(k: Kernel, oldmm: MmStruct): MmStruct {
  const object: VirtAddr = kmem_cache_alloc(k, mmCache(k), k.GFP_KERNEL);
  if (object === 0) return NULL;
  const mm: MmStruct = k.cell_at(object);
  for (let i = 0; i < k.sizeof.mm_struct / 4; i++)
    k.write(k.plus(mm, i), k.read_int(k.plus(oldmm, i)));
  if (mm_init(k, mm) === NULL) return NULL;
  if (dup_mmap(k, mm, oldmm) !== 0) {
    // free_pt:
    mmput(k, mm);
    return NULL;
  }
  // The most it ever had is what it has.
  const total: ULong = k.read_ulong(k.plus(mm, k.mm_struct.total_vm));
  k.write_long(k.plus(mm, k.mm_struct.hiwater_vm), total);
  let rss: ULong = 0;
  for (const member of [k.MM_FILEPAGES, k.MM_ANONPAGES, k.MM_SHMEMPAGES])
    rss += k.read_ulong(k.plus(mm, k.mm_struct.rss_stat + member * k.ptr_words));
  k.write_long(k.plus(mm, k.mm_struct.hiwater_rss), rss);
  return mm;
}

// --- kernel stacks -------------------------------------------------------------------------------------------------------

/** THREAD_SIZE_ORDER. Source: Linux 6.1 arch/x86/include/asm/page_32_types.h, page_64_types.h. */
const THREAD_SIZE_ORDER = (k: Kernel): Int => (k.wide ? 2 : 1);

/** A task's kernel stack; 0 without memory. */
export function alloc_thread_stack_node(k: Kernel): VirtAddr {
  const gfp = k.GFP_KERNEL | k.__GFP_ACCOUNT | k.__GFP_ZERO;
  const page: Page = alloc_pages(k, gfp, THREAD_SIZE_ORDER(k));
  return page === NULL ? asVirt(0) : page_address(k, page);
}

/** In the counters of the node: KiB. */
export function account_kernel_stack(k: Kernel, account: 1 | -1): void {
  __mod_node_page_state(k, k.NR_KERNEL_STACK_KB, account * (1 << THREAD_SIZE_ORDER(k)) * 4);
}

/** After a grace period: somebody may still look at the stack of a task that is dead. */
export function thread_stack_delayed_free(k: Kernel, stack: VirtAddr): void {
  call_rcu(k, k.cell_of(stack), functionNamed(k, 'thread_stack_free_rcu'));
}

function thread_stack_free_rcu(k: Kernel, rh: Cell): void {
  __free_pages(k, virt_to_page(k, k.va_of(asCell(rh))), THREAD_SIZE_ORDER(k));
}
linkCallback('thread_stack_free_rcu', thread_stack_free_rcu);

// --- tasks ---------------------------------------------------------------------------------------------------------------

/** A copy of a task, with a kernel stack of its own; NULL without memory. Left out: all that it must not share with its parent. */
export function dup_task_struct(k: Kernel, orig: TaskStruct): TaskStruct {
  const task_struct_cachep: KmemCache = k.read_ptr(k.globals.task_struct_cachep);
  const object: VirtAddr = kmem_cache_alloc(k, task_struct_cachep, k.GFP_KERNEL);
  if (object === 0) return NULL;
  const tsk: TaskStruct = k.cell_at(object);
  const stack: VirtAddr = alloc_thread_stack_node(k);
  if (stack === 0) {
    // free_tsk:
    kmem_cache_free(k, task_struct_cachep, object);
    return NULL;
  }
  // arch_dup_task_struct(): as much as the machine's FPU needs, which the type leaves room for and the object has.
  const arch_task_struct_size: UInt = k.words[task_struct_cachep + k.kmem_cache.object_size]!;
  for (let i = 0; i < arch_task_struct_size / 4; i++)
    k.write(k.plus(tsk, i), k.read_int(k.plus(orig, i)));
  k.write_va(k.plus(tsk, k.task_struct.stack), stack);
  account_kernel_stack(k, 1);
  return tsk;
}

/** The child's address space: a copy of its parent's. Left out: CLONE_VM. */
export function copy_mm(k: Kernel, tsk: TaskStruct): Int {
  k.write_long(k.plus(tsk, k.task_struct.min_flt), 0);
  k.write_long(k.plus(tsk, k.task_struct.maj_flt), 0);
  k.write_long(k.plus(tsk, k.task_struct.mm), 0);
  k.write_long(k.plus(tsk, k.task_struct.active_mm), 0);
  if (k.smp)
    for (let i = 0; i <= k.NR_MM_COUNTERS; i++) k.write(k.plus(tsk, k.task_struct.rss_stat + i), 0);
  const oldmm: MmStruct = k.read_ptr(k.plus(current(k), k.task_struct.mm));
  // A thread of the kernel has none.
  if (oldmm === NULL) return 0;
  const mm: MmStruct = dup_mm(k, oldmm);
  if (mm === NULL) return -ENOMEM;
  k.write_ptr(k.plus(tsk, k.task_struct.mm), mm);
  k.write_ptr(k.plus(tsk, k.task_struct.active_mm), mm);
  return 0;
}

/** The end of a task that was made here: its stack goes after a grace period, and with it the structure. */
export function put_task_stack(k: Kernel, tsk: TaskStruct): void {
  account_kernel_stack(k, -1);
  thread_stack_delayed_free(k, k.read_va(k.plus(tsk, k.task_struct.stack)));
  k.write_long(k.plus(tsk, k.task_struct.stack), 0);
}

export function free_task_struct(k: Kernel, tsk: TaskStruct): void {
  kmem_cache_free(k, k.read_ptr(k.globals.task_struct_cachep), k.va_of(tsk));
}
