/**
 * Hash tables that grow and shrink by themselves.
 *
 * Differs: an insertion always looks at all tables, as rhashtable_insert_slow() does. ERR_PTR(error) is -error here.
 * Left out: rhltable, __GFP_NOFAIL for the first table.
 * Source: Linux 6.1 lib/rhashtable.c: rhashtable_lookup_one() to rhashtable_insert_slow(), rhashtable_init(), rhashtable_free_and_destroy();
 * include/linux/rhashtable.h: __rhashtable_lookup(), __rhashtable_remove_fast(), __rhashtable_replace_fast().
 */
import { type Int, NULL, type UInt } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type Cell, type VirtAddr } from '../../../memory/address.js';
import { E2BIG, EAGAIN, EINVAL, ENOENT, ENOMEM } from '../../include/linux/errno.h.js';
import { INIT_LIST_HEAD } from '../../include/linux/list.h.js';
import { rounddown_pow_of_two, roundup_pow_of_two } from '../../include/linux/log2.h.js';
import { __mutex_init } from '../../kernel/locking/mutex.js';
import { functionNamed } from '../../kernel/rcu/tiny.js';
import { cancelKernelWork } from '../../kernel/workqueue.js';
import { memcpy, memset } from '../string.js';
import { rhashtable_insert_rehash, scheduleRehash } from './rehash.js';
import {
  bucket_table_alloc,
  bucket_table_free,
  bucketAt,
  type BucketTable,
  callOut,
  compareObject,
  futureOf,
  head_hashfn,
  keyOffset,
  minSize,
  nelemsOf,
  nelemsAt,
  nextOf,
  rht_assign_locked,
  rht_grow_above_100,
  rht_grow_above_75,
  rht_grow_above_max,
  rht_is_a_nulls,
  rht_key_hashfn,
  rht_obj,
  rht_ptr,
  rht_shrink_below_30,
  type Rhashtable,
  sizeOf,
  tableOf,
} from './table.js';

const HASH_DEFAULT_SIZE = 64;
const HASH_MIN_SIZE = 4;
/** A chain that is longer than that asks for another table, with other hashes. */
const RHT_ELASTICITY = 16;

function rounded_hashtable_size(k: Kernel, ht: Rhashtable): UInt {
  const p: Cell = k.plus(ht, k.rhashtable.p);
  const nelem_hint: Int = k.read16(p, k.rhashtable_params.nelem_hint);
  if (nelem_hint === 0) return Math.max(HASH_DEFAULT_SIZE, minSize(k, ht));
  return Math.max(roundup_pow_of_two(Math.floor((nelem_hint * 4) / 3)), minSize(k, ht));
}

/** 0 or an error. @param params struct rhashtable_params, which is copied */
export function rhashtable_init(k: Kernel, ht: Rhashtable, params: VirtAddr): Int {
  const given: Cell = k.cell_at(params);
  const obj_hashfn: VirtAddr = k.read_va(k.plus(given, k.rhashtable_params.obj_hashfn));
  const obj_cmpfn: VirtAddr = k.read_va(k.plus(given, k.rhashtable_params.obj_cmpfn));
  const key_len: Int = k.read16(given, k.rhashtable_params.key_len);
  if ((key_len === 0 && obj_hashfn === 0) || (obj_hashfn !== 0 && obj_cmpfn === 0)) return -EINVAL;

  memset(k, k.va_of(ht), 0, k.sizeof.rhashtable);
  __mutex_init(k, k.plus(ht, k.rhashtable.mutex));
  const p: Cell = k.plus(ht, k.rhashtable.p);
  memcpy(k, k.va_of(p), params, k.sizeof.rhashtable_params);

  // Sizes are powers of two.
  const min_size: Int = minSize(k, ht) === 0 ? 0 : roundup_pow_of_two(minSize(k, ht));
  k.write16(p, k.rhashtable_params.min_size, Math.max(min_size, HASH_MIN_SIZE));
  k.write(k.plus(ht, k.rhashtable.max_elems), 0x8000_0000);
  const max_size: UInt = k.read_int(k.plus(p, k.rhashtable_params.max_size)) >>> 0;
  if (max_size !== 0) {
    const rounded: UInt = rounddown_pow_of_two(max_size);
    k.write(k.plus(p, k.rhashtable_params.max_size), rounded);
    if (rounded < 0x4000_0000) k.write(k.plus(ht, k.rhashtable.max_elems), rounded * 2);
  }

  k.write(k.plus(ht, k.rhashtable.key_len), key_len);
  const hashfn: Cell = k.plus(p, k.rhashtable_params.hashfn);
  if (k.read_va(hashfn) === 0) {
    k.write_va(hashfn, functionNamed(k, 'jhash'));
    if ((key_len & 3) === 0) {
      k.write(k.plus(ht, k.rhashtable.key_len), key_len / 4);
      k.write_va(hashfn, functionNamed(k, 'rhashtable_jhash2'));
    }
  }

  const tbl: BucketTable = bucket_table_alloc(k, rounded_hashtable_size(k, ht), k.GFP_KERNEL);
  if (tbl === NULL) return -ENOMEM;
  k.write_ptr(k.plus(ht, k.rhashtable.tbl), tbl);
  // INIT_WORK():
  const run_work: Cell = k.plus(ht, k.rhashtable.run_work);
  k.write_va(k.plus(run_work, k.work_struct.func), functionNamed(k, 'rht_deferred_worker'));
  INIT_LIST_HEAD(k, k.plus(run_work, k.work_struct.entry));
  return 0;
}

