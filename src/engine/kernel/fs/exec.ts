/**
 * What execve() makes of a task's memory: a new address space that has a stack.
 *
 * Left out: the program itself and its interpreter, arguments and environment (one page is theirs), stacks that may run code, random places.
 * Source: Linux 6.1 fs/exec.c: __bprm_mm_init(), setup_arg_pages(), exec_mmap(), setup_new_exec(); include/linux/mm.h: VM_STACK_FLAGS;
 * mm/mmap.c: insert_vm_struct().
 */
import {
  type Int,
  type MmStruct,
  NULL,
  type TaskStruct,
  type VmAreaStruct,
  type VmFlags,
} from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { asCell, asVirt, PAGE_SIZE, type VirtAddr } from '../../memory/address.js';
import { current } from '../arch/x86/include/asm/current.h.js';
import { native_set_pte } from '../arch/x86/include/asm/pgtable.h.js';
import { vm_get_page_prot } from '../arch/x86/include/asm/pgtable_types.h.js';
import { arch_pick_mmap_layout } from '../arch/x86/mm/mmap.js';
import { switch_mm } from '../arch/x86/mm/tlb.js';
import { EFAULT, ENOMEM } from '../include/linux/errno.h.js';
import { VM_ACCOUNT, VM_DATA_DEFAULT_FLAGS, VM_GROWSDOWN } from '../include/linux/mm_types.h.js';
import { mmput } from '../kernel/fork/fork.js';
import { mmdrop } from '../kernel/fork/mmdrop.js';
import { vma_link } from '../mm/mmap/copy_vma.js';
import { vm_area_alloc, vm_area_free } from '../mm/mmap/link.js';
import { expand_stack } from '../mm/mmap/expand_stack.js';
import { __vm_enough_memory } from '../mm/util.js';

const VM_STACK_FLAGS: VmFlags = VM_GROWSDOWN | VM_DATA_DEFAULT_FLAGS | VM_ACCOUNT;
/** How far a new stack reaches below the page of the arguments. */
const STACK_EXPAND = 131072;

/** The stack's first page, at the top. Differs: at STACK_TOP from the beginning: nothing has to be moved there. */
export function __bprm_mm_init(k: Kernel, mm: MmStruct): Int {
  const vma: VmAreaStruct = vm_area_alloc(k, mm);
  if (vma === NULL) return -ENOMEM;
  const end: VirtAddr = asVirt(k.TASK_SIZE);
  const start: VirtAddr = asVirt(end - PAGE_SIZE);
  k.write_va(k.plus(vma, k.vm_area_struct.vm_end), end);
  k.write_va(k.plus(vma, k.vm_area_struct.vm_start), start);
  k.write_long(k.plus(vma, k.vm_area_struct.vm_flags), VM_STACK_FLAGS);
  k.write_long(k.plus(vma, k.vm_area_struct.vm_pgoff), start / PAGE_SIZE);
  native_set_pte(
    k,
    asCell(k.plus(vma, k.vm_area_struct.vm_page_prot)),
    vm_get_page_prot(k, VM_STACK_FLAGS),
  );
  // insert_vm_struct():
  if (__vm_enough_memory(k, 1) !== 0 || vma_link(k, mm, vma) !== 0) {
    // err_free:
    vm_area_free(k, vma);
    return -ENOMEM;
  }
  k.write_long(k.plus(mm, k.mm_struct.stack_vm), 1);
  k.write_long(k.plus(mm, k.mm_struct.total_vm), 1);
  return 0;
}

/** The stack has the room that every new one has. */
export function setup_arg_pages(k: Kernel, mm: MmStruct, stack_top: VirtAddr): Int {
  const stack_base: VirtAddr = asVirt(stack_top - PAGE_SIZE - STACK_EXPAND);
  k.write_va(k.plus(mm, k.mm_struct.start_stack), asVirt(stack_top - 2 * k.ptr_words * 4));
  return expand_stack(k, mm, stack_base) === NULL ? -EFAULT : 0;
}

/** The running task has another address space from here on. */
export function exec_mmap(k: Kernel, mm: MmStruct): void {
  const tsk: TaskStruct = current(k);
  const old_mm: MmStruct = k.read_ptr(k.plus(tsk, k.task_struct.mm));
  const active_mm: MmStruct = k.read_ptr(k.plus(tsk, k.task_struct.active_mm));
  k.write_ptr(k.plus(tsk, k.task_struct.active_mm), mm);
  k.write_ptr(k.plus(tsk, k.task_struct.mm), mm);
  // activate_mm():
  switch_mm(k, mm);
  arch_pick_mmap_layout(k, mm);
  k.write_long(k.plus(mm, k.mm_struct.task_size), k.TASK_SIZE);
  if (old_mm !== NULL) mmput(k, old_mm);
  // A thread of the kernel has borrowed one.
  else if (active_mm !== NULL) mmdrop(k, active_mm);
}
