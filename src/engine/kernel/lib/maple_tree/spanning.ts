/**
 * Making a part of a tree anew, level by level: where a change spans nodes, or leaves too little in one.
 *
 * Source: Linux 6.1 lib/maple_tree.c: mas_set_split_parent() to mast_set_split_parents(), mast_new_root() to mast_overflow(),
 * mas_spanning_rebalance(), mas_rebalance().
 */
import { type Int, NULL, type Out } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import {
  MA_STATE,
  type MapleEnode,
  MAS_NONE,
  mas_is_none,
  type MaState,
  ULONG_MAX,
} from '../../include/linux/maple_tree.h.js';
import { mas_node_count, MA_TOPIARY, type MaTopiary, mat_add, newNode } from './alloc.js';
import {
  clearBigNode,
  mab_mas_cp,
  mab_set_b_end,
  mab_shift_right,
  type MapleBigNode,
  mas_mab_cp,
  mas_mab_to_node,
  type NewNodes,
} from './big_node.js';
import {
  mas_data_end,
  mas_mn,
  mt_min_slots,
  mt_slot_count,
  mt_slots,
  mte_dead_node,
  mte_is_root,
  mte_node_type,
  mte_set_node_dead,
  mte_set_parent,
  setRootParent,
} from './node.js';
import { mas_wmb_replace } from './replace.js';
import {
  copyOf,
  copyStruct,
  mas_is_err,
  mas_mt_height,
  mas_next_sibling,
  mas_prev_sibling,
  mtree_range_walk,
} from './walk.js';
import {
  type MapleSubtreeState,
  mast_ascend_free,
  mast_spanning_rebalance,
  mast_topiary,
} from './subtree.js';

// --- new nodes -----------------------------------------------------------------------------------------------------------

/** The state's node lies in slot `slot` of what `left` and `right` hold, divided behind `split`. */
export function mas_set_split_parent(
  k: Kernel,
  mas: MaState,
  left: MapleEnode,
  right: MapleEnode,
  slot: Out<Int>,
  split: Int,
): void {
  if (mas_is_none(mas)) return;
  if (slot.value <= split) mte_set_parent(k, mas.node, left, slot.value);
  else if (right !== NULL) mte_set_parent(k, mas.node, right, slot.value - split - 1);
  slot.value++;
}

/** Where slots go on in the last two of three nodes. */
function mte_mid_split_check(
  l: Out<MapleEnode>,
  r: Out<MapleEnode>,
  right: MapleEnode,
  slot: Int,
  split: Out<Int>,
  mid_split: Int,
): void {
  if (r.value === right) return;
  if (slot < mid_split) return;
  l.value = r.value;
  r.value = right;
  split.value = mid_split;
}

/** The new nodes of the level below learn which of this level's they lie in. */
function mast_set_split_parents(
  k: Kernel,
  mast: MapleSubtreeState,
  nodes: NewNodes,
  first_split: Int,
  mid_split: Int,
): void {
  const { left, middle, right } = nodes;
  if (mas_is_none(mast.l)) return;
  const l: Out<MapleEnode> = { value: left };
  const r: Out<MapleEnode> = { value: middle !== NULL ? middle : right };
  const slot: Out<Int> = { value: mast.l.offset };
  const split: Out<Int> = { value: first_split };
  mte_mid_split_check(l, r, right, slot.value, split, mid_split);
  mas_set_split_parent(k, mast.l, l.value, r.value, slot, split.value);
  mte_mid_split_check(l, r, right, slot.value, split, mid_split);
  mas_set_split_parent(k, mast.m, l.value, r.value, slot, split.value);
  mte_mid_split_check(l, r, right, slot.value, split, mid_split);
  mas_set_split_parent(k, mast.r, l.value, r.value, slot, split.value);
}

const mte_node_or_none = (enode: MapleEnode): MapleEnode => (enode !== NULL ? enode : MAS_NONE);

