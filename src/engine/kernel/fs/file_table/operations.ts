/**
 * What is done with an open file that has operations of its own: a driver's, in a scenario. Each is `file->f_op`'s function, if there is
 * one, which is called out for; some of the kernel's own may stand there, too. The files of tmpfs have no table: their functions are
 * called by name.
 *
 * Source: Linux 6.1 include/linux/fs.h: struct file_operations, call_mmap(); fs/open.c: do_dentry_open(); fs/read_write.c: vfs_read(),
 * vfs_write(), vfs_llseek(); fs/ioctl.c: vfs_ioctl(); fs/file_table.c: __fput().
 */
import {
  type File,
  type Inode,
  type Int,
  type Long,
  NULL,
  type UInt,
  type ULong,
  type VmAreaStruct,
  type Out,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { callReading, callWithPosition } from '../../../machine/ownTables.js';
import { asVirt, type Cell, type VirtAddr } from '../../../memory/address.js';
import {
  EBADF,
  EFAULT,
  EINVAL,
  ENOMEM,
  ENODEV,
  ENOTTY,
  ENXIO,
  ESPIPE,
} from '../../include/linux/errno.h.js';
import { VM_SHARED } from '../../include/linux/mm_types.h.js';
import { kmem_cache_alloc, kmem_cache_free } from '../../include/linux/slab.h.js';
import { functionNamed } from '../../kernel/rcu/tiny.js';
import { writeByte } from '../../lib/string.js';
import { fileMmap, shmem_zero_setup } from '../../mm/shmem/shmem.js';
import { kfree, kmalloc } from '../../mm/slab_common/kmalloc.js';
import { cdev_put, chrdev_open } from '../char_dev.js';
import { dput } from '../dcache/dcache.js';
import { FASYNC } from '../fcntl.js';
import { copyPath } from '../dcache/path.js';
import { nodeOf, putNode } from './devices.js';
import { get_file, linkRelease } from './file_table.js';
import { type CopyToIter, seq_lseek, seq_read_iter } from '../seq_file/seq_file.js';
import { isShown, readShown, writeShown } from './shownFiles.js';
import { knownLlseek, knownOpen, mem_lseek, readLoff, writeLoff } from './knownOperations.js';
import {
  isSequence,
  knownRelease,
  knownTable,
  openKnown,
  releaseKnown,
  textOfKnown,
  writeKnown,
} from './knownTables.js';

const FMODE_READ = 1;
const FMODE_WRITE = 2;
const FMODE_LSEEK = 4;

const tableOf = (k: Kernel, file: File): VirtAddr => k.read_va(k.plus(file, k.file.f_op));

/** Whether a file's operations are a scenario's, or those of a table of the kernel's for files that scenarios make. */
export const hasOwnOperations = (k: Kernel, file: File): boolean =>
  k.isOwnObject(tableOf(k, file)) || knownTable(k, tableOf(k, file)) !== '';

/** Whether a file with a name is a node: each open() makes a file of its own. */
export const isNode = (k: Kernel, file: File): boolean =>
  nodeOf(k, inodeOf(k, file)) === file && k.read_va(k.plus(file, k.file.f_op)) !== 0;

type Operation =
  'fasync' | 'llseek' | 'mmap' | 'open' | 'poll' | 'read' | 'release' | 'unlocked_ioctl' | 'write';

/** Where a struct proc_ops has what a struct file_operations has. */
const procMember = (k: Kernel, operation: Exclude<Operation, 'fasync'>): number => {
  const { proc_ops } = k;
  switch (operation) {
    case 'llseek':
      return proc_ops.proc_lseek;
    case 'unlocked_ioctl':
      return proc_ops.proc_ioctl;
    default:
      return proc_ops[`proc_${operation}`];
  }
};

/** A function of a file's operations; 0 if it has none, or a table of the kernel's own. */
const operationOf = (k: Kernel, file: File, operation: Operation): VirtAddr => {
  if (!k.isOwnObject(tableOf(k, file))) return asVirt(0);
  const f_op: Cell = k.cell_of(tableOf(k, file));
  const isProc = isProcFile(k, inodeOf(k, file));
  // A struct proc_ops has no such function.
  if (isProc && operation === 'fasync') return asVirt(0);
  const member =
    isProc && operation !== 'fasync' ? procMember(k, operation) : k.file_operations[operation];
  return k.read_va(k.plus(f_op, member));
};

/** Whether a file is one of /proc: then its table is a struct proc_ops. */
export const isProcFile = (k: Kernel, inode: Inode): boolean => {
  const proc_reg_file_ops: VirtAddr = functionNamed(k, 'proc_reg_file_ops');
  return proc_reg_file_ops !== 0 && k.read_va(k.plus(inode, k.inode.i_fop)) === proc_reg_file_ops;
};

const inodeOf = (k: Kernel, file: File): Inode => k.read_ptr(k.plus(file, k.file.f_inode));

const modeOf = (k: Kernel, file: File): UInt => k.read_int(k.plus(file, k.file.f_mode));

/** open() of a node: an open file with its operations, whose `open` is asked. NULL without memory; `*error` if it refuses. */
export function openDevice(k: Kernel, node: File, flags: Int, error: Out<Int>): File {
  const filp_cachep = k.read_ptr(k.globals.filp_cachep);
  const object: VirtAddr = kmem_cache_alloc(k, filp_cachep, k.GFP_KERNEL | k.__GFP_ZERO);
  if (object === 0) return NULL;
  const file: File = k.cell_at(object);
  const inode = inodeOf(k, node);
  for (let i = 0; i < k.sizeof.file / 4; i++) k.write(k.plus(file, i), 0);
  copyPath(k, file, node);
  k.copy_ptr(k.plus(file, k.file.f_inode), k.plus(node, k.file.f_inode));
  k.copy_ptr(k.plus(file, k.file.f_mapping), k.plus(node, k.file.f_mapping));
  k.copy_ptr(k.plus(file, k.file.f_op), k.plus(node, k.file.f_op));
  k.write(k.plus(file, k.file.f_flags), flags);
  // The access mode plus one.
  k.write(k.plus(file, k.file.f_mode), (((flags & 3) + 1) & 3) | FMODE_LSEEK);
  k.write_long(k.plus(file, k.file.f_count), 1);
  if (k.ptr_is(k.plus(node, k.file.f_op), k.globals.def_chr_fops)) {
    error.value = chrdev_open(k, inode, file);
    // A device of the kernel itself: its functions cannot be called here.
    if (error.value === 0 && !hasOwnOperations(k, file)) error.value = -ENXIO;
  } else {
    k.copy_ptr(k.plus(file, k.file.private_data), k.plus(node, k.file.private_data));
  }
  if (error.value === 0) error.value = callOpen(k, inode, file);
  if (error.value === 0) {
    const seeks = operationOf(k, file, 'llseek') !== 0 || knownTable(k, tableOf(k, file)) !== '';
    if (!seeks) k.write(k.plus(file, k.file.f_mode), modeOf(k, file) & ~FMODE_LSEEK);
    get_file(k, node);
    return file;
  }
  // out_cdev_put:
  const cdev = k.read_ptr(k.plus(inode, k.inode.i_cdev));
  if (cdev !== NULL && !k.ptr_is(k.plus(file, k.file.f_op), k.globals.def_chr_fops))
    cdev_put(k, cdev);
  dput(k, k.read_ptr(k.plus(file, k.file.f_path_dentry)));
  kmem_cache_free(k, filp_cachep, object);
  return NULL;
}

function callOpen(k: Kernel, inode: Inode, file: File): Int {
  const table = knownTable(k, tableOf(k, file));
  if (table !== '') return openKnown(k, table, inode, file);
  const open: VirtAddr = operationOf(k, file, 'open');
  if (open === 0) return 0;
  return knownOpen(k, open, inode, file) ?? k.callOut?.(open, [k.va_of(inode), k.va_of(file)]) ?? 0;
}

/** /dev/zero: memory that is zero; of a process alone, as if there were no file. */
function mmap_zero(k: Kernel, vma: VmAreaStruct): Int {
  const vm_flags: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_flags));
  if ((vm_flags & VM_SHARED) !== 0) return shmem_zero_setup(k, vma);
  k.write_va(k.plus(vma, k.vm_area_struct.vm_ops), asVirt(0));
  return 0;
}

