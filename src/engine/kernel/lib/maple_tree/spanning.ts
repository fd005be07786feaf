/**
 * A part of a tree is made anew from below: a left side, a right side, and what lies between goes.
 *
 *     orig_l, orig_r   where both sides of the old part are, on this level      bn   what this level has to hold
 *     l, m, r          the new nodes of the level below                         free, destroy   old nodes, old trees
 *
 * Source: Linux 6.1 lib/maple_tree.c: struct maple_subtree_state, mas_topiary_range() to mast_ascend_free(), mas_set_split_parent() to
 * mast_set_split_parents(), mast_new_root() to mast_overflow(), mas_spanning_rebalance(), mas_rebalance().
 */
import { type Int, NULL, type Out } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import {
  MA_STATE,
  MA_WR_STATE,
  type MapleEnode,
  MAS_NONE,
  mas_is_none,
  type MaState,
  type MaWrState,
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
  ma_slots,
  mas_data_end,
  mas_mn,
  mas_slot,
  mt_min_slots,
  mt_slot_count,
  mt_slots,
  mte_dead_node,
  mte_is_leaf,
  mte_is_root,
  mte_node_type,
  mte_set_node_dead,
  mte_set_parent,
  setRootParent,
  type Slots,
} from './node.js';
import { mas_wmb_replace } from './replace.js';
import {
  copyOf,
  copyStruct,
  mas_ascend,
  mas_descend,
  mas_is_err,
  mas_mt_height,
  mas_next_sibling,
  mas_prev_sibling,
  mtree_range_walk,
} from './walk.js';
import { mas_wr_node_walk } from './wr_walk.js';

export interface MapleSubtreeState {
  orig_l: MaState;
  orig_r: MaState;
  l: MaState;
  m: MaState;
  r: MaState;
  free: MaTopiary;
  destroy: MaTopiary;
  bn: MapleBigNode;
}

// --- what goes -----------------------------------------------------------------------------------------------------------

/** Trees below a range of slots. */
function mas_topiary_range(
  k: Kernel,
  mas: MaState,
  destroy: MaTopiary,
  start: Int,
  end: Int,
): void {
  const slots: Slots = ma_slots(k, mas_mn(mas), mte_node_type(mas.node));
  for (let offset: Int = start; offset <= end; offset++) {
    const enode: MapleEnode = mas_slot(k, slots, offset);
    if (!mte_dead_node(k, enode)) mat_add(k, destroy, enode);
  }
}

/** Trees between both sides. */
function mast_topiary(k: Kernel, mast: MapleSubtreeState): void {
  const { orig_l, orig_r, destroy } = mast;
  const wr_mas: MaWrState = MA_WR_STATE(orig_l, NULL);
  wr_mas.type = mte_node_type(orig_l.node);
  orig_l.index = orig_l.last;
  mas_wr_node_walk(k, wr_mas);
  let l_start: Int = orig_l.offset + 1;
  let l_end: Int = mas_data_end(k, orig_l);
  let r_start: Int = 0;
  let r_end: Int = orig_r.offset;
  if (r_end !== 0) r_end--;
  const l_slots: Slots = ma_slots(k, mas_mn(orig_l), mte_node_type(orig_l.node));
  const r_slots: Slots = ma_slots(k, mas_mn(orig_r), mte_node_type(orig_r.node));

  if (l_start < l_end && mte_dead_node(k, mas_slot(k, l_slots, l_start))) l_start++;
  if (mte_dead_node(k, mas_slot(k, r_slots, r_end)) && r_end !== 0) r_end--;
  if (l_start > r_end && orig_l.node === orig_r.node) return;
  // Where both sides meet, what is between.
  if (orig_l.node === orig_r.node) {
    mas_topiary_range(k, orig_l, destroy, l_start, r_end);
    return;
  }
  if (mte_is_leaf(orig_r.node)) return;
  if (mte_dead_node(k, mas_slot(k, l_slots, l_end))) l_end--;
  if (l_start <= l_end) mas_topiary_range(k, orig_l, destroy, l_start, l_end);
  if (mte_dead_node(k, mas_slot(k, r_slots, r_start))) r_start++;
  if (r_start <= r_end) mas_topiary_range(k, orig_r, destroy, 0, r_end);
}

