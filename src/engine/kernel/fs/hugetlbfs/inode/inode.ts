/**
 * Files of huge pages: made for a map without a file or for memfd_create(), mapped, made shorter or longer, and their pages given back
 * to the pool when the last reference to the file goes.
 *
 * Differs: of inode and file only what memory management looks at is written.
 * Left out: names in a directory, read() (write() there is none), fallocate, shm, seals, migration.
 * Source: Linux 6.1 fs/hugetlbfs/inode.c: hugetlbfs_file_mmap(), hugetlb_get_unmapped_area(), hugetlb_vmdelete_list()
 * to hugetlb_vmtruncate(), hugetlbfs_setattr(), remove_inode_hugepages(), hugetlbfs_evict_inode(), hugetlbfs_get_inode(), hugetlb_file_setup(); fs/inode.c: i_callback(); fs/file_table.c: file_free_rcu(); include/linux/fs.h: i_size_write().
 */
import {
  type AddressSpace,
  type Dentry,
  type File,
  type Hstate,
  type Inode,
  type Int,
  type KmemCache,
  type MmStruct,
  NULL,
  type Page,
  type ResvMap,
  type Slab,
  type SuperBlock,
  type ULong,
  type Vfsmount,
  type VmAreaStruct,
  type VmFlags,
} from '../../../../machine/ctypes.js';
import type { Kernel } from '../../../../machine/kernel.js';
import { asCell, asVirt, PAGE_SIZE, type VirtAddr } from '../../../../memory/address.js';
import { clear_bit } from '../../../arch/x86/include/asm/bitops.h.js';
import { EINVAL, ENOMEM } from '../../../include/linux/errno.h.js';
import {
  default_hstate,
  hstate_file,
  hstate_index,
  hstate_inode,
  hstate_sizelog,
  huge_page_order,
  huge_page_size,
} from '../../../include/linux/hugetlb.h.js';
import { MA_STATE, mas_reset, type MaState } from '../../../include/linux/maple_tree.h.js';
import { file_inode } from '../../../include/linux/mm.h.js';
import {
  MAP_FIXED,
  VM_DONTEXPAND,
  VM_HUGETLB,
  VM_WRITE,
} from '../../../include/linux/mm_types.h.js';
import { kmem_cache_alloc, kmem_cache_free } from '../../../include/linux/slab.h.js';
import { mas_empty_area, mas_empty_area_rev } from '../../../lib/maple_tree/empty_area.js';
import { xa_erase } from '../../../lib/xarray/xarray.js';
import { filemapPage, i_size_read, mappingPages } from '../../../mm/filemap/filemap.js';
import { hugetlb_reserve_pages, hugetlb_unreserve_pages } from '../../../mm/hugetlb/reserve.js';
import { virt_to_slab } from '../../../mm/slab.h.js';
import { call_rcu, functionNamed, linkCallback } from '../../../kernel/rcu/tiny.js';
import { putResvMap, resv_map_alloc } from '../../../mm/hugetlb/resv_map.js';
import { unmap_hugepage_range } from '../../../mm/hugetlb/hugetlb.js';
import {
  vma_interval_tree_iter_first,
  vma_interval_tree_iter_next,
} from '../../../mm/interval_tree.js';
import { find_vma, mmTree } from '../../../mm/mmap/find_vma.js';
import { areasOfFile } from '../../../mm/mmap/link.js';
import { put_page } from '../../../mm/swap/swap.js';
import { d_alloc_pseudo, d_instantiate, dput } from '../../dcache/dcache.js';
import { get_next_ino } from '../../inode/get_next_ino.js';
import { linkRelease } from '../../file_table/file_table.js';

const cacheNamed = (k: Kernel, global: number): KmemCache => k.read_ptr(global);

const zeroWords = (k: Kernel, at: number, nrWords: number): void => {
  for (let i = 0; i < nrWords; i++) k.write(k.plus(at, i), 0);
};

const i_size_write = (k: Kernel, inode: Inode, size: ULong): void => {
  k.write(k.plus(inode, k.inode.i_size), size | 0);
  k.write(k.plus(inode, k.inode.i_size) + 1, Math.floor(size / 2 ** 32));
};

// --- a file --------------------------------------------------------------------------------------------------------------

