/**
 * Draining all that waits on this CPU: the batches of pages for LRU lists, and of pages to be locked in memory.
 *
 * Source: Linux 6.1 mm/swap.c: lru_add_drain(), folio_add_lru_vma().
 */
import type { Page, VmAreaStruct } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { VM_LOCKED, VM_SPECIAL } from '../../include/linux/mm_types.h.js';
import { mlock_new_page, mlock_page_drain_local } from '../mlock/mlock.js';
import { folio_add_lru, lru_add_drain_cpu } from './batches.js';

export function lru_add_drain(k: Kernel): void {
  lru_add_drain_cpu(k);
  mlock_page_drain_local(k);
}

/** A new page of a mapping: where that is locked in memory, the page never gets on a list. */
export function folio_add_lru_vma(k: Kernel, folio: Page, vma: VmAreaStruct): void {
  const vm_flags = k.read_int(k.plus(vma, k.vm_area_struct.vm_flags));
  if ((vm_flags & (VM_LOCKED | VM_SPECIAL)) === VM_LOCKED) mlock_new_page(k, folio);
  else folio_add_lru(k, folio);
}
