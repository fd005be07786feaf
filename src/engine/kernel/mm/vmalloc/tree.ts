/**
 * Putting areas of vmalloc space into their trees and taking them out, and joining neighbours.
 *
 * Source: Linux 6.1 mm/vmalloc.c: find_va_links() to merge_or_add_vmap_area_augment().
 */
import { type ListHead, NULL, type VmapArea } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { ule } from '../../../machine/ulong.js';
import { asCell, type VirtAddr } from '../../../memory/address.js';
import { list_add, list_del_init, list_last, list_next } from '../../include/linux/list.h.js';
import {
  RB_CLEAR_NODE,
  RB_EMPTY_NODE,
  rb_link_node,
  type RbLink,
  type RbNode,
  type RbRoot,
} from '../../include/linux/rbtree.h.js';
import {
  rb_erase,
  rb_erase_augmented,
  rb_insert_augmented,
  rb_insert_color,
} from '../../lib/rbtree.js';
import { kmem_cache_free } from '../../include/linux/slab.h.js';
import {
  augment_tree_propagate_from,
  free_vmap_area_rb_augment_cb,
  list_va,
  node_va,
  set_va_end,
  set_va_start,
  va_end,
  va_list,
  va_node,
  va_start,
  type VaLinks,
} from './area.js';

/** Gives the object back. */
export function free_vmap_area_object(k: Kernel, va: VmapArea): void {
  kmem_cache_free(k, k.read_ptr(k.globals.vmap_area_cachep), k.va_of(va));
}

/** Where an area belongs, looked for from the root, or from a node down; undefined when it overlaps another. */
function find_va_links(k: Kernel, va: VmapArea, root: RbRoot, from: RbNode): VaLinks | undefined {
  let link: RbLink = asCell(root);
  let node: RbNode = from === NULL ? k.read_ptr(root) : from;
  let parent: RbNode = NULL;
  while (node !== NULL) {
    const tmp_va: VmapArea = node_va(k, node);
    if (ule(va_end(k, va), va_start(k, tmp_va))) {
      link = asCell(node + k.rb_node.rb_left);
    } else if (ule(va_end(k, tmp_va), va_start(k, va))) {
      link = asCell(node + k.rb_node.rb_right);
    } else {
      warn_overlap(k, va, tmp_va);
      return undefined;
    }
    parent = node;
    node = k.read_ptr(link);
  }
  return { parent, link };
}

function warn_overlap(k: Kernel, va: VmapArea, tmp_va: VmapArea): void {
  const range = (area: VmapArea): string =>
    `0x${hex(k, va_start(k, area))}-0x${hex(k, va_end(k, area))}`;
  const text = `vmalloc bug: ${range(va)} overlaps with ${range(tmp_va)}`;
  k.emit({ kind: 'warn', text });
}

const hex = (k: Kernel, va: VirtAddr): string => k.hex(va).replace(/^0+(?=.)/, '');

/** The entry of the next area's list that is or would be the area's neighbour; NULL in an empty tree. */
function get_va_next_sibling(k: Kernel, { parent, link }: VaLinks): ListHead {
  if (parent === NULL) return NULL;
  const list: ListHead = va_list(k, node_va(k, parent));
  return asCell(parent + k.rb_node.rb_right) === link ? list_next(k, list) : list;
}

function __link_va(
  k: Kernel,
  va: VmapArea,
  root: RbRoot,
  { parent, link }: VaLinks,
  head: ListHead,
  augment: boolean,
): void {
  // The area before it is known, though it is not in the list yet.
  if (parent !== NULL) {
    head = va_list(k, node_va(k, parent));
    if (asCell(parent + k.rb_node.rb_right) !== link) head = list_last(k, head);
  }
  rb_link_node(k, va_node(k, va), parent, link);
  if (augment) {
    // Its own size comes later, from the bottom up, when the node is where it stays.
    rb_insert_augmented(k, va_node(k, va), root, free_vmap_area_rb_augment_cb);
    k.write_long(va + k.vmap_area.subtree_max_size, 0);
  } else {
    rb_insert_color(k, va_node(k, va), root);
  }
  list_add(k, va_list(k, va), head);
}

function __unlink_va(k: Kernel, va: VmapArea, root: RbRoot, augment: boolean): void {
  if (RB_EMPTY_NODE(k, va_node(k, va))) {
    k.emit({ kind: 'warn', text: '__unlink_va: the area is in no tree' });
    return;
  }
  if (augment) rb_erase_augmented(k, va_node(k, va), root, free_vmap_area_rb_augment_cb);
  else rb_erase(k, va_node(k, va), root);
  list_del_init(k, va_list(k, va));
  RB_CLEAR_NODE(k, va_node(k, va));
}

export function unlink_va(k: Kernel, va: VmapArea, root: RbRoot): void {
  __unlink_va(k, va, root, false);
}

export function unlink_va_augment(k: Kernel, va: VmapArea, root: RbRoot): void {
  __unlink_va(k, va, root, true);
}

export function insert_vmap_area(k: Kernel, va: VmapArea, root: RbRoot, head: ListHead): void {
  const links = find_va_links(k, va, root, NULL);
  if (links !== undefined) __link_va(k, va, root, links, head, false);
}

/** @param from a node that it belongs below; NULL: looked for from the root */
export function insert_vmap_area_augment(
  k: Kernel,
  va: VmapArea,
  from: RbNode,
  root: RbRoot,
  head: ListHead,
): void {
  const links = find_va_links(k, va, root, from);
  if (links === undefined) return;
  __link_va(k, va, root, links, head, true);
  augment_tree_propagate_from(k, va);
}

/** Joins an area with its neighbours, or adds it. The one that it is part of then; NULL when it overlaps another. */
function __merge_or_add_vmap_area(
  k: Kernel,
  va: VmapArea,
  root: RbRoot,
  head: ListHead,
  augment: boolean,
): VmapArea {
  const links = find_va_links(k, va, root, NULL);
  if (links === undefined) return NULL;
  const next: ListHead = get_va_next_sibling(k, links);
  let merged = false;
  if (next !== NULL) {
    // start            end
    // |<------VA------>|<-----Next----->|
    //                  start            end
    if (next !== head) {
      const sibling: VmapArea = list_va(k, next);
      if (va_start(k, sibling) === va_end(k, va)) {
        set_va_start(k, sibling, va_start(k, va));
        free_vmap_area_object(k, va);
        va = sibling;
        merged = true;
      }
    }
    // start            end
    // |<-----Prev----->|<------VA------>|
    //                  start            end
    const prev: ListHead = list_last(k, next);
    if (prev !== head) {
      const sibling: VmapArea = list_va(k, prev);
      if (va_end(k, sibling) === va_start(k, va)) {
        // The next one leaves the tree before the previous one grows: rotations would spread its size.
        if (merged) __unlink_va(k, va, root, augment);
        set_va_end(k, sibling, va_end(k, va));
        free_vmap_area_object(k, va);
        va = sibling;
        merged = true;
      }
    }
  }
  if (!merged) __link_va(k, va, root, links, head, augment);
  return va;
}

export function merge_or_add_vmap_area(
  k: Kernel,
  va: VmapArea,
  root: RbRoot,
  head: ListHead,
): VmapArea {
  return __merge_or_add_vmap_area(k, va, root, head, false);
}

export function merge_or_add_vmap_area_augment(
  k: Kernel,
  va: VmapArea,
  root: RbRoot,
  head: ListHead,
): VmapArea {
  va = __merge_or_add_vmap_area(k, va, root, head, true);
  if (va !== NULL) augment_tree_propagate_from(k, va);
  return va;
}
