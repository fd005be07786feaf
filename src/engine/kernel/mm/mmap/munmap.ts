/**
 * Taking areas away: those at the ends are split, all are detached, their pages unmapped, their tables freed; and the end of an address
 * space.
 *
 * Differs: the tree of detached areas, which lies on the stack, is read into a list once it is whole.
 * Left out: userfaultfd, the lock that is downgraded meanwhile, hiwater marks' tracing, uprobes.
 * Source: Linux 6.1 mm/mmap.c: remove_mt(), unmap_region(), do_mas_align_munmap(), do_mas_munmap(), exit_mmap(), vm_stat_account();
 * include/linux/mm.h: update_hiwater_rss(), update_hiwater_vm().
 */
import {
  type Int,
  type Long,
  type MapleTree,
  type MmStruct,
  NULL,
  type ULong,
  type VmAreaStruct,
  type VmFlags,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { __set_bit } from '../../arch/x86/include/asm/bitops.h.js';
import { EINVAL, ENOMEM } from '../../include/linux/errno.h.js';
import {
  MA_STATE,
  ULONG_MAX,
  type MaState,
  mas_set,
  mas_set_range,
  mt_clear_in_rcu,
  MT_FLAGS_LOCK_MASK,
  mt_init_flags,
} from '../../include/linux/maple_tree.h.js';
import { vma_pages } from '../../include/linux/mm.h.js';
import {
  MMF_OOM_SKIP,
  VM_ACCOUNT,
  VM_EXEC,
  VM_GROWSDOWN,
  VM_LOCKED,
  VM_SHARED,
  VM_WRITE,
} from '../../include/linux/mm_types.h.js';
import { __mt_destroy } from '../../lib/maple_tree/destroy.js';
import { mas_find, mas_next, mas_prev } from '../../lib/maple_tree/find.js';
import {
  mas_destroy,
  mas_preallocate,
  mas_store_gfp,
  mas_store_prealloc,
} from '../../lib/maple_tree/maple_tree.js';
import { mas_walk } from '../../lib/maple_tree/walk.js';
import { get_mm_counter } from '../memory/rss.js';
import { areasOf, free_pgtables, unmap_vmas } from '../memory/zap.js';
import { type MmuGather, tlb_finish_mmu, tlb_gather_mmu } from '../mmu_gather.js';
import { lru_add_drain } from '../swap/lru_add_drain.js';
import { vm_unacct_memory } from '../util.js';
import { addMapCount } from './adjust.js';
import { mmTree } from './find_vma.js';
import { remove_vma } from './link.js';
import { __split_vma, sysctl_max_map_count } from './merge.js';

const startOf = (k: Kernel, vma: VmAreaStruct): VirtAddr =>
  k.read_va(k.plus(vma, k.vm_area_struct.vm_start));
const endOf = (k: Kernel, vma: VmAreaStruct): VirtAddr =>
  k.read_va(k.plus(vma, k.vm_area_struct.vm_end));
const flagsOf = (k: Kernel, vma: VmAreaStruct): VmFlags =>
  k.read_int(k.plus(vma, k.vm_area_struct.vm_flags));

// --- numbers of an address space -----------------------------------------------------------------------------------------

/** Pages of an area are counted, or counted out: in all, and by what they are for. */
export function vm_stat_account(k: Kernel, mm: MmStruct, flags: VmFlags, npages: Long): void {
  k.add_long(k.plus(mm, k.mm_struct.total_vm), npages);
  // is_exec_mapping(), is_stack_mapping(), is_data_mapping()
  if ((flags & (VM_EXEC | VM_WRITE | VM_GROWSDOWN)) === VM_EXEC)
    k.add_long(k.plus(mm, k.mm_struct.exec_vm), npages);
  else if ((flags & VM_GROWSDOWN) !== 0) k.add_long(k.plus(mm, k.mm_struct.stack_vm), npages);
  else if ((flags & (VM_WRITE | VM_SHARED | VM_GROWSDOWN)) === VM_WRITE)
    k.add_long(k.plus(mm, k.mm_struct.data_vm), npages);
}

/** The most it ever had, before it gets less. An inline of include/linux/mm.h. */
export function update_hiwater_rss(k: Kernel, mm: MmStruct): void {
  const rss: ULong =
    get_mm_counter(k, mm, k.MM_FILEPAGES) +
    get_mm_counter(k, mm, k.MM_ANONPAGES) +
    get_mm_counter(k, mm, k.MM_SHMEMPAGES);
  const hiwater = k.plus(mm, k.mm_struct.hiwater_rss);
  if (k.read_ulong(hiwater) < rss) k.write_long(hiwater, rss);
}

function update_hiwater_vm(k: Kernel, mm: MmStruct): void {
  const total: ULong = k.read_ulong(k.plus(mm, k.mm_struct.total_vm));
  const hiwater = k.plus(mm, k.mm_struct.hiwater_vm);
  if (k.read_ulong(hiwater) < total) k.write_long(hiwater, total);
}

// --- unmapping -----------------------------------------------------------------------------------------------------------

/** The ends of areas that are linked nowhere any more, and their numbers. */
function remove_mt(k: Kernel, mm: MmStruct, vmas: readonly VmAreaStruct[]): void {
  let nr_accounted: ULong = 0;
  update_hiwater_vm(k, mm);
  for (const vma of vmas) {
    const nrpages: ULong = vma_pages(k, vma);
    if ((flagsOf(k, vma) & VM_ACCOUNT) !== 0) nr_accounted += nrpages;
    vm_stat_account(k, mm, flagsOf(k, vma), -nrpages);
    remove_vma(k, vma);
  }
  vm_unacct_memory(k, nr_accounted);
}

/** @param vmas in order; `prev` and `next` are their neighbours, whose tables stay */
export function unmap_region(
  k: Kernel,
  mm: MmStruct,
  vmas: readonly VmAreaStruct[],
  prev: VmAreaStruct,
  next: VmAreaStruct,
  start: VirtAddr,
  end: VirtAddr,
): void {
  lru_add_drain(k);
  const tlb: MmuGather = tlb_gather_mmu(k, mm);
  update_hiwater_rss(k, mm);
  unmap_vmas(k, tlb, vmas, start, end);
  const floor: ULong = prev !== NULL ? endOf(k, prev) : 0;
  // USER_PGTABLES_CEILING: 0, which is the end of all addresses.
  const ceiling: ULong = next !== NULL ? startOf(k, next) : 0;
  free_pgtables(k, tlb, vmas, floor, ceiling);
  tlb_finish_mmu(k, tlb);
}

/** The aligned range [start, end), of which `vma` is the first area. */
export function do_mas_align_munmap(
  k: Kernel,
  mas: MaState,
  vma: VmAreaStruct,
  mm: MmStruct,
  start: VirtAddr,
  end: VirtAddr,
): Int {
  let count: Int = 0;
  let locked_vm: ULong = 0;
  const mt_detach: MapleTree = k.machine.mtDetach;
  const mas_detach: MaState = MA_STATE(k, mt_detach, 0, 0);
  const ma_flags: Int = k.read_int(k.plus(mas.tree, k.maple_tree.ma_flags));
  mt_init_flags(k, mt_detach, ma_flags & MT_FLAGS_LOCK_MASK);
  if (mas_preallocate(k, mas, k.GFP_KERNEL) !== 0) return -ENOMEM;
  mas.last = end - 1;

  // The first one may begin before it,
  if (start > startOf(k, vma)) {
    const map_count: Int = k.read_int(k.plus(mm, k.mm_struct.map_count));
    // One area becomes three: for a moment one more than allowed would be too many.
    const isTooMany = end < endOf(k, vma) && map_count >= sysctl_max_map_count;
    const error: Int = isTooMany ? -ENOMEM : __split_vma(k, vma, start, false);
    if (error !== 0) {
      // map_count_exceeded:
      mas_destroy(k, mas);
      return error;
    }
    mas_set(mas, start);
    mas_walk(k, mas);
  }
  const prev: VmAreaStruct = mas_prev(k, mas, 0);
  if (prev === NULL) mas_set(mas, start);

  // and the last one end behind it.
  let next: VmAreaStruct;
  for (next = mas_find(k, mas, end - 1); next !== NULL; next = mas_find(k, mas, end - 1)) {
    let area: VmAreaStruct = next;
    const isLast = endOf(k, next) > end;
    let error: Int = 0;
    if (isLast) {
      error = __split_vma(k, next, end, true);
      if (error === 0) {
        mas_set(mas, end);
        area = mas_prev(k, mas, 0);
      }
    }
    if (error === 0) {
      mas_set_range(mas_detach, startOf(k, area), endOf(k, area) - 1);
      error = mas_store_gfp(k, mas_detach, area, k.GFP_KERNEL);
    }
    if (error !== 0) {
      // munmap_gather_failed:
      __mt_destroy(k, mt_detach);
      mas_destroy(k, mas);
      return error;
    }
    if ((flagsOf(k, area) & VM_LOCKED) !== 0) locked_vm += vma_pages(k, area);
    count++;
    if (isLast) break;
  }
  if (next === NULL) next = mas_next(k, mas, ULONG_MAX(k));

  // Point of no return.
  mas_set_range(mas, start, end - 1);
  mas_store_prealloc(k, mas, NULL);
  k.add_long(k.plus(mm, k.mm_struct.locked_vm), -locked_vm);
  addMapCount(k, mm, -count);

  const detached: VmAreaStruct[] = areasOf(k, mt_detach);
  unmap_region(k, mm, detached, prev, next, start, end);
  remove_mt(k, mm, detached);
  __mt_destroy(k, mt_detach);
  return 0;
}

/** Takes away what there is of [start, start + len). */
export function do_mas_munmap(
  k: Kernel,
  mas: MaState,
  mm: MmStruct,
  start: VirtAddr,
  len: ULong,
): Int {
  if (start % PAGE_SIZE !== 0 || start > k.TASK_SIZE || len > k.TASK_SIZE - start) return -EINVAL;
  const end: VirtAddr = asVirt(start + Math.ceil(len / PAGE_SIZE) * PAGE_SIZE);
  if (end === start) return -EINVAL;
  const vma: VmAreaStruct = mas_find(k, mas, end - 1);
  return vma === NULL ? 0 : do_mas_align_munmap(k, mas, vma, mm, start, end);
}

export function do_munmap(k: Kernel, mm: MmStruct, start: VirtAddr, len: ULong): Int {
  return do_mas_munmap(k, MA_STATE(k, mmTree(k, mm), start, start), mm, start, len);
}

// --- the end -------------------------------------------------------------------------------------------------------------

/** Nobody uses the address space any more: everything goes. Left out: mmu_notifier_release, arch_exit_mmap (the LDT). */
export function exit_mmap(k: Kernel, mm: MmStruct): void {
  const mt: MapleTree = mmTree(k, mm);
  const mas: MaState = MA_STATE(k, mt, 0, 0);
  let nr_accounted: ULong = 0;
  let vma: VmAreaStruct = mas_find(k, mas, ULONG_MAX(k));
  // A fork that failed before it had copied anything.
  if (vma === NULL) return;
  lru_add_drain(k);
  const tlb: MmuGather = tlb_gather_mmu(k, mm, true);
  unmap_vmas(k, tlb, areasOf(k, mt), asVirt(0), ULONG_MAX(k));
  __set_bit(k, MMF_OOM_SKIP, k.plus(mm, k.mm_struct.flags));
  mt_clear_in_rcu(k, mt);
  free_pgtables(k, tlb, areasOf(k, mt), 0, 0);
  tlb_finish_mmu(k, tlb);
  // Only now: the batches may still be full of their pages.
  do {
    if ((flagsOf(k, vma) & VM_ACCOUNT) !== 0) nr_accounted += vma_pages(k, vma);
    remove_vma(k, vma);
    vma = mas_find(k, mas, ULONG_MAX(k));
  } while (vma !== NULL);
  __mt_destroy(k, mt);
  vm_unacct_memory(k, nr_accounted);
}
