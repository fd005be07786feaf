/**
 * Looking for a gap that is large enough, from below or from above.
 *
 * Source: Linux 6.1 lib/maple_tree.c: mas_rev_awalk(), mas_anode_descend(), mas_rewind_node() to mas_awalk(), mas_sparse_area(),
 * mas_empty_area(), mas_empty_area_rev().
 */
import { type Int, NULL, type Out, type ULong } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { EBUSY, EINVAL } from '../../include/linux/errno.h.js';
import {
  MA_ERROR,
  MAPLE_NODE_SLOTS,
  type MapleEnode,
  type MapleNode,
  mas_is_none,
  type MaState,
} from '../../include/linux/maple_tree.h.js';
import {
  ma_data_end,
  ma_gaps,
  ma_is_leaf,
  ma_pivots,
  ma_slots,
  mas_data_end,
  mas_logical_pivot,
  mas_mn,
  mas_safe_min,
  mas_safe_pivot,
  mas_slot,
  mte_is_root,
  mte_node_type,
  type Pivots,
  type Slots,
} from './node.js';
import { mas_ascend, errorOf, mas_is_err, mas_is_ptr, mas_is_start, mas_start } from './walk.js';

/** A step down where the highest gap may be; in a leaf, what it is. True: that, or an error. */
function mas_rev_awalk(
  k: Kernel,
  mas: MaState,
  size: ULong,
  gap_min: Out<ULong>,
  gap_max: Out<ULong>,
): boolean {
  if (mas_is_err(mas)) return true;
  const type: Int = mte_node_type(mas.node);
  const node: MapleNode = mas_mn(mas);
  const pivots: Pivots = ma_pivots(k, node, type);
  const slots: Slots = ma_slots(k, node, type);
  const gaps: Pivots = ma_gaps(k, node, type);
  let { offset } = mas;
  let gap: ULong = 0;
  let min: ULong = mas_safe_min(k, mas, pivots, offset);
  // What lies behind the end is skipped.
  while (mas.last < min) {
    offset--;
    min = mas_safe_min(k, mas, pivots, offset);
  }
  let max: ULong = mas_safe_pivot(k, mas, pivots, offset, type);
  ascend: {
    while (mas.index <= max) {
      gap = 0;
      if (gaps !== NULL) gap = k.read_ulong(gaps + offset * k.ptr_words);
      else if (mas_slot(k, slots, offset) === NULL) gap = max - min + 1;

      if (gap !== 0) {
        if (size <= gap && size <= mas.last - min + 1) break;
        if (gaps === NULL) {
          // The next slot cannot be one.
          if (offset < 2) break ascend;
          offset -= 2;
          max = k.read_ulong(pivots + offset * k.ptr_words);
          min = mas_safe_min(k, mas, pivots, offset);
          continue;
        }
      }
      if (offset === 0) break ascend;
      offset--;
      max = min - 1;
      min = mas_safe_min(k, mas, pivots, offset);
    }
    if (mas.index > max || size - 1 > max - mas.index) {
      // no_space:
      mas.node = MA_ERROR(-EBUSY);
      return false;
    }
    if (ma_is_leaf(type)) {
      mas.offset = offset;
      gap_min.value = min;
      gap_max.value = min + gap - 1;
      return true;
    }
    mas.node = mas_slot(k, slots, offset);
    mas.min = min;
    mas.max = max;
    mas.offset = mas_data_end(k, mas);
    return false;
  }
  // ascend:
  if (!mte_is_root(k, mas.node)) return false;
  mas.node = MA_ERROR(-EBUSY);
  return false;
}

/** A step down where the lowest gap may be. True: it was found, or an error. */
function mas_anode_descend(k: Kernel, mas: MaState, size: ULong): boolean {
  const type: Int = mte_node_type(mas.node);
  const node: MapleNode = mas_mn(mas);
  const pivots: Pivots = ma_pivots(k, node, type);
  const slots: Slots = ma_slots(k, node, type);
  const gaps: Pivots = ma_gaps(k, node, type);
  let { offset } = mas;
  let min: ULong = mas_safe_min(k, mas, pivots, offset);
  const data_end: Int = ma_data_end(k, node, type, pivots, mas.max);
  for (; offset <= data_end; offset++) {
    const pivot: ULong = mas_logical_pivot(k, mas, pivots, offset, type);
    let gap: ULong = 0;
    if (mas.index <= pivot) {
      if (gaps !== NULL) gap = k.read_ulong(gaps + offset * k.ptr_words);
      else if (mas_slot(k, slots, offset) === NULL)
        gap = Math.min(pivot, mas.last) - Math.max(mas.index, min) + 1;
      if (gap >= size) {
        if (ma_is_leaf(type)) {
          // done:
          mas.offset = offset;
          return true;
        }
        mas.node = mas_slot(k, slots, offset);
        mas.min = min;
        mas.max = pivot;
        offset = 0;
        break;
      }
    }
    // next_slot:
    min = pivot + 1;
    if (mas.last <= pivot) {
      mas.node = MA_ERROR(-EBUSY);
      return true;
    }
  }
  const found = mte_is_root(k, mas.node);
  mas.offset = offset;
  return found;
}

