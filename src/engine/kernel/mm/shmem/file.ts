/**
 * Files of tmpfs: an inode with an empty mapping, an open file that leads to it, and the file's name, in a directory or in none. When the
 * file is closed for the last time, and has no name that leads to it, its pages go.
 *
 * Differs: of inode and file only what memory management and maps look at is written.
 * Source: Linux 6.1 mm/shmem.c: __shmem_file_setup(), shmem_reserve_inode(), shmem_get_inode(), shmem_evict_inode(); fs/file_table.c: alloc_file_pseudo();
 * fs/inode.c: inode_init_always().
 */
import {
  type AddressSpace,
  type Dentry,
  type File,
  type Inode,
  type KmemCache,
  NULL,
  type ShmemSbInfo,
  type SuperBlock,
  type UInt,
  type ULong,
  type Vfsmount,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, asVirt, type Cell, type VirtAddr } from '../../../memory/address.js';
import { d_alloc_pseudo, d_instantiate, dput } from '../../fs/dcache/dcache.js';
import { dentryOfPath, nameFile } from '../../fs/dcache/path.js';
import { linkRelease } from '../../fs/file_table/file_table.js';
import { raw_cpu_ptr } from '../../include/linux/percpu-defs.h.js';
import { functionNamed } from '../../kernel/rcu/tiny.js';
import { kmem_cache_alloc, kmem_cache_free } from '../../include/linux/slab.h.js';
import { shmem_truncate_range } from './truncate.js';

const cacheNamed = (k: Kernel, global: Cell): KmemCache => k.read_ptr(global);

/** Bytes of a struct shmem_inode_info before its vfs_inode, which is its last member. */
const inodeOffset = (k: Kernel, cache: KmemCache): number => {
  const bytes = k.words[cache + k.kmem_cache.object_size]! - k.sizeof.inode;
  return bytes - (bytes % 4);
};

const zeroWords = (k: Kernel, at: Cell, nrWords: number): void => {
  for (let i = 0; i < nrWords; i++) k.write(k.plus(at, i), 0);
};

const SHMEM_INO_BATCH = 1024;

/**
 * The next number of a file system: of one that programs mount from a counter, of the kernel's own from a CPU's batch.
 * Left out: limits of inodes; numbers that do not fit into 32 bits.
 */
function shmem_reserve_inode(k: Kernel, sb: SuperBlock): UInt {
  const sbinfo: ShmemSbInfo = k.read_ptr(k.plus(sb, k.super_block.s_fs_info));
  const next_ino = k.plus(sbinfo, k.shmem_sb_info.next_ino);
  const batch = k.plus(sbinfo, k.shmem_sb_info.ino_batch);
  if (k.read_va(batch) === 0) {
    const ino: UInt = k.read_ulong(next_ino);
    k.write_long(next_ino, ino + 1);
    return ino;
  }
  const cpu_ino = raw_cpu_ptr(k, batch);
  let ino: UInt = k.read_ulong(cpu_ino);
  if (ino % SHMEM_INO_BATCH === 0) {
    ino = k.read_ulong(next_ino);
    k.write_long(next_ino, ino + SHMEM_INO_BATCH);
    // is_zero_ino()
    if (ino === 0) ino++;
  }
  k.write_long(cpu_ino, ino + 1);
  return ino;
}

/** @param sb NULL: of a machine that knows no mounts, where files have no numbers */
function shmem_get_inode(k: Kernel, sb: SuperBlock, size: ULong): Inode {
  const cache: KmemCache = cacheNamed(k, k.globals.shmem_inode_cachep);
  const object: VirtAddr = kmem_cache_alloc(k, cache, k.GFP_KERNEL);
  if (object === 0) return NULL;
  const inode: Inode = k.cell_at(asVirt(object + inodeOffset(k, cache)));
  zeroWords(k, inode, k.sizeof.inode / 4);
  k.write_ptr(k.plus(inode, k.inode.i_sb), sb);
  if (sb !== NULL && k.read_va(k.plus(sb, k.super_block.s_fs_info)) !== 0)
    k.write_long(k.plus(inode, k.inode.i_ino), shmem_reserve_inode(k, sb));
  const mapping: AddressSpace = asCell(k.plus(inode, k.inode.i_data));
  k.write_ptr(k.plus(inode, k.inode.i_mapping), mapping);
  k.write_ptr(k.plus(mapping, k.address_space.host), inode);
  // The tree's nodes are charged to who made the file: XA_FLAGS_LOCK_IRQ | XA_FLAGS_ACCOUNT.
  k.write(k.plus(mapping, k.address_space.i_pages + k.xarray.xa_flags), 1 | 32);
  k.write(k.plus(mapping, k.address_space.gfp_mask), k.GFP_HIGHUSER_MOVABLE);
  k.write_va(k.plus(mapping, k.address_space.a_ops), functionNamed(k, 'shmem_aops'));
  k.write(k.plus(inode, k.inode.i_size), size | 0);
  k.write(k.plus(inode, k.inode.i_size) + 1, Math.floor(size / 2 ** 32));
  return inode;
}