/** Both nodes go, and both sides to the level above. */
function mast_ascend_free(k: Kernel, mast: MapleSubtreeState): void {
  const { orig_l, orig_r } = mast;
  const wr_mas: MaWrState = MA_WR_STATE(orig_r, NULL);
  const left: MapleEnode = orig_l.node;
  const right: MapleEnode = orig_r.node;
  mas_ascend(k, orig_l);
  mas_ascend(k, orig_r);
  mat_add(k, mast.free, left);
  if (left !== right) mat_add(k, mast.free, right);

  orig_r.offset = 0;
  orig_r.index = mast.r.max;
  if (orig_r.last < orig_r.index) orig_r.last = orig_r.index;
  wr_mas.type = mte_node_type(orig_r.node);
  mas_wr_node_walk(k, wr_mas);
  orig_l.offset = 0;
  orig_l.index = mast.l.min;
  wr_mas.mas = orig_l;
  wr_mas.type = mte_node_type(orig_l.node);
  mas_wr_node_walk(k, wr_mas);
  mast.bn.type = wr_mas.type;
}

// --- too little for a node -----------------------------------------------------------------------------------------------

/** All of the right side's node comes in behind. */
function mast_rebalance_next(k: Kernel, mast: MapleSubtreeState): void {
  const { orig_r, bn } = mast;
  mas_mab_cp(k, orig_r, 0, mt_slot_count(k, orig_r.node), bn, bn.b_end);
  orig_r.last = orig_r.max;
}

/** All of the left side's node comes in in front. */
function mast_rebalance_prev(k: Kernel, mast: MapleSubtreeState): void {
  const { orig_l, l, bn } = mast;
  const end: Int = mas_data_end(k, orig_l) + 1;
  const { b_end } = bn;
  mab_shift_right(bn, end);
  mas_mab_cp(k, orig_l, 0, end - 1, bn, 0);
  l.min = orig_l.min;
  orig_l.index = orig_l.min;
  bn.b_end = end + b_end;
  l.offset += end;
}

/** Down by so many levels, each time through the first slot, or through the last one. */
const descendBy = (k: Kernel, mas: MaState, levels: Int, toEnd: boolean): void => {
  for (let level: Int = levels; level > 0; level--) {
    mas_descend(k, mas);
    mas.offset = toEnd ? mas_data_end(k, mas) : 0;
  }
};

/** Takes in what the next node to the right has, or else the one to the left; false: there is neither. */
function mast_spanning_rebalance(k: Kernel, mast: MapleSubtreeState): boolean {
  const { orig_l, orig_r, free, destroy } = mast;
  const r_tmp: MaState = copyOf(orig_r);
  const l_tmp: MaState = copyOf(orig_l);
  let ancestor: MapleEnode = NULL;
  let start: Int = 0;
  let end: Int = 0;
  let depth: Int = 0;
  do {
    mas_ascend(k, orig_r);
    mas_ascend(k, orig_l);
    depth++;
    if (ancestor === NULL && orig_r.node === orig_l.node) {
      ancestor = orig_r.node;
      end = orig_r.offset - 1;
      start = orig_l.offset + 1;
    }
    if (orig_r.offset < mas_data_end(k, orig_r)) {
      if (ancestor === NULL) {
        ancestor = orig_r.node;
        start = 0;
      }
      orig_r.offset++;
      descendBy(k, orig_r, depth, false);
      mast_rebalance_next(k, mast);
      do {
        let l_off: Int = 0;
        const child: MapleEnode = r_tmp.node;
        mas_ascend(k, r_tmp);
        if (ancestor === r_tmp.node) l_off = start;
        if (r_tmp.offset !== 0) r_tmp.offset--;
        if (l_off < r_tmp.offset) mas_topiary_range(k, r_tmp, destroy, l_off, r_tmp.offset);
        if (l_tmp.node !== child) mat_add(k, free, child);
      } while (r_tmp.node !== ancestor);
      copyStruct(orig_l, l_tmp);
      return true;
    }
    if (orig_l.offset !== 0) {
      if (ancestor === NULL) {
        ancestor = orig_l.node;
        end = mas_data_end(k, orig_l);
      }
      orig_l.offset--;
      descendBy(k, orig_l, depth, true);
      mast_rebalance_prev(k, mast);
      do {
        const child: MapleEnode = l_tmp.node;
        mas_ascend(k, l_tmp);
        const r_off: Int = ancestor === l_tmp.node ? end : mas_data_end(k, l_tmp);
        if (l_tmp.offset < r_off) l_tmp.offset++;
        if (l_tmp.offset < r_off) mas_topiary_range(k, l_tmp, destroy, l_tmp.offset, r_off);
        if (r_tmp.node !== child) mat_add(k, free, child);
      } while (l_tmp.node !== ancestor);
      copyStruct(orig_r, r_tmp);
      return true;
    }
  } while (!mte_is_root(k, orig_r.node));
  copyStruct(orig_r, r_tmp);
  copyStruct(orig_l, l_tmp);
  return false;
}

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