/** Out of the big node into those. */
function mast_cp_to_nodes(
  k: Kernel,
  mast: MapleSubtreeState,
  nodes: NewNodes,
  split: Int,
  mid_split: Int,
): void {
  const { left, middle, right } = nodes;
  const { l, m, r, bn } = mast;
  let new_lmax = true;
  l.node = mte_node_or_none(left);
  m.node = mte_node_or_none(middle);
  r.node = mte_node_or_none(right);
  l.min = mast.orig_l.min;
  if (split === bn.b_end) {
    l.max = mast.orig_r.max;
    new_lmax = false;
  }
  mab_mas_cp(k, bn, 0, split, l, new_lmax);
  if (middle !== NULL) {
    mab_mas_cp(k, bn, 1 + split, mid_split, m, true);
    m.min = bn.pivot[split]! + 1;
    split = mid_split;
  }
  r.max = mast.orig_r.max;
  if (right !== NULL) {
    mab_mas_cp(k, bn, 1 + split, bn.b_end, r, false);
    r.min = bn.pivot[split]! + 1;
  }
}

/** What of this level lies before the left side comes in. */
function mast_combine_cp_left(k: Kernel, mast: MapleSubtreeState): void {
  const { orig_l, bn } = mast;
  const l_slot: Int = orig_l.offset;
  if (l_slot !== 0) mas_mab_cp(k, orig_l, 0, l_slot - 1, bn, 0);
}

/** And what lies behind the right side. */
function mast_combine_cp_right(k: Kernel, mast: MapleSubtreeState): void {
  const { orig_r, bn } = mast;
  if (bn.pivot[bn.b_end - 1]! >= orig_r.max) return;
  mas_mab_cp(k, orig_r, orig_r.offset + 1, mt_slot_count(k, orig_r.node), bn, bn.b_end);
  orig_r.last = orig_r.max;
}

const mast_sufficient = (k: Kernel, { bn, orig_l }: MapleSubtreeState): boolean =>
  bn.b_end > mt_min_slots(k, mte_node_type(orig_l.node));

const mast_overflow = (k: Kernel, { bn, orig_l }: MapleSubtreeState): boolean =>
  bn.b_end >= mt_slot_count(k, orig_l.node);

const mas_is_root_limits = (k: Kernel, mas: MaState): boolean =>
  mas.min === 0 && mas.max === ULONG_MAX(k);

/** The new node is the tree's top. */
function mast_new_root(k: Kernel, mast: MapleSubtreeState, mas: MaState): void {
  const { orig_l } = mast;
  setRootParent(k, mas_mn(mast.l), mas.tree);
  if (!mte_dead_node(k, orig_l.node) && !mte_is_root(k, orig_l.node))
    do {
      mast_ascend_free(k, mast);
      mast_topiary(k, mast);
    } while (!mte_is_root(k, orig_l.node));
  if (orig_l.node !== mas.node && mast.l.depth > mas_mt_height(k, mas))
    mat_add(k, mast.free, mas.node);
}

