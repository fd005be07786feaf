/**
 * Arrays of any entries: pointers and values, with marks, and with an account of which indexes are free.
 *
 *     pointer     aligned to 4 bytes          value    v << 1 | 1          error   -errno << 2 | 2
 *
 * Left out: entries of more than one index, reserved entries (XA_ZERO_ENTRY), the lock.
 * Differs: nodes are asked for once, with GFP_NOWAIT.
 * Source: Linux 6.1 lib/xarray.c: __xa_store(), __xa_erase(), __xa_cmpxchg(), __xa_insert(), __xa_alloc(), xa_find(), xa_set_mark(),
 * xa_destroy(); include/linux/xarray.h.
 */
import { type Int, NULL, type ULong } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type VirtAddr } from '../../../memory/address.js';
import { EBUSY, EINVAL } from '../../include/linux/errno.h.js';
import {
  entry_to_node,
  node_maxindex,
  node_tag_clear,
  node_tag_set,
  radix_tree_descend,
  radix_tree_is_internal_node,
  root_tag_get,
  slotAt,
  tag_get,
  type XaNode,
} from '../radix-tree/node.js';
import {
  XA_FREE_MARK,
  xa_erase,
  xa_load,
  XA_MARK_MAX,
  xa_track_free,
  xas_create,
  type XArray,
  type XaPlace,
} from './xarray.js';

/** An error as an entry: what xa_store() gives. */
export const XA_ERROR = (errno: Int): VirtAddr => asVirt(errno * 4 + 2);

const xa_is_value = (entry: VirtAddr): boolean => (entry & 1) !== 0;

/** The place of an entry that is there; false: there is none. */
export const findPlace = (k: Kernel, xa: XArray, index: ULong, place: XaPlace): boolean => {
  place.slot = k.plus(xa, k.xarray.xa_head);
  place.node = NULL;
  place.offset = 0;
  let entry: VirtAddr = k.read_va(place.slot);
  if (!radix_tree_is_internal_node(entry)) return index === 0 && entry !== 0;
  if (index > node_maxindex(k, entry_to_node(k, entry))) return false;
  for (;;) {
    place.node = entry_to_node(k, entry);
    place.offset = radix_tree_descend(k, place.node, index);
    place.slot = slotAt(k, place.node, place.offset);
    entry = k.read_va(place.slot);
    if (k.read8(place.node, k.xa_node.shift) === 0) return entry !== 0;
    if (!radix_tree_is_internal_node(entry)) return false;
  }
};

/** Counts that change with an entry. */
const addValues = (k: Kernel, node: XaNode, delta: Int): void => {
  if (node !== NULL && delta !== 0)
    k.write8(node, k.xa_node.nr_values, k.read8(node, k.xa_node.nr_values) + delta);
};

function xas_init_marks(k: Kernel, xa: XArray, { node, offset }: XaPlace): void {
  for (let mark: Int = 0; mark <= XA_MARK_MAX; mark++)
    if (mark === XA_FREE_MARK && xa_track_free(k, xa)) node_tag_set(k, xa, node, mark, offset);
    else node_tag_clear(k, xa, node, mark, offset);
}

/** Takes an entry out; what was there. */
export function __xa_erase(k: Kernel, xa: XArray, index: ULong): VirtAddr {
  const place: XaPlace = { slot: NULL, node: NULL, offset: 0 };
  if (!findPlace(k, xa, index, place)) return asVirt(0);
  const entry: VirtAddr = k.read_va(place.slot);
  xas_init_marks(k, xa, place);
  addValues(k, place.node, xa_is_value(entry) ? -1 : 0);
  xa_erase(k, xa, index);
  return entry;
}

/** Stores an entry, which is not NULL, at its place; its marks stay. What was there, or an error. */
export function xas_store(
  k: Kernel,
  xa: XArray,
  index: ULong,
  entry: VirtAddr,
  place: XaPlace,
): VirtAddr {
  const error: Int = xas_create(k, xa, index, place);
  if (error !== 0) return XA_ERROR(error);
  const { slot, node } = place;
  const curr: VirtAddr = k.read_va(slot);
  k.write_va(slot, entry);
  if (node !== NULL && curr === 0)
    k.write8(node, k.xa_node.count, k.read8(node, k.xa_node.count) + 1);
  addValues(k, node, (xa_is_value(entry) ? 1 : 0) - (xa_is_value(curr) ? 1 : 0));
  return curr;
}

/** Stores an entry; what was there, or an error. NULL takes it out. */
export function __xa_store(k: Kernel, xa: XArray, index: ULong, entry: VirtAddr): VirtAddr {
  if (radix_tree_is_internal_node(entry)) return XA_ERROR(-EINVAL);
  if (entry === 0) return __xa_erase(k, xa, index);
  const place: XaPlace = { slot: NULL, node: NULL, offset: 0 };
  const curr: VirtAddr = xas_store(k, xa, index, entry, place);
  if (place.slot !== NULL && xa_track_free(k, xa))
    node_tag_clear(k, xa, place.node, XA_FREE_MARK, place.offset);
  return curr;
}

/** Stores an entry where `old` is; what was there. */
export function __xa_cmpxchg(
  k: Kernel,
  xa: XArray,
  index: ULong,
  old: VirtAddr,
  entry: VirtAddr,
): VirtAddr {
  const curr: VirtAddr = xa_load(k, xa, index);
  return curr === old ? __xa_store(k, xa, index, entry) : curr;
}

