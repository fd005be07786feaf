/**
 * Gaps: ranges without an entry. Every node above leaves has the greatest gap below each of its slots, and in its meta the slot of the
 * greatest of them.
 *
 * Source: Linux 6.1 lib/maple_tree.c: mas_leaf_max_gap() to mas_update_gap().
 */
import { type Int, NULL, type ULong } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import {
  MAPLE_ARANGE64_META_MAX,
  type MapleEnode,
  type MapleNode,
  type MaState,
  ULONG_MAX,
} from '../../include/linux/maple_tree.h.js';
import {
  ma_data_end,
  ma_gaps,
  ma_is_leaf,
  ma_is_root,
  ma_meta_end,
  ma_meta_gap,
  ma_pivots,
  ma_set_meta_gap,
  ma_slots,
  mas_mn,
  mas_parent_enum,
  mas_slot,
  mt_is_alloc,
  mt_mk_node,
  mte_is_root,
  mte_node_type,
  mte_parent,
  mte_parent_slot,
  type Pivots,
  type Slots,
} from './node.js';

/** The greatest gap in a leaf. */
export function mas_leaf_max_gap(k: Kernel, mas: MaState): ULong {
  const mt: Int = mte_node_type(mas.node);
  const mn: MapleNode = mas_mn(mas);
  const slots: Slots = ma_slots(k, mn, mt);
  const pivots: Pivots = ma_pivots(k, mn, mt);
  let max_gap: ULong = 0;
  let i: Int = 1;
  if (mas_slot(k, slots, 0) === NULL) {
    max_gap = k.read_ulong(pivots) - mas.min + 1;
    i = 2;
  }
  const max_piv: Int = ma_data_end(k, mn, mt, pivots, mas.max) - 1;
  // Of all leaves the last one alone may end with a gap.
  if (mas.max === ULONG_MAX(k) && mas_slot(k, slots, max_piv + 1) === NULL) {
    const gap: ULong = ULONG_MAX(k) - k.read_ulong(pivots + max_piv * k.ptr_words);
    if (gap > max_gap) max_gap = gap;
  }
  for (; i <= max_piv; i++) {
    if (mas_slot(k, slots, i) !== NULL) continue;
    const pstart: ULong = k.read_ulong(pivots + (i - 1) * k.ptr_words);
    const gap: ULong = k.read_ulong(pivots + i * k.ptr_words) - pstart;
    if (gap > max_gap) max_gap = gap;
    // There are never two gaps in a row.
    i++;
  }
  return max_gap;
}

/** The slot of the greatest of a node's gaps. */
function ma_max_gap(k: Kernel, node: MapleNode, gaps: Pivots, mt: Int): Int {
  let offset: Int = ma_meta_end(k, node, mt);
  let max_gap: ULong = 0;
  for (let i: Int = offset; i >= 0; i--) {
    const gap: ULong = k.read_ulong(gaps + i * k.ptr_words);
    if (gap > max_gap) {
      max_gap = gap;
      offset = i;
    }
  }
  return offset;
}

/** The greatest gap below a node. */
export function mas_max_gap(k: Kernel, mas: MaState): ULong {
  const mt: Int = mte_node_type(mas.node);
  if (ma_is_leaf(mt)) return mas_leaf_max_gap(k, mas);
  const node: MapleNode = mas_mn(mas);
  const offset: Int = ma_meta_gap(k, node);
  if (offset === MAPLE_ARANGE64_META_MAX(k)) return 0;
  return k.read_ulong(ma_gaps(k, node, mt) + offset * k.ptr_words);
}

/** Another gap below slot `offset` of the parent: nodes further up learn of it where it matters to them. */
function mas_parent_gap(k: Kernel, mas: MaState, offset: Int, gap: ULong): void {
  let pnode: MapleNode = mte_parent(k, mas.node);
  let pmt: Int = mas_parent_enum(k, mas, mas.node);
  let penode: MapleEnode = mt_mk_node(pnode, pmt);
  let pgaps: Pivots = ma_gaps(k, pnode, pmt);
  // ascend:
  for (;;) {
    let meta_offset: Int = ma_meta_gap(k, pnode);
    const meta_gap: ULong =
      meta_offset === MAPLE_ARANGE64_META_MAX(k)
        ? 0
        : k.read_ulong(pgaps + meta_offset * k.ptr_words);
    k.write_ulong(pgaps + offset * k.ptr_words, gap);
    if (meta_gap === gap) return;
    if (offset !== meta_offset) {
      if (meta_gap > gap) return;
      ma_set_meta_gap(k, pnode, offset);
    } else if (gap < meta_gap) {
      meta_offset = ma_max_gap(k, pnode, pgaps, pmt);
      gap = k.read_ulong(pgaps + meta_offset * k.ptr_words);
      ma_set_meta_gap(k, pnode, meta_offset);
    }
    if (ma_is_root(k, pnode)) return;
    pnode = mte_parent(k, penode);
    pmt = mas_parent_enum(k, mas, penode);
    pgaps = ma_gaps(k, pnode, pmt);
    offset = mte_parent_slot(k, penode);
    penode = mt_mk_node(pnode, pmt);
  }
}

/** The gaps in the state's node may have changed. */
export function mas_update_gap(k: Kernel, mas: MaState): void {
  if (!mt_is_alloc(k, mas.tree)) return;
  if (mte_is_root(k, mas.node)) return;
  const max_gap: ULong = mas_max_gap(k, mas);
  const pslot: Int = mte_parent_slot(k, mas.node);
  const pgaps: Pivots = ma_gaps(k, mte_parent(k, mas.node), mas_parent_enum(k, mas, mas.node));
  if (k.read_ulong(pgaps + pslot * k.ptr_words) !== max_gap) mas_parent_gap(k, mas, pslot, max_gap);
}
