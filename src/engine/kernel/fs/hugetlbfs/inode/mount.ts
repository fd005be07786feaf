/**
 * The mounts of hugetlbfs that the kernel itself has: one for each size of pages, which files without a name belong to.
 *
 * Left out: mounts of programs, with sizes, owners and modes; the root's inode, which takes a number.
 * Source: Linux 6.1 fs/hugetlbfs/inode.c: hugetlbfs_fill_super(), mount_one_hugetlbfs(), init_hugetlbfs_fs().
 */
import {
  type Hstate,
  type HugetlbfsSbInfo,
  NULL,
  type SuperBlock,
  type UInt,
  type Vfsmount,
} from '../../../../machine/ctypes.js';
import type { Kernel } from '../../../../machine/kernel.js';
import type { VirtAddr } from '../../../../memory/address.js';
import { default_hstate, hstate_index } from '../../../include/linux/hugetlb.h.js';
import { kmalloc } from '../../../mm/slab_common/kmalloc.js';
import { memset } from '../../../lib/string.js';
import { newSuperBlock, vfs_create_mount } from '../../super.js';

const NO_LIMIT = -1;

/** hugetlbfs_fill_super(), too. NULL without memory. */
function mount_one_hugetlbfs(k: Kernel, sbAt: VirtAddr, h: Hstate, s_dev: UInt): Vfsmount {
  const object = kmalloc(k, k.sizeof.hugetlbfs_sb_info, k.GFP_KERNEL);
  if (object === 0) return NULL;
  memset(k, object, 0, k.sizeof.hugetlbfs_sb_info);
  const sbinfo: HugetlbfsSbInfo = k.cell_at(object);
  k.write_ptr(k.plus(sbinfo, k.hugetlbfs_sb_info.hstate), h);
  k.write_long(k.plus(sbinfo, k.hugetlbfs_sb_info.max_inodes), NO_LIMIT);
  k.write_long(k.plus(sbinfo, k.hugetlbfs_sb_info.free_inodes), NO_LIMIT);
  const sb: SuperBlock = newSuperBlock(k, sbAt, s_dev, sbinfo);
  return sb === NULL ? NULL : vfs_create_mount(k, sb);
}

/**
 * The default size comes first, and has the first number.
 * @param sbAt see newSuperBlock()
 * @param s_dev of the default size
 */
export function init_hugetlbfs_fs(k: Kernel, sbAt: () => VirtAddr, s_dev: UInt): void {
  const mount = (h: Hstate, dev: UInt): void => {
    const at = k.globals.hugetlbfs_vfsmount + hstate_index(k, h) * k.ptr_words;
    k.write_ptr(at, mount_one_hugetlbfs(k, sbAt(), h, dev));
  };
  mount(default_hstate(k), s_dev);
  for (let i = 0; i < k.words[k.globals.hugetlb_max_hstate]!; i++) {
    const h: Hstate = k.globals.hstates + i * k.stride.hstate;
    if (h !== default_hstate(k)) mount(h, ++s_dev);
  }
}
