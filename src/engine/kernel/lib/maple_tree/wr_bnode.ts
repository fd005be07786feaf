/**
 * Changes by way of a big node: nodes that would hold too much or too little, changes that span nodes, and new roots.
 *
 * Source: Linux 6.1 lib/maple_tree.c: mas_bulk_rebalance(), mas_store_b_node(), mas_reuse_node() to mas_store_root(), mas_new_root(),
 * mas_wr_spanning_store(), mas_wr_bnode().
 */
import { type Int, NULL, type ULong } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import {
  MA_WR_STATE,
  type MapleEntry,
  type MapleEnode,
  maple_leaf_64,
  type MapleNode,
  mas_reset,
  mas_set_range,
  MAS_START,
  type MaState,
  type MaWrState,
  mt_in_rcu,
  ULONG_MAX,
} from '../../include/linux/maple_tree.h.js';
import { MA_STATE_BULK, MA_STATE_REBALANCE, mas_node_count, mas_pop_node } from './alloc.js';
import { emptyBigNode, mab_mas_cp, type MapleBigNode, mas_mab_cp } from './big_node.js';
import { destroyRoot } from './destroy.js';
import { mas_update_gap } from './gap.js';
import {
  ma_pivots,
  ma_set_meta,
  ma_slots,
  mas_logical_pivot,
  mas_mn,
  mas_slot,
  mt_min_slots,
  mt_mk_node,
  mt_root_locked,
  mt_slots,
  mte_is_root,
  type Pivots,
  rootIsNode,
  setRoot,
  setRootEntry,
  setRootParent,
  type Slots,
} from './node.js';
import { mas_replace } from './replace.js';
import { mas_rebalance, mas_spanning_rebalance } from './spanning.js';
import { mas_split } from './split.js';
import { copyOf, mas_is_err, mas_mt_height, mas_set_height } from './walk.js';
import { mas_extend_spanning_null, mas_wr_walk_index } from './wr_walk.js';

/** Among many changes in order, a node that has enough by now need not be looked at in the end. */
export function mas_bulk_rebalance(k: Kernel, mas: MaState, end: Int, mt: Int): void {
  if ((mas.mas_flags & MA_STATE_BULK) === 0) return;
  if (mte_is_root(k, mas.node)) return;
  if (end > mt_min_slots(k, mt)) mas.mas_flags &= ~MA_STATE_REBALANCE;
}

// --- the big node --------------------------------------------------------------------------------------------------------

/** What the node has, with the change; slots up to `offset_end` it replaces. */
function mas_store_b_node(
  k: Kernel,
  wr_mas: MaWrState,
  b_node: MapleBigNode,
  offset_end: Int,
): void {
  const { mas } = wr_mas;
  b_node.type = wr_mas.type;
  let b_end: Int = 0;
  let slot: Int = mas.offset;
  let piv: ULong = mas.min - 1;
  if (slot !== 0) {
    mas_mab_cp(k, mas, 0, slot - 1, b_node, 0);
    b_end = b_node.b_end;
    piv = b_node.pivot[b_end - 1]!;
  }
  if (piv + 1 < mas.index) {
    // The old range's beginning stays.
    b_node.slot[b_end] = wr_mas.content;
    if (wr_mas.content === NULL) b_node.gap[b_end] = mas.index - 1 - piv;
    b_node.pivot[b_end] = mas.index - 1;
    b_end++;
  }
  mas.offset = b_end;
  b_node.slot[b_end] = wr_mas.entry;
  b_node.pivot[b_end] = mas.last;
  done: {
    if (mas.last >= mas.max) break done;
    piv = mas_logical_pivot(k, mas, wr_mas.pivots, offset_end, wr_mas.type);
    if (piv > mas.last) {
      // So does its end.
      if (piv === ULONG_MAX(k)) mas_bulk_rebalance(k, mas, b_node.b_end, wr_mas.type);
      if (offset_end !== slot) wr_mas.content = mas_slot(k, wr_mas.slots, offset_end);
      b_end++;
      b_node.slot[b_end] = wr_mas.content;
      if (wr_mas.content === NULL) b_node.gap[b_end] = piv - mas.last + 1;
      b_node.pivot[b_end] = piv;
    }
    slot = offset_end + 1;
    if (slot > wr_mas.node_end) break done;
    b_end++;
    mas_mab_cp(k, mas, slot, wr_mas.node_end + 1, b_node, b_end);
    b_node.b_end--;
    return;
  }
  // b_end:
  b_node.b_end = b_end;
}

