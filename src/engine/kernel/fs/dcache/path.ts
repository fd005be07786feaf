/**
 * Paths: the dentries from the root on, and open files that have one.
 *
 * Differs: a directory that is missing is made, and has no inode.
 * Source: Linux 6.1 fs/dcache.c: d_make_root(); fs/namei.c: path_openat(), vfs_unlink(); include/linux/path.h.
 */
import { type Dentry, type File, type Int, NULL } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { Cell } from '../../../memory/address.js';
import { __d_alloc, addReference, d_alloc, DCACHE_DIRECTORY_TYPE } from './dcache.js';
import { __d_rehash, d_drop, d_lookup } from './hash.js';

/** What paths begin at; on a machine without one, the root of a file system that is made for it. NULL without memory. */
function rootDentry(k: Kernel): Dentry {
  if (k.globals.init_fs === NULL) return NULL;
  const at: Cell = k.plus(k.globals.init_fs, k.fs_struct.root_dentry);
  const known: Dentry = k.read_ptr(at);
  if (known !== NULL) return known;
  // d_make_root():
  const root: Dentry = __d_alloc(k, '/');
  if (root === NULL) return NULL;
  k.write(k.plus(root, k.dentry.d_flags), DCACHE_DIRECTORY_TYPE);
  k.write_ptr(at, root);
  return root;
}

/** Where the name that begins at a place of a path ends. */
const endOfName = (path: string, from: Int): Int => {
  let to: Int = from;
  while (to < path.length && path.charAt(to) !== '/') to++;
  return to;
};

/** The dentry of a path's last name, in the directory that leads to it, which is made where it is missing. NULL without memory. */
export function dentryOfPath(k: Kernel, path: string): Dentry {
  let parent: Dentry = rootDentry(k);
  let from: Int = 0;
  while (from < path.length) {
    const to: Int = endOfName(path, from);
    const name = path.slice(from, to);
    from = to + 1;
    if (name === '' || name === '.') continue;
    if (parent === NULL) return NULL;
    const isLast = to === path.length;
    const known: Dentry = isLast ? NULL : d_lookup(k, parent, name);
    const dentry: Dentry = known === NULL ? d_alloc(k, parent, name) : known;
    if (dentry === NULL) return NULL;
    if (!isLast && known === NULL) {
      k.write(k.plus(dentry, k.dentry.d_flags), DCACHE_DIRECTORY_TYPE);
      __d_rehash(k, dentry);
    }
    parent = dentry;
  }
  return parent;
}

/** An open file gets a path: where maps and others find its name. */
export function nameFile(k: Kernel, file: File, dentry: Dentry): void {
  k.write_ptr(k.plus(file, k.file.f_path_dentry), dentry);
  k.copy_ptr(k.plus(file, k.file.f_path_mnt), k.plus(k.globals.init_fs, k.fs_struct.root_mnt));
  __d_rehash(k, dentry);
}

/** An open file has the path of another: path_get(). */
export function copyPath(k: Kernel, file: File, from: File): void {
  k.copy_ptr(k.plus(file, k.file.f_path_mnt), k.plus(from, k.file.f_path_mnt));
  const dentry: Dentry = k.read_ptr(k.plus(from, k.file.f_path_dentry));
  k.write_ptr(k.plus(file, k.file.f_path_dentry), dentry);
  if (dentry !== NULL) addReference(k, dentry, 1);
}

/** unlink(): the path leads to the file no more. */
export const unlinkFile = (k: Kernel, file: File): void =>
  d_drop(k, k.read_ptr(k.plus(file, k.file.f_path_dentry)));
