/**
 * Areas for a chunk of per-CPU memory: one for each group of CPUs, in the distances that the first chunk's groups have. They are
 * looked for from the top of vmalloc space down.
 *
 * Left out: locks, kasan, the checks of offsets and sizes.
 *
 * Source: Linux 6.1 mm/vmalloc.c: pvm_find_va_enclose_addr() to pcpu_free_vm_areas().
 */
import {
  type Int,
  type ListHead,
  NULL,
  type Out,
  type ULong,
  type VmapArea,
  type VmStruct,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { ule, ulong, ult, umin } from '../../../machine/ulong.js';
import { asCell, asVirt, type VirtAddr } from '../../../memory/address.js';
import { VMALLOC_END, VMALLOC_START } from '../../arch/x86/include/asm/pgtable_areas.h.js';
import { ALIGN, ALIGN_DOWN } from '../../include/linux/align.h.js';
import { rb_entry, type RbNode } from '../../include/linux/rbtree.h.js';
import { kmem_cache_alloc, kmem_cache_free } from '../../include/linux/slab.h.js';
import { kfree, kzalloc } from '../slab_common/kmalloc.js';
import { adjust_va_to_fit_type } from './alloc.js';
import { purge_vmap_area_lazy } from './purge.js';
import { setup_vmalloc_vm, free_vm_area } from './vm_struct.js';
import { insert_vmap_area, merge_or_add_vmap_area_augment } from './vmap_tree.js';

const vaStart = (k: Kernel, va: VmapArea): VirtAddr => k.read_va(va + k.vmap_area.va_start);
const vaEnd = (k: Kernel, va: VmapArea): VirtAddr => k.read_va(va + k.vmap_area.va_end);

/** The free area that holds an address, or else the next one below it; NULL: there is none. */
function pvm_find_va_enclose_addr(k: Kernel, addr: VirtAddr): VmapArea {
  let n: RbNode = k.read_ptr(k.globals.free_vmap_area_root);
  let va: VmapArea = NULL;
  while (n !== NULL) {
    const tmp: VmapArea = rb_entry(k, n, k.vmap_area.rb_node);
    if (ule(vaStart(k, tmp), addr)) {
      va = tmp;
      if (ule(addr, vaEnd(k, tmp))) break;
      n = k.read_ptr(n + k.rb_node.rb_right);
    } else {
      n = k.read_ptr(n + k.rb_node.rb_left);
    }
  }
  return va;
}

/** The free area before one, by address; NULL: it is the first. */
function areaBefore(k: Kernel, va: VmapArea): VmapArea {
  const head: ListHead = k.globals.free_vmap_area_list;
  const before = k.read_ptr(va + k.vmap_area.list + k.list_head.prev);
  return before === head ? NULL : asCell(before - k.vmap_area.list);
}

/** The highest aligned address in this free area, or in the next one below that has one, which `va` becomes; 0: none. */
function pvm_determine_end_from_reverse(k: Kernel, va: Out<VmapArea>, align: ULong): VirtAddr {
  const vmalloc_end: VirtAddr = asVirt(ALIGN_DOWN(VMALLOC_END(k), align));
  for (; va.value !== NULL; va.value = areaBefore(k, va.value)) {
    const addr: VirtAddr = asVirt(umin(ALIGN_DOWN(vaEnd(k, va.value), align), vmalloc_end));
    if (ult(vaStart(k, va.value), addr)) return addr;
  }
  return asVirt(0);
}

const newArea = (k: Kernel): VmapArea => {
  const cachep = k.read_ptr(k.globals.vmap_area_cachep);
  const object = kmem_cache_alloc(k, cachep, k.GFP_KERNEL | k.__GFP_ZERO);
  return object === 0 ? NULL : k.cell_of(object);
};

/** offsets[area], sizes[area]: pcpu_group_offsets and pcpu_group_sizes. */
const offsetOf = (k: Kernel, area: Int): ULong =>
  k.read_ulong(k.read_ptr(k.globals.pcpu_group_offsets) + area * k.ptr_words);
const sizeOf = (k: Kernel, area: Int): ULong =>
  k.read_ulong(k.read_ptr(k.globals.pcpu_group_sizes) + area * k.ptr_words);

/** The highest base at which all groups fit into free areas; 0: nowhere. */
function findBase(k: Kernel, nr_vms: Int, align: ULong): VirtAddr {
  const vmalloc_start: VirtAddr = asVirt(ALIGN(VMALLOC_START(k), align));
  let last_area: Int = 0;
  for (let i: Int = 0; i < nr_vms; i++) if (offsetOf(k, i) > offsetOf(k, last_area)) last_area = i;
  let area: Int = last_area;
  let term_area: Int = last_area;
  let start: ULong = offsetOf(k, area);
  let end: ULong = start + sizeOf(k, area);

  const va: Out<VmapArea> = {
    value: pvm_find_va_enclose_addr(k, asVirt(ALIGN_DOWN(VMALLOC_END(k), align))),
  };
  let base: VirtAddr = ulong(k, pvm_determine_end_from_reverse(k, va, align) - end);
  for (;;) {
    if (va.value === NULL || ult(base, vmalloc_start)) return asVirt(0);
    // Lower, until the group that is looked at ends in a free area ...
    if (ult(vaEnd(k, va.value), ulong(k, base + end))) {
      base = ulong(k, pvm_determine_end_from_reverse(k, va, align) - end);
      term_area = area;
      continue;
    }
    // ... and begins in it.
    if (ult(ulong(k, base + start), vaStart(k, va.value))) {
      va.value = areaBefore(k, va.value);
      base = ulong(k, pvm_determine_end_from_reverse(k, va, align) - end);
      term_area = area;
      continue;
    }
    // This one fits. The one before it, until all have been looked at with this base.
    area = (area + nr_vms - 1) % nr_vms;
    if (area === term_area) return base;
    start = offsetOf(k, area);
    end = start + sizeOf(k, area);
    va.value = pvm_find_va_enclose_addr(k, ulong(k, base + end));
  }
}

/** Areas for every group: the address of the array of their vm_structs; 0 without room or memory. */
export function pcpu_get_vm_areas(k: Kernel): VirtAddr {
  const nr_vms: Int = k.read_int(k.globals.pcpu_nr_groups);
  const align: ULong = k.read_ulong(k.globals.pcpu_atom_size);

  const bytes: Int = nr_vms * k.ptr_words * 4;
  const vms: VirtAddr = kzalloc(k, bytes, k.GFP_KERNEL);
  const array: VirtAddr = kzalloc(k, bytes, k.GFP_KERNEL);
  const vas: VmapArea[] = [];
  const structs: VmStruct[] = [];
  err_free: {
    if (vms === 0 || array === 0) break err_free;
    for (let area: Int = 0; area < nr_vms; area++) {
      vas.push(newArea(k));
      const vm = kzalloc(k, k.sizeof.vm_struct, k.GFP_KERNEL);
      structs.push(vm === 0 ? NULL : k.cell_of(vm));
      if (vas[area] === NULL || vm === 0) break err_free;
      k.write_ptr(k.cell_of(asVirt(vms + area * k.ptr_words * 4)), structs[area]!);
    }
    let base: VirtAddr = findBase(k, nr_vms, align);
    if (base === 0) {
      // Addresses that wait for their purge may be the ones.
      purge_vmap_area_lazy(k);
      base = findBase(k, nr_vms, align);
    }
    if (base === 0) break err_free;
    for (let area: Int = 0; area < nr_vms; area++) {
      const start: VirtAddr = ulong(k, base + offsetOf(k, area));
      const va: VmapArea = pvm_find_va_enclose_addr(k, start);
      const { free_vmap_area_root, free_vmap_area_list } = k.globals;
      const cut: Int =
        va === NULL
          ? -1
          : adjust_va_to_fit_type(
              k,
              free_vmap_area_root,
              free_vmap_area_list,
              va,
              start,
              sizeOf(k, area),
            );
      if (cut !== 0) {
        // What was cut out before goes back.
        for (let i: Int = 0; i < area; i++) {
          merge_or_add_vmap_area_augment(k, vas[i]!, free_vmap_area_root, free_vmap_area_list);
          vas[i] = NULL;
        }
        break err_free;
      }
      k.write_va(vas[area]! + k.vmap_area.va_start, start);
      k.write_va(vas[area]! + k.vmap_area.va_end, ulong(k, start + sizeOf(k, area)));
    }
    for (let area: Int = 0; area < nr_vms; area++) {
      insert_vmap_area(k, vas[area]!, k.globals.vmap_area_root, k.globals.vmap_area_list);
      const caller = k.profile.symbol('pcpu_get_vm_areas')?.address ?? asVirt(0);
      setup_vmalloc_vm(k, structs[area]!, vas[area]!, k.VM_ALLOC, caller);
    }
    kfree(k, array);
    return vms;
  }
  // err_free:
  const cachep = k.read_ptr(k.globals.vmap_area_cachep);
  for (let i: Int = 0; i < vas.length; i++) {
    if (vas[i]! !== NULL) kmem_cache_free(k, cachep, k.va_of(vas[i]!));
    if (structs[i]! !== NULL) kfree(k, k.va_of(structs[i]!));
  }
  kfree(k, array);
  kfree(k, vms);
  return asVirt(0);
}

export function pcpu_free_vm_areas(k: Kernel, vms: VirtAddr, nr_vms: Int): void {
  for (let i: Int = 0; i < nr_vms; i++)
    free_vm_area(k, k.read_ptr(k.cell_of(asVirt(vms + i * k.ptr_words * 4))));
  kfree(k, vms);
}