/** mmap() of a file: its operations prepare the new area. Left out: hugetlbfs. */
export function mmapFile(k: Kernel, file: File, vma: VmAreaStruct): Int {
  if (!hasOwnOperations(k, file)) return fileMmap(k, file, vma);
  const table = knownTable(k, tableOf(k, file));
  const mmap: VirtAddr = operationOf(k, file, 'mmap');
  if (table === 'zero_fops') return mmap_zero(k, vma);
  if (mmap === 0) return -ENODEV;
  // vma_init(): not an anonymous area, whatever the driver does.
  const dummy_vm_ops: VirtAddr | undefined = k.profile.symbol('dummy_vm_ops')?.address;
  if (dummy_vm_ops !== undefined) k.write_va(k.plus(vma, k.vm_area_struct.vm_ops), dummy_vm_ops);
  return k.callOut?.(mmap, [k.va_of(file), k.va_of(vma)]) ?? -ENODEV;
}

/**
 * Bytes for the process at `buf`, from f_pos on: how many, or an error.
 * @param buf 0: there is no process, and `copy` gets all
 * @param copy copy_to_user(), for what the kernel itself reads
 */
export function readDevice(
  k: Kernel,
  file: File,
  buf: VirtAddr,
  count: ULong,
  copy: CopyToIter,
): Long {
  if ((modeOf(k, file) & FMODE_READ) === 0) return -EBADF;
  const read: VirtAddr = operationOf(k, file, 'read');
  const table = knownTable(k, tableOf(k, file));
  if (isShown(table)) return readShown(k, file, count, copy);
  if (table !== '' && !isSequence(table)) {
    const error: Out<Int> = { value: 0 };
    const text = textOfKnown(k, table, inodeOf(k, file), error);
    return error.value !== 0 ? error.value : readText(k, file, text, count, copy);
  }
  if (table !== '' || (read !== 0 && read === functionNamed(k, 'seq_read'))) {
    const f_pos = k.plus(file, k.file.f_pos);
    const pos: Out<Long> = { value: readLoff(k, f_pos) };
    const copied: Long = seq_read_iter(k, file, count, pos, copy);
    writeLoff(k, f_pos, pos.value);
    return copied;
  }
  if (read === 0) return -EINVAL;
  if (buf !== 0) return callWithPosition(k, read, file, buf, count) ?? -EINVAL;
  const done = callReading(k, read, file, Math.min(count, ON_STACK));
  if (done === undefined) return -EINVAL;
  if (done.ret > 0) copy(k.va_of(done.bytes), done.ret);
  return done.ret;
}

