/**
 * The operations of an area that maps a file: `vma->vm_ops` holds the address of a table of the kernel's, and these are the functions
 * that such a table names. Who has them links them when its module is loaded; a table of a scenario's is called out for.
 *
 * Source: Linux 6.1 include/linux/mm.h: struct vm_operations_struct.
 */
import type { ULong, VmAreaStruct, VmFault_t } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { ownOperations } from '../../../machine/ownTables.js';
import type { VirtAddr } from '../../../memory/address.js';
import type { VmFault } from '../../include/linux/mm_types.h.js';

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
