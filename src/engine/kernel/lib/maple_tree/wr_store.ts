/**
 * Changes within a leaf, from the smallest on: a slot gets another entry, one more, moves its border, or all slots are written anew.
 *
 * Source: Linux 6.1 lib/maple_tree.c: mas_wr_node_store(), mas_wr_slot_store(), mas_wr_append(), mas_wr_modify(), mas_wr_store_entry().
 */
import { type Int, NULL, type ULong } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import {
  type MapleEntry,
  maple_leaf_64,
  type MapleNode,
  mas_is_none,
  type MaWrState,
  mt_in_rcu,
  ULONG_MAX,
} from '../../include/linux/maple_tree.h.js';
import { MA_STATE_BULK, mas_node_count, mas_pop_node } from './alloc.js';
import { mas_leaf_set_meta } from './big_node.js';
import { mas_update_gap } from './gap.js';
import {
  ma_pivots,
  ma_set_meta,
  ma_slots,
  mas_mn,
  mas_slot,
  mt_min_slots,
  mt_mk_node,
  mt_pivots,
  mt_slots,
  mte_is_root,
  mte_set_node_dead,
  type Pivots,
  type Slots,
} from './node.js';
import { mas_replace } from './replace.js';
import { mas_is_err, mas_is_ptr, mas_start } from './walk.js';
import {
  mas_bulk_rebalance,
  mas_new_root,
  mas_store_root,
  mas_wr_bnode,
  mas_wr_spanning_store,
} from './wr_bnode.js';
import { mas_wr_end_piv, mas_wr_extend_null, mas_wr_walk } from './wr_walk.js';

const pivotAt = (k: Kernel, wr_mas: MaWrState, i: Int): ULong =>
  k.read_ulong(wr_mas.pivots + i * k.ptr_words);

const setPivot = (k: Kernel, wr_mas: MaWrState, i: Int, pivot: ULong): void =>
  k.write_ulong(wr_mas.pivots + i * k.ptr_words, pivot);

const setSlot = (k: Kernel, wr_mas: MaWrState, i: Int, entry: MapleEntry): void =>
  k.write_ptr(wr_mas.slots + i * k.ptr_words, entry);

// --- the whole node ------------------------------------------------------------------------------------------------------

/** Writes all pivots and slots. */
const fillNode = (
  k: Kernel,
  node: MapleNode,
  type: Int,
  pivots: readonly ULong[],
  slots: readonly MapleEntry[],
): void => {
  const dst_pivots: Pivots = ma_pivots(k, node, type);
  const dst_slots: Slots = ma_slots(k, node, type);
  for (let i: Int = 0; i < mt_pivots(k, type); i++)
    k.write_ulong(dst_pivots + i * k.ptr_words, pivots[i]!);
  for (let i: Int = 0; i < mt_slots(k, type); i++)
    k.write_ptr(dst_slots + i * k.ptr_words, slots[i]!);
};

/** False: too much or too little for a node, or no memory. */
function mas_wr_node_store(k: Kernel, wr_mas: MaWrState): boolean {
  const { mas, node_end } = wr_mas;
  const { offset } = mas;
  const node_slots: Int = mt_slots(k, wr_mas.type);
  const max_piv: Int = mt_pivots(k, wr_mas.type);
  const in_rcu = mt_in_rcu(k, mas.tree);
  let new_end: Int = node_end;
  if (mas.last === wr_mas.r_max) {
    if (mas.last === mas.max) new_end = offset;
    wr_mas.offset_end++;
  } else if (mas.last < wr_mas.r_max) {
    if (wr_mas.r_max === ULONG_MAX(k)) mas_bulk_rebalance(k, mas, node_end, wr_mas.type);
    new_end++;
  } else {
    if (wr_mas.end_piv === mas.last) wr_mas.offset_end++;
    new_end -= wr_mas.offset_end - offset - 1;
  }
  if (wr_mas.r_min < mas.index) new_end++;
  if (new_end >= node_slots) return false;
  const isBulk = (mas.mas_flags & MA_STATE_BULK) !== 0;
  if (!mte_is_root(k, mas.node) && new_end <= mt_min_slots(k, wr_mas.type) && !isBulk) return false;

  let newnode: MapleNode = wr_mas.node;
  if (in_rcu) {
    mas_node_count(k, mas, 1);
    if (mas_is_err(mas)) return false;
    newnode = mas_pop_node(k, mas);
    k.copy_ptr(newnode + k.maple_node.parent, mas_mn(mas) + k.maple_node.parent);
  }
  const pivots = new Array<ULong>(max_piv).fill(0);
  const slots = new Array<MapleEntry>(node_slots).fill(NULL);
  for (let i: Int = 0; i <= offset; i++) {
    if (i < max_piv) pivots[i] = pivotAt(k, wr_mas, i);
    slots[i] = mas_slot(k, wr_mas.slots, i);
  }
  let dst_offset: Int = offset;
  if (wr_mas.r_min < mas.index) {
    mas.offset++;
    slots[dst_offset] = wr_mas.content;
    pivots[dst_offset] = mas.index - 1;
    dst_offset++;
  }
  if (dst_offset < max_piv) pivots[dst_offset] = mas.last;
  mas.offset = dst_offset;
  slots[dst_offset] = wr_mas.entry;

  if (wr_mas.offset_end > node_end || mas.last >= mas.max) {
    new_end = dst_offset;
  } else {
    dst_offset++;
    for (let i: Int = wr_mas.offset_end; i <= node_end; i++, dst_offset++) {
      slots[dst_offset] = mas_slot(k, wr_mas.slots, i);
      // The last slot of a full node has no pivot.
      if (dst_offset < max_piv) pivots[dst_offset] = i < max_piv ? pivotAt(k, wr_mas, i) : 0;
    }
    if (node_end === node_slots - 1 && new_end < node_slots - 1) pivots[new_end] = mas.max;
  }
  // done:
  fillNode(k, newnode, wr_mas.type, pivots, slots);
  mas_leaf_set_meta(k, mas, newnode, ma_pivots(k, newnode, wr_mas.type), maple_leaf_64, new_end);
  if (in_rcu) {
    mte_set_node_dead(k, mas.node);
    mas.node = mt_mk_node(newnode, wr_mas.type);
    mas_replace(k, mas, false);
  }
  mas_update_gap(k, mas);
  return true;
}

