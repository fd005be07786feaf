/**
 * A page fault at an address of a process: the area is found, or a stack grows; the access is checked against what the area allows; and
 * the fault is handled. What it may not do ends in a signal.
 *
 * The address space is locked for reading meanwhile. A fault that has to wait may give the lock back first, and is begun anew then.
 *
 * Left out: regs, pkeys, SMAP, vsyscalls, signals that are pending.
 * Source: Linux 6.1 arch/x86/mm/fault.c: access_error(), do_user_addr_fault(); arch/x86/include/asm/trap_pf.h.
 */
import {
  type Int,
  type MmStruct,
  NULL,
  type VmAreaStruct,
  type VmFault_t,
  type VmFlags,
} from '../../../../../machine/ctypes.js';
import type { Kernel } from '../../../../../machine/kernel.js';
import type { VirtAddr } from '../../../../../memory/address.js';
import { VM_ACCESS_FLAGS, VM_WRITE } from '../../../../include/linux/mm_types.h.js';
import { mmap_read_lock, mmap_read_unlock } from '../../../../kernel/locking/rwsem/mmap_lock.js';
import { handle_mm_fault } from '../../../../mm/memory/fault.js';
import { expand_stack } from '../../../../mm/mmap/expand_stack.js';

/** enum x86_pf_error_code */
export const X86_PF_PROT = 1 << 0;
export const X86_PF_WRITE = 1 << 1;
export const X86_PF_USER = 1 << 2;
export const X86_PF_INSTR = 1 << 4;

/** Whether the area does not allow the access. */
function access_error(k: Kernel, error_code: Int, vma: VmAreaStruct): boolean {
  const vm_flags: VmFlags = k.read_int(k.plus(vma, k.vm_area_struct.vm_flags));
  if ((error_code & X86_PF_WRITE) !== 0) return (vm_flags & VM_WRITE) === 0;
  // Read, and the page is there: then it must not be read.
  if ((error_code & X86_PF_PROT) !== 0) return true;
  return (vm_flags & VM_ACCESS_FLAGS) === 0;
}

/** What the fault came to: VM_FAULT_SIGSEGV and VM_FAULT_SIGBUS are signals that Linux would send. */
export function do_user_addr_fault(
  k: Kernel,
  mm: MmStruct,
  error_code: Int,
  address: VirtAddr,
): VmFault_t {
  let flags: Int = k.FAULT_FLAG_ALLOW_RETRY | k.FAULT_FLAG_KILLABLE;
  if ((error_code & X86_PF_WRITE) !== 0) flags |= k.FAULT_FLAG_WRITE;
  if ((error_code & X86_PF_INSTR) !== 0) flags |= k.FAULT_FLAG_INSTRUCTION;
  if ((error_code & X86_PF_USER) !== 0) flags |= k.FAULT_FLAG_USER;
  retry: for (;;) {
    mmap_read_lock(k, mm);
    const vma: VmAreaStruct = expand_stack(k, mm, address);
    if (vma === NULL || access_error(k, error_code, vma)) {
      mmap_read_unlock(k, mm);
      return k.VM_FAULT_SIGSEGV;
    }
    const fault: VmFault_t = handle_mm_fault(k, vma, address, flags);
    // The lock has been given back.
    if ((fault & k.VM_FAULT_RETRY) !== 0) {
      flags |= k.FAULT_FLAG_TRIED;
      continue retry;
    }
    mmap_read_unlock(k, mm);
    return fault;
  }
}