/** Where nobody else reads, the node is filled anew. */
function mas_reuse_node(k: Kernel, wr_mas: MaWrState, bn: MapleBigNode, end: Int): boolean {
  if (mt_in_rcu(k, wr_mas.mas.tree)) return false;
  if (end > bn.b_end) {
    const nr_slots: Int = mt_slots(k, wr_mas.type);
    for (let i: Int = bn.b_end; i < nr_slots; i++)
      k.write_ptr(wr_mas.slots + i * k.ptr_words, NULL);
    for (let i: Int = bn.b_end; i < nr_slots - 1; i++)
      k.write_ulong(wr_mas.pivots + i * k.ptr_words, 0);
  }
  mab_mas_cp(k, bn, 0, bn.b_end, wr_mas.mas, false);
  return true;
}

/** Into the tree with it. */
function mas_commit_b_node(k: Kernel, wr_mas: MaWrState, b_node: MapleBigNode, end: Int): void {
  const { mas } = wr_mas;
  const { b_end, type: b_type } = b_node;
  if (b_end < mt_min_slots(k, b_type) && !mte_is_root(k, mas.node) && mas_mt_height(k, mas) > 1) {
    mas_rebalance(k, mas, b_node);
    return;
  }
  if (b_end >= mt_slots(k, b_type)) {
    mas_split(k, mas, b_node);
    return;
  }
  if (!mas_reuse_node(k, wr_mas, b_node, end)) {
    mas_node_count(k, mas, 1);
    if (mas_is_err(mas)) return;
    const node: MapleNode = mas_pop_node(k, mas);
    k.copy_ptr(node + k.maple_node.parent, mas_mn(mas) + k.maple_node.parent);
    mas.node = mt_mk_node(node, b_type);
    mab_mas_cp(k, b_node, 0, b_end, mas, false);
    mas_replace(k, mas, false);
  }
  // reuse_node:
  mas_update_gap(k, mas);
}

export function mas_wr_bnode(k: Kernel, wr_mas: MaWrState): void {
  const b_node: MapleBigNode = emptyBigNode(k);
  mas_store_b_node(k, wr_mas, b_node, wr_mas.offset_end);
  mas_commit_b_node(k, wr_mas, b_node, wr_mas.node_end);
}

// --- roots ---------------------------------------------------------------------------------------------------------------

/** The tree was empty or a single entry: it gets its first node. */
function mas_root_expand(k: Kernel, mas: MaState, entry: MapleEntry): void {
  const contents: MapleEntry = mt_root_locked(k, mas.tree);
  mas_node_count(k, mas, 1);
  if (mas_is_err(mas)) return;
  const node: MapleNode = mas_pop_node(k, mas);
  const pivots: Pivots = ma_pivots(k, node, maple_leaf_64);
  const slots: Slots = ma_slots(k, node, maple_leaf_64);
  setRootParent(k, node, mas.tree);
  mas.node = mt_mk_node(node, maple_leaf_64);
  let slot: Int = 0;
  if (mas.index !== 0) {
    if (contents !== NULL) {
      k.write_ptr(slots, contents);
      if (mas.index > 1) slot++;
    }
    k.write_ulong(pivots + slot * k.ptr_words, mas.index - 1);
    slot++;
  }
  k.write_ptr(slots + slot * k.ptr_words, entry);
  mas.offset = slot;
  k.write_ulong(pivots + slot * k.ptr_words, mas.last);
  if (mas.last !== ULONG_MAX(k)) {
    slot++;
    k.write_ulong(pivots + slot * k.ptr_words, ULONG_MAX(k));
  }
  mas.depth = 1;
  mas_set_height(k, mas);
  ma_set_meta(k, node, maple_leaf_64, 0, slot);
  setRoot(k, mas.tree, mas.node);
}

