/**
 * Taking an area of vmalloc space: the lowest that fits, cut out of a free one.
 *
 *     FL_FIT_TYPE   |------NVA------|         the free area goes
 *     LE_FIT_TYPE   |--NVA--|---R---|         it begins later
 *     RE_FIT_TYPE   |---L---|--NVA--|         it ends earlier
 *     NE_FIT_TYPE   |-L-|--NVA--|-R-|         it becomes two
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
import { asCell, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { ALIGN } from '../../include/linux/align.h.js';
import { this_cpu_ptr } from '../../include/linux/percpu-defs.h.js';
import { rb_entry, rb_parent, type RbNode, type RbRoot } from '../../include/linux/rbtree.h.js';
import { GFP_RECLAIM_MASK } from '../internal.h.js';
import { kmem_cache_alloc, kmem_cache_free } from '../../include/linux/slab.h.js';
import { purge_vmap_area_lazy } from './purge.js';
import { augment_tree_propagate_from, get_subtree_max_size } from './vmap_area.js';
import { insert_vmap_area, insert_vmap_area_augment, unlink_va_augment } from './vmap_tree.js';

/** Whether `size` bytes fit in a free area, from its first aligned address that is not below `vstart`. */
function is_within_this_va(
  k: Kernel,
  va: VmapArea,
  size: ULong,
  align: ULong,
  vstart: ULong,
): boolean {
  let nva_start_addr: VirtAddr;
  if (ult(vstart, k.read_va(va + k.vmap_area.va_start)))
    nva_start_addr = ulong(k, ALIGN(k.read_va(va + k.vmap_area.va_start), align));
  else nva_start_addr = ulong(k, ALIGN(vstart, align));

  // With a large size or alignment either may run over the end of the address space.
  if (ult(ulong(k, nva_start_addr + size), nva_start_addr) || ult(nva_start_addr, vstart))
    return false;
  return ule(ulong(k, nva_start_addr + size), k.read_va(va + k.vmap_area.va_end));
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
  let node: RbNode = k.read_ptr(root);
  const length: ULong = adjust_search_size ? size + align - 1 : size;
  // No subtree is entered whose largest area is too small.
  let rounds = 0;
  while (node !== NULL) {
    k.watchdog(++rounds << 10);
    let va: VmapArea = rb_entry(k, node, k.vmap_area.rb_node);
    // The lowest address is wanted: to the left, if an area there is large enough and may lie above `vstart`.
    if (
      ule(length, get_subtree_max_size(k, k.read_ptr(node + k.rb_node.rb_left))) &&
      ult(vstart, k.read_va(va + k.vmap_area.va_start))
    ) {
      node = k.read_ptr(node + k.rb_node.rb_left);
    } else {
      if (is_within_this_va(k, va, size, align, vstart)) return va;

      // Lower addresses have nothing. To the right, only if something of that size is there.
      if (ule(length, get_subtree_max_size(k, k.read_ptr(node + k.rb_node.rb_right)))) {
        node = k.read_ptr(node + k.rb_node.rb_right);
        continue;
      }

      // Back up, to the first right subtree that may do. It happens by `vstart`, or by alignment.
      while ((node = rb_parent(k, node)) !== NULL) {
        k.watchdog(++rounds << 10);
        va = rb_entry(k, node, k.vmap_area.rb_node);
        if (is_within_this_va(k, va, size, align, vstart)) return va;
        if (
          ule(length, get_subtree_max_size(k, k.read_ptr(node + k.rb_node.rb_right))) &&
          ule(vstart, k.read_va(va + k.vmap_area.va_start))
        ) {
          // Beyond this node's start, so that what was searched is not entered again.
          vstart = k.read_va(va + k.vmap_area.va_start) + 1;
          node = k.read_ptr(node + k.rb_node.rb_right);
          break;
        }
      }
    }
  }
  return NULL;
}

// --- cutting it out ----------------------------------------------------------------------------------------------------

