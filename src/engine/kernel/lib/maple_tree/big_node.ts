/**
 * A node with room for what two hold: a change gathers here what it has to divide among nodes anew.
 *
 * Differs: slots and gaps do not overlap, as nobody uses both beyond the gaps' number.
 * Source: Linux 6.1 lib/maple_tree.c: struct maple_big_node, mab_shift_right() to mab_mas_cp(), mas_mab_to_node(), mab_set_b_end().
 */
import { type Int, NULL, type Out, type ULong } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { Cell } from '../../../memory/address.js';
import {
  maple_leaf_64,
  MAPLE_RANGE64_SLOTS,
  type MapleEnode,
  type MapleNode,
  type MaState,
} from '../../include/linux/maple_tree.h.js';
import { MA_STATE_BULK, MA_STATE_REBALANCE, newNode } from './alloc.js';
import { mas_max_gap } from './gap.js';
import {
  ma_gaps,
  ma_is_leaf,
  ma_pivots,
  ma_set_meta,
  ma_slots,
  mas_mn,
  mas_safe_pivot,
  mas_slot,
  mt_is_alloc,
  mt_min_slots,
  mt_pivots,
  mt_slots,
  mte_node_type,
  type Pivots,
  type Slots,
} from './node.js';

/** `b_end`: the last slot in use, or the first one that is not, as the step has it. */
export interface MapleBigNode {
  pivot: ULong[];
  slot: Cell[];
  gap: ULong[];
  b_end: Int;
  type: Int;
}

const MAPLE_BIG_NODE_SLOTS = (k: Kernel): Int => MAPLE_RANGE64_SLOTS(k) * 2 + 2;

export const emptyBigNode = (k: Kernel): MapleBigNode => ({
  pivot: new Array<ULong>(MAPLE_BIG_NODE_SLOTS(k)).fill(0),
  slot: new Array<Cell>(MAPLE_BIG_NODE_SLOTS(k)).fill(NULL),
  gap: new Array<ULong>(MAPLE_BIG_NODE_SLOTS(k)).fill(0),
  b_end: 0,
  type: maple_leaf_64,
});

/** memset(b_node, 0, sizeof(*b_node)), but for its type. */
export function clearBigNode(k: Kernel, b_node: MapleBigNode): void {
  for (let i: Int = 0; i < MAPLE_BIG_NODE_SLOTS(k); i++) {
    b_node.pivot[i] = 0;
    b_node.slot[i] = NULL;
    b_node.gap[i] = 0;
  }
  b_node.b_end = 0;
}

/** Makes room at the beginning. */
export function mab_shift_right(b_node: MapleBigNode, shift: Int): void {
  for (let i: Int = b_node.b_end - 1; i >= 0; i--) {
    b_node.pivot[i + shift] = b_node.pivot[i]!;
    b_node.slot[i + shift] = b_node.slot[i]!;
    b_node.gap[i + shift] = b_node.gap[i]!;
  }
}

// --- where to divide -----------------------------------------------------------------------------------------------------

/** Whether two nodes are too few. */
function mab_middle_node(b_node: MapleBigNode, split: Int, slot_count: Int): boolean {
  const size: Int = b_node.b_end;
  if (size >= 2 * slot_count) return true;
  return b_node.slot[split] === NULL && size >= 2 * slot_count - 1;
}

/** No node but the last one ends with NULL. */
export function mab_no_null_split(
  k: Kernel,
  b_node: MapleBigNode,
  split: Int,
  slot_count: Int,
): Int {
  if (b_node.slot[split] !== NULL) return split;
  const hasRoom = split < slot_count - 1;
  return hasRoom && b_node.b_end - split > mt_min_slots(k, b_node.type) ? split + 1 : split - 1;
}

/** The last slot of the left node; `mid_split` the last one of a middle node, or 0. */
export function mab_calc_split(
  k: Kernel,
  mas: MaState,
  bn: MapleBigNode,
  mid_split: Out<Int>,
): Int {
  const { b_end } = bn;
  const slot_count: Int = mt_slots(k, bn.type);
  let split: Int = b_end >> 1;
  mid_split.value = 0;
  if ((mas.mas_flags & MA_STATE_BULK) !== 0) {
    // More will be appended: the left node is as full as it gets.
    split = b_end - mt_min_slots(k, bn.type);
    if (!ma_is_leaf(bn.type)) return split;
    mas.mas_flags |= MA_STATE_REBALANCE;
    if (bn.slot[split] === NULL) split--;
    return split;
  }
  if (mab_middle_node(bn, split, slot_count)) {
    split = Math.trunc(b_end / 3);
    mid_split.value = split * 2;
  }
  split = mab_no_null_split(k, bn, split, slot_count);
  if (mid_split.value === 0) return split;
  mid_split.value = mab_no_null_split(k, bn, mid_split.value, slot_count);
  return split;
}

/** Two or three nodes of those that a step makes; NULL: that one is not needed. */
export interface NewNodes {
  left: MapleEnode;
  middle: MapleEnode;
  right: MapleEnode;
}

