import { type Gfp, type Int, NULL, type Pointer } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import type { Cell, VirtAddr } from '../../memory/address.js';
import { ENOMEM } from '../include/linux/errno.h.js';
import type { Idr } from '../include/linux/idr.h.js';
import { call_rcu } from '../kernel/rcu/tiny.js';
import { kmem_cache_alloc } from '../mm/slab_common/api.js';

export type XaNode = Pointer<'struct xa_node'>;
export type Slot = Pointer<'void *'>;
/** Of a pointer to a node. */
const RADIX_TREE_INTERNAL_NODE = 2;
const RADIX_TREE_ENTRY_MASK = 3;
const INT_MAX = 0x7fffffff;

/** The root's tag IDR_FREE: the first bit above those of a gfp_t. */
const root_tag = (k: Kernel): Int => k.__GFP_BITS_MASK + 1;

const map_shift = (k: Kernel): Int => (k.CONFIG_BASE_SMALL !== 0 ? 4 : 6);
export const map_size = (k: Kernel): Int => 1 << map_shift(k);

// --- nodes -------------------------------------------------------------------------------------------------------------

export const is_node = (k: Kernel, at: Slot): boolean =>
  (k.words[at]! & RADIX_TREE_ENTRY_MASK) === RADIX_TREE_INTERNAL_NODE;
export const is_empty = (k: Kernel, at: Slot): boolean =>
  k.words[at] === 0 && (!k.wide || k.words[at + 1] === 0);

export const node_shift = (k: Kernel, node: XaNode): Int => k.read8(node, 0);
const node_offset = (k: Kernel, node: XaNode): Int => k.read8(node, 1);
const node_count = (k: Kernel, node: XaNode): Int => k.read8(node, 2);
const node_parent = (k: Kernel, node: XaNode): XaNode => k.read_ptr(node + k.xa_node.parent);
export const slot_of = (k: Kernel, node: XaNode, offset: Int): Slot =>
  (node + k.xa_node.slots + offset * k.ptr_words) as Slot;
export const add_count = (k: Kernel, node: XaNode, delta: Int): void =>
  k.write8(node, 2, node_count(k, node) + delta);

const shift_maxindex = (k: Kernel, shift: Int): Int => map_size(k) * 2 ** shift - 1;

function tag_get(k: Kernel, node: XaNode, offset: Int): boolean {
  const word = node + k.xa_node.tags + (offset >> 5);
  return ((k.words[word]! >>> (offset & 31)) & 1) !== 0;
}

function change_tag(k: Kernel, node: XaNode, offset: Int, set: boolean): void {
  const word = node + k.xa_node.tags + (offset >> 5);
  const bit = 1 << (offset & 31);
  k.write(word, set ? k.words[word]! | bit : k.words[word]! & ~bit);
}

/** Words of a node's tag. */
const tag_words = (k: Kernel): Int => Math.max(k.ptr_words, map_size(k) / 32);

function any_tag_set(k: Kernel, node: XaNode): boolean {
  for (let i = 0; i < tag_words(k); i++) if (k.words[node + k.xa_node.tags + i] !== 0) return true;
  return false;
}

function all_tag_set(k: Kernel, node: XaNode): void {
  for (let i = 0; i < tag_words(k); i++) k.write(node + k.xa_node.tags + i, -1);
}

function find_next_tag(k: Kernel, node: XaNode, offset: Int): Int {
  while (offset < map_size(k) && !tag_get(k, node, offset)) offset++;
  return offset;
}

const root_tagged = (k: Kernel, idr: Idr): boolean =>
  (k.words[idr + k.idr.idr_rt_xa_flags]! & root_tag(k)) !== 0;

function set_root_tag(k: Kernel, idr: Idr, set: boolean): void {
  const at = idr + k.idr.idr_rt_xa_flags;
  const bit = root_tag(k);
  k.write(at, set ? k.words[at]! | bit : k.words[at]! & ~bit);
}

function radix_tree_node_alloc(
  k: Kernel,
  gfp_mask: Gfp,
  parent: XaNode,
  idr: Idr,
  shift: Int,
  offset: Int,
  count: Int,
): XaNode {
  const cachep = k.read_ptr(k.globals.radix_tree_node_cachep);
  const object: VirtAddr = kmem_cache_alloc(k, cachep, gfp_mask | k.__GFP_NOWARN);
  if (object === 0) return NULL;
  const node: XaNode = k.cell_at(object);
  k.write(node, shift | (offset << 8) | (count << 16));
  k.write_ptr(node + k.xa_node.parent, parent);
  k.write_ptr(node + k.xa_node.array, idr);
  all_tag_set(k, node);
  return node;
}

function radix_tree_node_free(k: Kernel, node: XaNode): void {
  call_rcu(k, (node + k.xa_node.callback_head) as Cell, 'radix_tree_node_rcu_free');
}

const set_node = (k: Kernel, at: Slot, node: XaNode): void =>
  k.write_ptr_tagged(at, node, RADIX_TREE_INTERNAL_NODE);

// --- the tree ------------------------------------------------------------------------------------------------------------

