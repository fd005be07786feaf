/**
 * kernfs: the tree of nodes behind sysfs. Here: making a node, its references, and its end.
 *
 * Each node has a number of its root's idr. A name in the kernel's read-only data is not copied.
 * Left out everywhere: namespaces, owners, iattr with its timestamps, security, open files that removal would wait for.
 * Source: Linux 6.1 fs/kernfs/dir.c; the children of a directory are in sibling.ts, removing in remove.ts.
 */
import { type Int, type KmemCache, NULL } from '../../../../machine/ctypes.js';
import type { Kernel } from '../../../../machine/kernel.js';
import type { Cell, VirtAddr } from '../../../../memory/address.js';
import { ERR_PTR } from '../../../include/linux/err.h.js';
import { ENOMEM } from '../../../include/linux/errno.h.js';
import type { Idr } from '../../../include/linux/idr.h.js';
import { RB_CLEAR_NODE, type RbNode } from '../../../include/linux/rbtree.h.js';
import { kmem_cache_free, kmem_cache_zalloc } from '../../../include/linux/slab.h.js';
import { idr_alloc_cyclic, idr_remove } from '../../../lib/idr.js';
import { stringAt } from '../../../lib/string.js';
import { kfree_const, kstrdup_const } from '../../../mm/util.js';
import {
  KERNFS_ACTIVATED,
  KERNFS_DIR,
  KERNFS_LINK,
  kernfs_root,
  kernfs_type,
  type KernfsNode,
  type KernfsRoot,
  KN_DEACTIVATED_BIAS,
  S_IFDIR,
} from '../kernfs-internal.h.js';
import { kernfs_link_sibling, kernfs_name_hash } from './sibling.js';

/** Whether the node may be entered: not before it is in the tree, nor once it is being removed. */
export function kernfs_active(k: Kernel, kn: KernfsNode): boolean {
  return k.words[kn + k.kernfs_node.active]! >= 0;
}

/** Nobody owns kernfs_rwsem; the last to read the tree had left its task there. */
export const upWriteRwsem = (k: Kernel, root: KernfsRoot): void =>
  k.write_long(root + k.kernfs_root.kernfs_rwsem_owner, 0);

// --- references --------------------------------------------------------------------------------------------------------

/** Keeps the node in memory. That does not keep it in the tree. */
export function kernfs_get(k: Kernel, kn: KernfsNode): void {
  if (kn !== NULL) k.write(kn + k.kernfs_node.count, k.words[kn + k.kernfs_node.count]! + 1);
}

/** atomic_dec_and_test(&kn->count) */
const countDecAndTest = (k: Kernel, kn: KernfsNode): boolean => {
  k.write(kn + k.kernfs_node.count, k.words[kn + k.kernfs_node.count]! - 1);
  return k.words[kn + k.kernfs_node.count] === 0;
};

/** The last reference frees the node, and with it one to its parent. Left out: the end of the root. */
export function kernfs_put(k: Kernel, kn: KernfsNode): void {
  if (kn === NULL || !countDecAndTest(k, kn)) return;
  const root: KernfsRoot = kernfs_root(k, kn);

  repeat: for (;;) {
    // Read before the node is freed: its reference to the parent is dropped next.
    const parent: KernfsNode = k.read_ptr(kn + k.kernfs_node.parent);
    if (kernfs_type(k, kn) === KERNFS_LINK)
      kernfs_put(k, k.read_ptr(kn + k.kernfs_node.symlink_target_kn));

    kfree_const(k, k.read_va(kn + k.kernfs_node.name));
    idr_remove(k, (root + k.kernfs_root.ino_idr) as Idr, k.words[kn + k.kernfs_node.id]!);
    kmem_cache_free(k, k.read_ptr(k.globals.kernfs_node_cache), k.va_of(kn));

    kn = parent;
    // A chain of directories may end here, one by one: a loop, so that the stack does not grow with it.
    if (kn === NULL || !countDecAndTest(k, kn)) break;
    continue repeat;
  }
}

// --- making ------------------------------------------------------------------------------------------------------------