/** Nodes for what is in the big one. The last slot of the left node. */
export function mas_mab_to_node(
  k: Kernel,
  mas: MaState,
  b_node: MapleBigNode,
  nodes: NewNodes,
  mid_split: Out<Int>,
): Int {
  let split: Int;
  nodes.left = newNode(k, mas, b_node.type);
  nodes.right = NULL;
  nodes.middle = NULL;
  mid_split.value = 0;
  if (b_node.b_end < mt_slots(k, b_node.type)) {
    split = b_node.b_end;
  } else {
    split = mab_calc_split(k, mas, b_node, mid_split);
    nodes.right = newNode(k, mas, b_node.type);
  }
  if (mid_split.value !== 0) nodes.middle = newNode(k, mas, b_node.type);
  return split;
}

// --- to and from nodes ---------------------------------------------------------------------------------------------------

/** Copies slots `mas_start` to `mas_end` (or the last one in use) of a node to `mab_start`. */
export function mas_mab_cp(
  k: Kernel,
  mas: MaState,
  mas_start: Int,
  mas_end: Int,
  b_node: MapleBigNode,
  mab_start: Int,
): void {
  const node: MapleNode = mas_mn(mas);
  const mt: Int = mte_node_type(mas.node);
  const pivots: Pivots = ma_pivots(k, node, mt);
  let i: Int = mas_start;
  let j: Int = mab_start;
  complete: {
    if (i === 0) {
      b_node.pivot[j] = k.read_ulong(pivots);
      i++;
      if (i > mas_end) break complete;
      j++;
    }
    const piv_end: Int = Math.min(mas_end, mt_pivots(k, mt));
    for (; i < piv_end; i++, j++) {
      const pivot: ULong = k.read_ulong(pivots + i * k.ptr_words);
      b_node.pivot[j] = pivot;
      if (pivot === 0) break;
      if (mas.max === pivot) break complete;
    }
    if (i <= mas_end) b_node.pivot[j] = mas_safe_pivot(k, mas, pivots, i, mt);
  }
  // complete:
  j++;
  b_node.b_end = j;
  const slots: Slots = ma_slots(k, node, mt);
  const hasGaps = !ma_is_leaf(mt) && mt_is_alloc(k, mas.tree);
  const gaps: Pivots = ma_gaps(k, node, mt);
  for (let n: Int = 0; n < j - mab_start; n++) {
    b_node.slot[mab_start + n] = mas_slot(k, slots, mas_start + n);
    if (hasGaps) b_node.gap[mab_start + n] = k.read_ulong(gaps + (mas_start + n) * k.ptr_words);
  }
}

/** Says in a leaf's meta which slot is its last, if there is room for it. */
export function mas_leaf_set_meta(
  k: Kernel,
  mas: MaState,
  node: MapleNode,
  pivots: Pivots,
  mt: Int,
  end: Int,
): void {
  if (mt_pivots(k, mt) <= end) return;
  const pivot: ULong = k.read_ulong(pivots + end * k.ptr_words);
  if (pivot !== 0 && pivot < mas.max) end++;
  if (end < mt_slots(k, mt) - 1) ma_set_meta(k, node, mt, 0, end);
}

/** Copies slots `mab_start` to `mab_end` to the state's node. */
export function mab_mas_cp(
  k: Kernel,
  b_node: MapleBigNode,
  mab_start: Int,
  mab_end: Int,
  mas: MaState,
  new_max: boolean,
): void {
  const mt: Int = mte_node_type(mas.node);
  const node: MapleNode = mas_mn(mas);
  const slots: Slots = ma_slots(k, node, mt);
  const pivots: Pivots = ma_pivots(k, node, mt);
  const nr_pivots: Int = mt_pivots(k, mt);
  if (mab_end - mab_start > nr_pivots) mab_end--;
  if (k.read_ulong(pivots + (nr_pivots - 1) * k.ptr_words) === 0)
    k.write_ptr(slots + nr_pivots * k.ptr_words, NULL);

  let i: Int = mab_start;
  let j: Int = 0;
  do {
    k.write_ulong(pivots + j * k.ptr_words, b_node.pivot[i]!);
    j++;
    i++;
  } while (i <= mab_end && b_node.pivot[i] !== 0);
  for (let n: Int = 0; n < i - mab_start; n++)
    k.write_ptr(slots + n * k.ptr_words, b_node.slot[mab_start + n]!);
  if (new_max) mas.max = b_node.pivot[i - 1]!;

  const end: Int = j - 1;
  if (ma_is_leaf(mt) || !mt_is_alloc(k, mas.tree)) {
    mas_leaf_set_meta(k, mas, node, pivots, mt, end);
    return;
  }
  let max_gap: ULong = 0;
  let offset: Int = 15;
  const gaps: Pivots = ma_gaps(k, node, mt);
  do {
    j--;
    i--;
    const gap: ULong = b_node.gap[i]!;
    k.write_ulong(gaps + j * k.ptr_words, gap);
    if (gap > max_gap) {
      offset = j;
      max_gap = gap;
    }
  } while (j !== 0);
  ma_set_meta(k, node, mt, offset, end);
}

/** Appends a node, with its greatest gap; NULL: nothing. */
export function mab_set_b_end(
  k: Kernel,
  b_node: MapleBigNode,
  mas: MaState,
  entry: MapleEnode,
): void {
  if (entry === NULL) return;
  b_node.slot[b_node.b_end] = entry;
  if (mt_is_alloc(k, mas.tree)) b_node.gap[b_node.b_end] = mas_max_gap(k, mas);
  b_node.pivot[b_node.b_end] = mas.max;
  b_node.b_end++;
}
