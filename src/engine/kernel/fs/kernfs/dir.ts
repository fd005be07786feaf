/**
 * kernfs: the tree of nodes behind sysfs. A directory's children hang on a red-black tree, by the hash of their names.
 *
 *     kernfs_node   count │ active │ parent │ name │ rb │ hash │ dir { children, root } or attr { ops } │ id
 *
 * Each node has a number of its root's idr. A name in the kernel's read-only data is not copied.
 * Differs: no timestamps (nodes here have no iattr), no open files to be drained.
 * Source: Linux 6.1 fs/kernfs/dir.c, file.c, symlink.c.
 */
import { type Int, NULL, type Pointer, type UInt } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { Cell, VirtAddr } from '../../../memory/address.js';
import type { Idr } from '../../include/linux/idr.h.js';
import {
  RB_CLEAR_NODE,
  RB_EMPTY_NODE,
  rb_left,
  rb_left_link,
  rb_link_node,
  rb_right_link,
  type RbLink,
  type RbNode,
} from '../../include/linux/rbtree.h.js';
import { idr_alloc_cyclic, idr_remove } from '../../lib/idr.js';
import { rb_erase, rb_insert_color } from '../../lib/rbtree.js';
import { read_string } from '../../lib/string.js';
import { kmem_cache_free, kmem_cache_zalloc } from '../../mm/slab_common/api.js';
import { kfree_const, kstrdup_const } from '../../mm/util.js';
import { kernfs_name_hash } from './name.js';

export type KernfsNode = Pointer<'struct kernfs_node'>;

/** enum kernfs_node_type, kernfs_node_flag: include/linux/kernfs.h */
const KERNFS_DIR = 0x0001;
const KERNFS_FILE = 0x0002;
const KERNFS_LINK = 0x0004;
const KERNFS_TYPE_MASK = 0x000f;
const KERNFS_ACTIVATED = 0x0010;
const KERNFS_HAS_SEQ_SHOW = 0x0040;
const KERNFS_REMOVING = 0x4000;
/** `active` of a node that nobody may enter. */
const KN_DEACTIVATED_BIAS = -0x7fffffff;
const S_IFDIR = 0o040000;
const S_IFREG = 0o100000;
const S_IFLNK = 0o120000;

const kn_parent = (k: Kernel, kn: KernfsNode): KernfsNode => k.read_ptr(kn + k.kernfs_node.parent);
const kn_name = (k: Kernel, kn: KernfsNode): VirtAddr => k.read_va(kn + k.kernfs_node.name);
const kn_flags = (k: Kernel, kn: KernfsNode): Int => k.read16(kn, k.kernfs_node.flags);
const kernfs_type = (k: Kernel, kn: KernfsNode): Int => kn_flags(k, kn) & KERNFS_TYPE_MASK;
const set_flags = (k: Kernel, kn: KernfsNode, flags: Int): void =>
  k.write16(kn, k.kernfs_node.flags, kn_flags(k, kn) | flags);
const kernfs_active = (k: Kernel, kn: KernfsNode): boolean =>
  k.words[kn + k.kernfs_node.active]! >= 0;
const add_active = (k: Kernel, kn: KernfsNode, delta: Int): void =>
  k.write(kn + k.kernfs_node.active, (k.words[kn + k.kernfs_node.active]! + delta) | 0);

const kn_rb = (k: Kernel, kn: KernfsNode): RbNode => (kn + k.kernfs_node.rb) as RbNode;
const rb_to_kn = (k: Kernel, rb: RbNode): KernfsNode => (rb - k.kernfs_node.rb) as KernfsNode;
const children = (k: Kernel, kn: KernfsNode): RbLink => (kn + k.kernfs_node.dir_children) as RbLink;

function kernfs_root(k: Kernel, kn: KernfsNode): Pointer<'struct kernfs_root'> {
  const parent: KernfsNode = kn_parent(k, kn);
  return k.read_ptr((parent !== NULL ? parent : kn) + k.kernfs_node.dir_root);
}

