/**
 * Stacks grow when something below them is touched, as far as their limit and what lies there allow.
 *
 * Left out: stacks that grow up; anon_vma_prepare(), which a stack's first fault has done; setrlimit(), so the limit is the one that every process starts with.
 * Source: Linux 6.1 mm/mmap.c: acct_stack_growth(), expand_downwards(), expand_stack(); include/uapi/linux/resource.h: _STK_LIM.
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
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { EAGAIN, EFAULT, ENOMEM } from '../../include/linux/errno.h.js';
import { MA_STATE, type MaState } from '../../include/linux/maple_tree.h.js';
import { VM_GROWSDOWN } from '../../include/linux/mm_types.h.js';
import { mas_prev } from '../../lib/maple_tree/find.js';
import { mas_destroy, mas_preallocate } from '../../lib/maple_tree/maple_tree.js';
import { khugepaged_enter_vma } from '../khugepaged/khugepaged.js';
import { __vm_enough_memory } from '../util.js';
import { find_vma, mmTree } from './find_vma.js';
import {
  anon_vma_interval_tree_post_update_vma,
  anon_vma_interval_tree_pre_update_vma,
  vma_mas_store,
} from './link.js';
import { MMAP_MIN_ADDR, STACK_GUARD_GAP } from './mmap.js';
import { vm_stat_account } from './munmap.js';

/** RLIMIT_STACK of a process that nobody gave another one, in bytes. */
const _STK_LIM = 8 << 20;

/** Whether a stack may be `size` bytes large, `grow` pages more than now. Left out: may_expand_vm(), mlock_future_check(). */
function acct_stack_growth(k: Kernel, size: ULong, grow: ULong): Int {
  if (size > _STK_LIM) return -ENOMEM;
  return __vm_enough_memory(k, grow) !== 0 ? -ENOMEM : 0;
}

/** A stack grows down to an address below it. */
function expand_downwards(k: Kernel, vma: VmAreaStruct, address: VirtAddr): Int {
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  const vm_flags: VmFlags = k.read_int(k.plus(vma, k.vm_area_struct.vm_flags));
  if ((vm_flags & VM_GROWSDOWN) === 0) return -EFAULT;
  address = asVirt(address - (address % PAGE_SIZE));
  if (address < MMAP_MIN_ADDR) return -EAGAIN;
  const vm_start: VirtAddr = k.read_va(k.plus(vma, k.vm_area_struct.vm_start));
  const vm_end: VirtAddr = k.read_va(k.plus(vma, k.vm_area_struct.vm_end));
  const mas: MaState = MA_STATE(k, mmTree(k, mm), vm_start, vm_start);
  const prev: VmAreaStruct = mas_prev(k, mas, 0);
  // What lies below must not be a stone's throw away: a program could jump over the gap.
  if (prev !== NULL && address - k.read_va(k.plus(prev, k.vm_area_struct.vm_end)) < STACK_GUARD_GAP)
    return -ENOMEM;
  if (mas_preallocate(k, mas, k.GFP_KERNEL) !== 0) return -ENOMEM;
  const grow: ULong = (vm_start - address) / PAGE_SIZE;
  const error: Int = acct_stack_growth(k, vm_end - address, grow);
  if (error === 0) {
    vm_stat_account(k, mm, vm_flags, grow);
    anon_vma_interval_tree_pre_update_vma(k, vma);
    k.write_va(k.plus(vma, k.vm_area_struct.vm_start), address);
    k.add_long(k.plus(vma, k.vm_area_struct.vm_pgoff), -grow);
    vma_mas_store(k, vma, mas);
    anon_vma_interval_tree_post_update_vma(k, vma);
  }
  khugepaged_enter_vma(k, vma, vm_flags);
  mas_destroy(k, mas);
  return error;
}

/** The area that an address lies in, after the stack above it has grown, if it can; NULL: there is none. */
export function expand_stack(k: Kernel, mm: MmStruct, addr: VirtAddr): VmAreaStruct {
  const vma: VmAreaStruct = find_vma(k, mm, addr);
  if (vma === NULL) return NULL;
  if (k.read_va(k.plus(vma, k.vm_area_struct.vm_start)) <= addr) return vma;
  return expand_downwards(k, vma, addr) === 0 ? vma : NULL;
}
