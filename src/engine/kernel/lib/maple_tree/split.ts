/**
 * A node would hold too much: some goes to a sibling that has room, or it becomes two, and so does the node above where that is full.
 *
 * Source: Linux 6.1 lib/maple_tree.c: mas_split_final_node() to mas_split().
 */
import { type Int, type Out } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import {
  MA_STATE,
  maple_arange_64,
  type MapleEnode,
  maple_range_64,
  type MaState,
  ULONG_MAX,
} from '../../include/linux/maple_tree.h.js';
import { mas_node_count, MA_TOPIARY, mat_add, newNode } from './alloc.js';
import {
  clearBigNode,
  mab_calc_split,
  mab_mas_cp,
  mab_no_null_split,
  mab_set_b_end,
  mab_shift_right,
  type MapleBigNode,
  mas_mab_cp,
} from './big_node.js';
import {
  ma_is_leaf,
  mas_data_end,
  mas_mn,
  mt_is_alloc,
  mt_slot_count,
  mt_slots,
  mte_is_leaf,
  mte_is_root,
  mte_node_type,
  mte_parent_slot,
  mte_set_parent,
  mte_set_pivot,
  mte_to_node,
} from './node.js';
import { mas_wmb_replace } from './replace.js';
import { mas_set_split_parent } from './spanning.js';
import type { MapleSubtreeState } from './subtree.js';
import {
  copyOf,
  copyStruct,
  mas_ascend,
  mas_is_err,
  mas_mt_height,
  mas_next_sibling,
  mas_prev_sibling,
  mtree_range_walk,
} from './walk.js';

/** What a split has of a subtree's state. */
type SplitState = Pick<MapleSubtreeState, 'orig_l' | 'orig_r' | 'l' | 'r' | 'free' | 'bn'>;

/** All fits into one node, which may be a new top. */
function mas_split_final_node(k: Kernel, mast: SplitState, mas: MaState, height: Int): void {
  const { l, r, bn } = mast;
  if (mte_is_root(k, mas.node)) {
    bn.type = mt_is_alloc(k, mas.tree) ? maple_arange_64 : maple_range_64;
    mas.depth = height;
  }
  const ancestor: MapleEnode = newNode(k, mas, bn.type);
  mte_set_parent(k, l.node, ancestor, l.offset);
  mte_set_parent(k, r.node, ancestor, r.offset);
  k.copy_ptr(mte_to_node(ancestor) + k.maple_node.parent, mas_mn(mas) + k.maple_node.parent);
  l.node = ancestor;
  mab_mas_cp(k, bn, 0, mt_slots(k, bn.type) - 1, l, true);
  mas.offset = bn.b_end - 1;
}

/** The level above with both new nodes in place of `skip` old ones. */
function mast_fill_bnode(k: Kernel, mast: SplitState, mas: MaState, skip: Int): void {
  const { l, r, bn } = mast;
  const old: MapleEnode = mas.node;
  let cp = true;
  clearBigNode(k, bn);
  if (mte_is_root(k, mas.node)) {
    cp = false;
  } else {
    mas_ascend(k, mas);
    mat_add(k, mast.free, old);
    mas.offset = mte_parent_slot(k, mas.node);
  }
  if (cp && l.offset !== 0) mas_mab_cp(k, mas, 0, l.offset - 1, bn, 0);
  const split: Int = bn.b_end;
  mab_set_b_end(k, bn, l, l.node);
  r.offset = bn.b_end;
  mab_set_b_end(k, bn, r, r.node);
  if (bn.pivot[bn.b_end - 1] === mas.max) cp = false;
  if (cp) mas_mab_cp(k, mas, split + skip, mt_slot_count(k, mas.node) - 1, bn, bn.b_end);
  bn.b_end--;
  bn.type = mte_node_type(mas.node);
}

/** Out of the big node into both new ones. */
function mast_split_data(k: Kernel, mast: SplitState, mas: MaState, split: Int): void {
  const { orig_l, orig_r, l, r, bn } = mast;
  mab_mas_cp(k, bn, 0, split, l, true);
  mte_set_pivot(k, r.node, 0, r.max);
  mab_mas_cp(k, bn, split + 1, bn.b_end, r, false);
  l.offset = mte_parent_slot(k, mas.node);
  l.max = bn.pivot[split]!;
  r.min = l.max + 1;
  if (mte_is_leaf(mas.node)) return;
  const p_slot: Out<Int> = { value: orig_l.offset };
  mas_set_split_parent(k, orig_l, l.node, r.node, p_slot, split);
  mas_set_split_parent(k, orig_r, l.node, r.node, p_slot, split);
}

