/**
 * The page behind each area of vmalloc space, for which nothing is ever mapped: who runs past the area's end faults there.
 *
 * Source: Linux 6.1 mm/vmalloc.c: __get_vm_area_node().
 */
import { find_vmap_area } from '../entry/functions.js';
import type { Kernel } from '../machine/kernel.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../memory/address.js';

export interface Guarded {
  /** The area without its guard page, half-open. */
  readonly start: VirtAddr;
  readonly end: VirtAddr;
  /** vm_struct.caller */
  readonly caller: VirtAddr;
}

const VM_NO_GUARD = 0x40;

/** The area whose guard page an address lies in; undefined if it lies in none. */
export function guardedArea(k: Kernel, va: VirtAddr): Guarded | undefined {
  // Machines that were rebuilt without their areas have no list.
  if (k.words[k.globals.vmap_area_list] === 0) return undefined;
  const area = find_vmap_area(k, va);
  if (area === 0) return undefined;
  const vm = k.read_ptr(area + k.vmap_area.vm);
  if (vm === 0 || (k.read_ulong(vm + k.vm_struct.flags) & VM_NO_GUARD) !== 0) return undefined;
  const start = k.read_va(area + k.vmap_area.va_start);
  const end = asVirt(k.read_va(area + k.vmap_area.va_end) - PAGE_SIZE);
  return va < end ? undefined : { start, end, caller: k.read_va(vm + k.vm_struct.caller) };
}
