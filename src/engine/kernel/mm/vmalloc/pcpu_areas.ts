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

/** The highest aligned address in this free area, or in the next one below that has one: that area, and the address (0: none). */
function pvm_determine_end_from_reverse(
  k: Kernel,
  va: VmapArea,
  align: ULong,
): { va: VmapArea; addr: VirtAddr } {
  const vmalloc_end: VirtAddr = asVirt(ALIGN_DOWN(VMALLOC_END(k), align));
  for (; va !== NULL; va = areaBefore(k, va)) {
    const addr: VirtAddr = asVirt(umin(ALIGN_DOWN(vaEnd(k, va), align), vmalloc_end));
    if (ult(vaStart(k, va), addr)) return { va, addr };
  }
  return { va: NULL, addr: asVirt(0) };
}

const newArea = (k: Kernel): VmapArea => {
  const cachep = k.read_ptr(k.globals.vmap_area_cachep);
  const object = kmem_cache_alloc(k, cachep, k.GFP_KERNEL | k.__GFP_ZERO);
  return object === 0 ? NULL : k.cell_of(object);
};

/** The lowest base at which all groups fit into free areas; undefined: nowhere. */
function findBase(
  k: Kernel,
  offsets: readonly number[],
  sizes: readonly number[],
  align: ULong,
): VirtAddr | undefined {
  const vmalloc_start: VirtAddr = asVirt(ALIGN(VMALLOC_START(k), align));
  const nr_vms: Int = offsets.length;
  let last_area: Int = 0;
  for (let i: Int = 0; i < nr_vms; i++) if (offsets[i]! > offsets[last_area]!) last_area = i;
  let area: Int = last_area;
  let term_area: Int = last_area;
  let start: ULong = offsets[area]!;
  let end: ULong = start + sizes[area]!;

  let found = pvm_determine_end_from_reverse(
    k,
    pvm_find_va_enclose_addr(k, asVirt(ALIGN_DOWN(VMALLOC_END(k), align))),
    align,
  );
  let va: VmapArea = found.va;
  let base: VirtAddr = ulong(k, found.addr - end);
  for (;;) {
    if (va === NULL || ult(base, vmalloc_start)) return undefined;
    // Lower, until the group that is looked at ends in a free area ...
    if (ult(vaEnd(k, va), ulong(k, base + end))) {
      found = pvm_determine_end_from_reverse(k, va, align);
      va = found.va;
      base = ulong(k, found.addr - end);
      term_area = area;
      continue;
    }
    // ... and begins in it.
    if (ult(ulong(k, base + start), vaStart(k, va))) {
      found = pvm_determine_end_from_reverse(k, areaBefore(k, va), align);
      va = found.va;
      base = ulong(k, found.addr - end);
      term_area = area;
      continue;
    }
    // This one fits. The one before it, until all have been looked at with this base.
    area = (area + nr_vms - 1) % nr_vms;
    if (area === term_area) return base;
    start = offsets[area]!;
    end = start + sizes[area]!;
    va = pvm_find_va_enclose_addr(k, ulong(k, base + end));
  }
}

/** Areas for every group: the address of the array of their vm_structs; 0 without room or memory. */
export function pcpu_get_vm_areas(k: Kernel): VirtAddr {
  const nr_vms: Int = k.read_int(k.globals.pcpu_nr_groups);
  const align: ULong = k.read_ulong(k.globals.pcpu_atom_size);
  const groups = (table: number): number[] =>
    Array.from({ length: nr_vms }, (_, i) => k.read_ulong(k.read_ptr(table) + i * k.ptr_words));
  const offsets = groups(k.globals.pcpu_group_offsets);
  const sizes = groups(k.globals.pcpu_group_sizes);

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
    let base: VirtAddr | undefined = findBase(k, offsets, sizes, align);
    if (base === undefined) {
      // Addresses that wait for their purge may be the ones.
      purge_vmap_area_lazy(k);
      base = findBase(k, offsets, sizes, align);
    }
    if (base === undefined) break err_free;
    for (let area: Int = 0; area < nr_vms; area++) {
      const start: VirtAddr = ulong(k, base + offsets[area]!);
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
              sizes[area]!,
            );
      if (cut !== 0) {
        // What was cut out before goes back.
        for (const taken of vas.splice(0, area))
          merge_or_add_vmap_area_augment(k, taken, free_vmap_area_root, free_vmap_area_list);
        break err_free;
      }
      k.write_va(vas[area]! + k.vmap_area.va_start, start);
      k.write_va(vas[area]! + k.vmap_area.va_end, ulong(k, start + sizes[area]!));
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
  for (const va of vas) if (va !== NULL) kmem_cache_free(k, cachep, k.va_of(va));
  for (const vm of structs) if (vm !== NULL) kfree(k, k.va_of(vm));
  kfree(k, array);
  kfree(k, vms);
  return asVirt(0);
}

export function pcpu_free_vm_areas(k: Kernel, vms: VirtAddr, nr_vms: Int): void {
  for (let i: Int = 0; i < nr_vms; i++)
    free_vm_area(k, k.read_ptr(k.cell_of(asVirt(vms + i * k.ptr_words * 4))));
  kfree(k, vms);
}
