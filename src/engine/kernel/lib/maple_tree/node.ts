/**
 * The nodes of maple trees: what lies in them and where, and how they lead to each other.
 *
 * An address with bits in its low byte is a cell like any pointer: its two lowest bits fall away, and the rest counts words.
 *
 *     node's address │ type << 3 │ 4     in memory         node │ type << 1 │ 1    as a cell (MapleEnode)
 *
 * Left out: dense nodes and parents of 16 and 32 bits, which no tree has; the barriers.
 * Source: Linux 6.1 lib/maple_tree.c: mt_slots[] to mt_min_slots[], mte_node_type() to mte_dead_node(), ma_pivots() to ma_set_meta_gap(),
 * mte_set_gap(), ma_data_end(), mas_data_end().
 */
import {
  type Int,
  type MapleTree,
  NULL,
  type Pointer,
  type ULong,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, type Cell } from '../../../memory/address.js';
import {
  MAPLE_ARANGE64_SLOTS,
  maple_arange_64,
  type MapleEnode,
  type MapleNode,
  MAPLE_RANGE64_SLOTS,
  maple_range_64,
  type MaState,
  MT_FLAGS_ALLOC_RANGE,
  ULONG_MAX,
} from '../../include/linux/maple_tree.h.js';

/** `unsigned long *` and `void **` of a node. */
export type Pivots = Pointer<'unsigned long'>;
export type Slots = Pointer<'void __rcu *'>;

// --- kinds of nodes ------------------------------------------------------------------------------------------------------

export const mt_slots = (k: Kernel, type: Int): Int =>
  type === maple_arange_64 ? MAPLE_ARANGE64_SLOTS(k) : MAPLE_RANGE64_SLOTS(k);

export const mt_pivots = (k: Kernel, type: Int): Int => mt_slots(k, type) - 1;

/** With less a node is joined with another one. */
export const mt_min_slots = (k: Kernel, type: Int): Int =>
  (mt_slots(k, type) >> 1) - (type === maple_arange_64 ? 1 : 2);

export const mt_slot_count = (k: Kernel, enode: MapleEnode): Int =>
  mt_slots(k, mte_node_type(enode));

export const ma_is_leaf = (type: Int): boolean => type < maple_range_64;

// --- addresses of nodes --------------------------------------------------------------------------------------------------

/** Of a cell, two bits less. */
const MAPLE_NODE_MASK = 255 >> 2;
const MAPLE_ENODE_TYPE_SHIFT = 3 - 2;
const MAPLE_ENODE_NULL = 0x04 >> 2;
const MAPLE_NODE_TYPE_MASK = 0x0f;
/** Of a root in memory. */
export const MAPLE_ROOT_NODE = 0x02;

export const mte_node_type = (entry: MapleEnode): Int =>
  (entry >> MAPLE_ENODE_TYPE_SHIFT) & MAPLE_NODE_TYPE_MASK;

export const mte_to_node = (entry: MapleEnode): MapleNode => asCell(entry & ~MAPLE_NODE_MASK);

export const mt_mk_node = (node: MapleNode, type: Int): MapleEnode =>
  asCell(node | (type << MAPLE_ENODE_TYPE_SHIFT) | MAPLE_ENODE_NULL);

export const mas_mn = (mas: MaState): MapleNode => mte_to_node(mas.node);

export const mte_is_leaf = (entry: MapleEnode): boolean => ma_is_leaf(mte_node_type(entry));

// --- trees ---------------------------------------------------------------------------------------------------------------

export const mt_is_alloc = (k: Kernel, mt: MapleTree): boolean =>
  (k.read_int(k.plus(mt, k.maple_tree.ma_flags)) & MT_FLAGS_ALLOC_RANGE) !== 0;

const rootOf = (k: Kernel, mt: MapleTree): Cell => k.plus(mt, k.maple_tree.ma_root);

/** Whether the tree has nodes: xa_is_node() of its root. */
export const rootIsNode = (k: Kernel, mt: MapleTree): boolean =>
  (k.read_int(rootOf(k, mt)) & 3) === MAPLE_ROOT_NODE;