// --- references --------------------------------------------------------------------------------------------------------

export function kernfs_get(k: Kernel, kn: KernfsNode): void {
  if (kn !== NULL) k.write(kn + k.kernfs_node.count, k.words[kn + k.kernfs_node.count]! + 1);
}

function count_dec_and_test(k: Kernel, kn: KernfsNode): boolean {
  k.write(kn + k.kernfs_node.count, k.words[kn + k.kernfs_node.count]! - 1);
  return k.words[kn + k.kernfs_node.count] === 0;
}

/** The last reference frees the node, and with it one to its parent. */
export function kernfs_put(k: Kernel, kn: KernfsNode): void {
  while (kn !== NULL && count_dec_and_test(k, kn)) {
    const root = kernfs_root(k, kn);
    const parent: KernfsNode = kn_parent(k, kn);
    if (kernfs_type(k, kn) === KERNFS_LINK)
      kernfs_put(k, k.read_ptr(kn + k.kernfs_node.symlink_target_kn));
    kfree_const(k, kn_name(k, kn));
    idr_remove(k, (root + k.kernfs_root.ino_idr) as Idr, k.words[kn + k.kernfs_node.id]!);
    kmem_cache_free(k, k.read_ptr(k.globals.kernfs_node_cache), k.va_of(kn));
    kn = parent;
  }
}

// --- names -------------------------------------------------------------------------------------------------------------

function kernfs_name_compare(k: Kernel, hash: UInt, name: string, kn: KernfsNode): Int {
  const other: UInt = k.words[kn + k.kernfs_node.hash]!;
  if (hash !== other) return hash < other ? -1 : 1;
  const other_name: string = read_string(k, kn_name(k, kn));
  if (name === other_name) return 0;
  return name < other_name ? -1 : 1;
}

/** The child of a name; NULL when there is none. */
export function kernfs_find(k: Kernel, parent: KernfsNode, name: string): KernfsNode {
  const hash: UInt = kernfs_name_hash(k.wide, name);
  let link: RbLink = children(k, parent);
  for (;;) {
    const node: RbNode = k.read_ptr(link);
    if (node === NULL) return NULL;
    const kn: KernfsNode = rb_to_kn(k, node);
    const result: Int = kernfs_name_compare(k, hash, name, kn);
    if (result === 0) return kn;
    link = result < 0 ? rb_left_link(k, node) : rb_right_link(k, node);
  }
}

// --- making ------------------------------------------------------------------------------------------------------------

function kernfs_new_node(
  k: Kernel,
  parent: KernfsNode,
  name: VirtAddr,
  mode: Int,
  flags: Int,
): KernfsNode {
  const own_name: VirtAddr = kstrdup_const(k, name);
  if (own_name === 0) return NULL;
  const cache = k.read_ptr(k.globals.kernfs_node_cache);
  const object: VirtAddr = kmem_cache_zalloc(k, cache, k.GFP_KERNEL);
  if (object === 0) {
    kfree_const(k, own_name);
    return NULL;
  }
  const kn: KernfsNode = k.cell_at(object);
  const root = kernfs_root(k, parent);
  const id: Int = idr_alloc_cyclic(k, (root + k.kernfs_root.ino_idr) as Idr, kn, 1, k.GFP_ATOMIC);
  if (id < 0) {
    kmem_cache_free(k, cache, object);
    kfree_const(k, own_name);
    return NULL;
  }
  // Numbers began anew.
  if (id < k.words[root + k.kernfs_root.last_id_lowbits]!)
    k.write(root + k.kernfs_root.id_highbits, k.words[root + k.kernfs_root.id_highbits]! + 1);
  k.write(root + k.kernfs_root.last_id_lowbits, id);
  k.write(kn + k.kernfs_node.id, id);
  k.write(kn + k.kernfs_node.id + 1, k.words[root + k.kernfs_root.id_highbits]!);

  k.write(kn + k.kernfs_node.count, 1);
  k.write(kn + k.kernfs_node.active, KN_DEACTIVATED_BIAS);
  RB_CLEAR_NODE(k, kn_rb(k, kn));
  k.write_va(kn + k.kernfs_node.name, own_name);
  k.write16(kn, k.kernfs_node.mode, mode);
  k.write16(kn, k.kernfs_node.flags, flags);
  kernfs_get(k, parent);
  k.write_ptr(kn + k.kernfs_node.parent, parent);
  return kn;
}

