/**
 * Ways through a tree: down to the range of an index, up, and to a sibling.
 *
 * Left out: readers that meet a node which dies under them (nobody changes a tree meanwhile); a state that was left at a node which is
 * dead by now is found out as in Linux.
 * Source: Linux 6.1 lib/maple_tree.c: mas_descend(), mas_ascend(), mas_start(), mtree_range_walk(), mas_state_walk(), mas_walk(),
 * mas_prev_sibling(), mas_next_sibling(), mas_set_height(), mas_mt_height(), mas_is_ptr() to mas_is_err().
 */
import { type Int, NULL, type ULong } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell } from '../../../memory/address.js';
import {
  MAPLE_NODE_SLOTS,
  type MapleEnode,
  type MapleEntry,
  type MapleNode,
  MAS_NONE,
  mas_is_none,
  mas_reset,
  MAS_ROOT,
  MAS_START,
  type MaState,
  MT_FLAGS_HEIGHT_MASK,
  MT_FLAGS_HEIGHT_OFFSET,
  mt_height,
  ULONG_MAX,
} from '../../include/linux/maple_tree.h.js';
import {
  ma_data_end,
  ma_dead_node,
  ma_is_leaf,
  ma_is_root,
  ma_pivots,
  ma_slots,
  mas_data_end,
  mas_mn,
  mas_parent_enum,
  mas_safe_pivot,
  mas_slot,
  mt_mk_node,
  mt_pivots,
  mt_root_locked,
  mte_is_root,
  mte_node_type,
  mte_parent,
  mte_parent_slot,
  mte_to_node,
  type Pivots,
  rootIsNode,
} from './node.js';

// --- states --------------------------------------------------------------------------------------------------------------

export const mas_is_ptr = (mas: MaState): boolean => mas.node === MAS_ROOT;
export const mas_is_start = (mas: MaState): boolean => mas.node === MAS_START;
export const mas_is_err = (mas: MaState): boolean => mas.node < 0;
export const mas_searchable = (mas: MaState): boolean => !mas_is_none(mas) && !mas_is_ptr(mas);
/** xa_err() of the state's node. */
export const errorOf = (mas: MaState): Int => mas.node >> 2;

/** *to = *from */
export function copyStruct(to: MaState, from: MaState): void {
  to.tree = from.tree;
  to.index = from.index;
  to.last = from.last;
  to.node = from.node;
  to.min = from.min;
  to.max = from.max;
  to.alloc = from.alloc;
  to.depth = from.depth;
  to.offset = from.offset;
  to.mas_flags = from.mas_flags;
}

/** A state of its own with the same values. */
export const copyOf = (mas: MaState): MaState => ({
  tree: mas.tree,
  index: mas.index,
  last: mas.last,
  node: mas.node,
  min: mas.min,
  max: mas.max,
  alloc: mas.alloc,
  depth: mas.depth,
  offset: mas.offset,
  mas_flags: mas.mas_flags,
});

export const mas_mt_height = (k: Kernel, mas: MaState): Int => mt_height(k, mas.tree);

/** The tree's height is the state's depth. */
export function mas_set_height(k: Kernel, mas: MaState): void {
  const ma_flags = k.plus(mas.tree, k.maple_tree.ma_flags);
  const new_flags: Int = k.read_int(ma_flags) & ~MT_FLAGS_HEIGHT_MASK;
  k.write(ma_flags, new_flags | (mas.depth << MT_FLAGS_HEIGHT_OFFSET));
}

// --- up and down ---------------------------------------------------------------------------------------------------------

/** Into the node that the state's slot leads to. */
export function mas_descend(k: Kernel, mas: MaState): void {
  const node: MapleNode = mas_mn(mas);
  const type: Int = mte_node_type(mas.node);
  const pivots: Pivots = ma_pivots(k, node, type);
  if (mas.offset !== 0) mas.min = k.read_ulong(pivots + (mas.offset - 1) * k.ptr_words) + 1;
  mas.max = mas_safe_pivot(k, mas, pivots, mas.offset, type);
  mas.node = mas_slot(k, ma_slots(k, node, type), mas.offset);
}

