/**
 * Tables of buckets, and where an object belongs.
 *
 *     rhashtable.tbl ─> bucket_table: size, hash_rnd, future_tbl ─> (a larger or smaller one that objects are moving to)
 *                       buckets[hash & (size - 1)] ─> rhash_head ─> rhash_head ─> the bucket's own address with bit 0 set
 *
 * An empty bucket is NULL. An object's key is key_len bytes at key_offset, its rhash_head at head_offset.
 *
 * Left out everywhere: nested tables (of what cannot be had at once), bit locks, rhltable.
 * Source: Linux 6.1 lib/rhashtable.c: head_hashfn(), bucket_table_free(), bucket_table_alloc(), rhashtable_last_table(); include/linux/rhashtable.h:
 * rht_obj() to rht_grow_above_max(), rht_ptr(), rhashtable_compare().
 */
import { type Gfp, type Int, NULL, type Pointer, type UInt } from '../../../machine/ctypes.js';
import { KernelFault } from '../../../machine/events.js';
import type { Kernel } from '../../../machine/kernel.js';
import { nextRandom } from '../../../machine/random.js';
import { asVirt, type Cell, type VirtAddr } from '../../../memory/address.js';
import { jhash, jhash2 } from '../../include/linux/jhash.h.js';
import { INIT_LIST_HEAD } from '../../include/linux/list.h.js';
import { functionNamed, linkCallback } from '../../kernel/rcu/tiny.js';
import { kvmalloc_node } from '../../mm/util.js';
import { kvfree } from '../../mm/vmalloc/vfree.js';
import { readByte } from '../string.js';

export type Rhashtable = Pointer<'struct rhashtable'>;
export type BucketTable = Pointer<'struct bucket_table'>;

/** A member of ht->p that has this many bytes or fewer than a word. */
const paramAt = (k: Kernel, ht: Rhashtable, word: number): Cell =>
  k.plus(ht, k.rhashtable.p + word);
const shortParam = (k: Kernel, ht: Rhashtable, byte: number): Int =>
  k.read16(paramAt(k, ht, byte >> 2), byte & 3);
export const keyOffset = (k: Kernel, ht: Rhashtable): Int =>
  shortParam(k, ht, k.rhashtable_params.key_offset);
const headOffset = (k: Kernel, ht: Rhashtable): Int =>
  shortParam(k, ht, k.rhashtable_params.head_offset);
const paramKeyLen = (k: Kernel, ht: Rhashtable): Int =>
  shortParam(k, ht, k.rhashtable_params.key_len);
export const minSize = (k: Kernel, ht: Rhashtable): Int =>
  shortParam(k, ht, k.rhashtable_params.min_size);
const maxSize = (k: Kernel, ht: Rhashtable): UInt =>
  k.read_int(paramAt(k, ht, k.rhashtable_params.max_size)) >>> 0;

export const nelemsAt = (k: Kernel, ht: Rhashtable): Cell => k.plus(ht, k.rhashtable.nelems);
export const nelemsOf = (k: Kernel, ht: Rhashtable): Int => k.read_int(nelemsAt(k, ht));
export const tableOf = (k: Kernel, ht: Rhashtable): BucketTable =>
  k.read_ptr(k.plus(ht, k.rhashtable.tbl));
export const sizeOf = (k: Kernel, tbl: BucketTable): UInt =>
  k.read_int(k.plus(tbl, k.bucket_table.size)) >>> 0;
export const futureAt = (k: Kernel, tbl: BucketTable): Cell =>
  k.plus(tbl, k.bucket_table.future_tbl);
export const futureOf = (k: Kernel, tbl: BucketTable): BucketTable => k.read_ptr(futureAt(k, tbl));

// --- chains --------------------------------------------------------------------------------------------------------------

/** &tbl->buckets[hash] */
export const bucketAt = (k: Kernel, tbl: BucketTable, hash: UInt): Cell =>
  k.plus(tbl, k.bucket_table.buckets + hash * k.ptr_words);

export const rht_is_a_nulls = (ptr: VirtAddr): boolean => (ptr & 1) !== 0;