// --- finding ---------------------------------------------------------------------------------------------------------------

/** The object with a key; 0: there is none. */
export function rhashtable_lookup(k: Kernel, ht: Rhashtable, key: VirtAddr): VirtAddr {
  for (let tbl: BucketTable = tableOf(k, ht); tbl !== NULL; tbl = futureOf(k, tbl)) {
    const bkt: Cell = bucketAt(k, tbl, rht_key_hashfn(k, ht, tbl, key));
    let rounds = 0;
    for (let he: VirtAddr = rht_ptr(k, bkt); !rht_is_a_nulls(he); he = nextOf(k, he)) {
      k.watchdog(++rounds);
      if (compareObject(k, ht, key, he) === 0) return rht_obj(k, ht, he);
    }
  }
  return asVirt(0);
}

// --- inserting -------------------------------------------------------------------------------------------------------------

/** The object that has the key already; or -ENOENT, or -EAGAIN of a chain that is too long. @param key 0: it is not asked for */
function rhashtable_lookup_one(k: Kernel, ht: Rhashtable, bkt: Cell, key: VirtAddr): VirtAddr {
  let elasticity: Int = RHT_ELASTICITY;
  for (let head: VirtAddr = rht_ptr(k, bkt); !rht_is_a_nulls(head); head = nextOf(k, head)) {
    elasticity--;
    k.watchdog(-elasticity);
    if (key !== 0 && compareObject(k, ht, key, head) === 0) return rht_obj(k, ht, head);
  }
  return asVirt(elasticity <= 0 ? -EAGAIN : -ENOENT);
}

/** 0: it is in, as the first of its chain; the object that has the key already; or an error. */
function rhashtable_try_insert(k: Kernel, ht: Rhashtable, key: VirtAddr, obj: VirtAddr): VirtAddr {
  let tbl: BucketTable = tableOf(k, ht);
  for (;;) {
    const bkt: Cell = bucketAt(k, tbl, head_hashfn(k, ht, tbl, obj));
    const data: VirtAddr = rhashtable_lookup_one(k, ht, bkt, key);
    if (data !== -EAGAIN && data !== -ENOENT) return data;
    const new_tbl: BucketTable = futureOf(k, tbl);
    if (new_tbl !== NULL) {
      tbl = new_tbl;
      continue;
    }
    if (data === -EAGAIN) break;
    if (rht_grow_above_max(k, ht)) return asVirt(-E2BIG);
    if (rht_grow_above_100(k, ht, tbl)) break;

    k.write_va(k.cell_at(obj), rht_ptr(k, bkt));
    rht_assign_locked(k, bkt, obj);
    k.write(nelemsAt(k, ht), nelemsOf(k, ht) + 1);
    if (rht_grow_above_75(k, ht, tbl)) scheduleRehash(k, ht);
    return asVirt(0);
  }
  const err: Int = rhashtable_insert_rehash(k, ht, tbl);
  return asVirt(err !== 0 ? err : -EAGAIN);
}

