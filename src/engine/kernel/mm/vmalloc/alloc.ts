/**
 * Taking an area of vmalloc space: the lowest that fits, cut out of a free one.
 *
 *     free area  |-----------------|         full fit   it goes            left edge   it begins later
 *     request         |-------|              right edge it ends earlier    no edge     it becomes two
 *
 * What is cut out of the middle takes an object more: each CPU has one ready (ne_fit_preload_node), got while it may sleep.
 *
 * Source: Linux 6.1 mm/vmalloc.c: is_within_this_va() to alloc_vmap_area().
 */
import {
  type Gfp,
  type Int,
  type ListHead,
  NULL,
  type ULong,
  type VmapArea,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { ule, ulong, ult } from '../../../machine/ulong.js';
import { type Cell, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { ALIGN_UP } from '../../include/linux/align.h.js';
import { this_cpu_ptr } from '../../include/linux/percpu-defs.h.js';
import { rb_parent, type RbNode, type RbRoot } from '../../include/linux/rbtree.h.js';
import { GFP_RECLAIM_MASK } from '../internal.h.js';
import { kmem_cache_alloc } from '../../include/linux/slab.h.js';
import {
  augment_tree_propagate_from,
  get_subtree_max_size,
  node_va,
  set_va_end,
  set_va_start,
  va_end,
  va_node,
  va_start,
} from './area.js';
import { purge_vmap_area_lazy } from './purge.js';
import {
  free_vmap_area_object,
  insert_vmap_area,
  insert_vmap_area_augment,
  unlink_va_augment,
} from './tree.js';

/** Where in a free area an aligned request above `vstart` would begin. */
function nva_start(k: Kernel, va: VmapArea, align: ULong, vstart: ULong): VirtAddr {
  return ALIGN_UP(k, ult(vstart, va_start(k, va)) ? va_start(k, va) : vstart, align);
}

function is_within_this_va(
  k: Kernel,
  va: VmapArea,
  size: ULong,
  align: ULong,
  vstart: ULong,
): boolean {
  const nva_start_addr: VirtAddr = nva_start(k, va, align, vstart);
  const nva_end: VirtAddr = ulong(k, nva_start_addr + size);
  if (ult(nva_end, nva_start_addr) || ult(nva_start_addr, vstart)) return false;
  return ule(nva_end, va_end(k, va));
}

/**
 * The first free area, by address, that a request fits. With an alignment of more than a page the search is for so much that
 * it fits however the area lies; what it finds is then not always the lowest.
 */
export function find_vmap_lowest_match(
  k: Kernel,
  root: RbRoot,
  size: ULong,
  align: ULong,
  vstart: ULong,
  adjust_search_size: boolean,
): VmapArea {
  const length: ULong = adjust_search_size ? size + align - 1 : size;
  let node: RbNode = k.read_ptr(root);
  while (node !== NULL) {
    let va: VmapArea = node_va(k, node);
    if (
      ule(length, get_subtree_max_size(k, k.read_ptr(node + k.rb_node.rb_left))) &&
      ult(vstart, va_start(k, va))
    ) {
      node = k.read_ptr(node + k.rb_node.rb_left);
      continue;
    }
    if (is_within_this_va(k, va, size, align, vstart)) return va;
    if (ule(length, get_subtree_max_size(k, k.read_ptr(node + k.rb_node.rb_right)))) {
      node = k.read_ptr(node + k.rb_node.rb_right);
      continue;
    }
    // Back up, to the first right subtree that may do. It happens by `vstart`, or by alignment.
    while ((node = rb_parent(k, node)) !== NULL) {
      va = node_va(k, node);
      if (is_within_this_va(k, va, size, align, vstart)) return va;
      if (
        ule(length, get_subtree_max_size(k, k.read_ptr(node + k.rb_node.rb_right))) &&
        ule(vstart, va_start(k, va))
      ) {
        // Beyond this node's start, so that what was searched is not entered again.
        vstart = va_start(k, va) + 1;
        node = k.read_ptr(node + k.rb_node.rb_right);
        break;
      }
    }
  }
  return NULL;
}

/** False: no object for the second half. */
function adjust_va_to_fit_type(
  k: Kernel,
  root: RbRoot,
  head: ListHead,
  va: VmapArea,
  nva_start_addr: VirtAddr,
  size: ULong,
): boolean {
  const nva_end: VirtAddr = ulong(k, nva_start_addr + size);
  const at_start = va_start(k, va) === nva_start_addr;
  const at_end = va_end(k, va) === nva_end;
  let lva: VmapArea = NULL;
  if (at_start && at_end) {
    unlink_va_augment(k, va, root);
    free_vmap_area_object(k, va);
    return true;
  }
  if (at_start) {
    set_va_start(k, va, nva_end);
  } else if (at_end) {
    set_va_end(k, va, nva_start_addr);
  } else {
    lva = take_preloaded(k);
    if (lva === NULL) lva = alloc_vmap_area_object(k, k.GFP_NOWAIT);
    if (lva === NULL) return false;
    set_va_start(k, lva, va_start(k, va));
    set_va_end(k, lva, nva_start_addr);
    set_va_start(k, va, nva_end);
  }
  augment_tree_propagate_from(k, va);
  if (lva !== NULL) insert_vmap_area_augment(k, lva, va_node(k, va), root, head);
  return true;
}

/** The start of the area taken; `vend` when there is none. */
function __alloc_vmap_area(
  k: Kernel,
  root: RbRoot,
  head: ListHead,
  size: ULong,
  align: ULong,
  vstart: VirtAddr,
  vend: VirtAddr,
): VirtAddr {
  // Every free area begins at a page; and a request for the whole range cannot be searched for with more.
  const adjust_search_size = align > PAGE_SIZE && vend - vstart !== size;
  const va: VmapArea = find_vmap_lowest_match(k, root, size, align, vstart, adjust_search_size);
  if (va === NULL) return vend;
  const nva_start_addr: VirtAddr = nva_start(k, va, align, vstart);
  if (ult(vend, ulong(k, nva_start_addr + size))) return vend;
  return adjust_va_to_fit_type(k, root, head, va, nva_start_addr, size) ? nva_start_addr : vend;
}

// --- objects -----------------------------------------------------------------------------------------------------------------

function alloc_vmap_area_object(k: Kernel, gfp_mask: Gfp): VmapArea {
  const object: VirtAddr = kmem_cache_alloc(k, k.read_ptr(k.globals.vmap_area_cachep), gfp_mask);
  return object === 0 ? NULL : k.cell_of(object);
}

/** The object that this CPU has ready, taken. */
function take_preloaded(k: Kernel): VmapArea {
  const slot: Cell = this_cpu_ptr(k, 'ne_fit_preload_node');
  const va: VmapArea = k.read_ptr(slot);
  if (va !== NULL) k.write_ptr(slot, NULL);
  return va;
}

function preload_this_cpu(k: Kernel, gfp_mask: Gfp): void {
  const slot: Cell = this_cpu_ptr(k, 'ne_fit_preload_node');
  if (k.read_ptr(slot) !== NULL) return;
  const va: VmapArea = alloc_vmap_area_object(k, gfp_mask);
  if (va !== NULL) k.write_ptr(slot, va);
}

// --- allocation ----------------------------------------------------------------------------------------------------------------

/** An area of `size` bytes in `[vstart, vend)`; NULL: no object, or no room, though all that was freed lazily is purged. */
export function alloc_vmap_area(
  k: Kernel,
  size: ULong,
  align: ULong,
  vstart: VirtAddr,
  vend: VirtAddr,
  gfp_mask: Gfp,
): VmapArea {
  gfp_mask = gfp_mask & GFP_RECLAIM_MASK(k);
  const va: VmapArea = alloc_vmap_area_object(k, gfp_mask);
  if (va === NULL) return NULL;
  const free_vmap_area_root = k.globals.free_vmap_area_root;
  const free_vmap_area_list = k.globals.free_vmap_area_list;
  const vmap_area_root = k.globals.vmap_area_root;
  const vmap_area_list = k.globals.vmap_area_list;
  let addr: VirtAddr = vend;
  for (let attempt: Int = 0; attempt < 2 && addr === vend; attempt++) {
    if (attempt > 0) purge_vmap_area_lazy(k);
    preload_this_cpu(k, gfp_mask);
    addr = __alloc_vmap_area(
      k,
      free_vmap_area_root,
      free_vmap_area_list,
      size,
      align,
      vstart,
      vend,
    );
  }
  if (addr === vend) {
    overflow(k, va, size, gfp_mask);
    return NULL;
  }
  set_va_start(k, va, addr);
  set_va_end(k, va, addr + size);
  k.write_ptr(va + k.vmap_area.vm, NULL);
  insert_vmap_area(k, va, vmap_area_root, vmap_area_list);
  return va;
}

/** Nobody is on vmap_notify_list who could give something back. */
function overflow(k: Kernel, va: VmapArea, size: ULong, gfp_mask: Gfp): void {
  if ((gfp_mask & k.__GFP_NOWARN) === 0) {
    const text = `vmap allocation for size ${size} failed: use vmalloc=<size> to increase size`;
    k.emit({ kind: 'printk', level: 4, text });
  }
  free_vmap_area_object(k, va);
}
