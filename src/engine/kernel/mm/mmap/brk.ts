/**
 * The heap grows and shrinks: brk() lengthens the area before its end, makes one, or takes away what is behind the new end.
 *
 * Left out: RLIMIT_DATA, the heap of mlockall().
 * Source: Linux 6.1 mm/mmap.c: SYSCALL_DEFINE1(brk), do_brk_flags().
 */
import {
  type Int,
  type MmStruct,
  NULL,
  type ULong,
  type VmAreaStruct,
  type VmFlags,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { vm_get_page_prot } from '../../arch/x86/include/asm/pgtable_types.h.js';
import { native_set_pte } from '../../arch/x86/include/asm/pgtable.h.js';
import { ENOMEM } from '../../include/linux/errno.h.js';
import {
  MA_STATE,
  type MaState,
  mas_set,
  mas_set_range,
} from '../../include/linux/maple_tree.h.js';
import {
  PROT_EXEC,
  PROT_READ,
  VM_ACCOUNT,
  VM_DATA_DEFAULT_FLAGS,
  VM_EXEC,
} from '../../include/linux/mm_types.h.js';
import { mas_find, mas_prev } from '../../lib/maple_tree/find.js';
import {
  mas_preallocate,
  mas_store_gfp,
  mas_store_prealloc,
} from '../../lib/maple_tree/maple_tree.js';
import { vma_adjust_trans_huge } from '../huge_memory/split_pmd.js';
import { khugepaged_enter_vma } from '../khugepaged/khugepaged.js';
import { __vm_enough_memory, vm_unacct_memory } from '../util.js';
import { addMapCount } from './adjust.js';
import { mmTree } from './find_vma.js';
import {
  anon_vma_interval_tree_post_update_vma,
  anon_vma_interval_tree_pre_update_vma,
  vm_area_alloc,
  vm_area_free,
} from './link.js';
import { can_vma_merge_after, sysctl_max_map_count } from './merge.js';
import { do_mas_align_munmap } from './munmap.js';
import { endOf, PAGE_ALIGN, STACK_GUARD_GAP, startGap, startOf, withImpliedExec } from './mmap.js';

/** The heap ends at another address: where it ends then. Left out: RLIMIT_DATA, populating a locked heap. */
export function setBrk(k: Kernel, mm: MmStruct, address: VirtAddr): VirtAddr {
  const at = k.plus(mm, k.mm_struct.brk);
  const origbrk: VirtAddr = k.read_va(at);
  const min_brk: VirtAddr = k.read_va(k.plus(mm, k.mm_struct.start_brk));
  if (address < min_brk) return origbrk;
  const newbrk: ULong = PAGE_ALIGN(address);
  const oldbrk: ULong = PAGE_ALIGN(origbrk);
  const mas: MaState = MA_STATE(k, mmTree(k, mm), 0, 0);
  if (newbrk < oldbrk) {
    mas_set(mas, newbrk);
    const brkvma: VmAreaStruct = mas_find(k, mas, oldbrk);
    // Something else lies there.
    if (brkvma === NULL || startOf(k, brkvma) >= oldbrk) return origbrk;
    // do_brk_munmap():
    if (do_mas_align_munmap(k, mas, brkvma, mm, asVirt(newbrk), asVirt(oldbrk)) !== 0)
      return origbrk;
  } else if (newbrk > oldbrk) {
    mas_set(mas, oldbrk);
    const next: VmAreaStruct = mas_find(k, mas, newbrk - 1 + PAGE_SIZE + STACK_GUARD_GAP);
    // A page stays between the heap and what is behind it.
    if (next !== NULL && newbrk + PAGE_SIZE > startGap(k, next)) return origbrk;
    const brkvma: VmAreaStruct = mas_prev(k, mas, min_brk);
    if (do_brk_flags(k, mas, brkvma, mm, asVirt(oldbrk), newbrk - oldbrk) !== 0) return origbrk;
  }
  k.write_va(at, address);
  return address;
}

/** @param brkvma the area before */
function do_brk_flags(
  k: Kernel,
  mas: MaState,
  brkvma: VmAreaStruct,
  mm: MmStruct,
  addr: VirtAddr,
  len: ULong,
): Int {
  const implied: VmFlags = (withImpliedExec(k, PROT_READ) & PROT_EXEC) !== 0 ? VM_EXEC : 0;
  const flags: VmFlags =
    VM_DATA_DEFAULT_FLAGS | implied | VM_ACCOUNT | k.read_int(k.plus(mm, k.mm_struct.def_flags));
  const npages: ULong = len / PAGE_SIZE;
  if (k.read_int(k.plus(mm, k.mm_struct.map_count)) > sysctl_max_map_count) return -ENOMEM;
  if (__vm_enough_memory(k, npages) !== 0) return -ENOMEM;
  const end: VirtAddr = asVirt(addr + len);
  if (
    brkvma !== NULL &&
    endOf(k, brkvma) === addr &&
    can_vma_merge_after(k, brkvma, flags, NULL, NULL, addr / PAGE_SIZE)
  ) {
    mas_set_range(mas, startOf(k, brkvma), end - 1);
    if (mas_preallocate(k, mas, k.GFP_KERNEL) !== 0) return -ENOMEM;
    vma_adjust_trans_huge(k, brkvma, startOf(k, brkvma), end, 0);
    anon_vma_interval_tree_pre_update_vma(k, brkvma);
    k.write_va(k.plus(brkvma, k.vm_area_struct.vm_end), end);
    mas_store_prealloc(k, mas, brkvma);
    anon_vma_interval_tree_post_update_vma(k, brkvma);
    khugepaged_enter_vma(k, brkvma, flags);
  } else {
    const vma: VmAreaStruct = vm_area_alloc(k, mm);
    if (vma === NULL) {
      vm_unacct_memory(k, npages);
      return -ENOMEM;
    }
    k.write_va(k.plus(vma, k.vm_area_struct.vm_start), addr);
    k.write_va(k.plus(vma, k.vm_area_struct.vm_end), end);
    k.write_long(k.plus(vma, k.vm_area_struct.vm_pgoff), addr / PAGE_SIZE);
    k.write_long(k.plus(vma, k.vm_area_struct.vm_flags), flags);
    native_set_pte(
      k,
      asCell(k.plus(vma, k.vm_area_struct.vm_page_prot)),
      vm_get_page_prot(k, flags),
    );
    mas_set_range(mas, addr, end - 1);
    if (mas_store_gfp(k, mas, vma, k.GFP_KERNEL) !== 0) {
      // mas_store_fail:
      vm_area_free(k, vma);
      vm_unacct_memory(k, npages);
      return -ENOMEM;
    }
    addMapCount(k, mm, 1);
  }
  // out:
  k.add_long(k.plus(mm, k.mm_struct.total_vm), npages);
  k.add_long(k.plus(mm, k.mm_struct.data_vm), npages);
  return 0;
}
