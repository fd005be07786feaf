/**
 * The operations of an area that maps a file: `vma->vm_ops` holds the address of a table. Of the kernel's own tables these are the
 * functions, which whoever has them links when its module is loaded; a table outside of the kernel is a scenario's, whose functions are
 * called out for.
 *
 * Source: Linux 6.1 include/linux/mm.h: struct vm_operations_struct, struct vm_fault; mm/memory.c: __do_fault().
 */
import {
  type Int,
  NULL,
  type Page,
  type ULong,
  type VmAreaStruct,
  type VmFault_t,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { Cell, VirtAddr } from '../../../memory/address.js';
import { VM_FAULT_ERROR, type VmFault } from '../../include/linux/mm_types.h.js';
import { lock_page } from '../../include/linux/pagemap.h.js';

export interface VmOperations {
  /** Finds the page, and locks it: vmf->page. */
  readonly fault: (k: Kernel, vmf: VmFault) => VmFault_t;
  /** An area with these operations is copied from another one, or goes. */
  readonly open?: (k: Kernel, vma: VmAreaStruct) => void;
  readonly close?: (k: Kernel, vma: VmAreaStruct) => void;
  /** Whether the area may be split at an address. */
  readonly may_split?: (k: Kernel, vma: VmAreaStruct, addr: VirtAddr) => boolean;
  /** Maps the pages of [start, end] that the file has already. */
  readonly map_pages?: (k: Kernel, vmf: VmFault, start: ULong, end: ULong) => VmFault_t;
}

const tables = new Map<string, VmOperations>();

/** The operations in the table with this symbol. */
export const linkVmOperations = (symbol: string, ops: VmOperations): void =>
  void tables.set(symbol, ops);

/** Undefined where nobody knows the table. */
export function vmOperations(k: Kernel, vma: VmAreaStruct): VmOperations | undefined {
  const vm_ops: VirtAddr = k.read_va(k.plus(vma, k.vm_area_struct.vm_ops));
  for (const [symbol, ops] of tables) if (k.profile.symbol(symbol)?.address === vm_ops) return ops;
  return k.isOwnObject(vm_ops) ? ownOperations(k, k.cell_of(vm_ops)) : undefined;
}

/** A scenario's table. One without `fault` cannot fill what was not mapped beforehand. */
function ownOperations(k: Kernel, table: Cell): VmOperations | undefined {
  const funcAt = (member: number): VirtAddr => k.read_va(k.plus(table, member));
  const { vm_operations_struct } = k;
  const fault: VirtAddr = funcAt(vm_operations_struct.fault);
  const open: VirtAddr = funcAt(vm_operations_struct.open);
  const close: VirtAddr = funcAt(vm_operations_struct.close);
  const may_split: VirtAddr = funcAt(vm_operations_struct.may_split);
  return {
    fault: (_k, vmf) => (fault === 0 ? k.VM_FAULT_SIGBUS : callFault(k, fault, vmf)),
    open: (_k, vma) => void (open !== 0 && k.callOut?.(open, [k.va_of(vma)])),
    close: (_k, vma) => void (close !== 0 && k.callOut?.(close, [k.va_of(vma)])),
    may_split: (_k, vma, addr) =>
      may_split === 0 || k.callOut?.(may_split, [k.va_of(vma), addr]) === 0,
  };
}

/** The fault as a `struct vm_fault` on the stack; what the function found is locked, if it has not done so itself. */
function callFault(k: Kernel, fault: VirtAddr, vmf: VmFault): VmFault_t {
  let at: Cell | undefined;
  const fill = (object: Cell): readonly number[] => {
    at = object;
    for (let i = 0; i < k.sizeof.vm_fault / 4; i++) k.write(object + i, 0);
    k.write_ptr(object + k.vm_fault.vma, vmf.vma);
    k.write(object + k.vm_fault.gfp_mask, vmf.gfp_mask);
    k.write_long(object + k.vm_fault.pgoff, vmf.pgoff);
    k.write_va(object + k.vm_fault.address, vmf.address);
    k.write_va(object + k.vm_fault.real_address, vmf.real_address);
    k.write(object + k.vm_fault.flags, vmf.flags);
    k.write_ptr(object + k.vm_fault.pmd, vmf.pmd);
    k.write_ptr(object + k.vm_fault.pud, vmf.pud);
    k.write_ptr(object + k.vm_fault.cow_page, vmf.cow_page);
    return [k.va_of(object)];
  };
  const result: Int | undefined = k.callOut?.(fault, fill, k.sizeof.vm_fault);
  if (result === undefined || at === undefined) return k.VM_FAULT_SIGBUS;
  let ret: VmFault_t = result;
  if ((ret & (VM_FAULT_ERROR(k) | k.VM_FAULT_NOPAGE | k.VM_FAULT_RETRY)) !== 0) return ret;
  const page: Page = k.read_ptr(at + k.vm_fault.page);
  // A handler that says it is done and has found nothing: Linux would follow NULL.
  if (page === NULL) k.deref(page, k.page.flags);
  vmf.page = page;
  if ((ret & k.VM_FAULT_LOCKED) === 0) {
    lock_page(k, page);
    ret |= k.VM_FAULT_LOCKED;
  }
  return ret;
}
