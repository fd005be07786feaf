/**
 * From entry to entry: the next one, the one before.
 *
 * Source: Linux 6.1 lib/maple_tree.c: mas_prev_node() to mas_prev_entry(), mas_next(), mas_prev(), mas_pause(), mas_find(), mas_find_rev().
 */
import { type Int, NULL, type ULong } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import {
  type MapleEnode,
  type MapleEntry,
  type MapleNode,
  MAS_NONE,
  mas_is_none,
  mas_is_paused,
  MAS_PAUSE,
  mas_set,
  MAS_START,
  type MaState,
  ULONG_MAX,
} from '../../include/linux/maple_tree.h.js';
import {
  ma_data_end,
  ma_dead_node,
  ma_is_root,
  ma_pivots,
  ma_slots,
  mas_data_end,
  mas_mn,
  mas_safe_min,
  mas_safe_pivot,
  mas_slot,
  mt_pivots,
  mt_root_locked,
  mt_slots,
  mte_node_type,
  type Pivots,
  type Slots,
} from './node.js';
import {
  mas_ascend,
  mas_is_ptr,
  mas_is_start,
  mas_searchable,
  mas_state_walk,
  mas_walk,
} from './walk.js';

/** A walk that met a dead node begins anew. */
function mas_rewalk(k: Kernel, mas: MaState, index: ULong): void {
  do {
    mas_set(mas, index);
    mas_state_walk(k, mas);
  } while (mas_is_start(mas));
}

// --- the next one --------------------------------------------------------------------------------------------------------

/** To the next node on this level, unless that begins above `max`. True: a node is dead. */
function mas_next_node(k: Kernel, mas: MaState, node: MapleNode, max: ULong): boolean {
  let min: ULong;
  let offset: Int;
  let mt: Int;
  let pivots: Pivots;
  let level: Int = 0;

  no_entry: {
    if (mas.max >= max) break no_entry;
    let node_end: Int;
    do {
      if (ma_is_root(k, node)) break no_entry;
      min = mas.max + 1;
      if (min > max) break no_entry;
      if (mas_ascend(k, mas)) return true;
      offset = mas.offset;
      level++;
      node = mas_mn(mas);
      mt = mte_node_type(mas.node);
      pivots = ma_pivots(k, node, mt);
      node_end = ma_data_end(k, node, mt, pivots, mas.max);
      if (ma_dead_node(k, node)) return true;
    } while (offset === node_end);

    let slots: Slots = ma_slots(k, node, mt);
    offset++;
    let pivot: ULong = mas_safe_pivot(k, mas, pivots, offset, mt);
    for (; level > 1; level--) {
      mas.node = mas_slot(k, slots, offset);
      node = mas_mn(mas);
      mt = mte_node_type(mas.node);
      slots = ma_slots(k, node, mt);
      pivots = ma_pivots(k, node, mt);
      if (ma_dead_node(k, node)) return true;
      offset = 0;
      pivot = k.read_ulong(pivots);
    }
    mas.node = mas_slot(k, slots, offset);
    mas.min = min;
    mas.max = pivot;
    return false;
  }
  // no_entry:
  if (ma_dead_node(k, node)) return true;
  mas.node = MAS_NONE;
  return false;
}

/** The first entry in the node from the state's slot on. */
function mas_next_nentry(
  k: Kernel,
  mas: MaState,
  node: MapleNode,
  max: ULong,
  type: Int,
): MapleEntry {
  if (mas.last === mas.max) {
    mas.index = mas.max;
    return NULL;
  }
  const slots: Slots = ma_slots(k, node, type);
  const pivots: Pivots = ma_pivots(k, node, type);
  const count: Int = ma_data_end(k, node, type, pivots, mas.max);
  if (ma_dead_node(k, node)) return NULL;
  mas.index = mas_safe_min(k, mas, pivots, mas.offset);
  if (mas.index > max) return NULL;
  if (mas.offset > count) return NULL;

  while (mas.offset < count) {
    const pivot: ULong = k.read_ulong(pivots + mas.offset * k.ptr_words);
    const entry: MapleEntry = mas_slot(k, slots, mas.offset);
    if (entry !== NULL) {
      mas.last = pivot;
      return entry;
    }
    if (pivot >= max) return NULL;
    mas.index = pivot + 1;
    mas.offset++;
  }
  if (mas.index > mas.max) {
    mas.index = mas.last;
    return NULL;
  }
  const pivot: ULong = mas_safe_pivot(k, mas, pivots, mas.offset, type);
  const entry: MapleEntry = mas_slot(k, slots, mas.offset);
  if (pivot === 0) return NULL;
  if (entry === NULL) return NULL;
  // found:
  mas.last = pivot;
  return entry;
}