/** A file of its own map of reservations. struct hugetlbfs_inode_info begins with the inode: there is no policy without NUMA. */
function hugetlbfs_get_inode(k: Kernel, sb: SuperBlock): Inode {
  const resv_map: ResvMap = resv_map_alloc(k);
  if (resv_map === NULL) return NULL;
  const cache: KmemCache = cacheNamed(k, k.globals.hugetlbfs_inode_cachep);
  const object: VirtAddr = kmem_cache_alloc(k, cache, k.GFP_KERNEL);
  if (object === 0) {
    putResvMap(k, resv_map);
    return NULL;
  }
  const inode: Inode = k.cell_at(object);
  zeroWords(k, inode, k.sizeof.inode / 4);
  k.write_ptr(k.plus(inode, k.inode.i_sb), sb);
  k.write_long(k.plus(inode, k.inode.i_ino), get_next_ino(k));
  const mapping: AddressSpace = asCell(k.plus(inode, k.inode.i_data));
  k.write_ptr(k.plus(inode, k.inode.i_mapping), mapping);
  k.write_ptr(k.plus(mapping, k.address_space.host), inode);
  // XA_FLAGS_LOCK_IRQ | XA_FLAGS_ACCOUNT
  k.write(k.plus(mapping, k.address_space.i_pages + k.xarray.xa_flags), 1 | 32);
  k.write(k.plus(mapping, k.address_space.gfp_mask), k.GFP_HIGHUSER_MOVABLE);
  k.write_va(k.plus(mapping, k.address_space.a_ops), functionNamed(k, 'hugetlbfs_aops'));
  k.write_ptr(k.plus(mapping, k.address_space.private_data), resv_map);
  return inode;
}

/** An open file of `size` bytes, whole huge pages, whose name is in no directory; NULL without memory, or such pages. */
export function hugetlb_file_setup(
  k: Kernel,
  name: string,
  size: ULong,
  acctflag: VmFlags,
  page_size_log: Int,
): File {
  const h: Hstate = hstate_sizelog(k, page_size_log);
  if (h === NULL) return NULL;
  const mnt: Vfsmount = k.read_ptr(k.globals.hugetlbfs_vfsmount + hstate_index(k, h) * k.ptr_words);
  const sb: SuperBlock = mnt === NULL ? NULL : k.read_ptr(k.plus(mnt, k.vfsmount.mnt_sb));
  // See hstate_inode().
  if (sb === NULL && h !== default_hstate(k)) return NULL;
  const inode: Inode = hugetlbfs_get_inode(k, sb);
  if (inode === NULL) return NULL;
  i_size_write(k, inode, size);
  const nr: ULong = size / huge_page_size(k, h);
  out: {
    if (!hugetlb_reserve_pages(k, inode, 0, nr, NULL, acctflag)) break out;
    // alloc_file_pseudo():
    const dentry: Dentry = d_alloc_pseudo(k, name);
    if (dentry === NULL) break out;
    const filp: KmemCache = cacheNamed(k, k.globals.filp_cachep);
    const object: VirtAddr = kmem_cache_alloc(k, filp, k.GFP_KERNEL | k.__GFP_ZERO);
    if (object === 0) {
      dput(k, dentry);
      break out;
    }
    const file: File = k.cell_at(object);
    zeroWords(k, file, k.sizeof.file / 4);
    k.write_ptr(k.plus(file, k.file.f_inode), inode);
    k.write_ptr(k.plus(file, k.file.f_mapping), k.read_ptr(k.plus(inode, k.inode.i_mapping)));
    const f_op: VirtAddr = k.profile.symbol('hugetlbfs_file_operations')?.address ?? asVirt(0);
    k.write_va(k.plus(file, k.file.f_op), f_op);
    k.write_long(k.plus(file, k.file.f_count), 1);
    k.write_ptr(k.plus(dentry, k.dentry.d_sb), sb);
    k.write_ptr(k.plus(file, k.file.f_path_dentry), dentry);
    k.write_ptr(k.plus(file, k.file.f_path_mnt), mnt);
    d_instantiate(k, dentry, inode);
    return file;
  }
  hugetlbfs_evict_inode(k, inode);
  kmem_cache_free(k, cacheNamed(k, k.globals.hugetlbfs_inode_cachep), k.va_of(inode));
  return NULL;
}

// --- maps ----------------------------------------------------------------------------------------------------------------