/** As much as is read into a task's stack at a time. */
const ON_STACK = 512;

/** simple_read_from_buffer(), of a text: from a buffer of the kernel. */
const readText = (k: Kernel, file: File, text: string, count: ULong, copy: CopyToIter): Long => {
  const f_pos = k.plus(file, k.file.f_pos);
  const pos = readLoff(k, f_pos);
  const n = Math.min(count, text.length - pos);
  if (n <= 0) return 0;
  const buffer: VirtAddr = kmalloc(k, text.length, k.GFP_KERNEL);
  if (buffer === 0) return -ENOMEM;
  for (let i = 0; i < text.length; i++) writeByte(k, asVirt(buffer + i), text.charCodeAt(i));
  const copied = copy(asVirt(buffer + pos), n);
  kfree(k, buffer);
  writeLoff(k, f_pos, pos + copied);
  return copied === 0 ? -EFAULT : copied;
};

/** @param text what the process has written, for what the kernel itself reads */
export function writeDevice(
  k: Kernel,
  file: File,
  buf: VirtAddr,
  count: ULong,
  text: () => string,
): Long {
  if ((modeOf(k, file) & FMODE_WRITE) === 0) return -EBADF;
  const write: VirtAddr = operationOf(k, file, 'write');
  const table = knownTable(k, tableOf(k, file));
  if (isShown(table)) return writeShown(k, file, text());
  if (table !== '') return writeKnown(k, table, inodeOf(k, file), text());
  return write === 0 ? -EINVAL : (callWithPosition(k, write, file, buf, count) ?? -EINVAL);
}

