/**
 * Small numbers for pointers.
 *
 * Left out everywhere: idr_base (it is 0 in the idrs that are used here).
 * Source: Linux 6.1 lib/idr.c: idr_alloc_u32(), idr_alloc_cyclic(), idr_remove().
 */
import { type Gfp, type Int, NULL } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import type { Cell } from '../../memory/address.js';
import { IS_ERR, PTR_ERR } from '../include/linux/err.h.js';
import { ENOSPC } from '../include/linux/errno.h.js';
import type { Idr, RadixTreeRoot } from '../include/linux/idr.h.js';
import { IDR_FREE, type RadixTreeIter, type Slot } from './radix-tree/node.js';
import {
  idr_get_free,
  radix_tree_delete_item,
  radix_tree_iter_replace,
  radix_tree_iter_tag_clear,
} from './radix-tree/radix-tree.js';

const INT_MAX = 0x7fffffff;

/** The first free number from `nextid` to `max`, for `ptr`. Negative: an error. Differs: returns the number. */
function idr_alloc_u32(k: Kernel, idr: Idr, ptr: Cell, nextid: Int, max: Int, gfp: Gfp): Int {
  const root = (idr + k.idr.idr_rt) as RadixTreeRoot;
  const iter: RadixTreeIter = { index: nextid, node: NULL };
  const slot: Slot = idr_get_free(k, root, iter, gfp, max);
  if (IS_ERR(slot)) return PTR_ERR(slot);

  // The pointer before the tag: once the number is taken, a look-up finds something.
  radix_tree_iter_replace(k, root, iter, slot, ptr);
  radix_tree_iter_tag_clear(k, root, iter, IDR_FREE);
  return iter.index;
}

/** The next number not used lately, for `ptr`; negative without memory. Left out: `end`. */
export function idr_alloc_cyclic(k: Kernel, idr: Idr, ptr: Cell, start: Int, gfp: Gfp): Int {
  let id: Int = Math.max(k.words[idr + k.idr.idr_next]!, start);
  let err: Int = idr_alloc_u32(k, idr, ptr, id, INT_MAX, gfp);
  // All above are taken: from the beginning.
  if (err === -ENOSPC && id > start) err = idr_alloc_u32(k, idr, ptr, start, INT_MAX, gfp);
  if (err < 0) return err;

  // The next search begins behind it, so that a number freed meanwhile is not used again at once.
  id = err;
  k.write(idr + k.idr.idr_next, id + 1);
  return id;
}

/** The number is free again. The object that it stood for is the caller's. */
export function idr_remove(k: Kernel, idr: Idr, id: Int): void {
  radix_tree_delete_item(k, (idr + k.idr.idr_rt) as RadixTreeRoot, id);
}