/**
 * An open file of `size` bytes, whose name is in no directory: it is told to be deleted. NULL without memory.
 * Left out: accounting of its size (it is the area's).
 */
export function shmemFileSetup(k: Kernel, name: string, size: ULong): File {
  const mnt: Vfsmount = k.globals.shm_mnt === NULL ? NULL : k.read_ptr(k.globals.shm_mnt);
  const sb: SuperBlock = mnt === NULL ? NULL : k.read_ptr(k.plus(mnt, k.vfsmount.mnt_sb));
  const inode: Inode = shmem_get_inode(k, sb, size);
  if (inode === NULL) return NULL;
  // alloc_file_pseudo():
  const dentry: Dentry = d_alloc_pseudo(k, name);
  if (dentry === NULL) return NULL;
  k.write_ptr(k.plus(dentry, k.dentry.d_sb), sb);
  d_instantiate(k, dentry, inode);
  const file: File = openInode(k, inode);
  if (file === NULL) return NULL;
  k.write_ptr(k.plus(file, k.file.f_path_dentry), dentry);
  k.write_ptr(k.plus(file, k.file.f_path_mnt), mnt);
  return file;
}

/** An open file, empty, with a path: it keeps its pages until the path is taken away. NULL without memory. */
export function shmemFileOf(k: Kernel, path: string): File {
  const dentry: Dentry = dentryOfPath(k, path);
  if (dentry === NULL) return NULL;
  const inode: Inode = shmem_get_inode(k, k.read_ptr(k.plus(dentry, k.dentry.d_sb)), 0);
  if (inode === NULL) return NULL;
  d_instantiate(k, dentry, inode);
  const file: File = openInode(k, inode);
  if (file !== NULL) nameFile(k, file, dentry);
  return file;
}

function openInode(k: Kernel, inode: Inode): File {
  const filp: KmemCache = cacheNamed(k, k.globals.filp_cachep);
  const object: VirtAddr = kmem_cache_alloc(k, filp, k.GFP_KERNEL | k.__GFP_ZERO);
  if (object === 0) return NULL;
  const file: File = k.cell_at(object);
  zeroWords(k, file, k.sizeof.file / 4);
  k.write_ptr(k.plus(file, k.file.f_inode), inode);
  k.write_ptr(k.plus(file, k.file.f_mapping), k.read_ptr(k.plus(inode, k.inode.i_mapping)));
  k.write_long(k.plus(file, k.file.f_count), 1);
  return file;
}

/** The last reference to a file that was made here is gone. A file with a name keeps its pages. */
function releaseFile(k: Kernel, file: File): void {
  const inode: Inode = k.read_ptr(k.plus(file, k.file.f_inode));
  // Only a file that was made here has no operations.
  if (inode === NULL || k.read_va(k.plus(file, k.file.f_op)) !== 0) return;
  // shmem_evict_inode():
  shmem_truncate_range(k, inode, 0, -1);
  const cache: KmemCache = cacheNamed(k, k.globals.shmem_inode_cachep);
  dput(k, k.read_ptr(k.plus(file, k.file.f_path_dentry)));
  kmem_cache_free(k, cache, asVirt(k.va_of(inode) - inodeOffset(k, cache)));
  kmem_cache_free(k, cacheNamed(k, k.globals.filp_cachep), k.va_of(file));
}
linkRelease(releaseFile);