/** Stores an entry where there is none: 0, -EBUSY, or another error. */
export function __xa_insert(k: Kernel, xa: XArray, index: ULong, entry: VirtAddr): Int {
  if (xa_load(k, xa, index) !== 0) return -EBUSY;
  const result: VirtAddr = __xa_store(k, xa, index, entry);
  return radix_tree_is_internal_node(result) ? xa_err(result) : 0;
}

/** The error that an entry is; 0: it is none. */
export function xa_err(entry: VirtAddr): Int {
  return radix_tree_is_internal_node(entry) && entry < 0 && entry >= -4095 * 4
    ? (entry - 2) / 4
    : 0;
}

// --- searching -----------------------------------------------------------------------------------------------------------

/** Any entry, instead of those with a mark. */
export const XA_PRESENT = 8;

const letsThrough = (k: Kernel, node: XaNode, offset: Int, filter: Int): boolean =>
  filter === XA_PRESENT
    ? k.read_va(slotAt(k, node, offset)) !== 0
    : tag_get(k, node, filter, offset);

/** The first index from one on, up to `max`, whose entry has a mark, or is there at all; -1: there is none. */
export const findIndex = (k: Kernel, xa: XArray, from: ULong, max: ULong, filter: Int): Int => {
  const head: VirtAddr = k.read_va(k.plus(xa, k.xarray.xa_head));
  if (!radix_tree_is_internal_node(head)) {
    const isIt = head !== 0 && (filter === XA_PRESENT || root_tag_get(k, xa, filter));
    return from === 0 && isIt ? 0 : -1;
  }
  let node: XaNode = entry_to_node(k, head);
  let index: ULong = from;
  if (index > node_maxindex(k, node)) return -1;
  let offset: Int = radix_tree_descend(k, node, index);
  for (let rounds = 0; ; rounds++) {
    k.watchdog(rounds);
    const unit: ULong = 2 ** k.read8(node, k.xa_node.shift);
    const size: ULong = unit * k.RADIX_TREE_MAP_SIZE;
    const first: ULong = index - (index % size);
    const began: Int = offset;
    while (offset < k.RADIX_TREE_MAP_SIZE && !letsThrough(k, node, offset, filter)) offset++;
    if (offset !== began) index = first + offset * unit;
    if (index > max) return -1;
    if (offset === k.RADIX_TREE_MAP_SIZE) {
      // No slot of this node: the next one of the node above.
      const parent: XaNode = k.read_ptr(k.plus(node, k.xa_node.parent));
      if (parent === NULL) return -1;
      offset = k.read8(node, k.xa_node.offset) + 1;
      node = parent;
      continue;
    }
    const entry: VirtAddr = k.read_va(slotAt(k, node, offset));
    // Free, and no node yet: all that the slot stands for.
    if (unit === 1 || !radix_tree_is_internal_node(entry)) return index;
    node = entry_to_node(k, entry);
    offset = radix_tree_descend(k, node, index);
  }
};

/** An index that is free from `min` to `max`, for an entry: the index, or an error. Differs: looks at one index after the other. */
export function __xa_alloc(k: Kernel, xa: XArray, entry: VirtAddr, min: Int, max: Int): Int {
  if (!xa_track_free(k, xa) || entry === 0) return -EINVAL;
  let index: ULong = min;
  // XA_FLAGS_ZERO_BUSY: 0 is never given.
  if (index === 0 && (k.read_int(k.plus(xa, k.xarray.xa_flags)) & 8) !== 0) index = 1;
  while (index <= max && xa_load(k, xa, index) !== 0) index++;
  if (index > max) return -EBUSY;
  const result: VirtAddr = __xa_store(k, xa, index, entry);
  return radix_tree_is_internal_node(result) ? xa_err(result) : index;
}

// --- marks ---------------------------------------------------------------------------------------------------------------

/** Nothing is marked where there is no entry. */
export function xa_set_mark(k: Kernel, xa: XArray, index: ULong, mark: Int): void {
  const place: XaPlace = { slot: NULL, node: NULL, offset: 0 };
  if (findPlace(k, xa, index, place)) node_tag_set(k, xa, place.node, mark, place.offset);
}

export function xa_clear_mark(k: Kernel, xa: XArray, index: ULong, mark: Int): void {
  const place: XaPlace = { slot: NULL, node: NULL, offset: 0 };
  if (findPlace(k, xa, index, place)) node_tag_clear(k, xa, place.node, mark, place.offset);
}

export function xa_get_mark(k: Kernel, xa: XArray, index: ULong, mark: Int): boolean {
  const place: XaPlace = { slot: NULL, node: NULL, offset: 0 };
  if (!findPlace(k, xa, index, place)) return false;
  if (place.node === NULL) return root_tag_get(k, xa, mark);
  return tag_get(k, place.node, mark, place.offset);
}

/** Takes all entries out. */
export function xa_destroy(k: Kernel, xa: XArray): void {
  for (;;) {
    const index: Int = findIndex(k, xa, 0, Number.MAX_SAFE_INTEGER, XA_PRESENT);
    if (index < 0) return;
    __xa_erase(k, xa, index);
  }
}
