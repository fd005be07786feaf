/**
 * File systems that the kernel has mounted by the end of boot, with the numbers that the recorded machine's had: of their devices, and
 * of the inodes that come next.
 *
 * Source: Linux 6.1 fs/namespace.c: mnt_init(), init_mount_tree(); mm/shmem.c: shmem_init().
 */
import { init_hugetlbfs_fs } from '../../kernel/fs/hugetlbfs/inode/mount.js';
import { mountShmem } from '../../kernel/mm/shmem/mount.js';
import { per_cpu } from '../../kernel/include/linux/percpu-defs.h.js';
import { NULL } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import type { VirtAddr } from '../../memory/address.js';
import { bootFact } from './bootRecord.js';

const fact = (mm: Kernel, name: string): number => bootFact(mm.profile, name) ?? 0;

/** shm_mnt, the root that paths begin at, and those of hugetlbfs. @param sbAt an object for a super block */
export function mountFiles(mm: Kernel, sbAt: () => VirtAddr): void {
  const { shm_mnt, init_fs } = mm.globals;
  mm.write_ptr(shm_mnt, mountShmem(mm, sbAt(), fact(mm, 'shm_dev'), true, fact(mm, 'shm_ino')));
  const root = mountShmem(mm, sbAt(), fact(mm, 'root_dev'), false, fact(mm, 'root_ino'));
  if (root === NULL) return;
  // set_fs_root()
  mm.write_ptr(mm.plus(init_fs, mm.fs_struct.root_mnt), root);
  mm.copy_ptr(mm.plus(init_fs, mm.fs_struct.root_dentry), mm.plus(root, mm.vfsmount.mnt_root));
  init_hugetlbfs_fs(mm, sbAt, fact(mm, 'hugetlbfs_dev'));
}

/** Numbers of inodes that others have taken. */
export function takeInodeNumbers(mm: Kernel): void {
  mm.write(per_cpu(mm, 'last_ino', 0), fact(mm, 'last_ino'));
  if (mm.smp) mm.write(mm.globals.shared_last_ino, fact(mm, 'shared_last_ino'));
}
