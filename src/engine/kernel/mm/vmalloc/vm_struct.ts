/**
 * struct vm_struct: what an area of vmalloc space is for. Getting one with an area behind it, and finding it again.
 *
 * Source: Linux 6.1 mm/vmalloc.c: setup_vmalloc_vm() to remove_vm_area(); include/linux/vmalloc.h.
 */
import { VMALLOC_END, VMALLOC_START } from '../../arch/x86/include/asm/pgtable_areas.h.js';
import {
  type Gfp,
  type Int,
  NULL,
  type ULong,
  type VmapArea,
  type VmStruct,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { ule, ult } from '../../../machine/ulong.js';
import { PAGE_SHIFT, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { ALIGN_UP } from '../../include/linux/align.h.js';
import { get_count_order_long } from '../../include/linux/log2.h.js';
import { GFP_RECLAIM_MASK } from '../internal.h.js';
import { kfree, kzalloc } from '../slab_common/kmalloc.js';
import { alloc_vmap_area } from './alloc.js';
import { find_vmap_area, va_size, va_start, va_vm } from './area.js';
import { free_unmap_vmap_area } from './purge.js';

/** Flags of vm_struct that the profile has no names for. */
export const VM_UNINITIALIZED = 0x20;
export const VM_MAP_PUT_PAGES = 0x200;
export const VM_ALLOW_HUGE_VMAP = 0x400;

export const vm_addr = (k: Kernel, vm: VmStruct): VirtAddr => k.read_va(vm + k.vm_struct.addr);
export const vm_size = (k: Kernel, vm: VmStruct): ULong => k.read_ulong(vm + k.vm_struct.size);
export const vm_flags = (k: Kernel, vm: VmStruct): ULong => k.words[vm + k.vm_struct.flags]!;
/** The array of its pages: an address, for it may lie in vmalloc space itself. */
export const vm_pages = (k: Kernel, vm: VmStruct): VirtAddr => k.read_va(vm + k.vm_struct.pages);
export const vm_nr_pages = (k: Kernel, vm: VmStruct): Int => k.words[vm + k.vm_struct.nr_pages]!;
export const vm_caller = (k: Kernel, vm: VmStruct): VirtAddr => k.read_va(vm + k.vm_struct.caller);

export function is_vmalloc_addr(k: Kernel, x: VirtAddr): boolean {
  return ule(VMALLOC_START(k), x) && ult(x, VMALLOC_END(k));
}

/** Without the guard page. */
export function get_vm_area_size(k: Kernel, area: VmStruct): ULong {
  if ((vm_flags(k, area) & k.VM_NO_GUARD) !== 0) return vm_size(k, area);
  return vm_size(k, area) - PAGE_SIZE;
}

function setup_vmalloc_vm(
  k: Kernel,
  vm: VmStruct,
  va: VmapArea,
  flags: ULong,
  caller: VirtAddr,
): void {
  k.write_long(vm + k.vm_struct.flags, flags);
  k.write_long(vm + k.vm_struct.addr, va_start(k, va));
  k.write_long(vm + k.vm_struct.size, va_size(k, va));
  k.write_long(vm + k.vm_struct.caller, caller);
  k.write_ptr(va + k.vmap_area.vm, vm);
}

/** @param caller the address of the call that the area is for */
export function __get_vm_area_node(
  k: Kernel,
  size: ULong,
  align: ULong,
  shift: Int,
  flags: ULong,
  gfp_mask: Gfp,
  caller: VirtAddr,
): VmStruct {
  size = ALIGN_UP(k, size, 2 ** shift);
  if (size === 0) return NULL;
  if ((flags & k.VM_IOREMAP) !== 0)
    align = 2 ** Math.max(PAGE_SHIFT, Math.min(get_count_order_long(size), k.IOREMAP_MAX_ORDER));
  const object: VirtAddr = kzalloc(k, k.sizeof.vm_struct, gfp_mask & GFP_RECLAIM_MASK(k));
  if (object === 0) return NULL;
  const area: VmStruct = k.cell_of(object);
  // The page behind it stays unmapped: who runs over the end faults.
  if ((flags & k.VM_NO_GUARD) === 0) size += PAGE_SIZE;
  const va: VmapArea = alloc_vmap_area(k, size, align, VMALLOC_START(k), VMALLOC_END(k), gfp_mask);
  if (va === NULL) {
    kfree(k, object);
    return NULL;
  }
  setup_vmalloc_vm(k, area, va, flags, caller);
  return area;
}

export function get_vm_area_caller(
  k: Kernel,
  size: ULong,
  flags: ULong,
  caller: VirtAddr,
): VmStruct {
  return __get_vm_area_node(k, size, 1, PAGE_SHIFT, flags, k.GFP_KERNEL, caller);
}

/** The area that holds an address; NULL: none. */
export function find_vm_area(k: Kernel, addr: VirtAddr): VmStruct {
  const va: VmapArea = find_vmap_area(k, addr);
  return va === NULL ? NULL : va_vm(k, va);
}

/** Unmaps an area and frees its addresses. What is left is for the caller to free. */
export function remove_vm_area(k: Kernel, addr: VirtAddr): VmStruct {
  const va: VmapArea = find_vmap_area(k, addr);
  const vm: VmStruct = va === NULL ? NULL : va_vm(k, va);
  if (vm === NULL) return NULL;
  k.write_ptr(va + k.vmap_area.vm, NULL);
  free_unmap_vmap_area(k, va);
  return vm;
}

export function free_vm_area(k: Kernel, area: VmStruct): void {
  remove_vm_area(k, vm_addr(k, area));
  kfree(k, k.va_of(area));
}