/** Makes the tree high enough for `index`. The shift above its root; negative without memory. */
function radix_tree_extend(k: Kernel, idr: Idr, gfp: Gfp, index: Int, shift: Int): Int {
  let maxshift: Int = shift;
  while (index > shift_maxindex(k, maxshift)) maxshift += map_shift(k);
  const head = (idr + k.idr.idr_rt_xa_head) as Slot;
  if (is_empty(k, head) && root_tagged(k, idr)) return maxshift + map_shift(k);
  do {
    const node: XaNode = radix_tree_node_alloc(k, gfp, NULL, idr, shift, 0, 1);
    if (node === NULL) return -ENOMEM;
    if (!root_tagged(k, idr)) {
      change_tag(k, node, 0, false);
      set_root_tag(k, idr, true);
    }
    if (is_node(k, head)) k.write_ptr(k.read_ptr(head) + k.xa_node.parent, node);
    k.copy_ptr(slot_of(k, node, 0), head);
    set_node(k, head, node);
    shift += map_shift(k);
  } while (shift <= maxshift);
  return maxshift + map_shift(k);
}

interface FreeSlot {
  readonly index: Int;
  readonly node: XaNode;
  readonly slot: Slot;
}

/** The first free number from `start` on; undefined without memory. */
export function idr_get_free(k: Kernel, idr: Idr, start: Int, gfp: Gfp): FreeSlot | undefined {
  const head = (idr + k.idr.idr_rt_xa_head) as Slot;
  for (;;) {
    let shift: Int = 0;
    let maxindex: Int = 0;
    if (is_node(k, head)) {
      const top: Int = node_shift(k, k.read_ptr(head));
      maxindex = shift_maxindex(k, top);
      shift = top + map_shift(k);
    }
    if (!root_tagged(k, idr)) start = Math.max(start, maxindex + 1);
    if (start > INT_MAX) return undefined;
    if (start > maxindex) {
      shift = radix_tree_extend(k, idr, gfp, start, shift);
      if (shift < 0) return undefined;
    }
    const found = descend_to_free(k, idr, start, shift, gfp);
    if (found !== 'grow') return found;
    start = maxindex + 1;
  }
}

/** Down to a free slot, making nodes; `grow` when the tree has none from `start` on. */
function descend_to_free(
  k: Kernel,
  idr: Idr,
  start: Int,
  shift: Int,
  gfp: Gfp,
): FreeSlot | 'grow' | undefined {
  let node: XaNode = NULL;
  let offset: Int = 0;
  let slot = (idr + k.idr.idr_rt_xa_head) as Slot;
  while (shift > 0) {
    shift -= map_shift(k);
    if (is_empty(k, slot)) {
      const child: XaNode = radix_tree_node_alloc(k, gfp, node, idr, shift, offset, 0);
      if (child === NULL) return undefined;
      set_node(k, slot, child);
      if (node !== NULL) add_count(k, node, 1);
    } else if (!is_node(k, slot)) {
      break;
    }
    node = k.read_ptr(slot);
    const step: Int = 2 ** node_shift(k, node);
    offset = Math.floor(start / step) % map_size(k);
    if (!tag_get(k, node, offset)) {
      offset = find_next_tag(k, node, offset + 1);
      const maxindex: Int = shift_maxindex(k, node_shift(k, node));
      start = Math.floor(start / (maxindex + 1)) * (maxindex + 1) + offset * step;
      while (offset === map_size(k)) {
        offset = node_offset(k, node) + 1;
        node = node_parent(k, node);
        if (node === NULL) return 'grow';
        shift = node_shift(k, node);
      }
    }
    slot = slot_of(k, node, offset);
  }
  return { index: start, node, slot };
}

/** Frees nodes that nothing hangs on, from the lowest upwards. */
export function delete_node(k: Kernel, idr: Idr, node: XaNode): void {
  while (node !== NULL && node_count(k, node) === 0) {
    const parent: XaNode = node_parent(k, node);
    if (parent !== NULL) {
      k.write_long(slot_of(k, parent, node_offset(k, node)), 0);
      add_count(k, parent, -1);
    } else {
      k.write_long(idr + k.idr.idr_rt_xa_head, 0);
    }
    radix_tree_node_free(k, node);
    node = parent;
  }
}

export function node_tag_clear(k: Kernel, idr: Idr, node: XaNode, offset: Int): void {
  while (node !== NULL) {
    if (!tag_get(k, node, offset)) return;
    change_tag(k, node, offset, false);
    if (any_tag_set(k, node)) return;
    offset = node_offset(k, node);
    node = node_parent(k, node);
  }
  if (root_tagged(k, idr)) set_root_tag(k, idr, false);
}

export function node_tag_set(k: Kernel, idr: Idr, node: XaNode, offset: Int): void {
  while (node !== NULL) {
    if (tag_get(k, node, offset)) return;
    change_tag(k, node, offset, true);
    offset = node_offset(k, node);
    node = node_parent(k, node);
  }
  if (!root_tagged(k, idr)) set_root_tag(k, idr, true);
}

/** radix_tree_node_ctor(): objects of the cache of nodes are empty nodes. */
export function radix_tree_node_ctor(k: Kernel, node: XaNode): void {
  for (let i = 0; i < k.sizeof.xa_node / 4; i++) k.write(node + i, 0);
  const list = node + k.xa_node.private_list;
  k.write_ptr(list, list);
  k.write_ptr(list + k.list_head.prev, list);
}