/** file->f_op->mmap */
export function hugetlbfs_file_mmap(k: Kernel, file: File, vma: VmAreaStruct): Int {
  const inode: Inode = file_inode(k, file);
  const h: Hstate = hstate_file(k, file);
  const at = k.plus(vma, k.vm_area_struct.vm_flags);
  k.write(at, k.read_int(at) | VM_HUGETLB | VM_DONTEXPAND);
  const table: VirtAddr = k.profile.symbol('hugetlb_vm_ops')?.address ?? asVirt(0);
  k.write_va(k.plus(vma, k.vm_area_struct.vm_ops), table);
  const size: ULong = huge_page_size(k, h);
  const vm_pgoff: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_pgoff));
  if (vm_pgoff % (size / PAGE_SIZE) !== 0) return -EINVAL;
  const vm_start: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_start));
  const vma_len: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_end)) - vm_start;
  const len: ULong = vma_len + vm_pgoff * PAGE_SIZE;
  const vm_flags: VmFlags = k.read_int(at);
  const from: ULong = vm_pgoff / 2 ** huge_page_order(k, h);
  if (!hugetlb_reserve_pages(k, inode, from, len / size, vma, vm_flags)) return -ENOMEM;
  if ((vm_flags & VM_WRITE) !== 0 && i_size_read(k, inode) < len) i_size_write(k, inode, len);
  return 0;
}

/** A place for whole huge pages. Left out: hints near a stack. */
export function hugetlb_get_unmapped_area(
  k: Kernel,
  mm: MmStruct,
  file: File,
  addr: VirtAddr,
  len: ULong,
  flags: Int,
): VirtAddr {
  const size: ULong = huge_page_size(k, hstate_file(k, file));
  if (len % size !== 0) return asVirt(-EINVAL);
  if (len > k.TASK_SIZE) return asVirt(-ENOMEM);
  if ((flags & MAP_FIXED) !== 0) {
    // prepare_hugepage_range():
    if (addr % size !== 0) return asVirt(-EINVAL);
    return addr > k.TASK_SIZE - len ? asVirt(-ENOMEM) : addr;
  }
  if (addr !== 0) {
    const hint: VirtAddr = asVirt(Math.ceil(addr / size) * size);
    const vma: VmAreaStruct = find_vma(k, mm, hint);
    const free = vma === NULL || hint + len <= k.read_ulong(k.plus(vma, k.vm_area_struct.vm_start));
    if (hint + len <= k.TASK_SIZE && free) return hint;
  }
  // vm_unmapped_area(): more than is needed, so that it can be aligned.
  const mas: MaState = MA_STATE(k, mmTree(k, mm), 0, 0);
  const mmap_base: ULong = k.read_ulong(k.plus(mm, k.mm_struct.mmap_base));
  const length: ULong = len + size - PAGE_SIZE;
  if (mas_empty_area_rev(k, mas, PAGE_SIZE, mmap_base - 1, length) === 0) {
    const gap: ULong = mas.last + 1 - len;
    return asVirt(gap - (gap % size));
  }
  mas_reset(mas);
  if (mas_empty_area(k, mas, mmap_base, k.TASK_SIZE - 1, length) === 0)
    return asVirt(Math.ceil(mas.index / size) * size);
  return asVirt(-ENOMEM);
}

// --- its size, and its end -----------------------------------------------------------------------------------------------

/** Where in an area the part of its file begins that [start, ...) is: bytes from the area's beginning. */
function vma_offset_start(k: Kernel, vma: VmAreaStruct, start: ULong): ULong {
  const vm_pgoff: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_pgoff));
  return vm_pgoff < start ? (start - vm_pgoff) * PAGE_SIZE : 0;
}

/** Areas do not map what of the file lies at [start, ...) any more, private copies included. */
function hugetlb_vmdelete_list(k: Kernel, mapping: AddressSpace, start: ULong): void {
  const root = areasOfFile(k, mapping);
  for (
    let vma: VmAreaStruct = vma_interval_tree_iter_first(k, root, start, Infinity);
    vma !== NULL;
    vma = vma_interval_tree_iter_next(k, vma, start, Infinity)
  ) {
    const vm_start: VirtAddr = k.read_va(k.plus(vma, k.vm_area_struct.vm_start));
    const vm_end: VirtAddr = k.read_va(k.plus(vma, k.vm_area_struct.vm_end));
    const from: VirtAddr = asVirt(vm_start + vma_offset_start(k, vma, start));
    unmap_hugepage_range(k, vma, from, vm_end, NULL);
  }
}

