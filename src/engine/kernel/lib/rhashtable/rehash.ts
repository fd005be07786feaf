/**
 * A table that is too full or too empty: its objects move to another one, chain by chain, the last of a chain first, so that whoever reads
 * meanwhile finds them in one of the two. The old table goes with a grace period.
 *
 * Differs: the work runs when the task gives way; nothing else runs while it does.
 * Source: Linux 6.1 lib/rhashtable.c: rhashtable_rehash_one() to rhashtable_insert_rehash().
 */
import type { Cell, VirtAddr } from '../../../memory/address.js';
import { type Int, NULL, type UInt } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { EAGAIN, EBUSY, EEXIST, ENOENT, ENOMEM } from '../../include/linux/errno.h.js';
import {
  list_entry_is_head,
  list_first_entry,
  list_next_entry,
} from '../../include/linux/list.h.js';
import { call_rcu, functionNamed } from '../../kernel/rcu/tiny.js';
import { roundup_pow_of_two } from '../../include/linux/log2.h.js';
import { scheduleKernelWork } from '../../kernel/workqueue.js';
import {
  bucket_table_alloc,
  bucket_table_free,
  bucketAt,
  type BucketTable,
  futureAt,
  futureOf,
  head_hashfn,
  minSize,
  nelemsOf,
  nextOf,
  rht_assign_locked,
  rht_grow_above_75,
  rht_is_a_nulls,
  rht_ptr,
  rht_shrink_below_30,
  rhashtable_last_table,
  type Rhashtable,
  sizeOf,
  tableOf,
} from './table.js';

/** schedule_work(&ht->run_work) */
export const scheduleRehash = (k: Kernel, ht: Rhashtable): void =>
  scheduleKernelWork(k, k.plus(ht, k.rhashtable.run_work));

/** Moves the last object of a chain. 0, or -ENOENT: there is none. */
function rhashtable_rehash_one(k: Kernel, ht: Rhashtable, bkt: Cell): Int {
  const new_tbl: BucketTable = rhashtable_last_table(k, tableOf(k, ht));
  let pprev: Cell = bkt;
  let entry: VirtAddr = rht_ptr(k, bkt);
  if (rht_is_a_nulls(entry)) return -ENOENT;
  let rounds = 0;
  let next: VirtAddr = nextOf(k, entry);
  while (!rht_is_a_nulls(next)) {
    k.watchdog(++rounds);
    pprev = k.cell_at(entry);
    entry = next;
    next = nextOf(k, entry);
  }
  const into: Cell = bucketAt(k, new_tbl, head_hashfn(k, ht, new_tbl, entry));
  k.write_va(k.cell_at(entry), rht_ptr(k, into));
  rht_assign_locked(k, into, entry);
  if (pprev === bkt) rht_assign_locked(k, bkt, next);
  else k.write_va(pprev, next);
  return 0;
}

function rhashtable_rehash_attach(k: Kernel, old_tbl: BucketTable, new_tbl: BucketTable): Int {
  if (futureOf(k, old_tbl) !== NULL) return -EEXIST;
  // Insertions go into the new one from here on.
  k.write_ptr(futureAt(k, old_tbl), new_tbl);
  return 0;
}

