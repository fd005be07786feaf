/**
 * Calls of functions in tables that are a scenario's (a driver's): what Linux would have on its stack for them is put on the task's, as C
 * lays it out, and what they leave there is read.
 *
 * Source: Linux 6.1 include/linux/mm.h: struct vm_operations_struct, struct vm_fault; fs/read_write.c: ksys_read().
 */
import type { Cell, VirtAddr } from '../memory/address.js';
import type { File, Int, Long, Page, Pmd, Pud, ULong, VmAreaStruct } from './ctypes.js';
import type { Kernel } from './kernel.js';

/** What a fault handler is told and finds out. */
interface Fault {
  readonly vma: VmAreaStruct;
  readonly gfp_mask: number;
  readonly pgoff: ULong;
  readonly address: VirtAddr;
  readonly real_address: VirtAddr;
  readonly flags: Int;
  readonly pmd: Pmd;
  readonly pud: Pud;
  readonly cow_page: Page;
  page: Page;
}

/** What an area's operations come to; shaped as those of the kernel's own tables are. */
interface AreaOperations {
  readonly fault: (k: Kernel, vmf: Fault) => Int;
  readonly open: (k: Kernel, vma: VmAreaStruct) => void;
  readonly close: (k: Kernel, vma: VmAreaStruct) => void;
  readonly may_split: (k: Kernel, vma: VmAreaStruct, addr: VirtAddr) => boolean;
}

/** Of a table at `table`. One without `fault` cannot fill what was not mapped beforehand. */
export function ownOperations(k: Kernel, table: Cell): AreaOperations {
  const at = k.vm_operations_struct;
  const call = (member: number, args: readonly number[]): number | undefined => {
    const func = k.read_va(k.plus(table, member));
    return func === 0 ? undefined : k.callOut?.(func, args);
  };
  return {
    fault: (_k, vmf) => callFault(k, k.read_va(k.plus(table, at.fault)), vmf),
    open: (_k, vma) => void call(at.open, [k.va_of(vma)]),
    close: (_k, vma) => void call(at.close, [k.va_of(vma)]),
    may_split: (_k, vma, addr) => (call(at.may_split, [k.va_of(vma), addr]) ?? 0) === 0,
  };
}

function callFault(k: Kernel, fault: VirtAddr, vmf: Fault): Int {
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
  const ret = fault === 0 ? undefined : k.callOut?.(fault, fill, k.sizeof.vm_fault);
  if (ret === undefined || at === undefined) return k.VM_FAULT_SIGBUS;
  vmf.page = k.read_ptr(at + k.vm_fault.page);
  return ret;
}

/** read() and write(): a copy of the file's position, which changes when the call is done. Undefined without such a function. */
export function callWithPosition(
  k: Kernel,
  func: VirtAddr,
  file: File,
  buf: VirtAddr,
  count: ULong,
): Long | undefined {
  const f_pos = k.plus(file, k.file.f_pos);
  let pos: Cell | undefined;
  const fill = (object: Cell): readonly number[] => {
    pos = object;
    k.write(object, k.read_int(f_pos));
    k.write(object + 1, k.read_int(f_pos + 1));
    return [k.va_of(file), buf, count, k.va_of(object)];
  };
  const ret = k.callOut?.(func, fill, 8);
  if (ret !== undefined && ret >= 0 && pos !== undefined) {
    k.write(f_pos, k.read_int(pos));
    k.write(f_pos + 1, k.read_int(pos + 1));
  }
  return ret;
}

/** read() into the task's own stack: what it has read, or an error. Undefined without such a function. */
export function callReading(
  k: Kernel,
  func: VirtAddr,
  file: File,
  count: Int,
): { readonly ret: Long; readonly bytes: Cell } | undefined {
  const f_pos = k.plus(file, k.file.f_pos);
  let pos: Cell | undefined;
  const fill = (object: Cell): readonly number[] => {
    pos = object;
    k.write(object, k.read_int(f_pos));
    k.write(object + 1, k.read_int(f_pos + 1));
    return [k.va_of(file), k.va_of(object) + 8, count, k.va_of(object)];
  };
  const ret = k.callOut?.(func, fill, 8 + count);
  if (ret === undefined || pos === undefined) return undefined;
  if (ret >= 0) {
    k.write(f_pos, k.read_int(pos));
    k.write(f_pos + 1, k.read_int(pos + 1));
  }
  return { ret, bytes: k.plus(pos, 2) };
}
