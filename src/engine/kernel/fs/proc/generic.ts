/**
 * Files of /proc that somebody makes: a proc_dir_entry says what is done with the file.
 *
 * Left out: the trees of names (the caller keeps them), counts of users, modes, permissions.
 * Differs: the name is an object of its own; a file is a node with the entry's operations, as devices are.
 * Source: Linux 6.1 fs/proc/generic.c: __proc_create() to proc_remove(); fs/proc/internal.h: PDE();
 * include/linux/proc_fs.h: pde_data().
 */
import { type File, type Int, NULL, type Pointer, type Out } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { Cell, VirtAddr } from '../../../memory/address.js';
import { kmem_cache_free, kmem_cache_zalloc } from '../../include/linux/slab.h.js';
import { functionNamed } from '../../kernel/rcu/tiny.js';
import { stringAt } from '../../lib/string.js';
import { kfree, kzalloc } from '../../mm/slab_common/kmalloc.js';
import { kstrdup } from '../../mm/util.js';
import { makeNode, nodeOf } from '../file_table/devices.js';

export type ProcDirEntry = Pointer<'struct proc_dir_entry'>;

const S_IFREG = 0o100000;
const S_IFDIR = 0o40000;

const cacheOf = (k: Kernel): Cell => {
  const at = k.globals.proc_dir_entry_cache;
  return at === NULL ? NULL : k.read_ptr(at);
};

/** NULL without memory. @param name its last part */
function __proc_create(k: Kernel, parent: ProcDirEntry, name: string, mode: Int): ProcDirEntry {
  const cache = cacheOf(k);
  const object: VirtAddr =
    cache === NULL
      ? kzalloc(k, k.sizeof.proc_dir_entry, k.GFP_KERNEL)
      : kmem_cache_zalloc(k, cache, k.GFP_KERNEL);
  if (object === 0) return NULL;
  const ent: ProcDirEntry = k.cell_at(object);
  k.write_va(k.plus(ent, k.proc_dir_entry.name), kstrdup(k, name, k.GFP_KERNEL));
  k.write16(k.plus(ent, k.proc_dir_entry.mode >> 2), k.proc_dir_entry.mode & 3, mode);
  k.write_ptr(k.plus(ent, k.proc_dir_entry.parent), parent);
  return ent;
}

/** A file, and its node. @param ops struct proc_ops */
export function proc_create_data(
  k: Kernel,
  name: string,
  mode: Int,
  parent: ProcDirEntry,
  ops: VirtAddr,
  data: VirtAddr,
  node: Out<File>,
): ProcDirEntry {
  const type = (mode & S_IFDIR) === 0 ? S_IFREG : 0;
  const ent: ProcDirEntry = __proc_create(k, parent, name, type | (mode === 0 ? 0o444 : mode));
  if (ent === NULL) return NULL;
  k.write_va(k.plus(ent, k.proc_dir_entry.proc_ops), ops);
  k.write_va(k.plus(ent, k.proc_dir_entry.data), data);
  const file: File = makeNode(k, `/proc/${procPath(k, ent)}`);
  node.value = file;
  if (file === NULL) {
    pde_free(k, ent);
    return NULL;
  }
  const inode = k.read_ptr(k.plus(file, k.file.f_inode));
  k.write_va(k.plus(inode, k.inode.i_fop), functionNamed(k, 'proc_reg_file_ops'));
  k.write_va(k.plus(file, k.file.f_op), ops);
  k.write_ptr(k.plus(file, k.file.private_data), ent);
  return ent;
}

/** A directory, for others to be made in. */
export function proc_mkdir_data(
  k: Kernel,
  name: string,
  mode: Int,
  parent: ProcDirEntry,
  data: VirtAddr,
  node: Out<File>,
): ProcDirEntry {
  const ops: VirtAddr = functionNamed(k, 'proc_dir_operations');
  const bits: Int = S_IFDIR | (mode === 0 ? 0o555 : mode);
  return proc_create_data(k, name, bits, parent, ops, data, node);
}

/** A file that `show` prints all of. */
export function proc_create_single_data(
  k: Kernel,
  name: string,
  mode: Int,
  parent: ProcDirEntry,
  show: VirtAddr,
  data: VirtAddr,
  node: Out<File>,
): ProcDirEntry {
  const ops: VirtAddr = functionNamed(k, 'proc_single_ops');
  const ent: ProcDirEntry = proc_create_data(k, name, mode, parent, ops, data, node);
  if (ent !== NULL) k.write_va(k.plus(ent, k.proc_dir_entry.single_show), show);
  return ent;
}

/** A file of records. @param ops struct seq_operations @param state_size bytes that each open file has of its own */
export function proc_create_seq_private(
  k: Kernel,
  name: string,
  mode: Int,
  parent: ProcDirEntry,
  ops: VirtAddr,
  state_size: Int,
  data: VirtAddr,
  node: Out<File>,
): ProcDirEntry {
  const seq_ops: VirtAddr = functionNamed(k, 'proc_seq_ops');
  const ent: ProcDirEntry = proc_create_data(k, name, mode, parent, seq_ops, data, node);
  if (ent === NULL) return NULL;
  k.write_va(k.plus(ent, k.proc_dir_entry.seq_ops), ops);
  k.write(k.plus(ent, k.proc_dir_entry.state_size), state_size);
  return ent;
}

/** The entry of a node, or of an open file. */
export const PDE = (k: Kernel, inode: Cell): ProcDirEntry =>
  k.read_ptr(k.plus(nodeOf(k, inode), k.file.private_data));

export function pde_data(k: Kernel, inode: Cell): VirtAddr {
  return k.read_va(k.plus(PDE(k, inode), k.proc_dir_entry.data));
}

/** Names down to an entry, from below /proc on. */
export const procPath = (k: Kernel, ent: ProcDirEntry): string => {
  const name = stringAt(k, k.read_va(k.plus(ent, k.proc_dir_entry.name)));
  const parent: ProcDirEntry = k.read_ptr(k.plus(ent, k.proc_dir_entry.parent));
  return parent === NULL ? name : `${procPath(k, parent)}/${name}`;
};

/** Its node has no name any more. */
export function pde_free(k: Kernel, ent: ProcDirEntry): void {
  const cache = cacheOf(k);
  kfree(k, k.read_va(k.plus(ent, k.proc_dir_entry.name)));
  if (cache === NULL) kfree(k, k.va_of(ent));
  else kmem_cache_free(k, cache, k.va_of(ent));
}
