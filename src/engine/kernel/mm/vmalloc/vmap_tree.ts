/**
 * Putting areas of vmalloc space into their trees and taking them out, and joining neighbours.
 *
 * Source: Linux 6.1 mm/vmalloc.c: find_va_links() to merge_or_add_vmap_area_augment().
 */
import { type ListHead, NULL, type Out, type VmapArea } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { ule } from '../../../machine/ulong.js';
import { asCell, type VirtAddr } from '../../../memory/address.js';
import { list_add, list_del_init, list_entry } from '../../include/linux/list.h.js';
import {
  RB_CLEAR_NODE,
  RB_EMPTY_NODE,
  rb_entry,
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
import { augment_tree_propagate_from, free_vmap_area_rb_augment_cb } from './vmap_area.js';

/**
 * Where an area belongs: the link that is to point to it, and the node that has the link. NULL when it overlaps another.
 *
 * @param root where the search begins; NULL: at the node `from`
 */
function find_va_links(
  k: Kernel,
  va: VmapArea,
  root: RbRoot,
  from: RbNode,
  parent: Out<RbNode>,
): RbLink {
  let link: RbLink = asCell(root);
  let node: RbNode = from;
  if (root !== NULL) {
    node = k.read_ptr(root);
    // In an empty tree it becomes the root, without a parent.
    if (node === NULL) {
      parent.value = NULL;
      return link;
    }
  }
  let tmp_va: VmapArea;
  let rounds = 0;
  do {
    k.watchdog(++rounds << 10);
    tmp_va = rb_entry(k, node, k.vmap_area.rb_node);
    // Areas of a tree never overlap: one that does was freed twice, or its tree is broken.
    if (ule(k.read_va(va + k.vmap_area.va_end), k.read_va(tmp_va + k.vmap_area.va_start))) {
      link = asCell(node + k.rb_node.rb_left);
    } else if (ule(k.read_va(tmp_va + k.vmap_area.va_end), k.read_va(va + k.vmap_area.va_start))) {
      link = asCell(node + k.rb_node.rb_right);
    } else {
      const text = `vmalloc bug: ${rangeText(k, va)} overlaps with ${rangeText(k, tmp_va)}`;
      k.emit({ kind: 'warn', text });
      return NULL;
    }
    node = k.read_ptr(link);
  } while (node !== NULL);
  // The last node passed: `link` is its child that is missing.
  parent.value = asCell(tmp_va + k.vmap_area.rb_node);
  return link;
}

const rangeText = (k: Kernel, area: VmapArea): string =>
  `0x${shortHex(k, k.read_va(area + k.vmap_area.va_start))}-0x${shortHex(k, k.read_va(area + k.vmap_area.va_end))}`;

const shortHex = (k: Kernel, va: VirtAddr): string => k.hex(va).replace(/^0+(?=.)/, '');

/** The list entry of the area that would follow the new one; NULL in an empty tree, as free areas hardly ever are. */
function get_va_next_sibling(k: Kernel, parent: RbNode, link: RbLink): ListHead {
  if (parent === NULL) return NULL;
  const list: ListHead = asCell(rb_entry(k, parent, k.vmap_area.rb_node) + k.vmap_area.list);
  // As a right child it follows `parent`, so what follows `parent` follows it; as a left child it precedes it.
  return parent + k.rb_node.rb_right === link ? k.read_ptr(list) : list;
}

/** Puts an area where find_va_links() found its place, and into the list, behind the one that precedes it. */
function __link_va(
  k: Kernel,
  va: VmapArea,
  root: RbRoot,
  parent: RbNode,
  link: RbLink,
  head: ListHead,
  augment: boolean,
): void {
  // The list is in the order of addresses: the entry before the new one follows from where it stands in the tree.
  if (parent !== NULL) {
    head = asCell(rb_entry(k, parent, k.vmap_area.rb_node) + k.vmap_area.list);
    if (parent + k.rb_node.rb_right !== link) head = k.read_ptr(head + k.list_head.prev);
  }
  rb_link_node(k, asCell(va + k.vmap_area.rb_node), parent, link);
  if (augment) {
    // Its own size comes later, from the bottom up, when the node is where it stays.
    rb_insert_augmented(k, asCell(va + k.vmap_area.rb_node), root, free_vmap_area_rb_augment_cb);
    k.write_long(va + k.vmap_area.subtree_max_size, 0);
  } else {
    rb_insert_color(k, asCell(va + k.vmap_area.rb_node), root);
  }
  list_add(k, asCell(va + k.vmap_area.list), head);
}

function link_va(
  k: Kernel,
  va: VmapArea,
  root: RbRoot,
  parent: RbNode,
  link: RbLink,
  head: ListHead,
): void {
  __link_va(k, va, root, parent, link, head, false);
}

function link_va_augment(
  k: Kernel,
  va: VmapArea,
  root: RbRoot,
  parent: RbNode,
  link: RbLink,
  head: ListHead,
): void {
  __link_va(k, va, root, parent, link, head, true);
}

/** Takes an area out of tree and list. It is marked as being in none, so that a second time is noticed. */
function __unlink_va(k: Kernel, va: VmapArea, root: RbRoot, augment: boolean): void {
  const node: RbNode = asCell(va + k.vmap_area.rb_node);
  if (RB_EMPTY_NODE(k, node)) {
    k.emit({ kind: 'warn', text: '__unlink_va: the area is in no tree' });
    return;
  }
  if (augment) rb_erase_augmented(k, node, root, free_vmap_area_rb_augment_cb);
  else rb_erase(k, node, root);
  list_del_init(k, asCell(va + k.vmap_area.list));
  RB_CLEAR_NODE(k, node);
}

export function unlink_va(k: Kernel, va: VmapArea, root: RbRoot): void {
  __unlink_va(k, va, root, false);
}

export function unlink_va_augment(k: Kernel, va: VmapArea, root: RbRoot): void {
  __unlink_va(k, va, root, true);
}

/** Adds an area to the busy ones, whose tree keeps no sizes. One that overlaps another is reported and left out. */
export function insert_vmap_area(k: Kernel, va: VmapArea, root: RbRoot, head: ListHead): void {
  const parent: Out<RbNode> = { value: NULL };
  const link: RbLink = find_va_links(k, va, root, NULL, parent);
  if (link !== NULL) link_va(k, va, root, parent.value, link, head);
}

/**
 * Adds an area to the free ones, and brings the sizes above it up to date.
 *
 * @param from a node that it belongs below; NULL: looked for from the root
 */
export function insert_vmap_area_augment(
  k: Kernel,
  va: VmapArea,
  from: RbNode,
  root: RbRoot,
  head: ListHead,
): void {
  const parent: Out<RbNode> = { value: NULL };
  const link: RbLink =
    from !== NULL
      ? find_va_links(k, va, NULL, from, parent)
      : find_va_links(k, va, root, NULL, parent);
  if (link !== NULL) {
    link_va_augment(k, va, root, parent.value, link, head);
    augment_tree_propagate_from(k, va);
  }
}

/**
 * Joins an area with its neighbours, or adds it, so that no two areas of the tree touch. The one it is part of then;
 * NULL when it overlaps another.
 */
function __merge_or_add_vmap_area(
  k: Kernel,
  va: VmapArea,
  root: RbRoot,
  head: ListHead,
  augment: boolean,
): VmapArea {
  const parent: Out<RbNode> = { value: NULL };
  let merged = false;
  const link: RbLink = find_va_links(k, va, root, NULL, parent);
  if (link === NULL) return NULL;

  const next: ListHead = get_va_next_sibling(k, parent.value, link);
  if (next !== NULL) {
    // start            end
    // |<------VA------>|<-----Next----->|
    //                  start            end
    if (next !== head) {
      const sibling: VmapArea = list_entry(k, next, k.vmap_area.list);
      if (k.read_va(sibling + k.vmap_area.va_start) === k.read_va(va + k.vmap_area.va_end)) {
        // The neighbour grows and keeps its place in the order; the object that came is not needed.
        k.write_va(sibling + k.vmap_area.va_start, k.read_va(va + k.vmap_area.va_start));
        kmem_cache_free(k, k.read_ptr(k.globals.vmap_area_cachep), k.va_of(va));
        va = sibling;
        merged = true;
      }
    }
    // start            end
    // |<-----Prev----->|<------VA------>|
    //                  start            end
    if (k.read_ptr(next + k.list_head.prev) !== head) {
      const sibling: VmapArea = list_entry(
        k,
        k.read_ptr(next + k.list_head.prev),
        k.vmap_area.list,
      );
      if (k.read_va(sibling + k.vmap_area.va_end) === k.read_va(va + k.vmap_area.va_start)) {
        // The next one leaves the tree before the previous one grows: rotations would spread its size.
        if (merged) __unlink_va(k, va, root, augment);
        k.write_va(sibling + k.vmap_area.va_end, k.read_va(va + k.vmap_area.va_end));
        kmem_cache_free(k, k.read_ptr(k.globals.vmap_area_cachep), k.va_of(va));
        va = sibling;
        merged = true;
      }
    }
  }
  // insert:
  if (!merged) __link_va(k, va, root, parent.value, link, head, augment);
  return va;
}

/** For what waits for a purge: nobody searches there by size. */
export function merge_or_add_vmap_area(
  k: Kernel,
  va: VmapArea,
  root: RbRoot,
  head: ListHead,
): VmapArea {
  return __merge_or_add_vmap_area(k, va, root, head, false);
}

/** For the free areas. */
export function merge_or_add_vmap_area_augment(
  k: Kernel,
  va: VmapArea,
  root: RbRoot,
  head: ListHead,
): VmapArea {
  va = __merge_or_add_vmap_area(k, va, root, head, true);
  // Only here, when tree and extent are final: while neighbours merge, the sizes above are not right.
  if (va !== NULL) augment_tree_propagate_from(k, va);
  return va;
}
