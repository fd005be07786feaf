/**
 * What is done with an open file that has operations of its own: a driver's, in a scenario. Each is `file->f_op`'s function, if there is
 * one, which is called out for. The files of tmpfs have none here: their functions are called by name.
 *
 * Source: Linux 6.1 include/linux/fs.h: struct file_operations, call_mmap(); fs/open.c: do_dentry_open(); fs/read_write.c: vfs_read(),
 * vfs_write(); fs/ioctl.c: vfs_ioctl(); fs/file_table.c: __fput().
 */
import {
  type File,
  type Inode,
  type Int,
  NULL,
  type Long,
  type UInt,
  type ULong,
  type VmAreaStruct,
} from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import type { Cell, VirtAddr } from '../../memory/address.js';
import { EINVAL, ENODEV, ENOTTY } from '../include/linux/errno.h.js';
import { kmem_cache_alloc, kmem_cache_free } from '../include/linux/slab.h.js';
import { fileMmap } from '../mm/shmem/shmem.js';
import { fput, get_file, linkRelease } from './file_table.js';

/** Whether a file's operations are a scenario's. */
export const hasOwnOperations = (k: Kernel, file: File): boolean =>
  k.isOwnObject(k.read_va(k.plus(file, k.file.f_op)));

/** A function of a file's operations; 0 if it has none. */
const operation = (k: Kernel, file: File, member: number): VirtAddr => {
  const f_op: Cell = k.cell_of(k.read_va(k.plus(file, k.file.f_op)));
  return k.read_va(k.plus(f_op, member));
};

const inodeOf = (k: Kernel, file: File): Inode => k.read_ptr(k.plus(file, k.file.f_inode));

/** open() of a device: an open file with the operations of its node, whose `open` is asked. NULL without memory; `*error` if it refuses. */
export function openDevice(k: Kernel, node: File, flags: Int, error: { value: Int }): File {
  const object: VirtAddr = kmem_cache_alloc(
    k,
    k.read_ptr(k.globals.filp_cachep),
    k.GFP_KERNEL | k.__GFP_ZERO,
  );
  if (object === 0) return NULL;
  const file: File = k.cell_at(object);
  for (let i = 0; i < k.sizeof.file / 4; i++) k.write(k.plus(file, i), 0);
  for (const member of [k.file.f_inode, k.file.f_mapping, k.file.f_op, k.file.private_data])
    k.copy_ptr(k.plus(file, member), k.plus(node, member));
  k.write(k.plus(file, k.file.f_flags), flags);
  // FMODE_READ, FMODE_WRITE: the access mode plus one.
  k.write(k.plus(file, k.file.f_mode), ((flags & 3) + 1) & 3);
  k.write_long(k.plus(file, k.file.f_count), 1);
  const open: VirtAddr = operation(k, file, k.file_operations.open);
  if (open !== 0)
    error.value = k.callOut?.(open, [k.va_of(inodeOf(k, file)), k.va_of(file)]) ?? 0;
  if (error.value === 0) {
    get_file(k, node);
    return file;
  }
  kmem_cache_free(k, k.read_ptr(k.globals.filp_cachep), object);
  return NULL;
}

/** mmap() of a file: its operations prepare the new area. Left out: hugetlbfs. */
export function call_mmap(k: Kernel, file: File, vma: VmAreaStruct): Int {
  if (!hasOwnOperations(k, file)) return fileMmap(k, file, vma);
  const mmap: VirtAddr = operation(k, file, k.file_operations.mmap);
  if (mmap === 0) return -ENODEV;
  // vma_init(): not an anonymous area, whatever the driver does.
  const dummy_vm_ops: VirtAddr | undefined = k.profile.symbol('dummy_vm_ops')?.address;
  if (dummy_vm_ops !== undefined) k.write_va(k.plus(vma, k.vm_area_struct.vm_ops), dummy_vm_ops);
  return k.callOut?.(mmap, [k.va_of(file), k.va_of(vma)]) ?? -ENODEV;
}

/** read() or write(), by the member: bytes of the process at `buf`, from f_pos on. How many, or an error. */
function transfer(k: Kernel, file: File, member: number, buf: VirtAddr, count: ULong): Long {
  const func: VirtAddr = operation(k, file, member);
  if (func === 0) return -EINVAL;
  const f_pos = k.plus(file, k.file.f_pos);
  let pos: Cell | undefined;
  // A copy, as in Linux: the file's own position changes when the call is done.
  const ret: Long | undefined = k.callOut?.(
    func,
    (object) => {
      pos = object;
      k.write_words(object, k.read_int(f_pos), 0);
      k.write(object + 1, k.read_int(f_pos + 1));
      return [k.va_of(file), buf, count, k.va_of(object)];
    },
    8,
  );
  if (ret === undefined || pos === undefined) return -EINVAL;
  if (ret >= 0) {
    k.write(f_pos, k.read_int(pos));
    k.write(f_pos + 1, k.read_int(pos + 1));
  }
  return ret;
}

export function vfs_read(k: Kernel, file: File, buf: VirtAddr, count: ULong): Long {
  return transfer(k, file, k.file_operations.read, buf, count);
}

export function vfs_write(k: Kernel, file: File, buf: VirtAddr, count: ULong): Long {
  return transfer(k, file, k.file_operations.write, buf, count);
}

export function vfs_ioctl(k: Kernel, filp: File, cmd: UInt, arg: ULong): Long {
  if (!hasOwnOperations(k, filp)) return -ENOTTY;
  const unlocked_ioctl: VirtAddr = operation(k, filp, k.file_operations.unlocked_ioctl);
  if (unlocked_ioctl === 0) return -ENOTTY;
  return k.callOut?.(unlocked_ioctl, [k.va_of(filp), cmd, arg]) ?? -ENOTTY;
}

/** The last reference to an open device is gone. */
function releaseDevice(k: Kernel, file: File): void {
  if (!hasOwnOperations(k, file)) return;
  const release: VirtAddr = operation(k, file, k.file_operations.release);
  if (release !== 0) k.callOut?.(release, [k.va_of(inodeOf(k, file)), k.va_of(file)]);
  const node: File = k.read_ptr(k.plus(inodeOf(k, file), k.inode.i_private));
  kmem_cache_free(k, k.read_ptr(k.globals.filp_cachep), k.va_of(file));
  fput(k, node);
}
linkRelease(releaseDevice);
