/**
 * Names of files: dentries, in a directory or in none. What of them is looked up: hash.ts; by a path: path.ts.
 *
 *     dentry->d_name.name   d_iname, or, of a name that does not fit, an external_name of its own
 *     dentry->d_parent      itself, of a file without a directory and of a root
 *
 * Differs: siblings are on no list of their parent; nothing is on a list of unused names.
 * Left out: renames, negative names, d_seq, the counters of names, casefolding.
 * Source: Linux 6.1 fs/dcache.c; include/linux/dcache.h.
 */
import {
  type Dentry,
  type Inode,
  type Int,
  type KmemCache,
  NULL,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, asVirt, type Cell, type VirtAddr } from '../../../memory/address.js';
import { kmem_cache_alloc, kmem_cache_free } from '../../include/linux/slab.h.js';
import { call_rcu, functionNamed, linkCallback } from '../../kernel/rcu/tiny.js';
import { writeByte } from '../../lib/string.js';
import { kfree, kmalloc } from '../../mm/slab_common/kmalloc.js';
import { d_unhashed, full_name_hash } from './hash.js';

export const DCACHE_DIRECTORY_TYPE = 0x00200000;
const DCACHE_REGULAR_TYPE = 0x00400000;
const DCACHE_NORCU = 0x40000000;

const dentryCache = (k: Kernel): KmemCache => k.read_ptr(k.globals.dentry_cache);

/** DNAME_INLINE_LEN: the bytes of a name that fit into the dentry, with the 0 behind it. */
const inlineBytes = (k: Kernel): Int => k.dentry.d_lockref * 4 - k.dentry.d_iname;

const inlineName = (k: Kernel, dentry: Dentry): VirtAddr =>
  asVirt(k.va_of(dentry) + k.dentry.d_iname);

const dname_external = (k: Kernel, dentry: Dentry): boolean =>
  k.read_va(k.plus(dentry, k.dentry.d_name_name)) !== inlineName(k, dentry);

/** A dentry of that name, its own parent; NULL without memory. */
export function __d_alloc(k: Kernel, name: string): Dentry {
  const object: VirtAddr = kmem_cache_alloc(k, dentryCache(k), k.GFP_KERNEL);
  if (object === 0) return NULL;
  const dentry: Dentry = k.cell_at(object);
  writeByte(k, asVirt(inlineName(k, dentry) + inlineBytes(k) - 1), 0);
  let dname: VirtAddr = inlineName(k, dentry);
  if (name.length > inlineBytes(k) - 1) {
    const size: Int = k.external_name.name + 1 + name.length;
    const p: VirtAddr = kmalloc(k, size, k.GFP_KERNEL_ACCOUNT | k.__GFP_RECLAIMABLE);
    if (p === 0) {
      kmem_cache_free(k, dentryCache(k), object);
      return NULL;
    }
    k.write(k.cell_at(p) + k.external_name.u_count, 1);
    dname = asVirt(p + k.external_name.name);
  }
  k.write(k.plus(dentry, k.dentry.d_name_len), name.length);
  k.write(k.plus(dentry, k.dentry.d_name_hash), 0);
  for (let i = 0; i < name.length; i++) writeByte(k, asVirt(dname + i), name.charCodeAt(i) & 0xff);
  writeByte(k, asVirt(dname + name.length), 0);
  k.write_va(k.plus(dentry, k.dentry.d_name_name), dname);
  k.write(k.plus(dentry, k.dentry.d_lockref_count), 1);
  k.write(k.plus(dentry, k.dentry.d_flags), 0);
  k.write_ptr(k.plus(dentry, k.dentry.d_inode), NULL);
  k.write_ptr(k.plus(dentry, k.dentry.d_parent), dentry);
  k.write_va(k.plus(dentry, k.dentry.d_op), asVirt(0));
  k.write_ptr(k.plus(dentry, k.dentry.d_hash_next), NULL);
  k.write_va(k.plus(dentry, k.dentry.d_hash_pprev), asVirt(0));
  // INIT_HLIST_NODE(&dentry->d_u.d_alias)
  k.write_ptr(k.plus(dentry, k.dentry.d_u_d_alias), NULL);
  k.write_va(k.plus(dentry, k.dentry.d_u_d_alias + k.hlist_node.pprev), asVirt(0));
  return dentry;
}

