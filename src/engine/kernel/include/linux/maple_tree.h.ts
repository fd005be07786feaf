/**
 * Maple trees: ranges of indices, each with its entry or with none. Every node is 256 bytes at a multiple of 256, so that the low byte
 * of its address has room.
 *
 *     struct maple_tree   ma_root    NULL, the entry of index 0, or a node's address │ type << 3 │ 4 │ 2
 *                         ma_flags   9:8 lock    6:2 height    1 RCU    0 nodes keep the gaps below them
 *     leaf (maple_range_64)      parent   pivot[]: last index of each range but the node's last   slot[]: entries or NULL
 *     above (maple_arange_64)    parent   pivot[]   slot[]: address of a node │ type << 3 │ 4   gap[]: greatest below   meta
 *     parent                     address of the node above │ slot << 3 │ 6;  of the top node the tree's own │ 1
 *
 * A node that has room to spare says in its meta which slot is its last. Trees that keep no gaps have maple_range_64 above, too.
 *
 * Differs: an index is a number here; on 64 bit 2^64 stands for ULONG_MAX, and what is not a multiple of 2048 is exact below 2^53.
 * Source: Linux 6.1 include/linux/maple_tree.h.
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

// --- nodes ---------------------------------------------------------------------------------------------------------------

export type MapleNode = Pointer<'struct maple_node'>;
/** A node's address with its type: see lib/maple_tree/node.ts. */
export type MapleEnode = Pointer<'struct maple_enode'>;
/** A node that waits to be used, or an odd number of nodes that are wanted, times two. */
export type MapleAlloc = Pointer<'struct maple_alloc'>;
/** What a slot of a leaf holds. Left out: entries that are not pointers. */
export type MapleEntry = Cell;

/** enum maple_type */
export const maple_leaf_64 = 1;
export const maple_range_64 = 2;
export const maple_arange_64 = 3;

export const MAPLE_NODE_SLOTS = (k: Kernel): Int => (k.wide ? 31 : 63);
export const MAPLE_RANGE64_SLOTS = (k: Kernel): Int => (k.wide ? 16 : 32);
export const MAPLE_ARANGE64_SLOTS = (k: Kernel): Int => (k.wide ? 10 : 21);
/** No gap is known. */
export const MAPLE_ARANGE64_META_MAX = (k: Kernel): Int => (k.wide ? 15 : 31);
/** Nodes that one that waits to be used refers to. */
export const MAPLE_ALLOC_SLOTS = (k: Kernel): Int => (k.wide ? 30 : 61);

/** The greatest index. */
export const ULONG_MAX = (k: Kernel): ULong => (k.wide ? 2 ** 64 : 0xffff_ffff);

// --- trees ---------------------------------------------------------------------------------------------------------------

export const MT_FLAGS_ALLOC_RANGE = 0x01;
export const MT_FLAGS_USE_RCU = 0x02;
export const MT_FLAGS_HEIGHT_OFFSET = 0x02;
export const MT_FLAGS_HEIGHT_MASK = 0x7c;
export const MT_FLAGS_LOCK_MASK = 0x300;
export const MT_FLAGS_LOCK_EXTERN = 0x300;

const flagsOf = (k: Kernel, mt: MapleTree): Int => k.read_int(k.plus(mt, k.maple_tree.ma_flags));

/** Left out: the lock, which is not a part of the tree in most of them. */
export function mt_init_flags(k: Kernel, mt: MapleTree, flags: Int): void {
  k.write(k.plus(mt, k.maple_tree.ma_flags), flags);
  k.write_ptr(k.plus(mt, k.maple_tree.ma_root), NULL);
}

/** Whether nodes that are not used any more wait for readers. */
export function mt_in_rcu(k: Kernel, mt: MapleTree): boolean {
  return (flagsOf(k, mt) & MT_FLAGS_USE_RCU) !== 0;
}

export function mt_clear_in_rcu(k: Kernel, mt: MapleTree): void {
  if (!mt_in_rcu(k, mt)) return;
  k.write(k.plus(mt, k.maple_tree.ma_flags), flagsOf(k, mt) & ~MT_FLAGS_USE_RCU);
}

export function mt_set_in_rcu(k: Kernel, mt: MapleTree): void {
  if (mt_in_rcu(k, mt)) return;
  k.write(k.plus(mt, k.maple_tree.ma_flags), flagsOf(k, mt) | MT_FLAGS_USE_RCU);
}

export function mt_height(k: Kernel, mt: MapleTree): Int {
  return (flagsOf(k, mt) & MT_FLAGS_HEIGHT_MASK) >> MT_FLAGS_HEIGHT_OFFSET;
}

// --- states --------------------------------------------------------------------------------------------------------------

/** Special values of a state's node: nothing was looked up, the entry is the root itself, there is no entry, the walk pauses. */
export const MAS_START: MapleEnode = asCell(1);
export const MAS_ROOT: MapleEnode = asCell(5);
export const MAS_NONE: MapleEnode = asCell(9);
export const MAS_PAUSE: MapleEnode = asCell(17);
/** An errno. */
export const MA_ERROR = (err: Int): MapleEnode => asCell(err * 4 + 2);

/** Where a walk is: a range, the node that it lies in, and that node's own range. */
export interface MaState {
  tree: MapleTree;
  index: ULong;
  last: ULong;
  node: MapleEnode;
  min: ULong;
  max: ULong;
  alloc: MapleAlloc;
  depth: Int;
  offset: Int;
  mas_flags: Int;
}

export const MA_STATE = (k: Kernel, mt: MapleTree, first: ULong, end: ULong): MaState => ({
  tree: mt,
  index: first,
  last: end,
  node: MAS_START,
  min: 0,
  max: ULONG_MAX(k),
  alloc: NULL,
  depth: 0,
  offset: 0,
  mas_flags: 0,
});

/** A change that is under way: what is stored, the node that it is stored in, and the slots from which and up to which it is. */
export interface MaWrState {
  mas: MaState;
  node: MapleNode;
  r_min: ULong;
  r_max: ULong;
  type: Int;
  offset_end: Int;
  node_end: Int;
  pivots: Pointer<'unsigned long'>;
  end_piv: ULong;
  slots: Pointer<'void __rcu *'>;
  entry: MapleEntry;
  content: MapleEntry;
}

export const MA_WR_STATE = (ma_state: MaState, wr_entry: MapleEntry): MaWrState => ({
  mas: ma_state,
  node: NULL,
  r_min: 0,
  r_max: 0,
  type: 0,
  offset_end: 0,
  node_end: 0,
  pivots: NULL,
  end_piv: 0,
  slots: NULL,
  entry: wr_entry,
  content: NULL,
});

export function mas_is_none(mas: MaState): boolean {
  return mas.node === MAS_NONE;
}

export function mas_is_paused(mas: MaState): boolean {
  return mas.node === MAS_PAUSE;
}

/** The walk begins anew. */
export function mas_reset(mas: MaState): void {
  mas.node = MAS_START;
}

/** The walk begins anew, at this range. */
export function mas_set_range(mas: MaState, start: ULong, last: ULong): void {
  mas.index = start;
  mas.last = last;
  mas.node = MAS_START;
}

export function mas_set(mas: MaState, index: ULong): void {
  mas_set_range(mas, index, index);
}
