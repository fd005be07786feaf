/**
 * File systems of memory: the kernel's own, which files without a name are on, and the one that paths begin in.
 *
 * Left out: limits, quotas of huge pages, policies, the root's inode, which takes a number.
 * Source: Linux 6.1 mm/shmem.c: shmem_fill_super(), shmem_init().
 */
import {
  type Int,
  NULL,
  type ShmemSbInfo,
  type SuperBlock,
  type UInt,
  type Vfsmount,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { VirtAddr } from '../../../memory/address.js';
import { newSuperBlock, vfs_create_mount } from '../../fs/super.js';
import { raw_cpu_ptr } from '../../include/linux/percpu-defs.h.js';
import { __alloc_percpu } from '../percpu/percpu.js';
import { kzalloc } from '../slab_common/kmalloc.js';

const shmemInfoBytes = (k: Kernel): Int => Math.max(k.sizeof.shmem_sb_info, k.L1_CACHE_BYTES);

/**
 * NULL without memory.
 * @param sbAt see newSuperBlock()
 * @param isKernMount numbers come in batches for each CPU
 * @param next_ino the number of the next file
 */
export function mountShmem(
  k: Kernel,
  sbAt: VirtAddr,
  s_dev: UInt,
  isKernMount: boolean,
  next_ino: UInt,
): Vfsmount {
  const object = kzalloc(k, shmemInfoBytes(k), k.GFP_KERNEL);
  if (object === 0) return NULL;
  const sbinfo: ShmemSbInfo = k.cell_at(object);
  const at = k.plus(sbinfo, k.shmem_sb_info.ino_batch);
  if (isKernMount) {
    // ino_t: an unsigned long
    const bytes = k.ptr_words * 4;
    k.write_va(at, __alloc_percpu(k, bytes, bytes));
    k.write_long(raw_cpu_ptr(k, at), next_ino);
    next_ino = 1024;
  }
  k.write_long(k.plus(sbinfo, k.shmem_sb_info.next_ino), next_ino);
  const sb: SuperBlock = newSuperBlock(k, sbAt, s_dev, sbinfo);
  return sb === NULL ? NULL : vfs_create_mount(k, sb);
}