/** enum fit_type */
const NOTHING_FIT = 0;
const FL_FIT_TYPE = 1;
const LE_FIT_TYPE = 2;
const RE_FIT_TYPE = 3;
const NE_FIT_TYPE = 4;

/** Which of the cases above a cut is. NOTHING_FIT: the new area does not lie within the free one. */
function classify_va_fit_type(k: Kernel, va: VmapArea, nva_start_addr: VirtAddr, size: ULong): Int {
  const va_start: VirtAddr = k.read_va(va + k.vmap_area.va_start);
  const va_end: VirtAddr = k.read_va(va + k.vmap_area.va_end);
  if (ult(nva_start_addr, va_start) || ult(va_end, ulong(k, nva_start_addr + size)))
    return NOTHING_FIT;
  if (va_start === nva_start_addr)
    return va_end === ulong(k, nva_start_addr + size) ? FL_FIT_TYPE : LE_FIT_TYPE;
  return va_end === ulong(k, nva_start_addr + size) ? RE_FIT_TYPE : NE_FIT_TYPE;
}

/** Cuts `size` bytes at `nva_start_addr` out of a free area. -1: no object for the second half. */
export function adjust_va_to_fit_type(
  k: Kernel,
  root: RbRoot,
  head: ListHead,
  va: VmapArea,
  nva_start_addr: VirtAddr,
  size: ULong,
): Int {
  let lva: VmapArea = NULL;
  const type: Int = classify_va_fit_type(k, va, nva_start_addr, size);
  if (type === FL_FIT_TYPE) {
    // Nothing is left of it: the object goes too.
    unlink_va_augment(k, va, root);
    kmem_cache_free(k, k.read_ptr(k.globals.vmap_area_cachep), k.va_of(va));
  } else if (type === LE_FIT_TYPE) {
    // Shorter at one end, an area keeps its place in the order: the tree is not touched, only sizes are.
    k.write_va(va + k.vmap_area.va_start, ulong(k, nva_start_addr + size));
  } else if (type === RE_FIT_TYPE) {
    k.write_va(va + k.vmap_area.va_end, nva_start_addr);
  } else if (type === NE_FIT_TYPE) {
    lva = k.read_ptr(this_cpu_ptr(k, 'ne_fit_preload_node'));
    k.write_ptr(this_cpu_ptr(k, 'ne_fit_preload_node'), NULL);
    if (lva === NULL) {
      // No object was to be had when the CPU asked for one in advance. Now it must not sleep; the caller tries once more.
      lva = k.cell_of(kmem_cache_alloc(k, k.read_ptr(k.globals.vmap_area_cachep), k.GFP_NOWAIT));
      if (lva === NULL) return -1;
    }
    // What is left of it ...
    k.write_va(lva + k.vmap_area.va_start, k.read_va(va + k.vmap_area.va_start));
    k.write_va(lva + k.vmap_area.va_end, nva_start_addr);
    // ... and right.
    k.write_va(va + k.vmap_area.va_start, ulong(k, nva_start_addr + size));
  } else {
    return -1;
  }
  // `va` shrank, so the sizes above it are worked out anew. `lva` ends below `va`, and hence belongs in its left
  // subtree: the search for its place begins there, not at the root.
  if (type !== FL_FIT_TYPE) {
    augment_tree_propagate_from(k, va);
    if (lva !== NULL)
      insert_vmap_area_augment(k, lva, asCell(va + k.vmap_area.rb_node), root, head);
  }
  return 0;
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
  let adjust_search_size = true;
  // Every free area begins at a page; and a request for the whole range cannot be searched for with more.
  if (align <= PAGE_SIZE || (align > PAGE_SIZE && vend - vstart === size))
    adjust_search_size = false;
  const va: VmapArea = find_vmap_lowest_match(k, root, size, align, vstart, adjust_search_size);
  if (va === NULL) return vend;

  let nva_start_addr: VirtAddr;
  if (ult(vstart, k.read_va(va + k.vmap_area.va_start)))
    nva_start_addr = ulong(k, ALIGN(k.read_va(va + k.vmap_area.va_start), align));
  else nva_start_addr = ulong(k, ALIGN(vstart, align));
  // The search has no upper limit: what it found may reach beyond `vend`.
  if (ult(vend, ulong(k, nva_start_addr + size))) return vend;

  const ret: Int = adjust_va_to_fit_type(k, root, head, va, nva_start_addr, size);
  if (ret !== 0) return vend;
  return nva_start_addr;
}

