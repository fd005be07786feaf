/**
 * Maple trees as struct mm_struct uses them: ranges of addresses, each with its area or with none. Every node is 256 bytes at a
 * multiple of 256, so that the low byte of its address has room.
 *
 *     struct maple_tree   ma_root    NULL, or a node's address │ type << 3 │ 4 │ 2
 *                         ma_flags   9:8 lock    6:2 height    1 RCU    0 nodes keep the gaps below them
 *     leaf (maple_range_64)      parent   pivot[]: last address of each range but the node's last   slot[]: areas or NULL
 *     above (maple_arange_64)    parent   pivot[]   slot[]: address of a node │ type << 3 │ 4   gap[]: greatest below   meta
 *     parent                     address of the node above │ slot << 3 │ 6;  of the top node the tree's own │ 1
 *
 * A node that has room to spare says in its meta which slot is its last.
 * Source: Linux 6.1 include/linux/maple_tree.h; lib/maple_tree.c: mt_mk_root() to mas_set_parent().
 */
import type { Int, MapleTree, Pointer, ULong } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';

export type MapleNode = Pointer<'struct maple_node'>;

/** enum maple_type */
export const maple_leaf_64 = 1;
export const maple_range_64 = 2;
export const maple_arange_64 = 3;

export const MT_FLAGS_ALLOC_RANGE = 0x01;
export const MT_FLAGS_USE_RCU = 0x02;
export const MT_FLAGS_HEIGHT_OFFSET = 0x02;
export const MT_FLAGS_HEIGHT_MASK = 0x7c;
export const MT_FLAGS_LOCK_EXTERN = 0x300;

export const MAPLE_NODE_MASK = 255;
export const MAPLE_ROOT_NODE = 0x02;
export const MAPLE_ENODE_TYPE_SHIFT = 3;
export const MAPLE_ENODE_NULL = 0x04;
export const MAPLE_NODE_TYPE_MASK = 0x0f;
export const MAPLE_PARENT_ROOT = 0x01;
export const MAPLE_PARENT_SLOT_SHIFT = 3;
export const MAPLE_PARENT_RANGE64 = 0x06;

export const MAPLE_RANGE64_SLOTS = (k: Kernel): Int => (k.wide ? 16 : 32);
export const MAPLE_ARANGE64_SLOTS = (k: Kernel): Int => (k.wide ? 10 : 21);

/** ULONG_MAX, as pivots compare: on 64 bit the nearest number. */
export const mapleMax = (k: Kernel): ULong => (k.wide ? 2 ** 64 : 0xffff_ffff);

/** Where a walk is: the range that was found last. MAS_START: nowhere yet, `index` is where to begin. */
export interface MaState {
  readonly tree: MapleTree;
  index: ULong;
  last: ULong;
  node: 'MAS_START' | 'found';
}

/** MA_STATE(name, mt, first, end) */
export const MA_STATE = (tree: MapleTree, first: ULong, end: ULong): MaState => ({
  tree,
  index: first,
  last: end,
  node: 'MAS_START',
});

/** The walk begins anew, at this range. */
export function mas_set_range(mas: MaState, start: ULong, last: ULong): void {
  mas.index = start;
  mas.last = last;
  mas.node = 'MAS_START';
}

export function mas_set(mas: MaState, index: ULong): void {
  mas_set_range(mas, index, index);
}

export function mt_init_flags(k: Kernel, mt: MapleTree, flags: Int): void {
  k.write(k.plus(mt, k.maple_tree.ma_flags), flags);
  k.write_long(k.plus(mt, k.maple_tree.ma_root), 0);
}