/** Moves all objects to the next table. 0, or -EAGAIN: there is one more behind it. */
function rhashtable_rehash_table(k: Kernel, ht: Rhashtable): Int {
  const old_tbl: BucketTable = tableOf(k, ht);
  const new_tbl: BucketTable = futureOf(k, old_tbl);
  if (new_tbl === NULL) return 0;
  for (let old_hash: UInt = 0; old_hash < sizeOf(k, old_tbl); old_hash++) {
    let rounds = 0;
    // rhashtable_rehash_chain():
    while (rhashtable_rehash_one(k, ht, bucketAt(k, old_tbl, old_hash)) === 0) k.watchdog(++rounds);
  }
  k.write_ptr(k.plus(ht, k.rhashtable.tbl), new_tbl);
  // Walks begin anew.
  const walkers: Cell = k.plus(old_tbl, k.bucket_table.walkers);
  for (
    let walker: Cell = list_first_entry(k, walkers, k.rhashtable_walker.list);
    !list_entry_is_head(k, walker, walkers, k.rhashtable_walker.list);
    walker = list_next_entry(k, walker, k.rhashtable_walker.list)
  )
    k.write_ptr(k.plus(walker, k.rhashtable_walker.tbl), NULL);
  const rcu: Cell = k.plus(old_tbl, k.bucket_table.rcu);
  call_rcu(k, rcu, functionNamed(k, 'bucket_table_free_rcu'));
  return futureOf(k, new_tbl) !== NULL ? -EAGAIN : 0;
}

function rhashtable_rehash_alloc(k: Kernel, old_tbl: BucketTable, size: UInt): Int {
  const new_tbl: BucketTable = bucket_table_alloc(k, size, k.GFP_KERNEL);
  if (new_tbl === NULL) return -ENOMEM;
  const err: Int = rhashtable_rehash_attach(k, old_tbl, new_tbl);
  if (err !== 0) bucket_table_free(k, new_tbl);
  return err;
}

function rhashtable_shrink(k: Kernel, ht: Rhashtable): Int {
  const old_tbl: BucketTable = tableOf(k, ht);
  let size: UInt = 0;
  if (nelemsOf(k, ht) !== 0) size = roundup_pow_of_two(Math.floor((nelemsOf(k, ht) * 3) / 2));
  if (size < minSize(k, ht)) size = minSize(k, ht);
  if (sizeOf(k, old_tbl) <= size) return 0;
  if (futureOf(k, old_tbl) !== NULL) return -EEXIST;
  return rhashtable_rehash_alloc(k, old_tbl, size);
}

/** The work: another table if this one does not fit, and the objects move to it. */
export function rht_deferred_worker(k: Kernel, ht: Rhashtable): void {
  const tbl: BucketTable = rhashtable_last_table(k, tableOf(k, ht));
  const shrinks: boolean = k.read_bool(
    k.plus(ht, k.rhashtable.p),
    k.rhashtable_params.automatic_shrinking,
  );
  let err: Int = 0;
  if (rht_grow_above_75(k, ht, tbl)) err = rhashtable_rehash_alloc(k, tbl, sizeOf(k, tbl) * 2);
  else if (shrinks && rht_shrink_below_30(k, ht, tbl)) err = rhashtable_shrink(k, ht);
  if (err === 0 || err === -EEXIST) {
    const nerr: Int = rhashtable_rehash_table(k, ht);
    if (err === 0) err = nerr;
  }
  if (err !== 0) scheduleRehash(k, ht);
}

/** An insertion that finds a chain too long or the table full gives it a larger one. 0 or an error. */
export function rhashtable_insert_rehash(k: Kernel, ht: Rhashtable, tbl: BucketTable): Int {
  const grows: boolean = rht_grow_above_75(k, ht, tbl);
  let err: Int = -EBUSY;
  // No more than one rehash at a time.
  if (grows || tableOf(k, ht) === tbl) {
    const size: UInt = sizeOf(k, tbl) * (grows ? 2 : 1);
    const new_tbl: BucketTable = bucket_table_alloc(k, size, k.GFP_ATOMIC | k.__GFP_NOWARN);
    if (new_tbl !== NULL) {
      err = rhashtable_rehash_attach(k, tbl, new_tbl);
      if (err === 0) scheduleRehash(k, ht);
      else bucket_table_free(k, new_tbl);
      return err === -EEXIST ? 0 : err;
    }
    err = -ENOMEM;
  }
  // fail:
  if (futureOf(k, tbl) !== NULL) return 0;
  if (err === -ENOMEM) scheduleRehash(k, ht);
  return err;
}