/** To the slot before, perhaps of a node above. */
function mas_rewind_node(k: Kernel, mas: MaState): boolean {
  let slot: Int;
  do {
    if (mte_is_root(k, mas.node)) {
      slot = mas.offset;
      if (slot === 0) return false;
    } else {
      mas_ascend(k, mas);
      slot = mas.offset;
    }
  } while (slot === 0);
  mas.offset = slot - 1;
  return true;
}

/** To the slot behind. */
function mas_skip_node(k: Kernel, mas: MaState): boolean {
  if (mas_is_err(mas)) return false;
  do {
    if (mte_is_root(k, mas.node)) {
      if (mas.offset >= mas_data_end(k, mas)) {
        mas.node = MA_ERROR(-EBUSY);
        return false;
      }
    } else {
      mas_ascend(k, mas);
    }
  } while (mas.offset >= mas_data_end(k, mas));
  mas.offset++;
  return true;
}

function mas_awalk(k: Kernel, mas: MaState, size: ULong): void {
  let last: MapleEnode = NULL;
  while (!mas_is_err(mas) && !mas_anode_descend(k, mas, size))
    if (last === mas.node) mas_skip_node(k, mas);
    else last = mas.node;
}

/** A tree without nodes. */
function mas_sparse_area(mas: MaState, min: ULong, max: ULong, size: ULong, fwd: boolean): Int {
  if (!mas_is_none(mas) && min === 0) {
    min++;
    if (min > max || max - min + 1 < size) return -EBUSY;
  }
  if (fwd) {
    mas.index = min;
    mas.last = min + size - 1;
  } else {
    mas.last = max;
    mas.index = max - size + 1;
  }
  return 0;
}

/** The lowest place for `size` in [min, max]: the state has it. */
export function mas_empty_area(k: Kernel, mas: MaState, min: ULong, max: ULong, size: ULong): Int {
  if (min >= max) return -EINVAL;
  if (mas_is_start(mas)) mas_start(k, mas);
  else if (mas.offset >= 2) mas.offset -= 2;
  else if (!mas_skip_node(k, mas)) return -EBUSY;
  if (mas_is_none(mas) || mas_is_ptr(mas)) return mas_sparse_area(mas, min, max, size, true);

  mas.index = min;
  mas.last = max;
  mas_awalk(k, mas, size);
  if (mas_is_err(mas)) return errorOf(mas);
  const { offset } = mas;
  if (offset === MAPLE_NODE_SLOTS(k)) return -EBUSY;
  const pivots: Pivots = ma_pivots(k, mas_mn(mas), mte_node_type(mas.node));
  min = mas_safe_min(k, mas, pivots, offset);
  if (mas.index < min) mas.index = min;
  mas.last = mas.index + size - 1;
  return 0;
}

/** The highest place. */
export function mas_empty_area_rev(
  k: Kernel,
  mas: MaState,
  min: ULong,
  max: ULong,
  size: ULong,
): Int {
  let last: MapleEnode = mas.node;
  if (min >= max) return -EINVAL;
  if (mas_is_start(mas)) mas_start(k, mas);
  else if (mas.offset < 2 && !mas_rewind_node(k, mas)) return -EBUSY;
  if (mas_is_none(mas) || mas_is_ptr(mas)) return mas_sparse_area(mas, min, max, size, false);
  if (mas.offset >= 2) mas.offset -= 2;
  else mas.offset = mas_data_end(k, mas);

  mas.index = min;
  mas.last = max;
  const gap_min: Out<ULong> = { value: min };
  const gap_max: Out<ULong> = { value: max };
  while (!mas_rev_awalk(k, mas, size, gap_min, gap_max))
    if (last === mas.node) {
      if (!mas_rewind_node(k, mas)) return -EBUSY;
    } else {
      last = mas.node;
    }
  if (mas_is_err(mas)) return errorOf(mas);
  if (mas.offset === MAPLE_NODE_SLOTS(k)) return -EBUSY;
  // The place ends where the gap does.
  if (gap_max.value <= mas.last) mas.last = gap_max.value;
  mas.index = mas.last - size + 1;
  return 0;
}