/** The first of a chain; of an empty one its end. */
export const rht_ptr = (k: Kernel, bkt: Cell): VirtAddr => {
  const first: VirtAddr = k.read_va(bkt);
  return first === 0 ? asVirt(k.va_of(bkt) + 1) : first;
};

/** The end of a chain is not kept in its bucket. */
export const rht_assign_locked = (k: Kernel, bkt: Cell, obj: VirtAddr): void => {
  k.write_va(bkt, rht_is_a_nulls(obj) ? asVirt(0) : obj);
};

/** he->next */
export const nextOf = (k: Kernel, he: VirtAddr): VirtAddr => k.read_va(k.cell_at(he));

export const rht_obj = (k: Kernel, ht: Rhashtable, he: VirtAddr): VirtAddr =>
  asVirt(he - headOffset(k, ht));

// --- hashes --------------------------------------------------------------------------------------------------------------

/** What a function that is not the kernel's returns. */
export const callOut = (k: Kernel, func: VirtAddr, args: readonly number[]): number => {
  const ret = k.callOut?.(func, args);
  if (ret === undefined)
    throw new KernelFault(`unable to handle page fault for address: ${k.hex(func)}`);
  return ret;
};

function bytesAt(k: Kernel, key: VirtAddr, length: Int): Int[] {
  const bytes: Int[] = [];
  for (let i: Int = 0; i < length; i++) bytes.push(readByte(k, asVirt(key + i)));
  return bytes;
}

function wordsAt(k: Kernel, key: VirtAddr, length: Int): Int[] {
  const words: Int[] = [];
  for (let i: Int = 0; i < length; i++) {
    const [a, b, c, d] = bytesAt(k, asVirt(key + i * 4), 4);
    words.push(a! | (b! << 8) | (c! << 16) | (d! << 24));
  }
  return words;
}

/** ht->p.hashfn(key, ht->key_len, tbl->hash_rnd) & (tbl->size - 1) */
export function rht_key_hashfn(k: Kernel, ht: Rhashtable, tbl: BucketTable, key: VirtAddr): UInt {
  const hashfn: VirtAddr = k.read_va(paramAt(k, ht, k.rhashtable_params.hashfn));
  const key_len: UInt = k.read_int(k.plus(ht, k.rhashtable.key_len));
  const hash_rnd: UInt = k.read_int(k.plus(tbl, k.bucket_table.hash_rnd));
  const mask: UInt = sizeOf(k, tbl) - 1;
  if (hashfn === functionNamed(k, 'rhashtable_jhash2'))
    return jhash2(wordsAt(k, key, key_len), hash_rnd) & mask;
  if (hashfn === functionNamed(k, 'jhash')) return jhash(bytesAt(k, key, key_len), hash_rnd) & mask;
  return callOut(k, hashfn, [key, key_len, hash_rnd >>> 0]) & mask;
}

/** The bucket of an object in a table. */
export function head_hashfn(k: Kernel, ht: Rhashtable, tbl: BucketTable, he: VirtAddr): UInt {
  const obj: VirtAddr = rht_obj(k, ht, he);
  const obj_hashfn: VirtAddr = k.read_va(paramAt(k, ht, k.rhashtable_params.obj_hashfn));
  if (obj_hashfn === 0) return rht_key_hashfn(k, ht, tbl, asVirt(obj + keyOffset(k, ht)));
  const hash_rnd: UInt = k.read_int(k.plus(tbl, k.bucket_table.hash_rnd));
  const key_len: Int = paramKeyLen(k, ht);
  return callOut(k, obj_hashfn, [obj, key_len, hash_rnd >>> 0]) & (sizeOf(k, tbl) - 1);
}

/** 0: the object has this key. */
export function compareObject(k: Kernel, ht: Rhashtable, key: VirtAddr, he: VirtAddr): Int {
  const obj: VirtAddr = rht_obj(k, ht, he);
  const obj_cmpfn: VirtAddr = k.read_va(paramAt(k, ht, k.rhashtable_params.obj_cmpfn));
  if (obj_cmpfn !== 0) return compareOut(k, ht, obj_cmpfn, key, obj);
  // rhashtable_compare():
  for (let i: Int = 0; i < paramKeyLen(k, ht); i++) {
    const differ: Int =
      readByte(k, asVirt(obj + keyOffset(k, ht) + i)) - readByte(k, asVirt(key + i));
    if (differ !== 0) return differ;
  }
  return 0;
}