/** Hangs the node on its parent's tree. False when the name is taken. */
function kernfs_link_sibling(k: Kernel, kn: KernfsNode): boolean {
  const kn_parent_node: KernfsNode = kn_parent(k, kn);
  const name: string = read_string(k, kn_name(k, kn));
  const hash: UInt = k.words[kn + k.kernfs_node.hash]!;
  let link: RbLink = children(k, kn_parent_node);
  let parent: RbNode = NULL;
  for (let node: RbNode = k.read_ptr(link); node !== NULL; node = k.read_ptr(link)) {
    parent = node;
    const result: Int = kernfs_name_compare(k, hash, name, rb_to_kn(k, node));
    if (result === 0) return false;
    link = result < 0 ? rb_left_link(k, node) : rb_right_link(k, node);
  }
  rb_link_node(k, kn_rb(k, kn), parent, link);
  rb_insert_color(k, kn_rb(k, kn), children(k, kn_parent_node) as Cell);
  if (kernfs_type(k, kn) === KERNFS_DIR) k.add_long(kn_parent_node + k.kernfs_node.dir_subdirs, 1);
  k.add_long(kn_parent_node + k.kernfs_node.dir_rev, 1);
  return true;
}

/** up_write(&root->kernfs_rwsem): nobody owns it. Whoever read the tree last had left himself there. */
function up_write(k: Kernel, root: Pointer<'struct kernfs_root'>): void {
  k.write_long(root + k.kernfs_root.kernfs_rwsem_owner, 0);
}

/** kernfs_add_one(): links the node and lets it be entered; one whose name is taken is freed. */
function kernfs_add_one(k: Kernel, kn: KernfsNode): KernfsNode {
  k.write(kn + k.kernfs_node.hash, kernfs_name_hash(k.wide, read_string(k, kn_name(k, kn))));
  const linked: boolean = kernfs_link_sibling(k, kn);
  up_write(k, kernfs_root(k, kn));
  if (!linked) {
    kernfs_put(k, kn);
    return NULL;
  }
  set_flags(k, kn, KERNFS_ACTIVATED);
  add_active(k, kn, -KN_DEACTIVATED_BIAS);
  return kn;
}

/** @param priv the kobject of the directory */
export function kernfs_create_dir(
  k: Kernel,
  parent: KernfsNode,
  name: VirtAddr,
  mode: Int,
  priv: Cell,
): KernfsNode {
  const kn: KernfsNode = kernfs_new_node(k, parent, name, mode | S_IFDIR, KERNFS_DIR);
  if (kn === NULL) return NULL;
  k.copy_ptr(kn + k.kernfs_node.dir_root, parent + k.kernfs_node.dir_root);
  k.write_ptr(kn + k.kernfs_node.priv, priv);
  return kernfs_add_one(k, kn);
}

/** @param ops a struct kernfs_ops with seq_show */
export function kernfs_create_file(
  k: Kernel,
  parent: KernfsNode,
  name: VirtAddr,
  mode: Int,
  size: Int,
  ops: VirtAddr,
  priv: Cell,
): KernfsNode {
  const kn: KernfsNode = kernfs_new_node(k, parent, name, mode | S_IFREG, KERNFS_FILE);
  if (kn === NULL) return NULL;
  k.write_va(kn + k.kernfs_node.attr_ops, ops);
  k.write(kn + k.kernfs_node.attr_size, size);
  k.write(kn + k.kernfs_node.attr_size + 1, 0);
  k.write_ptr(kn + k.kernfs_node.priv, priv);
  set_flags(k, kn, KERNFS_HAS_SEQ_SHOW);
  return kernfs_add_one(k, kn);
}

