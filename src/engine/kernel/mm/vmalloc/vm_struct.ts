/**
 * struct vm_struct: what an area of vmalloc space is for. Getting one with an area behind it, and finding it again.
 *
 * Source: Linux 6.1 mm/vmalloc.c: setup_vmalloc_vm() to remove_vm_area(); include/linux/vmalloc.h.
 */
import {
  type Gfp,
  type Int,
  NULL,
  type ULong,
  type VmapArea,
  type VmStruct,
} from '../../../machine/ctypes.js';
import type { Mm } from '../../../machine/mm.js';
import { ule, ult } from '../../../machine/ulong.js';
import { PAGE_SHIFT, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { ALIGN_UP } from '../../include/linux/align.h.js';
import { get_count_order_long } from '../../include/linux/log2.h.js';
import { GFP_RECLAIM_MASK } from '../../include/linux/slab.h.js';
import { kfree, kzalloc } from '../slab_common/kmalloc.js';
import { alloc_vmap_area } from './alloc.js';
import { find_vmap_area, va_size, va_start, va_vm } from './area.js';
import { free_unmap_vmap_area } from './purge.js';

/** Flags of vm_struct that the profile has no names for. */
export const VM_UNINITIALIZED = 0x20;
export const VM_MAP_PUT_PAGES = 0x200;
export const VM_ALLOW_HUGE_VMAP = 0x400;

export const vm_addr = (k: Mm, vm: VmStruct): VirtAddr => k.read_va(vm + k.vmap.addr);
export const vm_size = (k: Mm, vm: VmStruct): ULong => k.read_ulong(vm + k.vmap.size);
export const vm_flags = (k: Mm, vm: VmStruct): ULong => k.words[vm + k.vmap.flags]!;
/** The array of its pages: an address, for it may lie in vmalloc space itself. */
export const vm_pages = (k: Mm, vm: VmStruct): VirtAddr => k.read_va(vm + k.vmap.pages);
export const vm_nr_pages = (k: Mm, vm: VmStruct): Int => k.words[vm + k.vmap.nr_pages]!;
export const vm_caller = (k: Mm, vm: VmStruct): VirtAddr => k.read_va(vm + k.vmap.caller);

export function is_vmalloc_addr(k: Mm, x: VirtAddr): boolean {
  return ule(k.vmap.VMALLOC_START, x) && ult(x, k.vmap.VMALLOC_END);
}

/** Without the guard page. */
export function get_vm_area_size(k: Mm, area: VmStruct): ULong {
  if ((vm_flags(k, area) & k.constant('VM_NO_GUARD')) !== 0) return vm_size(k, area);
  return vm_size(k, area) - PAGE_SIZE;
}

function setup_vmalloc_vm(k: Mm, vm: VmStruct, va: VmapArea, flags: ULong, caller: VirtAddr): void {
  k.write_long(vm + k.vmap.flags, flags);
  k.write_long(vm + k.vmap.addr, va_start(k, va));
  k.write_long(vm + k.vmap.size, va_size(k, va));
  k.write_long(vm + k.vmap.caller, caller);
  k.write_ptr(va + k.vmap.vm, vm);
}

/** @param caller the address of the call that the area is for */
export function __get_vm_area_node(
  k: Mm,
  size: ULong,
  align: ULong,
  shift: Int,
  flags: ULong,
  gfp_mask: Gfp,
  caller: VirtAddr,
): VmStruct {
  size = ALIGN_UP(k, size, 2 ** shift);
  if (size === 0) return NULL;
  if ((flags & k.constant('VM_IOREMAP')) !== 0)
    align =
      2 **
      Math.max(PAGE_SHIFT, Math.min(get_count_order_long(size), k.constant('IOREMAP_MAX_ORDER')));
  const object: VirtAddr = kzalloc(k, k.vmap.vm_struct_bytes, gfp_mask & GFP_RECLAIM_MASK(k));
  if (object === 0) return NULL;
  const area: VmStruct = k.cell_of(object);
  // The page behind it stays unmapped: who runs over the end faults.
  if ((flags & k.constant('VM_NO_GUARD')) === 0) size += PAGE_SIZE;
  const va: VmapArea = alloc_vmap_area(
    k,
    size,
    align,
    k.vmap.VMALLOC_START,
    k.vmap.VMALLOC_END,
    gfp_mask,
  );
  if (va === NULL) {
    kfree(k, object);
    return NULL;
  }
  setup_vmalloc_vm(k, area, va, flags, caller);
  return area;
}

export function get_vm_area_caller(k: Mm, size: ULong, flags: ULong, caller: VirtAddr): VmStruct {
  return __get_vm_area_node(k, size, 1, PAGE_SHIFT, flags, k.constant('GFP_KERNEL'), caller);
}

/** The area that holds an address; NULL: none. */
export function find_vm_area(k: Mm, addr: VirtAddr): VmStruct {
  const va: VmapArea = find_vmap_area(k, addr);
  return va === NULL ? NULL : va_vm(k, va);
}

/** Unmaps an area and frees its addresses. What is left is for the caller to free. */
export function remove_vm_area(k: Mm, addr: VirtAddr): VmStruct {
  const va: VmapArea = find_vmap_area(k, addr);
  const vm: VmStruct = va === NULL ? NULL : va_vm(k, va);
  if (vm === NULL) return NULL;
  k.write_ptr(va + k.vmap.vm, NULL);
  free_unmap_vmap_area(k, va);
  return vm;
}

export function free_vm_area(k: Mm, area: VmStruct): void {
  remove_vm_area(k, vm_addr(k, area));
  kfree(k, k.va_of(area));
}