/** The root: a node (the bit that says so falls away), or an entry. */
export const mt_root_locked = (k: Kernel, mt: MapleTree): MapleEnode => k.read_ptr(rootOf(k, mt));

/** A node becomes the root. */
export const setRoot = (k: Kernel, mt: MapleTree, node: MapleEnode): void =>
  k.write_ptr_tagged(rootOf(k, mt), node, MAPLE_ROOT_NODE);

/** An entry does, or NULL. */
export const setRootEntry = (k: Kernel, mt: MapleTree, entry: Cell): void =>
  k.write_ptr(rootOf(k, mt), entry);

// --- parents -------------------------------------------------------------------------------------------------------------

/** A parent in memory: bit 0 of the top node's, which is the tree. */
const MA_ROOT_PARENT = 1;
const MAPLE_PARENT_SLOT_SHIFT = 3;
const MAPLE_PARENT_SLOT_MASK = 0xf8;
const MAPLE_PARENT_RANGE64 = 0x06;

export const ma_is_root = (k: Kernel, node: MapleNode): boolean =>
  (k.read_int(node + k.maple_node.parent) & MA_ROOT_PARENT) !== 0;

export const mte_is_root = (k: Kernel, node: MapleEnode): boolean =>
  ma_is_root(k, mte_to_node(node));

/** The node becomes the top one. */
export const setRootParent = (k: Kernel, node: MapleNode, mt: MapleTree): void =>
  k.write_ptr_tagged(node + k.maple_node.parent, mt, MA_ROOT_PARENT);

/** Of what kind the parent is. */
export function mas_parent_enum(k: Kernel, mas: MaState, enode: MapleEnode): Int {
  if (mte_is_root(k, enode)) return 0;
  return mt_is_alloc(k, mas.tree) ? maple_arange_64 : maple_range_64;
}

export function mte_set_parent(k: Kernel, enode: MapleEnode, parent: MapleEnode, slot: Int): void {
  const bits: Int = (slot << MAPLE_PARENT_SLOT_SHIFT) | MAPLE_PARENT_RANGE64;
  k.write_ptr_tagged(mte_to_node(enode) + k.maple_node.parent, mte_to_node(parent), bits);
}

/** Which slot of its parent leads to it. */
export function mte_parent_slot(k: Kernel, enode: MapleEnode): Int {
  const val: Int = k.read_int(mte_to_node(enode) + k.maple_node.parent);
  if ((val & MA_ROOT_PARENT) !== 0) return 0;
  return (val & MAPLE_PARENT_SLOT_MASK) >> MAPLE_PARENT_SLOT_SHIFT;
}

export const mte_parent = (k: Kernel, enode: MapleEnode): MapleNode =>
  mte_to_node(k.read_ptr(mte_to_node(enode) + k.maple_node.parent));

/** A node that was taken out of the tree is its own parent. */
export const ma_dead_node = (k: Kernel, node: MapleNode): boolean =>
  mte_to_node(k.read_ptr(node + k.maple_node.parent)) === node;

export const mte_dead_node = (k: Kernel, enode: MapleEnode): boolean =>
  ma_dead_node(k, mte_to_node(enode));

export const mte_set_node_dead = (k: Kernel, mn: MapleEnode): void =>
  k.write_ptr(mte_to_node(mn) + k.maple_node.parent, mte_to_node(mn));

// --- what lies in a node -------------------------------------------------------------------------------------------------

export const ma_pivots = (k: Kernel, node: MapleNode, type: Int): Pivots =>
  asCell(node + (type === maple_arange_64 ? k.maple_arange_64.pivot : k.maple_range_64.pivot));

/** NULL: nodes of this kind keep none. */
export const ma_gaps = (k: Kernel, node: MapleNode, type: Int): Pivots =>
  type === maple_arange_64 ? asCell(node + k.maple_arange_64.gap) : NULL;

export const ma_slots = (k: Kernel, mn: MapleNode, mt: Int): Slots =>
  asCell(mn + (mt === maple_arange_64 ? k.maple_arange_64.slot : k.maple_range_64.slot));

