/**
 * Changes of a tree, as others ask for them: with nodes taken before, with nodes taken when they are needed, or many in order.
 *
 * Left out: the tree's own lock; mas_insert() and what is built on it; many changes in order of a tree that others read.
 * Source: Linux 6.1 lib/maple_tree.c: mas_destroy_rebalance(), mas_wr_store_setup() to mas_expected_entries(), mas_erase(), mas_nomem().
 */
import { type Gfp, type Int, NULL, type ULong } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { ENOMEM } from '../../include/linux/errno.h.js';
import {
  MA_ERROR,
  MA_WR_STATE,
  MAPLE_ARANGE64_SLOTS,
  type MapleEnode,
  type MapleEntry,
  type MapleNode,
  MAPLE_RANGE64_SLOTS,
  mas_is_none,
  mas_is_paused,
  mas_reset,
  MAS_START,
  type MaState,
  type MaWrState,
} from '../../include/linux/maple_tree.h.js';
import {
  freeUnused,
  MA_STATE_BULK,
  MA_STATE_PREALLOC,
  MA_STATE_REBALANCE,
  mas_alloc_nodes,
  mas_allocated,
  mas_node_count_gfp,
  mas_set_alloc_req,
} from './alloc.js';
import { mas_leaf_max_gap, mas_update_gap } from './gap.js';
import {
  ma_pivots,
  ma_set_meta,
  ma_slots,
  mas_data_end,
  mas_mn,
  mas_parent_enum,
  mas_slot,
  mt_is_alloc,
  mt_min_slots,
  mt_mk_node,
  mt_pivots,
  mt_slots,
  mte_node_type,
  mte_parent,
  mte_parent_slot,
  mte_set_gap,
  mte_set_pivot,
  type Pivots,
  type Slots,
} from './node.js';
import {
  copyOf,
  mas_ascend,
  errorOf,
  mas_is_err,
  mas_is_start,
  mas_mt_height,
  mas_prev_sibling,
  mas_start,
  mas_state_walk,
  mtree_range_walk,
} from './walk.js';
import { mas_wr_store_entry } from './wr_store.js';
import { mas_is_span_wr } from './wr_walk.js';

// --- the end of a state --------------------------------------------------------------------------------------------------

/** The last leaf has too little: it gets the second half of the one before. `end`: how many slots it has. */
function mas_destroy_rebalance(k: Kernel, mas: MaState, end: Int): void {
  const mt: Int = mte_node_type(mas.node);
  const l_mas: MaState = copyOf(mas);
  mas_prev_sibling(k, l_mas);
  const node: MapleNode = mas_mn(mas);
  const left: MapleNode = mas_mn(l_mas);
  const l_slots: Slots = ma_slots(k, left, mt);
  const l_pivs: Pivots = ma_pivots(k, left, mt);
  const max_p: Int = mt_pivots(k, mt);
  const max_s: Int = mt_slots(k, mt);
  let split: Int = max_s >> 1;
  if (mas_slot(k, l_slots, split) === NULL) split++;
  let tmp: Int = mas_data_end(k, l_mas) - split;

  const slots = new Array<MapleEntry>(max_s).fill(NULL);
  const pivs = new Array<ULong>(max_p).fill(0);
  for (let i: Int = 0; i < tmp; i++) {
    slots[i] = mas_slot(k, l_slots, split + 1 + i);
    pivs[i] = k.read_ulong(l_pivs + (split + 1 + i) * k.ptr_words);
  }
  pivs[tmp] = l_mas.max;
  for (let i: Int = 0; i < end; i++) {
    slots[tmp + i] = mas_slot(k, ma_slots(k, node, mt), i);
    pivs[tmp + i] = k.read_ulong(ma_pivots(k, node, mt) + i * k.ptr_words);
  }
  l_mas.max = k.read_ulong(l_pivs + split * k.ptr_words);
  mas.min = l_mas.max + 1;
  const eparent: MapleEnode = mt_mk_node(
    mte_parent(k, l_mas.node),
    mas_parent_enum(k, l_mas, l_mas.node),
  );
  tmp += end;
  for (let i: Int = 0; i < max_p; i++)
    k.write_ulong(ma_pivots(k, node, mt) + i * k.ptr_words, pivs[i]!);
  for (let i: Int = 0; i < max_s; i++)
    k.write_ptr(ma_slots(k, node, mt) + i * k.ptr_words, slots[i]!);
  ma_set_meta(k, node, mt, 0, tmp - 1);
  mte_set_pivot(k, eparent, mte_parent_slot(k, l_mas.node), l_mas.max);

  // The one before loses them.
  for (let i: Int = split + 1; i < max_p; i++) k.write_ulong(l_pivs + i * k.ptr_words, 0);
  for (let i: Int = split + 1; i < max_s; i++) k.write_ptr(l_slots + i * k.ptr_words, NULL);
  ma_set_meta(k, left, mt, 0, split);
  // done:
  mte_set_gap(k, eparent, mte_parent_slot(k, mas.node), mas_leaf_max_gap(k, mas));
  mte_set_gap(k, eparent, mte_parent_slot(k, l_mas.node), mas_leaf_max_gap(k, l_mas));
  mas_ascend(k, mas);
  mas_update_gap(k, mas);
}

