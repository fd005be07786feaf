/**
 * vmalloc memory that processes may map: it is zero, for they must not see what was there before, and its area is marked VM_USERMAP.
 *
 * Source: Linux 6.1 mm/vmalloc.c: vmalloc_user(), vmalloc_32_user(), remap_vmalloc_range_partial(), remap_vmalloc_range().
 */
import {
  type Int,
  NULL,
  type ULong,
  type VmAreaStruct,
  type VmStruct,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { VMALLOC_END, VMALLOC_START } from '../../arch/x86/include/asm/pgtable_areas.h.js';
import { PAGE_KERNEL } from '../../arch/x86/include/asm/pgtable_types.h.js';
import { EINVAL } from '../../include/linux/errno.h.js';
import { VM_DONTDUMP, VM_DONTEXPAND } from '../../include/linux/mm_types.h.js';
import { vm_insert_page } from '../memory/insert.js';
import { find_vm_area, get_vm_area_size, VM_DMA_COHERENT, VM_USERMAP } from './vm_struct.js';
import { __vmalloc_node_range } from './vmalloc.js';
import { vmalloc_to_page } from './vfree.js';

export function vmalloc_user(k: Kernel, size: ULong, caller: VirtAddr): VirtAddr {
  return __vmalloc_node_range(
    k,
    size,
    PAGE_SIZE,
    VMALLOC_START(k),
    VMALLOC_END(k),
    k.GFP_KERNEL | k.__GFP_ZERO,
    PAGE_KERNEL(k),
    VM_USERMAP,
    caller,
  );
}

/** Of pages that 32 bits can address: without __GFP_HIGHMEM, which a build without ZONE_DMA32 would add. */
export function vmalloc_32_user(k: Kernel, size: ULong, caller: VirtAddr): VirtAddr {
  return __vmalloc_node_range(
    k,
    size,
    PAGE_SIZE,
    VMALLOC_START(k),
    VMALLOC_END(k),
    k.GFP_KERNEL | k.__GFP_DMA32 | k.__GFP_ZERO,
    PAGE_KERNEL(k),
    VM_USERMAP,
    caller,
  );
}

/** Maps a part of such memory at an address of an area: 0 or an error. */
export function remap_vmalloc_range_partial(
  k: Kernel,
  vma: VmAreaStruct,
  uaddr: VirtAddr,
  kaddr: VirtAddr,
  pgoff: ULong,
  size: ULong,
): Int {
  const off: ULong = pgoff * PAGE_SIZE;
  size = Math.ceil(size / PAGE_SIZE) * PAGE_SIZE;
  if (uaddr % PAGE_SIZE !== 0 || kaddr % PAGE_SIZE !== 0) return -EINVAL;
  const area: VmStruct = find_vm_area(k, kaddr);
  if (area === NULL) return -EINVAL;
  // Memory that was not made for processes may hold what they must not see.
  if ((k.words[area + k.vm_struct.flags]! & (VM_USERMAP | VM_DMA_COHERENT)) === 0) return -EINVAL;
  if (size + off > get_vm_area_size(k, area)) return -EINVAL;
  for (let done: ULong = 0; done < size; done += PAGE_SIZE) {
    const page = vmalloc_to_page(k, asVirt(kaddr + off + done));
    const ret: Int = vm_insert_page(k, vma, asVirt(uaddr + done), page);
    if (ret !== 0) return ret;
  }
  const at = k.plus(vma, k.vm_area_struct.vm_flags);
  k.write(at, k.read_int(at) | VM_DONTEXPAND | VM_DONTDUMP);
  return 0;
}

/** The whole area of a process, from page `pgoff` of the memory on. */
export function remap_vmalloc_range(
  k: Kernel,
  vma: VmAreaStruct,
  addr: VirtAddr,
  pgoff: ULong,
): Int {
  const vm_start: VirtAddr = k.read_va(k.plus(vma, k.vm_area_struct.vm_start));
  const vm_end: VirtAddr = k.read_va(k.plus(vma, k.vm_area_struct.vm_end));
  return remap_vmalloc_range_partial(k, vma, vm_start, addr, pgoff, vm_end - vm_start);
}
