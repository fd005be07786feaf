/**
 * Where names are found: a table of chains, by the hash of a name and of the directory that it is in.
 *
 * Source: Linux 6.1 fs/dcache.c: d_hash(), __d_rehash(), d_drop(), d_lookup(); fs/namei.c: full_name_hash() with
 * CONFIG_DCACHE_WORD_ACCESS; include/linux/dcache.h: d_unhashed(); include/linux/list_bl.h.
 */
import { type Dentry, type Int, NULL, type UInt } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type Cell, type VirtAddr } from '../../../memory/address.js';
import { stringAt } from '../../lib/string.js';

const GOLDEN_RATIO_32 = 0x61c88647n;
const GOLDEN_RATIO_64 = 0x61c8864680b583ebn;

const asUlong = (k: Kernel, value: bigint): bigint => BigInt.asUintN(k.wide ? 64 : 32, value);

const rotateLeft = (k: Kernel, value: bigint, shift: bigint): bigint =>
  asUlong(k, (value << shift) | (value >> ((k.wide ? 64n : 32n) - shift)));

const fold_hash = (k: Kernel, x: bigint, y: bigint): UInt =>
  k.wide
    ? Number(asUlong(k, (y ^ asUlong(k, x * GOLDEN_RATIO_64)) * GOLDEN_RATIO_64) >> 32n)
    : Number(asUlong(k, (y ^ asUlong(k, x * GOLDEN_RATIO_32)) * GOLDEN_RATIO_32));

/** A long of the name after the other; the rest of the last one is zero. @param salt the directory's dentry */
export function full_name_hash(k: Kernel, salt: VirtAddr, name: string): UInt {
  const long = k.ptr_words * 4;
  let x = 0n;
  let y = asUlong(k, BigInt(salt));
  for (let from = 0; from < name.length; from += long) {
    const length: Int = Math.min(long, name.length - from);
    let a = 0n;
    for (let i = 0; i < length; i++) a |= BigInt(name.charCodeAt(from + i)) << BigInt(i * 8);
    x ^= a;
    if (length < long) break;
    // HASH_MIX()
    y ^= x;
    x = asUlong(k, rotateLeft(k, x, k.wide ? 12n : 7n) + y);
    y = asUlong(k, rotateLeft(k, y, k.wide ? 45n : 20n) * 9n);
  }
  return fold_hash(k, x, y);
}

/** The chain of names with this hash; NULL on a machine whose memory has no such table. */
const d_hash = (k: Kernel, hash: UInt): Cell => {
  const table: Cell =
    k.globals.dentry_hashtable === NULL ? NULL : k.read_ptr(k.globals.dentry_hashtable);
  return table === NULL
    ? NULL
    : k.plus(table, (hash >>> k.read_int(k.globals.d_hash_shift)) * k.ptr_words);
};

export function __d_rehash(k: Kernel, entry: Dentry): void {
  const b: Cell = d_hash(k, k.words[k.plus(entry, k.dentry.d_name_hash)]! >>> 0);
  if (b === NULL) return;
  // hlist_bl_add_head_rcu():
  const first: Dentry = k.read_ptr(b);
  const n: Cell = k.plus(entry, k.dentry.d_hash_next);
  k.write_ptr(n, first);
  if (first !== NULL) k.write_ptr(k.plus(first, k.ptr_words), n);
  k.write_ptr(k.plus(entry, k.dentry.d_hash_pprev), b);
  k.write_ptr(b, n);
}

export const d_unhashed = (k: Kernel, dentry: Dentry): boolean =>
  k.read_va(k.plus(dentry, k.dentry.d_hash_pprev)) === 0;

/** The name leads to it no more: what has it open keeps it. */
export function d_drop(k: Kernel, dentry: Dentry): void {
  if (d_unhashed(k, dentry)) return;
  // __hlist_bl_del():
  const next: Cell = k.read_ptr(k.plus(dentry, k.dentry.d_hash_next));
  const pprev: Cell = k.read_ptr(k.plus(dentry, k.dentry.d_hash_pprev));
  k.write_ptr(pprev, next);
  if (next !== NULL) k.write_ptr(k.plus(next, k.ptr_words), pprev);
  k.write_va(k.plus(dentry, k.dentry.d_hash_pprev), asVirt(0));
}

/** The child of that name; NULL: nobody has looked for it yet. */
export function d_lookup(k: Kernel, parent: Dentry, name: string): Dentry {
  const hash: UInt = full_name_hash(k, k.va_of(parent), name);
  const b: Cell = d_hash(k, hash);
  if (b === NULL) return NULL;
  for (let node: Cell = k.read_ptr(b); node !== NULL; node = k.read_ptr(node)) {
    const dentry: Dentry = k.plus(node, -k.dentry.d_hash_next);
    if (k.words[k.plus(dentry, k.dentry.d_name_hash)]! >>> 0 !== hash) continue;
    if (k.read_ptr(k.plus(dentry, k.dentry.d_parent)) !== parent) continue;
    if (stringAt(k, k.read_va(k.plus(dentry, k.dentry.d_name_name))) === name) return dentry;
  }
  return NULL;
}