/** A dentry of a file that nobody can look up: it goes at once with its last reference. */
export function d_alloc_pseudo(k: Kernel, name: string): Dentry {
  const dentry: Dentry = __d_alloc(k, name);
  if (dentry === NULL) return NULL;
  k.write(k.plus(dentry, k.dentry.d_flags), DCACHE_NORCU);
  // alloc_file_pseudo(): anon_ops, whose d_dname() prints the name of a file that is in no directory.
  const anon_ops: VirtAddr = k.profile.symbol('anon_ops')?.address ?? asVirt(0);
  k.write_va(k.plus(dentry, k.dentry.d_op), anon_ops);
  return dentry;
}

/** A child of `parent`, which it keeps. */
export function d_alloc(k: Kernel, parent: Dentry, name: string): Dentry {
  const dentry: Dentry = __d_alloc(k, name);
  if (dentry === NULL) return NULL;
  k.write(k.plus(dentry, k.dentry.d_name_hash), full_name_hash(k, k.va_of(parent), name));
  addReference(k, parent, 1);
  k.write_ptr(k.plus(dentry, k.dentry.d_parent), parent);
  k.copy_ptr(k.plus(dentry, k.dentry.d_sb), k.plus(parent, k.dentry.d_sb));
  return dentry;
}

export const addReference = (k: Kernel, dentry: Dentry, count: Int): Int => {
  const at: Cell = k.plus(dentry, k.dentry.d_lockref_count);
  const now: Int = k.read_int(at) + count;
  k.write(at, now);
  return now;
};

/** The inode gets the name: the first of its names is the one that it was given last. */
export function d_instantiate(k: Kernel, entry: Dentry, inode: Inode): void {
  const flags: Cell = k.plus(entry, k.dentry.d_flags);
  const n: Cell = k.plus(entry, k.dentry.d_u_d_alias);
  const head: Cell = k.plus(inode, k.inode.i_dentry);
  // hlist_add_head():
  const first: Cell = k.read_ptr(head);
  k.write_ptr(n, first);
  if (first !== NULL) k.write_ptr(k.plus(first, k.hlist_node.pprev), n);
  k.write_ptr(head, n);
  k.write_ptr(k.plus(n, k.hlist_node.pprev), head);
  k.write_ptr(k.plus(entry, k.dentry.d_inode), inode);
  k.write(flags, k.read_int(flags) | DCACHE_REGULAR_TYPE);
}

// --- their end -----------------------------------------------------------------------------------------------------------

function dentry_free(k: Kernel, dentry: Dentry): void {
  if (dname_external(k, dentry)) {
    // The name has one user: nothing is renamed here.
    const name: VirtAddr = k.read_va(k.plus(dentry, k.dentry.d_name_name));
    const p: Cell = k.cell_at(asVirt(name - k.external_name.name));
    k.write(p + k.external_name.u_count, 0);
    call_rcu(k, k.plus(dentry, k.dentry.d_u_d_rcu), functionNamed(k, '__d_free_external'));
    return;
  }
  if ((k.read_int(k.plus(dentry, k.dentry.d_flags)) & DCACHE_NORCU) !== 0) {
    kmem_cache_free(k, dentryCache(k), k.va_of(dentry));
    return;
  }
  call_rcu(k, k.plus(dentry, k.dentry.d_u_d_rcu), functionNamed(k, '__d_free'));
}

/** A reference to a name ends; the last one of a name that leads nowhere takes it away, and with it one of its parent. */
export function dput(k: Kernel, last: Dentry): void {
  for (let dentry: Dentry = last; dentry !== NULL;) {
    if (addReference(k, dentry, -1) > 0) return;
    // retain_dentry(): a name that can be looked up stays.
    if (!d_unhashed(k, dentry)) return;
    const parent: Dentry = k.read_ptr(k.plus(dentry, k.dentry.d_parent));
    dentry_free(k, dentry);
    dentry = parent === dentry ? NULL : parent;
  }
}

linkCallback('__d_free', (k, head) => {
  const dentry = k.va_of(asCell(head - k.dentry.d_u_d_rcu));
  kmem_cache_free(k, k.read_ptr(k.globals.dentry_cache), dentry);
});

linkCallback('__d_free_external', (k, head) => {
  const dentry: Dentry = k.plus(head, -k.dentry.d_u_d_rcu);
  const name: VirtAddr = k.read_va(k.plus(dentry, k.dentry.d_name_name));
  kfree(k, asVirt(name - k.external_name.name));
  kmem_cache_free(k, dentryCache(k), k.va_of(dentry));
});