export function kernfs_create_link(
  k: Kernel,
  parent: KernfsNode,
  name: VirtAddr,
  target: KernfsNode,
): KernfsNode {
  const kn: KernfsNode = kernfs_new_node(k, parent, name, 0o777 | S_IFLNK, KERNFS_LINK);
  if (kn === NULL) return NULL;
  k.write_ptr(kn + k.kernfs_node.symlink_target_kn, target);
  kernfs_get(k, target);
  return kernfs_add_one(k, kn);
}

// --- removing ----------------------------------------------------------------------------------------------------------

/** The first of the deepest nodes on the left side. */
function kernfs_leftmost_descendant(k: Kernel, pos: KernfsNode): KernfsNode {
  for (;;) {
    if (kernfs_type(k, pos) !== KERNFS_DIR) return pos;
    let rb: RbNode = k.read_ptr(children(k, pos));
    if (rb === NULL) return pos;
    for (let left: RbNode = rb_left(k, rb); left !== NULL; left = rb_left(k, rb)) rb = left;
    pos = rb_to_kn(k, rb);
  }
}

/** Nobody may enter `kn` and below any more. */
function deactivate(k: Kernel, kn: KernfsNode): void {
  set_flags(k, kn, KERNFS_REMOVING);
  if (kernfs_active(k, kn)) add_active(k, kn, KN_DEACTIVATED_BIAS);
  if (kernfs_type(k, kn) !== KERNFS_DIR) return;
  const pending: RbNode[] = [k.read_ptr(children(k, kn))];
  for (let rb = pending.pop(); rb !== undefined; rb = pending.pop()) {
    if (rb === NULL) continue;
    deactivate(k, rb_to_kn(k, rb));
    pending.push(k.read_ptr(rb_left_link(k, rb)), k.read_ptr(rb_right_link(k, rb)));
  }
}

function kernfs_unlink_sibling(k: Kernel, kn: KernfsNode): boolean {
  const rb: RbNode = kn_rb(k, kn);
  if (RB_EMPTY_NODE(k, rb)) return false;
  const parent: KernfsNode = kn_parent(k, kn);
  if (kernfs_type(k, kn) === KERNFS_DIR) k.add_long(parent + k.kernfs_node.dir_subdirs, -1);
  k.add_long(parent + k.kernfs_node.dir_rev, 1);
  rb_erase(k, rb, children(k, parent) as Cell);
  RB_CLEAR_NODE(k, rb);
  return true;
}

/** Removes a node and everything below it, in the order of the hashes. */
export function kernfs_remove(k: Kernel, kn: KernfsNode): void {
  if (kn === NULL) return;
  if (kn_parent(k, kn) !== NULL && RB_EMPTY_NODE(k, kn_rb(k, kn))) return;
  const root = kernfs_root(k, kn);
  deactivate(k, kn);
  let pos: KernfsNode;
  do {
    pos = kernfs_leftmost_descendant(k, kn);
    kernfs_get(k, pos);
    if (kn_parent(k, pos) === NULL || kernfs_unlink_sibling(k, pos)) kernfs_put(k, pos);
    kernfs_put(k, pos);
  } while (pos !== kn);
  up_write(k, root);
}

export function kernfs_remove_by_name(k: Kernel, parent: KernfsNode, name: string): void {
  const kn: KernfsNode = kernfs_find(k, parent, name);
  if (kn === NULL) return;
  kernfs_get(k, kn);
  kernfs_remove(k, kn);
  kernfs_put(k, kn);
}