/** The next entry that does not begin above `limit`; where there is none, the state stays at its node. */
function mas_next_entry(k: Kernel, mas: MaState, limit: ULong): MapleEntry {
  if (mas.index > limit) {
    mas.index = mas.last = limit;
    mas_pause(mas);
    return NULL;
  }
  const { last } = mas;
  let prev_node: MapleEnode;
  let offset: Int;
  retry: for (;;) {
    offset = mas.offset;
    prev_node = mas.node;
    let node: MapleNode = mas_mn(mas);
    let mt: Int = mte_node_type(mas.node);
    mas.offset++;
    let isEnd = mas.offset >= mt_slots(k, mt);
    if (isEnd) mas.offset = mt_slots(k, mt) - 1;
    while (isEnd || !mas_is_none(mas)) {
      if (!isEnd) {
        const entry: MapleEntry = mas_next_nentry(k, mas, node, limit, mt);
        if (ma_dead_node(k, node)) {
          mas_rewalk(k, mas, last);
          continue retry;
        }
        if (entry !== NULL) return entry;
        if (mas.index > limit) break;
      }
      // next_node:
      isEnd = false;
      prev_node = mas.node;
      offset = mas.offset;
      if (mas_next_node(k, mas, node, limit)) {
        mas_rewalk(k, mas, last);
        continue retry;
      }
      mas.offset = 0;
      if (mas_is_none(mas)) break;
      node = mas_mn(mas);
      mt = mte_node_type(mas.node);
    }
    break;
  }
  mas.index = mas.last = limit;
  mas.offset = offset;
  mas.node = prev_node;
  return NULL;
}

// --- the one before ------------------------------------------------------------------------------------------------------

/** To the node before on this level, unless that ends below `min`. True: a node is dead. */
function mas_prev_node(k: Kernel, mas: MaState, min: ULong): boolean {
  if (mas_is_none(mas)) return false;
  let level: Int = 0;
  let offset: Int;
  let node: MapleNode;
  no_entry: {
    do {
      node = mas_mn(mas);
      if (ma_is_root(k, node)) break no_entry;
      if (mas_ascend(k, mas)) return true;
      offset = mas.offset;
      level++;
    } while (offset === 0);

    offset--;
    let mt: Int = mte_node_type(mas.node);
    node = mas_mn(mas);
    let slots: Slots = ma_slots(k, node, mt);
    let pivots: Pivots = ma_pivots(k, node, mt);
    if (ma_dead_node(k, node)) return true;
    mas.max = k.read_ulong(pivots + offset * k.ptr_words);
    if (offset !== 0) mas.min = k.read_ulong(pivots + (offset - 1) * k.ptr_words) + 1;
    if (mas.max < min) {
      // no_entry_min:
      mas.offset = offset;
      break no_entry;
    }
    while (level > 1) {
      level--;
      mas.node = mas_slot(k, slots, offset);
      mt = mte_node_type(mas.node);
      node = mas_mn(mas);
      slots = ma_slots(k, node, mt);
      pivots = ma_pivots(k, node, mt);
      offset = ma_data_end(k, node, mt, pivots, mas.max);
      if (ma_dead_node(k, node)) return true;
      if (offset !== 0) mas.min = k.read_ulong(pivots + (offset - 1) * k.ptr_words) + 1;
      if (offset < mt_pivots(k, mt)) mas.max = k.read_ulong(pivots + offset * k.ptr_words);
      if (mas.max < min) break no_entry;
    }
    mas.node = mas_slot(k, slots, offset);
    mas.offset = mas_data_end(k, mas);
    return ma_dead_node(k, mas_mn(mas));
  }
  // no_entry:
  if (ma_dead_node(k, node)) return true;
  mas.node = MAS_NONE;
  return false;
}

