/**
 * A task becomes a process, as by execve(): with a stack, of which the page of the arguments is there, a heap that is empty, and nothing
 * else, as nobody here has a program to load.
 */
import { type MmStruct, NULL } from '../machine/ctypes.js';
import type { Kernel } from '../machine/kernel.js';
import { asVirt, type VirtAddr } from '../memory/address.js';
import { do_user_addr_fault, X86_PF_WRITE } from '../kernel/arch/x86/mm/fault/user.js';
import { __bprm_mm_init, exec_mmap, setup_arg_pages } from '../kernel/fs/exec.js';
import { mm_alloc, mmput } from '../kernel/kernel/fork/fork.js';

/** Where a program that was linked for a fixed place has its heap: behind 1 MiB of its own. */
const heapStart = (k: Kernel): VirtAddr => asVirt(k.wide ? 0x50_0000 : 0x814_8000);

/** False without memory. */
export function startProcess(k: Kernel): boolean {
  const mm: MmStruct = mm_alloc(k);
  if (mm === NULL) return false;
  const stack_top: VirtAddr = asVirt(k.TASK_SIZE);
  if (__bprm_mm_init(k, mm) !== 0) {
    mmput(k, mm);
    return false;
  }
  exec_mmap(k, mm);
  if (setup_arg_pages(k, mm, stack_top) !== 0) return false;
  k.write_va(k.plus(mm, k.mm_struct.start_brk), heapStart(k));
  k.write_va(k.plus(mm, k.mm_struct.brk), heapStart(k));
  // copy_strings():
  do_user_addr_fault(k, mm, X86_PF_WRITE, asVirt(stack_top - k.ptr_words * 4));
  return true;
}