/** @param key 0: an object with the same key may be there */
export function rhashtable_insert_slow(
  k: Kernel,
  ht: Rhashtable,
  key: VirtAddr,
  obj: VirtAddr,
): VirtAddr {
  let data: VirtAddr;
  let rounds = 0;
  do {
    k.watchdog(++rounds << 10);
    data = rhashtable_try_insert(k, ht, key, obj);
  } while (data === -EAGAIN);
  return data;
}

/** The key that an object has. */
export const rhtKeyOf = (k: Kernel, ht: Rhashtable, he: VirtAddr): VirtAddr =>
  asVirt(rht_obj(k, ht, he) + keyOffset(k, ht));

// --- removing ----------------------------------------------------------------------------------------------------------------

/** The cell that leads to an object in its chain; NULL: it is not there. */
function leadingTo(k: Kernel, bkt: Cell, obj: VirtAddr): Cell {
  let pprev: Cell = bkt;
  let rounds = 0;
  for (let he: VirtAddr = rht_ptr(k, bkt); !rht_is_a_nulls(he); he = nextOf(k, he)) {
    k.watchdog(++rounds);
    if (he === obj) return pprev;
    pprev = k.cell_at(he);
  }
  return NULL;
}

/** 0, or -ENOENT. */
export function rhashtable_remove_fast(k: Kernel, ht: Rhashtable, obj: VirtAddr): Int {
  for (let tbl: BucketTable = tableOf(k, ht); tbl !== NULL; tbl = futureOf(k, tbl)) {
    const bkt: Cell = bucketAt(k, tbl, head_hashfn(k, ht, tbl, obj));
    const pprev: Cell = leadingTo(k, bkt, obj);
    if (pprev === NULL) continue;
    if (pprev === bkt) rht_assign_locked(k, bkt, nextOf(k, obj));
    else k.write_va(pprev, nextOf(k, obj));
    k.write(nelemsAt(k, ht), nelemsOf(k, ht) - 1);
    const p: Cell = k.plus(ht, k.rhashtable.p);
    if (k.read_bool(p, k.rhashtable_params.automatic_shrinking) && rht_shrink_below_30(k, ht, tbl))
      scheduleRehash(k, ht);
    return 0;
  }
  return -ENOENT;
}

/** One object in place of another of the same hash. 0, -EINVAL or -ENOENT. */
export function rhashtable_replace_fast(
  k: Kernel,
  ht: Rhashtable,
  obj_old: VirtAddr,
  obj_new: VirtAddr,
): Int {
  for (let tbl: BucketTable = tableOf(k, ht); tbl !== NULL; tbl = futureOf(k, tbl)) {
    const hash: UInt = head_hashfn(k, ht, tbl, obj_old);
    if (hash !== head_hashfn(k, ht, tbl, obj_new)) return -EINVAL;
    const bkt: Cell = bucketAt(k, tbl, hash);
    const pprev: Cell = leadingTo(k, bkt, obj_old);
    if (pprev === NULL) continue;
    k.write_va(k.cell_at(obj_new), nextOf(k, obj_old));
    if (pprev === bkt) rht_assign_locked(k, bkt, obj_new);
    else k.write_va(pprev, obj_new);
    return 0;
  }
  return -ENOENT;
}

/** Calls free_fn(object, arg) for every object, unless it is 0, and frees the tables. */
export function rhashtable_free_and_destroy(
  k: Kernel,
  ht: Rhashtable,
  free_fn: VirtAddr,
  arg: VirtAddr,
): void {
  cancelKernelWork(k, k.plus(ht, k.rhashtable.run_work));
  let tbl: BucketTable = tableOf(k, ht);
  while (tbl !== NULL) {
    for (let i: UInt = 0; free_fn !== 0 && i < sizeOf(k, tbl); i++) {
      let pos: VirtAddr = rht_ptr(k, bucketAt(k, tbl, i));
      let rounds = 0;
      while (!rht_is_a_nulls(pos)) {
        k.watchdog(++rounds);
        // Read first: the object is gone then.
        const next: VirtAddr = nextOf(k, pos);
        callOut(k, free_fn, [rht_obj(k, ht, pos), arg]);
        pos = next;
      }
    }
    const next_tbl: BucketTable = futureOf(k, tbl);
    bucket_table_free(k, tbl);
    tbl = next_tbl;
  }
}