/** obj_cmpfn(&arg, obj), with a struct rhashtable_compare_arg on its stack. */
const compareOut = (
  k: Kernel,
  ht: Rhashtable,
  obj_cmpfn: VirtAddr,
  key: VirtAddr,
  obj: VirtAddr,
): Int => {
  const fill = (arg: Cell): readonly number[] => {
    k.write_ptr(k.plus(arg, k.rhashtable_compare_arg.ht), ht);
    k.write_va(k.plus(arg, k.rhashtable_compare_arg.key), key);
    return [k.va_of(arg), obj];
  };
  const ret = k.callOut?.(obj_cmpfn, fill, k.sizeof.rhashtable_compare_arg);
  if (ret === undefined)
    throw new KernelFault(`unable to handle page fault for address: ${k.hex(obj_cmpfn)}`);
  return ret;
};

// --- how large a table should be -------------------------------------------------------------------------------------------

const mayGrow = (k: Kernel, ht: Rhashtable, tbl: BucketTable): boolean =>
  maxSize(k, ht) === 0 || sizeOf(k, tbl) < maxSize(k, ht);
export const rht_grow_above_75 = (k: Kernel, ht: Rhashtable, tbl: BucketTable): boolean =>
  nelemsOf(k, ht) > (sizeOf(k, tbl) / 4) * 3 && mayGrow(k, ht, tbl);
export const rht_grow_above_100 = (k: Kernel, ht: Rhashtable, tbl: BucketTable): boolean =>
  nelemsOf(k, ht) > sizeOf(k, tbl) && mayGrow(k, ht, tbl);
export const rht_shrink_below_30 = (k: Kernel, ht: Rhashtable, tbl: BucketTable): boolean =>
  nelemsOf(k, ht) < Math.floor((sizeOf(k, tbl) * 3) / 10) && sizeOf(k, tbl) > minSize(k, ht);
export const rht_grow_above_max = (k: Kernel, ht: Rhashtable): boolean =>
  nelemsOf(k, ht) >= k.read_int(k.plus(ht, k.rhashtable.max_elems)) >>> 0;

// --- making, ending ----------------------------------------------------------------------------------------------------------

/** Of nbuckets buckets, all empty; NULL without memory. */
export function bucket_table_alloc(k: Kernel, nbuckets: UInt, gfp: Gfp): BucketTable {
  const size: UInt = (k.bucket_table.buckets + nbuckets * k.ptr_words) * 4;
  const object: VirtAddr = kvmalloc_node(k, size, gfp | k.__GFP_ZERO, k.machine.caller);
  if (object === 0) return NULL;
  const tbl: BucketTable = k.cell_at(object);
  k.write(k.plus(tbl, k.bucket_table.size), nbuckets);
  // rcu_head_init(): no call_rcu() yet.
  k.write_va(k.plus(tbl, k.bucket_table.rcu + k.callback_head.func), asVirt(-1));
  INIT_LIST_HEAD(k, k.plus(tbl, k.bucket_table.walkers));
  k.write(k.plus(tbl, k.bucket_table.hash_rnd), nextRandom(k));
  return tbl;
}

export function bucket_table_free(k: Kernel, tbl: BucketTable): void {
  kvfree(k, k.va_of(tbl));
}

function bucket_table_free_rcu(k: Kernel, head: Cell): void {
  bucket_table_free(k, k.cell_at(asVirt(k.va_of(head) - k.bucket_table.rcu * 4)));
}
linkCallback('bucket_table_free_rcu', bucket_table_free_rcu);

export function rhashtable_last_table(k: Kernel, tbl: BucketTable): BucketTable {
  let new_tbl: BucketTable = tbl;
  for (let future = futureOf(k, tbl); future !== NULL; future = futureOf(k, future))
    new_tbl = future;
  return new_tbl;
}