export const mas_slot = (k: Kernel, slots: Slots, offset: Int): MapleEnode =>
  k.read_ptr(slots + offset * k.ptr_words);

/** Whether a slot holds nothing, be it a pointer or not. */
export const slotIsNull = (k: Kernel, slots: Slots, offset: Int): boolean => {
  const slot: Cell = asCell(slots + offset * k.ptr_words);
  return k.words[slot] === 0 && (!k.wide || k.words[slot + 1] === 0);
};

export function mas_safe_pivot(
  k: Kernel,
  mas: MaState,
  pivots: Pivots,
  piv: Int,
  type: Int,
): ULong {
  return piv >= mt_pivots(k, type) ? mas.max : k.read_ulong(pivots + piv * k.ptr_words);
}

/** Where the range of a slot begins. */
export function mas_safe_min(k: Kernel, mas: MaState, pivots: Pivots, offset: Int): ULong {
  if (offset === 0) return mas.min;
  const pivot: ULong = k.read_ulong(pivots + (offset - 1) * k.ptr_words);
  // Behind the greatest index comes 0.
  return pivot === ULONG_MAX(k) ? 0 : pivot + 1;
}

/** Where it ends: behind the last one that was written, at the node's own end. */
export function mas_logical_pivot(
  k: Kernel,
  mas: MaState,
  pivots: Pivots,
  offset: Int,
  type: Int,
): ULong {
  const lpiv: ULong = mas_safe_pivot(k, mas, pivots, offset, type);
  return lpiv === 0 && offset !== 0 ? mas.max : lpiv;
}

export function mte_set_pivot(k: Kernel, mn: MapleEnode, piv: Int, val: ULong): void {
  k.write_ulong(ma_pivots(k, mte_to_node(mn), mte_node_type(mn)) + piv * k.ptr_words, val);
}

export function mte_set_gap(k: Kernel, mn: MapleEnode, gap: Int, val: ULong): void {
  const gaps: Pivots = ma_gaps(k, mte_to_node(mn), mte_node_type(mn));
  if (gaps !== NULL) k.write_ulong(gaps + gap * k.ptr_words, val);
}

// --- meta ----------------------------------------------------------------------------------------------------------------

export const ma_meta_end = (k: Kernel, mn: MapleNode, mt: Int): Int =>
  mt === maple_arange_64
    ? k.read8(mn, k.maple_arange_64.meta_end)
    : k.read8(mn, k.maple_range_64.meta_end);

export const ma_meta_gap = (k: Kernel, mn: MapleNode): Int =>
  k.read8(mn, k.maple_arange_64.meta_gap);

/** @param offset the slot of the greatest gap  @param end the last slot in use */
export function ma_set_meta(k: Kernel, mn: MapleNode, mt: Int, offset: Int, end: Int): void {
  if (mt === maple_arange_64) {
    k.write8(mn, k.maple_arange_64.meta_gap, offset);
    k.write8(mn, k.maple_arange_64.meta_end, end);
  } else {
    k.write8(mn, k.maple_range_64.meta_gap, offset);
    k.write8(mn, k.maple_range_64.meta_end, end);
  }
}

export const ma_set_meta_gap = (k: Kernel, mn: MapleNode, offset: Int): void =>
  k.write8(mn, k.maple_arange_64.meta_gap, offset);

/** The last slot in use, which may hold NULL. */
export function ma_data_end(
  k: Kernel,
  node: MapleNode,
  type: Int,
  pivots: Pivots,
  max: ULong,
): Int {
  if (type === maple_arange_64) return ma_meta_end(k, node, type);
  const offset: Int = mt_pivots(k, type) - 1;
  const pivot: ULong = k.read_ulong(pivots + offset * k.ptr_words);
  if (pivot === 0) return ma_meta_end(k, node, type);
  return pivot === max ? offset : mt_pivots(k, type);
}

export function mas_data_end(k: Kernel, mas: MaState): Int {
  const type: Int = mte_node_type(mas.node);
  const node: MapleNode = mas_mn(mas);
  return ma_data_end(k, node, type, ma_pivots(k, node, type), mas.max);
}
