/**
 * What an area of vmalloc space is for. Getting one with an area behind it, and finding it again.
 *
 * Source: Linux 6.1 mm/vmalloc.c: is_vmalloc_addr(), setup_vmalloc_vm() to remove_vm_area(), free_vm_area();
 * include/linux/vmalloc.h: get_vm_area_size().
 */
import {
  type Gfp,
  type Int,
  NULL,
  type ULong,
  type VmapArea,
  type VmStruct,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { ule, ulong, ult } from '../../../machine/ulong.js';
import { PAGE_SHIFT, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { VMALLOC_END, VMALLOC_START } from '../../arch/x86/include/asm/pgtable_areas.h.js';
import { ALIGN } from '../../include/linux/align.h.js';
import { get_count_order_long } from '../../include/linux/log2.h.js';
import { GFP_RECLAIM_MASK } from '../internal.h.js';
import { kfree, kzalloc } from '../slab_common/kmalloc.js';
import { alloc_vmap_area } from './alloc.js';
import { free_unmap_vmap_area } from './purge.js';
import { __find_vmap_area, find_vmap_area, va_size } from './vmap_area.js';

/** Flags of vm_struct that the profile has no names for. */
export const VM_USERMAP = 0x8; // a process may map it: remap_vmalloc_range()
export const VM_DMA_COHERENT = 0x10; // dma_alloc_coherent() made it
export const VM_UNINITIALIZED = 0x20; // pages and nr_pages are not right yet
export const VM_MAP_PUT_PAGES = 0x200; // of vmap(): vfree() frees the pages as well
export const VM_ALLOW_HUGE_VMAP = 0x400; // may be got and mapped in huge pages

/** By the address alone: whether something is mapped there is not asked. */
export function is_vmalloc_addr(k: Kernel, x: VirtAddr): boolean {
  return ule(VMALLOC_START(k), x) && ult(x, VMALLOC_END(k));
}

/** Without the guard page. */
export function get_vm_area_size(k: Kernel, area: VmStruct): ULong {
  if ((k.words[area + k.vm_struct.flags]! & k.VM_NO_GUARD) === 0)
    return k.read_ulong(area + k.vm_struct.size) - PAGE_SIZE;
  return k.read_ulong(area + k.vm_struct.size);
}

/** Ties the two halves together: va->vm says what the addresses are for. */
export function setup_vmalloc_vm(
  k: Kernel,
  vm: VmStruct,
  va: VmapArea,
  flags: ULong,
  caller: VirtAddr,
): void {
  k.write_long(vm + k.vm_struct.flags, flags);
  k.write_va(vm + k.vm_struct.addr, k.read_va(va + k.vmap_area.va_start));
  // With the guard page, which get_vm_area_size() takes off again.
  k.write_long(vm + k.vm_struct.size, va_size(k, va));
  k.write_va(vm + k.vm_struct.caller, caller);
  k.write_ptr(va + k.vmap_area.vm, vm);
}

/** From now on others may look at the area: /proc/vmallocinfo shows nothing of one that has the flag. */
export function clear_vm_uninitialized_flag(k: Kernel, vm: VmStruct): void {
  k.write(vm + k.vm_struct.flags, k.words[vm + k.vm_struct.flags]! & ~VM_UNINITIALIZED);
}

/**
 * An area in `[start, end)`; NULL: no room or no memory.
 *
 * @param caller the address of the call that the area is for
 */
export function __get_vm_area_node(
  k: Kernel,
  size: ULong,
  align: ULong,
  shift: Int,
  flags: ULong,
  start: VirtAddr,
  end: VirtAddr,
  gfp_mask: Gfp,
  caller: VirtAddr,
): VmStruct {
  // To whole pages of the size it is to be mapped in. Rounding may overflow, and that gives 0 as well.
  size = ulong(k, ALIGN(size, 2 ** shift));
  if (size === 0) return NULL;
  // Aligned to its own size, device memory can be mapped in large pages.
  if ((flags & k.VM_IOREMAP) !== 0)
    align = 2 ** Math.max(PAGE_SHIFT, Math.min(get_count_order_long(size), k.IOREMAP_MAX_ORDER));

  const area: VmStruct = k.cell_of(kzalloc(k, k.sizeof.vm_struct, gfp_mask & GFP_RECLAIM_MASK(k)));
  if (area === NULL) return NULL;

  // The page behind it stays unmapped: an access beyond the end faults.
  if ((flags & k.VM_NO_GUARD) === 0) size += PAGE_SIZE;
  const va: VmapArea = alloc_vmap_area(k, size, align, start, end, gfp_mask);
  if (va === NULL) {
    kfree(k, k.va_of(area));
    return NULL;
  }
  setup_vmalloc_vm(k, area, va, flags, caller);
  return area;
}

/** Addresses only, anywhere in vmalloc space: for ioremap() and vmap(), whose memory is there already. */
export function get_vm_area_caller(
  k: Kernel,
  size: ULong,
  flags: ULong,
  caller: VirtAddr,
): VmStruct {
  return __get_vm_area_node(
    k,
    size,
    1,
    PAGE_SHIFT,
    flags,
    VMALLOC_START(k),
    VMALLOC_END(k),
    k.GFP_KERNEL,
    caller,
  );
}

/** The area that holds an address; NULL: none. */
export function find_vm_area(k: Kernel, addr: VirtAddr): VmStruct {
  const va: VmapArea = find_vmap_area(k, addr);
  if (va === NULL) return NULL;
  return k.read_ptr(va + k.vmap_area.vm);
}

/** Unmaps an area and frees its addresses. What is left is for the caller to free. */
export function remove_vm_area(k: Kernel, addr: VirtAddr): VmStruct {
  const va: VmapArea = __find_vmap_area(k, addr, k.globals.vmap_area_root);
  if (va !== NULL && k.read_ptr(va + k.vmap_area.vm) !== NULL) {
    const vm: VmStruct = k.read_ptr(va + k.vmap_area.vm);
    // First it stops being anybody's, so that a second vfree() finds nothing; then addresses may be reused.
    k.write_ptr(va + k.vmap_area.vm, NULL);
    free_unmap_vmap_area(k, va);
    return vm;
  }
  return NULL;
}

/** For an area that got no pages, or whose memory is not its own. */
export function free_vm_area(k: Kernel, area: VmStruct): void {
  remove_vm_area(k, k.read_va(area + k.vm_struct.addr));
  kfree(k, k.va_of(area));
}