/** A node with a number and a name, but without a place. */
export function __kernfs_new_node(
  k: Kernel,
  root: KernfsRoot,
  name: string | VirtAddr,
  mode: Int,
  flags: Int,
): KernfsNode {
  const kernfs_node_cache: KmemCache = k.read_ptr(k.globals.kernfs_node_cache);

  const copy: VirtAddr = kstrdup_const(k, name);
  if (copy === 0) return NULL;

  err_out1: {
    const object: VirtAddr = kmem_cache_zalloc(k, kernfs_node_cache, k.GFP_KERNEL);
    if (object === 0) break err_out1;
    const kn: KernfsNode = k.cell_at(object);

    err_out2: {
      const ino_idr = (root + k.kernfs_root.ino_idr) as Idr;
      const ret: Int = idr_alloc_cyclic(k, ino_idr, k.va_of(kn), 1, k.GFP_ATOMIC);
      // Numbers began anew: the upper half of an id tells apart those that have the same lower one.
      if (ret >= 0 && ret < k.words[root + k.kernfs_root.last_id_lowbits]!)
        k.write(root + k.kernfs_root.id_highbits, k.words[root + k.kernfs_root.id_highbits]! + 1);
      k.write(root + k.kernfs_root.last_id_lowbits, ret);
      if (ret < 0) break err_out2;

      k.write(kn + k.kernfs_node.id, ret);
      k.write(kn + k.kernfs_node.id + 1, k.words[root + k.kernfs_root.id_highbits]!);
      k.write(kn + k.kernfs_node.count, 1);
      // Nobody may enter before it is linked in.
      k.write(kn + k.kernfs_node.active, KN_DEACTIVATED_BIAS);
      // By this a removal sees that it is in no tree.
      RB_CLEAR_NODE(k, (kn + k.kernfs_node.rb) as RbNode);
      k.write_va(kn + k.kernfs_node.name, copy);
      k.write16(kn, k.kernfs_node.mode, mode);
      k.write16(kn, k.kernfs_node.flags, flags);
      return kn;
    }
    // err_out2:
    kmem_cache_free(k, kernfs_node_cache, object);
  }
  // err_out1:
  kfree_const(k, copy);
  return NULL;
}

/** A node that holds its parent. NULL without memory. */
export function kernfs_new_node(
  k: Kernel,
  parent: KernfsNode,
  name: string | VirtAddr,
  mode: Int,
  flags: Int,
): KernfsNode {
  const kn: KernfsNode = __kernfs_new_node(k, kernfs_root(k, parent), name, mode, flags);
  if (kn !== NULL) {
    kernfs_get(k, parent);
    k.write_ptr(kn + k.kernfs_node.parent, parent);
  }
  return kn;
}

/** Lets the node be entered. */
export function kernfs_activate_one(k: Kernel, kn: KernfsNode): void {
  const flags: Int = k.read16(kn, k.kernfs_node.flags);
  k.write16(kn, k.kernfs_node.flags, flags | KERNFS_ACTIVATED);
  // Taking the bias away twice would make it look as if somebody were inside.
  if (kernfs_active(k, kn)) return;
  k.write(kn + k.kernfs_node.active, k.words[kn + k.kernfs_node.active]! - KN_DEACTIVATED_BIAS);
}

/** Links a new node in and lets it be entered; -EEXIST when its name is taken. Left out: the checks of its parent. */
export function kernfs_add_one(k: Kernel, kn: KernfsNode): Int {
  const root: KernfsRoot = kernfs_root(k, kn);
  const name: string = stringAt(k, k.read_va(kn + k.kernfs_node.name));
  k.write(kn + k.kernfs_node.hash, kernfs_name_hash(k, name));
  const ret: Int = kernfs_link_sibling(k, kn);
  upWriteRwsem(k, root);
  if (ret !== 0) return ret;

  // kernfs_activate(): nothing is below it yet.
  kernfs_activate_one(k, kn);
  return 0;
}

/** @param priv the kobject of the directory */
export function kernfs_create_dir_ns(
  k: Kernel,
  parent: KernfsNode,
  name: VirtAddr,
  mode: Int,
  priv: Cell,
): KernfsNode {
  const kn: KernfsNode = kernfs_new_node(k, parent, name, mode | S_IFDIR, KERNFS_DIR);
  if (kn === NULL) return ERR_PTR(-ENOMEM);

  // Before it is linked in: a task that finds the directory may ask it for the root.
  k.copy_ptr(kn + k.kernfs_node.dir_root, parent + k.kernfs_node.dir_root);
  k.write_ptr(kn + k.kernfs_node.priv, priv);

  const rc: Int = kernfs_add_one(k, kn);
  if (rc === 0) return kn;
  kernfs_put(k, kn);
  return ERR_PTR(rc);
}