/** lseek(): the new position, or an error; -ESPIPE for a file that has none. */
export function vfs_llseek(k: Kernel, file: File, offset: Long, whence: Int): Long {
  if ((modeOf(k, file) & FMODE_LSEEK) === 0) return -ESPIPE;
  const llseek: VirtAddr = operationOf(k, file, 'llseek');
  const isKnownSequence = isSequence(knownTable(k, tableOf(k, file)));
  if (llseek === functionNamed(k, 'seq_lseek') || (llseek === 0 && isKnownSequence))
    return seq_lseek(k, file, offset, whence);
  if (llseek === 0 && isShown(knownTable(k, tableOf(k, file))))
    return mem_lseek(k, file, offset, whence);
  return (
    knownLlseek(k, llseek, file, offset, whence) ??
    k.callOut?.(llseek, [k.va_of(file), offset, whence]) ??
    -ESPIPE
  );
}

export function ioctlFile(k: Kernel, file: File, cmd: UInt, arg: ULong): Long {
  if (!hasOwnOperations(k, file)) return -ENOTTY;
  const unlocked_ioctl: VirtAddr = operationOf(k, file, 'unlocked_ioctl');
  if (unlocked_ioctl === 0) return -ENOTTY;
  return k.callOut?.(unlocked_ioctl, [k.va_of(file), cmd, arg]) ?? -ENOTTY;
}

/** f_op->poll; 0 if the file has none. */
export const pollOf = (k: Kernel, file: File): VirtAddr => operationOf(k, file, 'poll');

/** f_op->fasync(fd, file, on); 0 of a file that has none. */
export const callFasync = (k: Kernel, fd: Int, file: File, on: Int): Int => {
  const fasync: VirtAddr = operationOf(k, file, 'fasync');
  return fasync === 0 ? 0 : (k.callOut?.(fasync, [fd, k.va_of(file), on]) ?? 0);
};

/** The last reference to an open device is gone. */
function releaseDevice(k: Kernel, file: File): void {
  if (!hasOwnOperations(k, file)) return;
  if ((k.read_int(k.plus(file, k.file.f_flags)) & FASYNC) !== 0) callFasync(k, -1, file, 0);
  const inode = inodeOf(k, file);
  const release: VirtAddr = operationOf(k, file, 'release');
  const table = knownTable(k, tableOf(k, file));
  if (table !== '') releaseKnown(k, table, inode, file);
  else if (release !== 0 && !knownRelease(k, release, file))
    k.callOut?.(release, [k.va_of(inode), k.va_of(file)]);
  const cdev = k.read_ptr(k.plus(inode, k.inode.i_cdev));
  if (cdev !== NULL) cdev_put(k, cdev);
  dput(k, k.read_ptr(k.plus(file, k.file.f_path_dentry)));
  kmem_cache_free(k, k.read_ptr(k.globals.filp_cachep), k.va_of(file));
  putNode(k, nodeOf(k, inode));
}
linkRelease(releaseDevice);