/** To the node above, whose range nodes further up know. True where the state's node is dead. */
export function mas_ascend(k: Kernel, mas: MaState): boolean {
  let a_node: MapleNode = mas_mn(mas);
  if (ma_is_root(k, a_node)) {
    mas.offset = 0;
    return false;
  }
  const p_node: MapleNode = mte_parent(k, mas.node);
  if (a_node === p_node) return true;
  let a_type: Int = mas_parent_enum(k, mas, mas.node);
  const offset: Int = mte_parent_slot(k, mas.node);
  let a_enode: MapleEnode = mt_mk_node(p_node, a_type);
  mas.node = a_enode;
  mas.offset = offset;
  if (mte_is_root(k, a_enode)) {
    mas.max = ULONG_MAX(k);
    mas.min = 0;
    return false;
  }

  let min: ULong = 0;
  let max: ULong = ULONG_MAX(k);
  let set_max = false;
  let set_min = false;
  do {
    const p_enode: MapleEnode = a_enode;
    a_type = mas_parent_enum(k, mas, p_enode);
    a_node = mte_parent(k, p_enode);
    const a_slot: Int = mte_parent_slot(k, p_enode);
    a_enode = mt_mk_node(a_node, a_type);
    const pivots: Pivots = ma_pivots(k, a_node, a_type);
    if (ma_dead_node(k, a_node)) return true;
    if (!set_min && a_slot !== 0) {
      set_min = true;
      min = k.read_ulong(pivots + (a_slot - 1) * k.ptr_words) + 1;
    }
    if (!set_max && a_slot < mt_pivots(k, a_type)) {
      set_max = true;
      max = k.read_ulong(pivots + a_slot * k.ptr_words);
    }
    if (ma_is_root(k, a_node)) break;
  } while (!set_min || !set_max);
  mas.max = max;
  mas.min = min;
  return false;
}

export function mas_prev_sibling(k: Kernel, mas: MaState): boolean {
  const p_slot: Int = mte_parent_slot(k, mas.node);
  if (mte_is_root(k, mas.node)) return false;
  if (p_slot === 0) return false;
  mas_ascend(k, mas);
  mas.offset = p_slot - 1;
  mas_descend(k, mas);
  return true;
}

export function mas_next_sibling(k: Kernel, mas: MaState): boolean {
  if (mte_is_root(k, mas.node)) return false;
  const parent: MaState = copyOf(mas);
  mas_ascend(k, parent);
  parent.offset = mte_parent_slot(k, mas.node) + 1;
  if (parent.offset > mas_data_end(k, parent)) return false;
  copyStruct(mas, parent);
  mas_descend(k, mas);
  return true;
}

// --- from the top --------------------------------------------------------------------------------------------------------

/** The state at the top of the tree. The entry of a tree that is one; else NULL. */
export function mas_start(k: Kernel, mas: MaState): MapleEntry {
  if (!mas_is_start(mas)) return NULL;
  mas.min = 0;
  mas.max = ULONG_MAX(k);
  mas.depth = 0;
  const root: MapleEnode = mt_root_locked(k, mas.tree);
  if (rootIsNode(k, mas.tree)) {
    mas.depth = 1;
    mas.node = root;
    mas.offset = 0;
    return NULL;
  }
  mas.offset = MAPLE_NODE_SLOTS(k);
  if (root === NULL) {
    mas.node = MAS_NONE;
    return NULL;
  }
  mas.node = MAS_ROOT;
  return mas.index > 0 ? NULL : root;
}

/** Down to the range that the state's index lies in: the state has it, and its leaf. */
export function mtree_range_walk(k: Kernel, mas: MaState): MapleEntry {
  const { index } = mas;
  let next: MapleEnode = mas.node;
  let { min, max } = mas;
  let prev_max: ULong;
  let prev_min: ULong;
  let last: MapleEnode;
  let offset: Int;
  let type: Int;
  do {
    last = next;
    const node: MapleNode = mte_to_node(next);
    type = mte_node_type(next);
    const pivots: Pivots = ma_pivots(k, node, type);
    const end: Int = ma_data_end(k, node, type, pivots, max);
    if (ma_dead_node(k, node)) {
      mas_reset(mas);
      return NULL;
    }
    offset = 0;
    prev_max = max;
    prev_min = min;
    let pivot: ULong = k.read_ulong(pivots);
    if (pivot >= index) {
      max = pivot;
    } else {
      do {
        min = pivot + 1;
        offset++;
        pivot = offset < mt_pivots(k, type) ? k.read_ulong(pivots + offset * k.ptr_words) : 0;
      } while (offset < end && pivot < index);
      if (offset < end && pivot !== 0) max = pivot;
    }
    next = mas_slot(k, ma_slots(k, node, type), offset);
  } while (!ma_is_leaf(type));
  mas.offset = offset;
  mas.index = min;
  mas.last = max;
  mas.min = prev_min;
  mas.max = prev_max;
  mas.node = last;
  return asCell(next);
}

export function mas_state_walk(k: Kernel, mas: MaState): MapleEntry {
  const entry: MapleEntry = mas_start(k, mas);
  if (mas_is_none(mas)) return NULL;
  if (mas_is_ptr(mas)) return entry;
  return mtree_range_walk(k, mas);
}

/** What is at the state's index; the state has the range of it then. */
export function mas_walk(k: Kernel, mas: MaState): MapleEntry {
  let entry: MapleEntry;
  do {
    entry = mas_state_walk(k, mas);
  } while (mas_is_start(mas));
  if (mas_is_ptr(mas)) {
    if (mas.index === 0) {
      mas.last = 0;
    } else {
      mas.index = 1;
      mas.last = ULONG_MAX(k);
    }
    return entry;
  }
  if (mas_is_none(mas)) {
    mas.index = 0;
    mas.last = ULONG_MAX(k);
  }
  return entry;
}
