/**
 * A walk over all objects of a table, in pieces: between rhashtable_walk_stop() and the next start others may change it.
 *
 *     rhashtable_iter: slot, skip (objects of that chain that were seen), p (the one that was seen last), walker ─> bucket_table
 *
 * A walk whose table is replaced meanwhile begins anew, and says -EAGAIN.
 * Left out: rhltable; rcu_read_lock(), which is the caller's.
 * Source: Linux 6.1 lib/rhashtable.c: rhashtable_walk_enter() to rhashtable_walk_stop().
 */
import { type Int, NULL, type Pointer } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type Cell, type VirtAddr } from '../../../memory/address.js';
import { EAGAIN } from '../../include/linux/errno.h.js';
import { list_add, list_del } from '../../include/linux/list.h.js';
import { functionNamed } from '../../kernel/rcu/tiny.js';
import {
  bucketAt,
  type BucketTable,
  futureOf,
  nextOf,
  rht_is_a_nulls,
  rht_obj,
  rht_ptr,
  type Rhashtable,
  sizeOf,
  tableOf,
} from './table.js';

export type RhashtableIter = Pointer<'struct rhashtable_iter'>;

const htOf = (k: Kernel, iter: RhashtableIter): Rhashtable =>
  k.read_ptr(k.plus(iter, k.rhashtable_iter.ht));
const pAt = (k: Kernel, iter: RhashtableIter): Cell => k.plus(iter, k.rhashtable_iter.p);
const slotAt = (k: Kernel, iter: RhashtableIter): Cell => k.plus(iter, k.rhashtable_iter.slot);
const skipAt = (k: Kernel, iter: RhashtableIter): Cell => k.plus(iter, k.rhashtable_iter.skip);
/** &iter->walker.list */
const listAt = (k: Kernel, iter: RhashtableIter): Cell =>
  k.plus(iter, k.rhashtable_iter.walker + k.rhashtable_walker.list);
/** &iter->walker.tbl */
const tblAt = (k: Kernel, iter: RhashtableIter): Cell =>
  k.plus(iter, k.rhashtable_iter.walker + k.rhashtable_walker.tbl);

export function rhashtable_walk_enter(k: Kernel, ht: Rhashtable, iter: RhashtableIter): void {
  k.write_ptr(k.plus(iter, k.rhashtable_iter.ht), ht);
  k.write_va(pAt(k, iter), asVirt(0));
  k.write(slotAt(k, iter), 0);
  k.write(skipAt(k, iter), 0);
  k.write_bool(iter, k.rhashtable_iter.end_of_table, false);
  const tbl: BucketTable = tableOf(k, ht);
  k.write_ptr(tblAt(k, iter), tbl);
  list_add(k, listAt(k, iter), k.plus(tbl, k.bucket_table.walkers));
}

export function rhashtable_walk_exit(k: Kernel, iter: RhashtableIter): void {
  if (k.read_va(tblAt(k, iter)) !== 0) list_del(k, listAt(k, iter));
}

/** 0, or -EAGAIN: the walk begins anew, as the table is another one. */
export function rhashtable_walk_start_check(k: Kernel, iter: RhashtableIter): Int {
  const tbl: BucketTable = k.read_ptr(tblAt(k, iter));
  if (tbl !== NULL) list_del(k, listAt(k, iter));
  if (k.read_bool(iter, k.rhashtable_iter.end_of_table)) return 0;
  if (tbl === NULL) {
    k.write_ptr(tblAt(k, iter), tableOf(k, htOf(k, iter)));
    k.write(slotAt(k, iter), 0);
    k.write(skipAt(k, iter), 0);
    return -EAGAIN;
  }
  const seen: VirtAddr = k.read_va(pAt(k, iter));
  if (seen === 0) return 0;
  // What was seen last may be gone, and others before it may have come or gone.
  let skip: Int = 0;
  const bkt: Cell = bucketAt(k, tbl, k.read_int(slotAt(k, iter)));
  for (let p: VirtAddr = rht_ptr(k, bkt); !rht_is_a_nulls(p); p = nextOf(k, p)) {
    k.watchdog(++skip);
    if (p !== seen) continue;
    k.write(skipAt(k, iter), skip);
    return 0;
  }
  k.write_va(pAt(k, iter), asVirt(0));
  return 0;
}

function __rhashtable_walk_find_next(k: Kernel, iter: RhashtableIter): VirtAddr {
  const tbl: BucketTable = k.read_ptr(tblAt(k, iter));
  if (tbl === NULL) return asVirt(0);
  const slot: Cell = slotAt(k, iter);
  while (k.read_int(slot) < sizeOf(k, tbl)) {
    let skip: Int = k.read_int(skipAt(k, iter));
    let p: VirtAddr = rht_ptr(k, bucketAt(k, tbl, k.read_int(slot)));
    while (!rht_is_a_nulls(p) && skip > 0) {
      p = nextOf(k, p);
      skip--;
    }
    if (!rht_is_a_nulls(p)) {
      k.write(skipAt(k, iter), k.read_int(skipAt(k, iter)) + 1);
      k.write_va(pAt(k, iter), p);
      return rht_obj(k, htOf(k, iter), p);
    }
    k.write(skipAt(k, iter), 0);
    k.write(slot, k.read_int(slot) + 1);
  }
  k.write_va(pAt(k, iter), asVirt(0));
  const future: BucketTable = futureOf(k, tbl);
  k.write_ptr(tblAt(k, iter), future);
  if (future !== NULL) {
    k.write(slot, 0);
    k.write(skipAt(k, iter), 0);
    return asVirt(-EAGAIN);
  }
  k.write_bool(iter, k.rhashtable_iter.end_of_table, true);
  return asVirt(0);
}

/** The next object; 0 at the end; -EAGAIN: some may be seen again. */
export function rhashtable_walk_next(k: Kernel, iter: RhashtableIter): VirtAddr {
  const seen: VirtAddr = k.read_va(pAt(k, iter));
  if (seen !== 0) {
    const p: VirtAddr = nextOf(k, seen);
    if (!rht_is_a_nulls(p)) {
      k.write(skipAt(k, iter), k.read_int(skipAt(k, iter)) + 1);
      k.write_va(pAt(k, iter), p);
      return rht_obj(k, htOf(k, iter), p);
    }
    // The end of this chain: on with the next one.
    k.write(skipAt(k, iter), 0);
    k.write(slotAt(k, iter), k.read_int(slotAt(k, iter)) + 1);
  }
  return __rhashtable_walk_find_next(k, iter);
}

/** The object that was seen last, once more. */
export function rhashtable_walk_peek(k: Kernel, iter: RhashtableIter): VirtAddr {
  const seen: VirtAddr = k.read_va(pAt(k, iter));
  if (seen !== 0) return rht_obj(k, htOf(k, iter), seen);
  const skip: Int = k.read_int(skipAt(k, iter));
  if (skip !== 0) k.write(skipAt(k, iter), skip - 1);
  return __rhashtable_walk_find_next(k, iter);
}

export function rhashtable_walk_stop(k: Kernel, iter: RhashtableIter): void {
  const tbl: BucketTable = k.read_ptr(tblAt(k, iter));
  if (tbl === NULL) return;
  // rcu_head_after_call_rcu(): the table is about to go.
  const func: Cell = k.plus(tbl, k.bucket_table.rcu + k.callback_head.func);
  if (k.read_va(func) === functionNamed(k, 'bucket_table_free_rcu'))
    k.write_ptr(tblAt(k, iter), NULL);
  else list_add(k, listAt(k, iter), k.plus(tbl, k.bucket_table.walkers));
}