// --- allocation ----------------------------------------------------------------------------------------------------------------

/**
 * Gets the object that a cut out of the middle takes while the CPU may still sleep for it.
 *
 * Left out: the lock that it takes; the compare-and-exchange, for nobody else fills the CPU's place meanwhile.
 */
function preload_this_cpu_lock(k: Kernel, gfp_mask: Gfp): void {
  let va: VmapArea = NULL;
  // The last one is still there unless a cut has used it.
  if (k.read_ptr(this_cpu_ptr(k, 'ne_fit_preload_node')) === NULL)
    va = k.cell_of(kmem_cache_alloc(k, k.read_ptr(k.globals.vmap_area_cachep), gfp_mask));
  // Without memory there is none, and that is no failure yet: most cuts need no object.
  if (va !== NULL) k.write_ptr(this_cpu_ptr(k, 'ne_fit_preload_node'), va);
}

/**
 * An area of `size` bytes in `[vstart, vend)`; NULL: no object, or no room, though all that was freed lazily is purged.
 *
 * Left out: ERR_PTR (the caller makes NULL of it), vmap_notify_list (nobody is on it), kmemleak, kasan, printk_ratelimit, WARN_ON_ONCE
 * of a failed split.
 */
export function alloc_vmap_area(
  k: Kernel,
  size: ULong,
  align: ULong,
  vstart: VirtAddr,
  vend: VirtAddr,
  gfp_mask: Gfp,
): VmapArea {
  let purged: Int = 0;
  // The caller's zone and __GFP_ZERO are meant for its pages, not for the objects that describe the area.
  gfp_mask = gfp_mask & GFP_RECLAIM_MASK(k);
  // The object before the addresses: to get it may sleep, and to give it back is simple.
  const va: VmapArea = k.cell_of(
    kmem_cache_alloc(k, k.read_ptr(k.globals.vmap_area_cachep), gfp_mask),
  );
  if (va === NULL) return NULL;

  retry: for (;;) {
    preload_this_cpu_lock(k, gfp_mask);
    const addr: VirtAddr = __alloc_vmap_area(
      k,
      k.globals.free_vmap_area_root,
      k.globals.free_vmap_area_list,
      size,
      align,
      vstart,
      vend,
    );
    if (addr === vend) {
      // overflow: areas that were freed but not purged may leave room.
      if (purged === 0) {
        purge_vmap_area_lazy(k);
        purged = 1;
        continue retry;
      }
      if ((gfp_mask & k.__GFP_NOWARN) === 0) {
        const text = `vmap allocation for size ${size} failed: use vmalloc=<size> to increase size`;
        k.emit({ kind: 'printk', level: 4, text });
      }
      kmem_cache_free(k, k.read_ptr(k.globals.vmap_area_cachep), k.va_of(va));
      return NULL;
    }
    // Cut out of the free areas and not yet among the busy ones: until it is inserted nobody can find it.
    k.write_va(va + k.vmap_area.va_start, addr);
    k.write_va(va + k.vmap_area.va_end, ulong(k, addr + size));
    // setup_vmalloc_vm() will say what it is for.
    k.write_ptr(va + k.vmap_area.vm, NULL);
    insert_vmap_area(k, va, k.globals.vmap_area_root, k.globals.vmap_area_list);
    return va;
  }
}
