/**
 * The way down to where something is stored, with what a change has to know of its node.
 *
 * Source: Linux 6.1 lib/maple_tree.c: mas_wr_node_walk(), mas_is_span_wr() to mas_extend_spanning_null(), mas_wr_end_piv(),
 * mas_wr_extend_null().
 */
import { type Int, NULL, type ULong } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { type MaState, type MaWrState, ULONG_MAX } from '../../include/linux/maple_tree.h.js';
import {
  ma_data_end,
  ma_is_leaf,
  ma_pivots,
  ma_slots,
  mas_mn,
  mas_safe_min,
  mas_safe_pivot,
  mas_slot,
  mte_node_type,
} from './node.js';

const pivotAt = (k: Kernel, wr_mas: MaWrState, i: Int): ULong =>
  k.read_ulong(wr_mas.pivots + i * k.ptr_words);

/** The slot of the node that the state's index lies in. */
export function mas_wr_node_walk(k: Kernel, wr_mas: MaWrState): void {
  const { mas } = wr_mas;
  wr_mas.node = mas_mn(mas);
  wr_mas.pivots = ma_pivots(k, wr_mas.node, wr_mas.type);
  const count: Int = ma_data_end(k, wr_mas.node, wr_mas.type, wr_mas.pivots, mas.max);
  wr_mas.node_end = count;
  const { index } = mas;
  let { offset } = mas;
  let min: ULong = mas_safe_min(k, mas, wr_mas.pivots, offset);
  let max: ULong = mas.max;
  done: {
    if (offset === count) break done;
    let pivot: ULong = pivotAt(k, wr_mas, offset);
    if (index <= pivot) {
      max = pivot;
      break done;
    }
    if (pivot === 0 && offset !== 0) break done;
    min = pivot + 1;
    for (offset++; offset < count; offset++) {
      pivot = pivotAt(k, wr_mas, offset);
      if (index <= pivot) {
        max = pivot;
        break done;
      }
      if (pivot === 0) break;
      min = pivot + 1;
    }
  }
  // done:
  wr_mas.r_max = max;
  wr_mas.r_min = min;
  wr_mas.offset_end = mas.offset = offset;
}

/** Whether the change reaches beyond the node, or would make it end with NULL. */
export function mas_is_span_wr(k: Kernel, wr_mas: MaWrState): boolean {
  const { last, max } = wr_mas.mas;
  const piv: ULong = wr_mas.r_max;
  if (piv > last) return false;
  if (ma_is_leaf(wr_mas.type)) {
    if (last < max) return false;
    if (last === max && wr_mas.entry !== NULL) return false;
    if (last === ULONG_MAX(k) && last === max) return false;
  } else if (piv === last) {
    if (wr_mas.entry !== NULL) return false;
    if (last === ULONG_MAX(k)) return false;
  }
  return true;
}

function mas_wr_walk_descend(k: Kernel, wr_mas: MaWrState): void {
  wr_mas.type = mte_node_type(wr_mas.mas.node);
  mas_wr_node_walk(k, wr_mas);
  wr_mas.slots = ma_slots(k, wr_mas.node, wr_mas.type);
}

function mas_wr_walk_traverse(wr_mas: MaWrState): void {
  const { mas } = wr_mas;
  mas.max = wr_mas.r_max;
  mas.min = wr_mas.r_min;
  mas.node = wr_mas.content;
  mas.offset = 0;
  mas.depth++;
}

/** Down to the leaf; false: the change spans nodes. */
export function mas_wr_walk(k: Kernel, wr_mas: MaWrState): boolean {
  for (;;) {
    mas_wr_walk_descend(k, wr_mas);
    if (mas_is_span_wr(k, wr_mas)) return false;
    wr_mas.content = mas_slot(k, wr_mas.slots, wr_mas.mas.offset);
    if (ma_is_leaf(wr_mas.type)) return true;
    mas_wr_walk_traverse(wr_mas);
  }
}

/** Down to the leaf in any case. */
export function mas_wr_walk_index(k: Kernel, wr_mas: MaWrState): void {
  for (;;) {
    mas_wr_walk_descend(k, wr_mas);
    wr_mas.content = mas_slot(k, wr_mas.slots, wr_mas.mas.offset);
    if (ma_is_leaf(wr_mas.type)) return;
    mas_wr_walk_traverse(wr_mas);
  }
}

/** NULL that is stored takes in the NULLs beside it: on both sides of a change that spans nodes, */
export function mas_extend_spanning_null(
  k: Kernel,
  l_wr_mas: MaWrState,
  r_wr_mas: MaWrState,
): void {
  const r_mas: MaState = r_wr_mas.mas;
  const l_mas: MaState = l_wr_mas.mas;
  const l_slot: Int = l_mas.offset;
  if (l_wr_mas.content === NULL) l_mas.index = l_wr_mas.r_min;
  if (
    l_mas.index === l_wr_mas.r_min &&
    l_slot !== 0 &&
    mas_slot(k, l_wr_mas.slots, l_slot - 1) === NULL
  ) {
    l_mas.index = l_slot > 1 ? pivotAt(k, l_wr_mas, l_slot - 2) + 1 : l_mas.min;
    l_mas.offset = l_slot - 1;
  }
  if (r_wr_mas.content === NULL) {
    if (r_mas.last < r_wr_mas.r_max) r_mas.last = r_wr_mas.r_max;
    r_mas.offset++;
  } else if (
    r_mas.last === r_wr_mas.r_max &&
    r_mas.last < r_mas.max &&
    mas_slot(k, r_wr_mas.slots, r_mas.offset + 1) === NULL
  ) {
    r_mas.last = mas_safe_pivot(k, r_mas, r_wr_mas.pivots, r_mas.offset + 1, r_wr_mas.type);
    r_mas.offset++;
  }
}

/** Where the change ends in the leaf. */
export function mas_wr_end_piv(k: Kernel, wr_mas: MaWrState): void {
  while (
    wr_mas.offset_end < wr_mas.node_end &&
    wr_mas.mas.last > pivotAt(k, wr_mas, wr_mas.offset_end)
  )
    wr_mas.offset_end++;
  wr_mas.end_piv =
    wr_mas.offset_end < wr_mas.node_end ? pivotAt(k, wr_mas, wr_mas.offset_end) : wr_mas.mas.max;
}

/** and in one leaf. */
export function mas_wr_extend_null(k: Kernel, wr_mas: MaWrState): void {
  const { mas, slots } = wr_mas;
  if (mas.last < wr_mas.end_piv && mas_slot(k, slots, wr_mas.offset_end) === NULL)
    mas.last = wr_mas.end_piv;
  if (
    mas.last === wr_mas.end_piv &&
    wr_mas.node_end !== wr_mas.offset_end &&
    mas_slot(k, slots, wr_mas.offset_end + 1) === NULL
  ) {
    wr_mas.offset_end++;
    mas.last =
      wr_mas.offset_end === wr_mas.node_end ? mas.max : pivotAt(k, wr_mas, wr_mas.offset_end);
    wr_mas.end_piv = mas.last;
  }
  if (wr_mas.content === NULL) {
    // Those beside it are not.
    mas.index = wr_mas.r_min;
  } else if (
    mas.index === wr_mas.r_min &&
    mas.offset !== 0 &&
    mas_slot(k, slots, mas.offset - 1) === NULL
  ) {
    mas.offset--;
    wr_mas.r_min = mas.index = mas_safe_min(k, mas, wr_mas.pivots, mas.offset);
    wr_mas.r_max = pivotAt(k, wr_mas, mas.offset);
  }
}
