/**
 * A part of a tree that is made anew from below: a left side, a right side, and what lies between goes.
 *
 *     orig_l, orig_r   where both sides of the old part are, on this level      bn   what this level has to hold
 *     l, m, r          the new nodes of the level below                         free, destroy   old nodes, old trees
 *
 * Source: Linux 6.1 lib/maple_tree.c: struct maple_subtree_state, mas_topiary_range() to mast_ascend_free().
 */
import { type Int, NULL } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import {
  MA_WR_STATE,
  type MapleEnode,
  type MaState,
  type MaWrState,
} from '../../include/linux/maple_tree.h.js';
import { type MaTopiary, mat_add } from './alloc.js';
import { mab_shift_right, type MapleBigNode, mas_mab_cp } from './big_node.js';
import {
  ma_slots,
  mas_data_end,
  mas_mn,
  mas_slot,
  mt_slot_count,
  mte_dead_node,
  mte_is_leaf,
  mte_is_root,
  mte_node_type,
  type Slots,
} from './node.js';
import { copyOf, copyStruct, mas_ascend, mas_descend } from './walk.js';
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
export function mast_topiary(k: Kernel, mast: MapleSubtreeState): void {
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
export function mast_ascend_free(k: Kernel, mast: MapleSubtreeState): void {
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
export function mast_spanning_rebalance(k: Kernel, mast: MapleSubtreeState): boolean {
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