/** Level by level, at most about `count`, up to where one node holds all. How many entries the last level had. */
export function mas_spanning_rebalance(
  k: Kernel,
  mas: MaState,
  orig_l: MaState,
  orig_r: MaState,
  bn: MapleBigNode,
  count: Int,
): Int {
  const l_mas: MaState = MA_STATE(k, mas.tree, mas.index, mas.index);
  const r_mas: MaState = MA_STATE(k, mas.tree, mas.index, mas.last);
  const m_mas: MaState = MA_STATE(k, mas.tree, mas.index, mas.index);
  const free: MaTopiary = MA_TOPIARY(mas.tree);
  const destroy: MaTopiary = MA_TOPIARY(mas.tree);
  const nodes: NewNodes = { left: NULL, middle: NULL, right: NULL };
  const mid_split: Out<Int> = { value: 0 };
  const mast: MapleSubtreeState = {
    orig_l,
    orig_r,
    l: l_mas,
    m: m_mas,
    r: r_mas,
    free,
    destroy,
    bn,
  };
  l_mas.node = r_mas.node = m_mas.node = MAS_NONE;

  if ((orig_l.min !== 0 || orig_r.max !== ULONG_MAX(k)) && bn.b_end <= mt_min_slots(k, bn.type))
    mast_spanning_rebalance(k, mast);
  orig_l.depth = 0;

  let isRoot = false;
  for (; count !== 0;) {
    count--;
    bn.b_end--;
    bn.type = mte_node_type(orig_l.node);
    const split: Int = mas_mab_to_node(k, mas, bn, nodes, mid_split);
    mast_set_split_parents(k, mast, nodes, split, mid_split.value);
    mast_cp_to_nodes(k, mast, nodes, split, mid_split.value);

    // The next level.
    clearBigNode(k, bn);
    bn.type = mte_node_type(nodes.left);
    orig_l.depth++;
    if (mas_is_root_limits(k, l_mas)) {
      isRoot = true;
      break;
    }
    mast_ascend_free(k, mast);
    mast_combine_cp_left(k, mast);
    l_mas.offset = bn.b_end;
    mab_set_b_end(k, bn, l_mas, nodes.left);
    mab_set_b_end(k, bn, m_mas, nodes.middle);
    mab_set_b_end(k, bn, r_mas, nodes.right);
    mast_combine_cp_right(k, mast);
    mast_topiary(k, mast);
    orig_l.last = orig_l.max;
    if (mast_sufficient(k, mast)) continue;
    if (mast_overflow(k, mast)) continue;
    // It may be the top.
    if (mas_is_root_limits(k, orig_l)) break;
    mast_spanning_rebalance(k, mast);
    // With more, there may have to be another level.
    if (count === 0) count++;
  }

  if (!isRoot) {
    let slot: Int = 0;
    l_mas.node = newNode(k, mas, mte_node_type(orig_l.node));
    orig_l.depth++;
    mab_mas_cp(k, bn, 0, mt_slots(k, bn.type) - 1, l_mas, true);
    mte_set_parent(k, nodes.left, l_mas.node, slot);
    if (nodes.middle !== NULL) {
      slot++;
      mte_set_parent(k, nodes.middle, l_mas.node, slot);
    }
    if (nodes.right !== NULL) {
      slot++;
      mte_set_parent(k, nodes.right, l_mas.node, slot);
    }
    isRoot = mas_is_root_limits(k, l_mas);
  }
  if (isRoot) mast_new_root(k, mast, mas);
  else k.copy_ptr(mas_mn(l_mas) + k.maple_node.parent, mas_mn(orig_l) + k.maple_node.parent);

  if (!mte_dead_node(k, orig_l.node)) mat_add(k, free, orig_l.node);
  mas.depth = orig_l.depth;
  copyStruct(orig_l, l_mas);
  mte_set_node_dead(k, mas.node);
  orig_l.depth = mas.depth;
  orig_l.alloc = mas.alloc;
  copyStruct(mas, orig_l);
  mas_wmb_replace(k, mas, free, destroy);
  mtree_range_walk(k, mas);
  return bn.b_end;
}

/** A node has too little: it is divided anew with the one to its right, or else with the one to its left. */
export function mas_rebalance(k: Kernel, mas: MaState, b_node: MapleBigNode): Int {
  const empty_count: Int = mas_mt_height(k, mas);
  b_node.b_end++;
  const { b_end } = b_node;
  mas_node_count(k, mas, 1 + empty_count * 3);
  if (mas_is_err(mas)) return 0;

  b_node.type = mte_node_type(mas.node);
  const l_mas: MaState = copyOf(mas);
  const r_mas: MaState = copyOf(mas);
  if (mas_next_sibling(k, r_mas)) {
    mas_mab_cp(k, r_mas, 0, mt_slot_count(k, r_mas.node), b_node, b_end);
    r_mas.last = r_mas.index = r_mas.max;
  } else {
    mas_prev_sibling(k, l_mas);
    const shift: Int = mas_data_end(k, l_mas) + 1;
    mab_shift_right(b_node, shift);
    mas.offset += shift;
    mas_mab_cp(k, l_mas, 0, shift - 1, b_node, 0);
    b_node.b_end = shift + b_end;
    l_mas.index = l_mas.last = l_mas.min;
  }
  return mas_spanning_rebalance(k, mas, l_mas, r_mas, b_node, empty_count);
}
