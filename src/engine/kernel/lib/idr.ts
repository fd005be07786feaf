/**
 * Small numbers for pointers: a radix tree whose nodes' tags say where a number is free.
 *
 *     struct xa_node   shift | offset in the parent | count of slots in use | nr_values, a byte each
 *                      slots[]  on the lowest level the pointers; above, nodes with bit 1 set
 *                      tags[0]  a bit a slot: something is free below. Bits beyond the slots are set, too.
 *
 * Differs: the pool of preloaded nodes is taken to be full, as it is from the first use on.
 * Source: Linux 6.1 lib/idr.c: idr_alloc_cyclic(), idr_remove(); lib/radix-tree.c: idr_get_free().
 */
import { type Gfp, type Int, NULL } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import type { Cell } from '../../memory/address.js';
import { ENOMEM } from '../include/linux/errno.h.js';
import type { Idr } from '../include/linux/idr.h.js';
import {
  add_count,
  delete_node,
  idr_get_free,
  is_empty,
  is_node,
  map_size,
  node_shift,
  node_tag_clear,
  node_tag_set,
  type Slot,
  slot_of,
  type XaNode,
} from './radix-tree.js';

// --- numbers -----------------------------------------------------------------------------------------------------------

/** The next number not used lately, for `ptr`; negative without memory. */
export function idr_alloc_cyclic(k: Kernel, idr: Idr, ptr: Cell, start: Int, gfp: Gfp): Int {
  const next: Int = Math.max(k.words[idr + k.idr.idr_next]!, start);
  const found = idr_get_free(k, idr, next, gfp) ?? idr_get_free(k, idr, start, gfp);
  if (found === undefined) return -ENOMEM;
  add_count(k, found.node, 1);
  k.write_ptr(found.slot, ptr);
  node_tag_clear(k, idr, found.node, found.index & (map_size(k) - 1));
  k.write(idr + k.idr.idr_next, found.index + 1);
  return found.index;
}

export function idr_remove(k: Kernel, idr: Idr, id: Int): void {
  let slot = (idr + k.idr.idr_rt_xa_head) as Slot;
  let node: XaNode = NULL;
  let offset: Int = 0;
  while (is_node(k, slot)) {
    node = k.read_ptr(slot);
    offset = Math.floor(id / 2 ** node_shift(k, node)) % map_size(k);
    slot = slot_of(k, node, offset);
  }
  if (node === NULL || is_empty(k, slot)) return;
  node_tag_set(k, idr, node, offset);
  k.write_long(slot, 0);
  add_count(k, node, -1);
  delete_node(k, idr, node);
}
