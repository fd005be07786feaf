/**
 * A fault at an entry that is not present and not empty: the page is on its way to another frame. Who needs it waits until it is there.
 *
 * Left out: pages in swap (nothing here swaps), entries of devices, of poisoned pages, of userfaultfd.
 * Source: Linux 6.1 mm/memory.c: do_swap_page().
 */
import type { MmStruct, VmFault_t } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { VmFault } from '../../include/linux/mm_types.h.js';
import { is_migration_entry, pte_to_swp_entry } from '../../include/linux/swapops.h.js';
import { migration_entry_wait } from '../migrate/wait.js';

/** 0: the access is made again, and finds the page or faults anew. */
export function do_swap_page(k: Kernel, vmf: VmFault): VmFault_t {
  if (!is_migration_entry(pte_to_swp_entry(k, vmf.orig_pte))) return k.VM_FAULT_SIGBUS;
  const mm: MmStruct = k.read_ptr(k.plus(vmf.vma, k.vm_area_struct.vm_mm));
  migration_entry_wait(k, mm, vmf.pmd, vmf.address);
  return 0;
}