/** The last entry in the node below the state's slot. */
function mas_prev_nentry(k: Kernel, mas: MaState, limit: ULong, index: ULong): MapleEntry {
  for (;;) {
    if (mas.offset === 0) return NULL;
    const mn: MapleNode = mas_mn(mas);
    const mt: Int = mte_node_type(mas.node);
    let offset: Int = mas.offset - 1;
    if (offset >= mt_slots(k, mt)) offset = mt_slots(k, mt) - 1;
    const slots: Slots = ma_slots(k, mn, mt);
    const pivots: Pivots = ma_pivots(k, mn, mt);
    if (ma_dead_node(k, mn)) {
      mas_rewalk(k, mas, index);
      continue;
    }
    let pivot: ULong = mas_safe_pivot(k, mas, pivots, offset, mt);
    // What lies behind the last range has a pivot of 0, and may be anything.
    while (
      offset !== 0 &&
      (pivot === 0 || (mas_slot(k, slots, offset) === NULL && pivot >= limit))
    ) {
      offset--;
      pivot = k.read_ulong(pivots + offset * k.ptr_words);
    }
    const min: ULong = mas_safe_min(k, mas, pivots, offset);
    const entry: MapleEntry = mas_slot(k, slots, offset);
    if (entry !== NULL) {
      mas.offset = offset;
      mas.last = pivot;
      mas.index = min;
    }
    return entry;
  }
}

/** The entry before that does not end below `min`. */
function mas_prev_entry(k: Kernel, mas: MaState, min: ULong): MapleEntry {
  if (mas.index < min) {
    mas.index = mas.last = min;
    mas.node = MAS_NONE;
    return NULL;
  }
  not_found: {
    while (!mas_is_none(mas)) {
      const entry: MapleEntry = mas_prev_nentry(k, mas, min, mas.index);
      if (mas.last < min) break not_found;
      if (entry !== NULL) return entry;
      if (mas_prev_node(k, mas, min)) {
        mas_rewalk(k, mas, mas.index);
        continue;
      }
      mas.offset++;
    }
    mas.offset--;
  }
  // not_found:
  mas.index = mas.last = min;
  return NULL;
}

// --- for everybody -------------------------------------------------------------------------------------------------------

/** The entry behind the state's index that does not begin above `max`. */
export function mas_next(k: Kernel, mas: MaState, max: ULong): MapleEntry {
  if (mas_is_none(mas) || mas_is_paused(mas)) mas.node = MAS_START;
  if (mas_is_start(mas)) mas_walk(k, mas);
  if (mas_is_ptr(mas)) {
    if (mas.index === 0) {
      mas.index = 1;
      mas.last = ULONG_MAX(k);
    }
    return NULL;
  }
  if (mas.last === ULONG_MAX(k)) return NULL;
  return mas_next_entry(k, mas, max);
}

/** The entry before it that does not end below `min`. */
export function mas_prev(k: Kernel, mas: MaState, min: ULong): MapleEntry {
  if (mas.index === 0) {
    // Nothing comes before 0.
    mas.last = 0;
    mas.node = MAS_NONE;
    return NULL;
  }
  if (mas_is_ptr(mas)) return NULL;
  if (mas_is_none(mas) || mas_is_paused(mas)) mas.node = MAS_START;
  if (mas_is_start(mas)) {
    mas_walk(k, mas);
    if (mas.index === 0) return NULL;
  }
  if (mas_is_ptr(mas)) {
    if (mas.index === 0) {
      mas.last = 0;
      return NULL;
    }
    mas.index = mas.last = 0;
    return mt_root_locked(k, mas.tree);
  }
  return mas_prev_entry(k, mas, min);
}

/** The tree may change before the walk goes on. */
export function mas_pause(mas: MaState): void {
  mas.node = MAS_PAUSE;
}

/** The entry at the state's index, or the next one that does not begin above `max`; called again, the one behind that. */
export function mas_find(k: Kernel, mas: MaState, max: ULong): MapleEntry {
  if (mas_is_paused(mas)) {
    if (mas.last === ULONG_MAX(k)) {
      mas.node = MAS_NONE;
      return NULL;
    }
    mas.node = MAS_START;
    mas.last++;
    mas.index = mas.last;
  }
  if (mas_is_none(mas)) mas.node = MAS_START;
  if (mas_is_start(mas)) {
    if (mas.index > max) return NULL;
    const entry: MapleEntry = mas_walk(k, mas);
    if (entry !== NULL) return entry;
  }
  if (!mas_searchable(mas)) return NULL;
  return mas_next_entry(k, mas, max);
}
