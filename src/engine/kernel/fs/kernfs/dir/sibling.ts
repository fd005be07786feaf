/**
 * The children of a kernfs directory: a red-black tree by the hash of their names.
 *
 * Source: Linux 6.1 fs/kernfs/dir.c: kernfs_name_hash() to kernfs_unlink_sibling(), kernfs_find_ns().
 */
import { type Int, NULL, type UInt } from '../../../../machine/ctypes.js';
import type { Kernel } from '../../../../machine/kernel.js';
import type { Cell } from '../../../../memory/address.js';
import { EEXIST } from '../../../include/linux/errno.h.js';
import {
  RB_CLEAR_NODE,
  RB_EMPTY_NODE,
  rb_link_node,
  type RbLink,
  type RbNode,
  type RbRoot,
} from '../../../include/linux/rbtree.h.js';
import {
  end_name_hash,
  init_name_hash,
  type LongWidth,
  partial_name_hash,
} from '../../../include/linux/stringhash.h.js';
import { rb_erase, rb_insert_color } from '../../../lib/rbtree.js';
import { stringAt } from '../../../lib/string.js';
import {
  KERNFS_DIR,
  kernfs_inc_rev,
  kernfs_type,
  type KernfsNode,
  rb_to_kn,
} from '../kernfs-internal.h.js';

const INT_MAX = 0x7fffffff;

/** Hashes that were worked out, by width and name: each cache has files of the same names. */
const hashes = { wide: new Map<string, UInt>(), narrow: new Map<string, UInt>() };
const MOST_HASHES = 1024;

/** The hash of a name without a namespace. */
export function kernfs_name_hash(k: LongWidth, name: string): UInt {
  const known = k.wide ? hashes.wide : hashes.narrow;
  let value = known.get(name);
  if (value !== undefined) return value;
  value = nameHash(k, name);
  if (known.size < MOST_HASHES) known.set(name, value);
  return value;
}

const nameHash = (k: LongWidth, name: string): UInt => {
  let hash = init_name_hash();
  for (const letter of name) hash = partial_name_hash(k, letter.charCodeAt(0), hash);
  let value: UInt = end_name_hash(k, hash) & 0x7fffffff;
  // 0, 1 and INT_MAX stand for `.`, `..` and the end of a directory.
  if (value < 2) value += 2;
  if (value >= INT_MAX) value = INT_MAX - 1;
  return value;
};

/** Below 0, 0 or above: hashes decide, names only where two are equal. Left out: namespaces. */
function kernfs_name_compare(k: Kernel, hash: UInt, name: string, kn: KernfsNode): Int {
  if (hash < k.words[kn + k.kernfs_node.hash]!) return -1;
  if (hash > k.words[kn + k.kernfs_node.hash]!) return 1;
  const kn_name: string = stringAt(k, k.read_va(kn + k.kernfs_node.name));
  return name < kn_name ? -1 : name > kn_name ? 1 : 0;
}

/** The order of two children. */
function kernfs_sd_compare(k: Kernel, left: KernfsNode, right: KernfsNode): Int {
  const hash: UInt = k.words[left + k.kernfs_node.hash]!;
  // Differs: names are read only where they decide.
  const name: string =
    hash === k.words[right + k.kernfs_node.hash]
      ? stringAt(k, k.read_va(left + k.kernfs_node.name))
      : '';
  return kernfs_name_compare(k, hash, name, right);
}

/** Hangs the node on its parent's tree. -EEXIST when the name is taken. */
export function kernfs_link_sibling(k: Kernel, kn: KernfsNode): Int {
  const kn_parent: KernfsNode = k.read_ptr(kn + k.kernfs_node.parent);
  let node = (kn_parent + k.kernfs_node.dir_children) as RbLink;
  let parent: RbNode = NULL;

  // Invariant: the new node belongs below `node`, a link of `parent` (or of the root, while that is NULL).
  while (k.read_ptr(node) !== NULL) {
    const pos: KernfsNode = rb_to_kn(k, k.read_ptr(node));
    parent = k.read_ptr(node);
    const result: Int = kernfs_sd_compare(k, kn, pos);
    if (result < 0) node = (pos + k.kernfs_node.rb + k.rb_node.rb_left) as RbLink;
    else if (result > 0) node = (pos + k.kernfs_node.rb + k.rb_node.rb_right) as RbLink;
    else return -EEXIST;
  }

  rb_link_node(k, (kn + k.kernfs_node.rb) as RbNode, parent, node);
  rb_insert_color(
    k,
    (kn + k.kernfs_node.rb) as RbNode,
    (kn_parent + k.kernfs_node.dir_children) as RbRoot,
  );
  // Directories are counted: each has `..`, a link to its parent.
  if (kernfs_type(k, kn) === KERNFS_DIR) k.add_long(kn_parent + k.kernfs_node.dir_subdirs, 1);
  kernfs_inc_rev(k, kn_parent);
  return 0;
}

/** Takes it out of the tree. False when somebody else did that already. */
export function kernfs_unlink_sibling(k: Kernel, kn: KernfsNode): boolean {
  const rb = (kn + k.kernfs_node.rb) as RbNode;
  if (RB_EMPTY_NODE(k, rb)) return false;

  const parent: KernfsNode = k.read_ptr(kn + k.kernfs_node.parent);
  if (kernfs_type(k, kn) === KERNFS_DIR) k.add_long(parent + k.kernfs_node.dir_subdirs, -1);
  kernfs_inc_rev(k, parent);
  rb_erase(k, rb, (parent + k.kernfs_node.dir_children) as Cell);
  // Marks it as out of the tree, for the next that would unlink it.
  RB_CLEAR_NODE(k, rb);
  return true;
}

/** The child of a name; NULL when there is none. */
export function kernfs_find_ns(k: Kernel, parent: KernfsNode, name: string): KernfsNode {
  let node: RbNode = k.read_ptr(parent + k.kernfs_node.dir_children);
  const hash: UInt = kernfs_name_hash(k, name);
  while (node !== NULL) {
    const kn: KernfsNode = rb_to_kn(k, node);
    const result: Int = kernfs_name_compare(k, hash, name, kn);
    if (result < 0) node = k.read_ptr(node + k.rb_node.rb_left);
    else if (result > 0) node = k.read_ptr(node + k.rb_node.rb_right);
    else return kn;
  }
  return NULL;
}