/** A change of a tree without nodes. */
export function mas_store_root(k: Kernel, mas: MaState, entry: MapleEntry): void {
  if (entry === NULL) {
    if (mas.index === 0) setRootEntry(k, mas.tree, NULL);
  } else if (mas.last !== 0 || mas.index !== 0) {
    mas_root_expand(k, mas, entry);
  } else {
    setRootEntry(k, mas.tree, entry);
    mas.node = MAS_START;
  }
}

/** One range is all: the old tree goes. */
export function mas_new_root(k: Kernel, mas: MaState, entry: MapleEntry): void {
  const isNode = rootIsNode(k, mas.tree);
  const root: MapleEnode = mt_root_locked(k, mas.tree);
  if (entry === NULL && mas.index === 0 && mas.last === ULONG_MAX(k)) {
    mas.depth = 0;
    mas_set_height(k, mas);
    setRootEntry(k, mas.tree, NULL);
    mas_reset(mas);
  } else {
    mas_node_count(k, mas, 1);
    if (mas_is_err(mas)) return;
    const node: MapleNode = mas_pop_node(k, mas);
    setRootParent(k, node, mas.tree);
    mas.node = mt_mk_node(node, maple_leaf_64);
    k.write_ptr(ma_slots(k, node, maple_leaf_64), entry);
    k.write_ulong(ma_pivots(k, node, maple_leaf_64), mas.last);
    mas.depth = 1;
    mas_set_height(k, mas);
    setRoot(k, mas.tree, mas.node);
  }
  // done:
  if (isNode) destroyRoot(k, root, mas.tree);
}

// --- more than one node --------------------------------------------------------------------------------------------------

/** What lies before the change in its first node, and behind it in its last one, becomes one, and the tree above is made anew. */
export function mas_wr_spanning_store(k: Kernel, wr_mas: MaWrState): void {
  const { mas } = wr_mas;
  if (mas.index === 0 && mas.last === ULONG_MAX(k)) {
    mas_new_root(k, mas, wr_mas.entry);
    return;
  }
  const height: Int = mas_mt_height(k, mas);
  mas_node_count(k, mas, 1 + height * 3);
  if (mas_is_err(mas)) return;

  // Behind the last index: what follows comes in, too.
  const r_mas: MaState = copyOf(mas);
  const r_wr_mas: MaWrState = MA_WR_STATE(r_mas, wr_mas.entry);
  if (r_mas.last !== ULONG_MAX(k)) r_mas.last++;
  r_mas.index = r_mas.last;
  mas_wr_walk_index(k, r_wr_mas);
  r_mas.last = r_mas.index = mas.last;

  const l_mas: MaState = copyOf(mas);
  const l_wr_mas: MaWrState = MA_WR_STATE(l_mas, wr_mas.entry);
  mas_wr_walk_index(k, l_wr_mas);

  if (wr_mas.entry === NULL) {
    mas_extend_spanning_null(k, l_wr_mas, r_wr_mas);
    mas.offset = l_mas.offset;
    mas.index = l_mas.index;
    mas.last = l_mas.last = r_mas.last;
  }
  if (l_mas.index === 0 && r_mas.last === ULONG_MAX(k)) {
    mas_set_range(mas, 0, ULONG_MAX(k));
    mas_new_root(k, mas, wr_mas.entry);
    return;
  }

  const b_node: MapleBigNode = emptyBigNode(k);
  mas_store_b_node(k, l_wr_mas, b_node, l_wr_mas.node_end);
  if (r_mas.max > r_mas.last)
    mas_mab_cp(k, r_mas, r_mas.offset, r_wr_mas.node_end, b_node, b_node.b_end + 1);
  else b_node.b_end++;
  l_mas.index = l_mas.last = mas.index;
  mas_spanning_rebalance(k, mas, l_mas, r_mas, b_node, height + 1);
}