/** Divides with the sibling to the left or to the right, if that has room: the level above keeps its number of nodes. */
function mas_push_data(
  k: Kernel,
  mas: MaState,
  height: Int,
  mast: SplitState,
  left: boolean,
): boolean {
  const { orig_l, l, r, free, bn } = mast;
  let slot_total: Int = bn.b_end;
  const tmp_mas: MaState = copyOf(mas);
  tmp_mas.depth = l.depth;
  if (left && !mas_prev_sibling(k, tmp_mas)) return false;
  if (!left && !mas_next_sibling(k, tmp_mas)) return false;

  const end: Int = mas_data_end(k, tmp_mas);
  slot_total += end;
  // No more than two nodes hold for certain.
  let space: Int = 2 * mt_slot_count(k, mas.node) - 2;
  if (ma_is_leaf(bn.type)) space--;
  if (mas.max === ULONG_MAX(k)) space--;
  if (slot_total >= space) return false;

  bn.b_end++;
  if (left) {
    mab_shift_right(bn, end + 1);
    mas_mab_cp(k, tmp_mas, 0, end, bn, 0);
    bn.b_end = slot_total + 1;
  } else {
    mas_mab_cp(k, tmp_mas, 0, end, bn, bn.b_end);
  }

  let split: Int = mt_slots(k, bn.type) - 2;
  if (left) {
    mat_add(k, free, mas.node);
    copyStruct(mas, tmp_mas);
    tmp_mas.node = l.node;
    copyStruct(l, tmp_mas);
  } else {
    mat_add(k, free, tmp_mas.node);
    tmp_mas.node = r.node;
    copyStruct(r, tmp_mas);
    split = slot_total - split;
  }
  split = mab_no_null_split(k, bn, split, mt_slots(k, bn.type));
  if (left) orig_l.offset += end + 1;
  mast_split_data(k, mast, mas, split);
  mast_fill_bnode(k, mast, mas, 2);
  mas_split_final_node(k, mast, mas, height + 1);
  return true;
}

/** Divides what the big node has. False without memory. */
export function mas_split(k: Kernel, mas: MaState, b_node: MapleBigNode): boolean {
  let height: Int = 0;
  const mid_split: Out<Int> = { value: 0 };
  const l_mas: MaState = MA_STATE(k, mas.tree, mas.index, mas.last);
  const r_mas: MaState = MA_STATE(k, mas.tree, mas.index, mas.last);
  const prev_l_mas: MaState = MA_STATE(k, mas.tree, mas.index, mas.last);
  const prev_r_mas: MaState = MA_STATE(k, mas.tree, mas.index, mas.last);
  const free = MA_TOPIARY(mas.tree);

  mas.depth = mas_mt_height(k, mas);
  mas_node_count(k, mas, 1 + mas.depth * 2);
  if (mas_is_err(mas)) return false;
  const mast: SplitState = {
    orig_l: prev_l_mas,
    orig_r: prev_r_mas,
    l: l_mas,
    r: r_mas,
    free,
    bn: b_node,
  };
  while (height <= mas.depth) {
    height++;
    if (mt_slots(k, b_node.type) > b_node.b_end) {
      mas_split_final_node(k, mast, mas, height);
      break;
    }
    copyStruct(r_mas, mas);
    copyStruct(l_mas, mas);
    l_mas.node = newNode(k, mas, b_node.type);
    r_mas.node = newNode(k, mas, b_node.type);
    if (mas_push_data(k, mas, height, mast, true)) break;
    if (mas_push_data(k, mas, height, mast, false)) break;

    const split: Int = mab_calc_split(k, mas, b_node, mid_split);
    mast_split_data(k, mast, mas, split);
    r_mas.max = mas.max;
    mast_fill_bnode(k, mast, mas, 1);
    copyStruct(prev_l_mas, l_mas);
    copyStruct(prev_r_mas, r_mas);
  }
  mat_add(k, free, mas.node);
  mas.node = l_mas.node;
  mas_wmb_replace(k, mas, free, undefined);
  mtree_range_walk(k, mas);
  return true;
}