// --- one or two slots ----------------------------------------------------------------------------------------------------

/** The border between two slots moves; false: it is more than that. */
function mas_wr_slot_store(k: Kernel, wr_mas: MaWrState): boolean {
  const { mas } = wr_mas;
  const { offset } = mas;
  if (wr_mas.r_max > mas.last && (wr_mas.r_min !== mas.index || offset !== wr_mas.node_end))
    return false;
  const lmax: ULong = offset === wr_mas.node_end - 1 ? mas.max : pivotAt(k, wr_mas, offset + 1);
  if (lmax < mas.last) return false;
  if (wr_mas.r_min === mas.index) {
    if (lmax === mas.last) return false;
    // All of this slot, and a part of the next one.
    setSlot(k, wr_mas, offset, wr_mas.entry);
    setPivot(k, wr_mas, offset, mas.last);
  } else {
    if (lmax !== mas.last) return false;
    // A part of this slot, and all of the next one.
    if (
      offset + 1 < mt_pivots(k, wr_mas.type) &&
      (wr_mas.entry !== NULL || pivotAt(k, wr_mas, offset + 1) !== 0)
    )
      setPivot(k, wr_mas, offset + 1, mas.last);
    setSlot(k, wr_mas, offset + 1, wr_mas.entry);
    setPivot(k, wr_mas, offset, mas.index - 1);
    mas.offset++;
  }
  // done:
  mas_update_gap(k, mas);
  return true;
}

/** One slot more, at the end of a leaf that nobody else reads. */
function mas_wr_append(k: Kernel, wr_mas: MaWrState): boolean {
  const { mas, node_end: end } = wr_mas;
  const new_end: Int = end + 1;
  const node_pivots: Int = mt_pivots(k, wr_mas.type);
  if (mt_in_rcu(k, mas.tree)) return false;
  if (mas.index !== wr_mas.r_min && mas.last === wr_mas.r_max) {
    if (new_end < node_pivots) {
      setPivot(k, wr_mas, new_end, pivotAt(k, wr_mas, end));
      ma_set_meta(k, wr_mas.node, maple_leaf_64, 0, new_end);
    }
    setSlot(k, wr_mas, new_end, wr_mas.entry);
    mas.offset = new_end;
    setPivot(k, wr_mas, end, mas.index - 1);
    return true;
  }
  if (mas.index === wr_mas.r_min && mas.last < wr_mas.r_max) {
    if (new_end < node_pivots) setPivot(k, wr_mas, new_end, pivotAt(k, wr_mas, end));
    setSlot(k, wr_mas, new_end, wr_mas.content);
    if (new_end < node_pivots) ma_set_meta(k, wr_mas.node, maple_leaf_64, 0, new_end);
    setPivot(k, wr_mas, end, mas.last);
    setSlot(k, wr_mas, end, wr_mas.entry);
    return true;
  }
  return false;
}

// --- all of them ---------------------------------------------------------------------------------------------------------

function mas_wr_modify(k: Kernel, wr_mas: MaWrState): void {
  const { mas } = wr_mas;
  if (wr_mas.r_min === mas.index && wr_mas.r_max === mas.last) {
    setSlot(k, wr_mas, mas.offset, wr_mas.entry);
    if ((wr_mas.entry !== NULL) !== (wr_mas.content !== NULL)) mas_update_gap(k, mas);
    return;
  }
  const node_slots: Int = mt_slots(k, wr_mas.type);
  let node_size: Int = wr_mas.node_end - wr_mas.offset_end + mas.offset + 2;
  if (mas.max === ULONG_MAX(k)) node_size++;
  slow_path: {
    if (node_size >= node_slots) break slow_path;
    const isAtEnd = wr_mas.node_end < node_slots - 1 && mas.offset === wr_mas.node_end;
    if (wr_mas.entry !== NULL && isAtEnd && mas_wr_append(k, wr_mas)) {
      if (wr_mas.content === NULL) mas_update_gap(k, mas);
      return;
    }
    if (wr_mas.offset_end - mas.offset <= 1 && mas_wr_slot_store(k, wr_mas)) return;
    if (mas_wr_node_store(k, wr_mas)) return;
    if (mas_is_err(mas)) return;
  }
  // slow_path:
  mas_wr_bnode(k, wr_mas);
}

/** Stores an entry, or NULL, at the state's range. */
export function mas_wr_store_entry(k: Kernel, wr_mas: MaWrState): void {
  const { mas } = wr_mas;
  wr_mas.content = mas_start(k, mas);
  if (mas_is_none(mas) || mas_is_ptr(mas)) {
    mas_store_root(k, mas, wr_mas.entry);
    return;
  }
  if (!mas_wr_walk(k, wr_mas)) {
    mas_wr_spanning_store(k, wr_mas);
    return;
  }
  mas_wr_end_piv(k, wr_mas);
  if (wr_mas.entry === NULL) mas_wr_extend_null(k, wr_mas);
  if (mas.index === 0 && mas.last === ULONG_MAX(k)) {
    mas_new_root(k, mas, wr_mas.entry);
    return;
  }
  mas_wr_modify(k, wr_mas);
}