/** Nothing more is stored by this state: the nodes that it has not used are free. */
export function mas_destroy(k: Kernel, mas: MaState): void {
  if ((mas.mas_flags & MA_STATE_REBALANCE) !== 0) {
    if (mas_is_start(mas)) mas_start(k, mas);
    mtree_range_walk(k, mas);
    const end: Int = mas_data_end(k, mas) + 1;
    if (end < mt_min_slots(k, mte_node_type(mas.node)) - 1) mas_destroy_rebalance(k, mas, end);
    mas.mas_flags &= ~MA_STATE_REBALANCE;
  }
  mas.mas_flags &= ~(MA_STATE_BULK | MA_STATE_PREALLOC);
  freeUnused(k, mas);
}

/** Whether there was no memory, and is some now. */
function mas_nomem(k: Kernel, mas: MaState, gfp: Gfp): boolean {
  if (mas.node !== MA_ERROR(-ENOMEM)) {
    mas_destroy(k, mas);
    return false;
  }
  mas_alloc_nodes(k, mas, gfp);
  if (mas_allocated(k, mas) === 0) return false;
  mas.node = MAS_START;
  return true;
}

// --- storing -------------------------------------------------------------------------------------------------------------

/** A state that is at a node already goes on from there, unless the change spans nodes. */
function mas_wr_store_setup(k: Kernel, wr_mas: MaWrState): void {
  const { mas } = wr_mas;
  if (mas_is_paused(mas)) mas_reset(mas);
  if (mas_is_start(mas)) return;
  if (mas_is_none(mas)) {
    mas_reset(mas);
  } else {
    wr_mas.r_max = mas.max;
    wr_mas.type = mte_node_type(mas.node);
    if (mas_is_span_wr(k, wr_mas)) mas_reset(mas);
  }
}

/** Stores an entry. Without memory the state has an error. */
export function mas_store(k: Kernel, mas: MaState, entry: MapleEntry): void {
  const wr_mas: MaWrState = MA_WR_STATE(mas, entry);
  mas_wr_store_setup(k, wr_mas);
  mas_wr_store_entry(k, wr_mas);
}

/** Stores an entry, or NULL, and takes nodes as it needs them. */
export function mas_store_gfp(k: Kernel, mas: MaState, entry: MapleEntry, gfp: Gfp): Int {
  const wr_mas: MaWrState = MA_WR_STATE(mas, entry);
  mas_wr_store_setup(k, wr_mas);
  do {
    mas_wr_store_entry(k, wr_mas);
  } while (mas_nomem(k, mas, gfp));
  return mas_is_err(mas) ? errorOf(mas) : 0;
}

/** Stores an entry, or NULL, with nodes that {@link mas_preallocate} took, and frees the rest. */
export function mas_store_prealloc(k: Kernel, mas: MaState, entry: MapleEntry): void {
  const wr_mas: MaWrState = MA_WR_STATE(mas, entry);
  mas_wr_store_setup(k, wr_mas);
  mas_wr_store_entry(k, wr_mas);
  mas_destroy(k, mas);
}

/** Takes as many nodes as a change may need. */
export function mas_preallocate(k: Kernel, mas: MaState, gfp: Gfp): Int {
  mas.mas_flags &= ~MA_STATE_PREALLOC;
  mas_node_count_gfp(k, mas, 1 + mas_mt_height(k, mas) * 3, gfp);
  if (!mas_is_err(mas)) {
    mas.mas_flags |= MA_STATE_PREALLOC;
    return 0;
  }
  mas_set_alloc_req(k, mas, 0);
  const ret: Int = errorOf(mas);
  mas_reset(mas);
  mas_destroy(k, mas);
  mas_reset(mas);
  return ret;
}

/** Takes the nodes for so many entries, which come in order. */
export function mas_expected_entries(k: Kernel, mas: MaState, nr_entries: ULong): Int {
  const enode: MapleEnode = mas.node;
  const nonleaf_cap: Int =
    (mt_is_alloc(k, mas.tree) ? MAPLE_ARANGE64_SLOTS(k) : MAPLE_RANGE64_SLOTS(k)) - 2;
  mas.mas_flags |= MA_STATE_BULK;
  // A gap behind each, and one in front of them.
  let nr_nodes: Int = Math.ceil((nr_entries * 2 + 1) / (MAPLE_RANGE64_SLOTS(k) - 2));
  nr_nodes += Math.ceil(nr_nodes / nonleaf_cap);
  mas_node_count_gfp(k, mas, nr_nodes + 3, k.GFP_KERNEL);
  mas.mas_flags |= MA_STATE_PREALLOC;
  if (!mas_is_err(mas)) return 0;
  const ret: Int = errorOf(mas);
  mas.node = enode;
  mas_destroy(k, mas);
  return ret;
}

/** Takes out the entry at the state's index: what it was. */
export function mas_erase(k: Kernel, mas: MaState): MapleEntry {
  const wr_mas: MaWrState = MA_WR_STATE(mas, NULL);
  if (mas_is_none(mas) || mas_is_paused(mas)) mas.node = MAS_START;
  const entry: MapleEntry = mas_state_walk(k, mas);
  if (entry === NULL) return NULL;
  do {
    mas_reset(mas);
    mas_wr_store_setup(k, wr_mas);
    mas_wr_store_entry(k, wr_mas);
  } while (mas_nomem(k, mas, k.GFP_KERNEL));
  return entry;
}
