/**
 * Small numbers for pointers.
 *
 * Left out everywhere: idr_base (it is 0 in the idrs that are used here).
 * Source: Linux 6.1 lib/idr.c.
 */
import { type Gfp, type Int, NULL } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { asVirt, type VirtAddr } from '../../memory/address.js';
import { IS_ERR, PTR_ERR } from '../include/linux/err.h.js';
import { EINVAL, ENOENT, ENOSPC } from '../include/linux/errno.h.js';
import type { Idr, RadixTreeRoot } from '../include/linux/idr.h.js';
import { IDR_FREE, type RadixTreeIter, type Slot } from './radix-tree/node.js';
import {
  idr_get_free,
  radix_tree_delete_item,
  radix_tree_lookup,
  replaceEntry,
  radix_tree_iter_replace,
  radix_tree_iter_tag_clear,
} from './radix-tree/radix-tree.js';

const INT_MAX = 0x7fffffff;

/** The first free number from `nextid` to `max`, for `ptr`. Negative: an error. Differs: returns the number. */
function idr_alloc_u32(k: Kernel, idr: Idr, ptr: VirtAddr, nextid: Int, max: Int, gfp: Gfp): Int {
  const root = (idr + k.idr.idr_rt) as RadixTreeRoot;
  const iter: RadixTreeIter = { index: nextid, node: NULL };
  const slot: Slot = idr_get_free(k, root, iter, gfp, max);
  if (IS_ERR(slot)) return PTR_ERR(slot);

  // The pointer before the tag: once the number is taken, a look-up finds something.
  radix_tree_iter_replace(k, root, iter, slot, ptr);
  radix_tree_iter_tag_clear(k, root, iter, IDR_FREE);
  return iter.index;
}

/** The first free number from `start` on and below `end` (0: there is no end), for `ptr`; or an error. */
export function idr_alloc(k: Kernel, idr: Idr, ptr: VirtAddr, start: Int, end: Int, gfp: Gfp): Int {
  if (start < 0) return -EINVAL;
  return idr_alloc_u32(k, idr, ptr, start, end > 0 ? end - 1 : INT_MAX, gfp);
}

/** What a number stands for; 0: nothing. */
export function idr_find(k: Kernel, idr: Idr, id: Int): VirtAddr {
  return radix_tree_lookup(k, (idr + k.idr.idr_rt) as RadixTreeRoot, id);
}

/** A number stands for another pointer from here on; what it stood for, or -ENOENT. */
export function idr_replace(k: Kernel, idr: Idr, ptr: VirtAddr, id: Int): VirtAddr {
  if (idr_find(k, idr, id) === 0) return asVirt(-ENOENT);
  return replaceEntry(k, (idr + k.idr.idr_rt) as RadixTreeRoot, id, ptr);
}

/** The next number not used lately, for `ptr`; or an error. */
export function idr_alloc_cyclic(
  k: Kernel,
  idr: Idr,
  ptr: VirtAddr,
  start: Int,
  gfp: Gfp,
  max: Int = INT_MAX,
): Int {
  let id: Int = Math.max(k.words[idr + k.idr.idr_next]!, start);
  let err: Int = idr_alloc_u32(k, idr, ptr, id, max, gfp);
  // All above are taken: from the beginning.
  if (err === -ENOSPC && id > start) err = idr_alloc_u32(k, idr, ptr, start, max, gfp);
  if (err < 0) return err;

  // The next search begins behind it, so that a number freed meanwhile is not used again at once.
  id = err;
  k.write(idr + k.idr.idr_next, id + 1);
  return id;
}

/** The number is free again. The object that it stood for is the caller's: it is given back. */
export function idr_remove(k: Kernel, idr: Idr, id: Int): VirtAddr {
  return radix_tree_delete_item(k, (idr + k.idr.idr_rt) as RadixTreeRoot, id);
}