/** The file ends at `offset`, a whole number of huge pages: what is behind it goes, wherever it is mapped. */
function hugetlb_vmtruncate(k: Kernel, inode: Inode, offset: ULong): void {
  const mapping: AddressSpace = k.read_ptr(k.plus(inode, k.inode.i_mapping));
  const oldSize: ULong = i_size_read(k, inode);
  i_size_write(k, inode, offset);
  hugetlb_vmdelete_list(k, mapping, offset / PAGE_SIZE);
  remove_inode_hugepages(k, inode, offset, oldSize);
}

/** ftruncate(). Left out: seals, times; sizes are the only attribute. */
export function hugetlbfs_setattr(k: Kernel, inode: Inode, size: ULong): Int {
  if (size % huge_page_size(k, hstate_inode(k, inode)) !== 0) return -EINVAL;
  hugetlb_vmtruncate(k, inode, size);
  return 0;
}

/** Pages from `lstart` on leave the page cache, and with them the reservations that nobody has used. @param size of the file before */
function remove_inode_hugepages(k: Kernel, inode: Inode, lstart: ULong, size: ULong): void {
  const mapping: AddressSpace = asCell(k.plus(inode, k.inode.i_data));
  const bytes: ULong = huge_page_size(k, hstate_inode(k, inode));
  const start: ULong = lstart / bytes;
  let freed: Int = 0;
  for (let index = start; index < size / bytes; index++) {
    const page: Page = filemapPage(k, mapping, index);
    if (page === NULL) continue;
    // hugetlb_delete_from_page_cache():
    clear_bit(k, k.PG_dirty, page + k.page.flags);
    clear_bit(k, k.PG_uptodate, page + k.page.flags);
    xa_erase(k, mappingPages(k, mapping), index);
    k.write_long(page + k.page.mapping, 0);
    k.add_long(k.plus(mapping, k.address_space.nrpages), -1);
    put_page(k, page);
    freed++;
  }
  hugetlb_unreserve_pages(k, inode, start, Infinity, freed);
}

function hugetlbfs_evict_inode(k: Kernel, inode: Inode): void {
  remove_inode_hugepages(k, inode, 0, i_size_read(k, inode));
  const resv_map: ResvMap = k.read_ptr(
    k.plus(inode, k.inode.i_data + k.address_space.private_data),
  );
  if (resv_map !== NULL) putResvMap(k, resv_map);
}

/** The last reference to a file that was made here is gone. */
function releaseHugeFile(k: Kernel, file: File): void {
  const f_op: VirtAddr = k.read_va(k.plus(file, k.file.f_op));
  if (f_op === 0 || f_op !== k.profile.symbol('hugetlbfs_file_operations')?.address) return;
  const inode: Inode = k.read_ptr(k.plus(file, k.file.f_inode));
  const dentry: Dentry = k.read_ptr(k.plus(file, k.file.f_path_dentry));
  hugetlbfs_evict_inode(k, inode);
  // destroy_inode(): somebody may still look at it, as at the file; nobody looks a pseudo file's dentry up.
  call_rcu(k, k.plus(inode, k.inode.i_rcu), functionNamed(k, 'i_callback'));
  dput(k, dentry);
  // file_free():
  call_rcu(k, k.plus(file, k.file.f_rcuhead), functionNamed(k, 'file_free_rcu'));
}
linkRelease(releaseHugeFile);

linkCallback('i_callback', (k, head) => {
  const inode: Inode = k.plus(head, -k.inode.i_rcu);
  const cache: KmemCache = cacheNamed(k, k.globals.hugetlbfs_inode_cachep);
  // One of another file system waits on: what ends it is not here.
  const slab: Slab = virt_to_slab(k, k.va_of(inode));
  if (slab === NULL || k.read_ptr(slab + k.slab.slab_cache) !== cache)
    call_rcu(k, head, functionNamed(k, 'i_callback'));
  else kmem_cache_free(k, cache, k.va_of(inode));
});

linkCallback('file_free_rcu', (k, head) => {
  const file: File = k.plus(head, -k.file.f_rcuhead);
  kmem_cache_free(k, cacheNamed(k, k.globals.filp_cachep), k.va_of(file));
});
