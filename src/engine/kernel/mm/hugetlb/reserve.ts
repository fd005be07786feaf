/**
 * Reservations: a map of huge pages promises that its faults will find pages. What an area keeps of it, in vma->vm_private_data:
 *
 *     private   its resv_map, and in the low bits whether it is the owner, and whether its pages were taken away from it
 *     shared    a lock of its own (struct hugetlb_vma_lock); the map is the file's
 *
 * Left out: subpools, cgroups, the locks themselves, tables of pmds that areas share.
 * Source: Linux 6.1 mm/hugetlb.c: hugetlb_vma_lock_free(), hugetlb_vma_lock_alloc(), vma_hugecache_offset() to vma_has_reserves(),
 * __vma_reservation_common() to restore_reserve_on_error(), hugetlb_vm_op_open(), hugetlb_vm_op_close(), hugetlb_reserve_pages(),
 * hugetlb_unreserve_pages().
 */
import {
  type AddressSpace,
  type File,
  type Hstate,
  type HugetlbVmaLock,
  type Inode,
  type Long,
  NULL,
  type Out,
  type Page,
  type ResvMap,
  type ULong,
  type VmAreaStruct,
  type VmFlags,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, PAGE_SHIFT, type VirtAddr } from '../../../memory/address.js';
import { file_inode } from '../../include/linux/mm.h.js';
import {
  blocks_per_huge_page,
  clearHPageFlag,
  hstate_inode,
  hstate_vma,
  huge_page_order,
  setHPageFlag,
  testHPageFlag,
  vma_hugecache_offset,
} from '../../include/linux/hugetlb.h.js';
import { INIT_LIST_HEAD } from '../../include/linux/list.h.js';
import { VM_MAYSHARE, VM_NORESERVE, VM_SHARED } from '../../include/linux/mm_types.h.js';
import { addBlocks } from '../filemap/filemap.js';
import { kfree, kmalloc } from '../slab_common/kmalloc.js';
import { hugetlb_acct_memory } from './pool.js';
import {
  getResvMap,
  putResvMap,
  region_abort,
  region_add,
  region_chg,
  region_count,
  region_del,
  resv_map_alloc,
} from './resv_map.js';

const HPAGE_RESV_OWNER = 1;
export const HPAGE_RESV_UNMAPPED = 2;
const HPAGE_RESV_MASK = HPAGE_RESV_OWNER | HPAGE_RESV_UNMAPPED;

const flagsOf = (k: Kernel, vma: VmAreaStruct): VmFlags =>
  k.read_int(k.plus(vma, k.vm_area_struct.vm_flags));
const privateData = (k: Kernel, vma: VmAreaStruct): number =>
  k.plus(vma, k.vm_area_struct.vm_private_data);
/** The low bits of the word, which no pointer has. */
const resvFlags = (k: Kernel, vma: VmAreaStruct): number =>
  k.read_int(privateData(k, vma)) & HPAGE_RESV_MASK;

// --- what an area keeps --------------------------------------------------------------------------------------------------

const inodeOf = (k: Kernel, vma: VmAreaStruct): Inode => {
  const file: File = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_file));
  return file_inode(k, file);
};

const inode_resv_map = (k: Kernel, inode: Inode): ResvMap =>
  k.read_ptr(k.plus(inode, k.inode.i_data + k.address_space.private_data));

export function vma_resv_map(k: Kernel, vma: VmAreaStruct): ResvMap {
  if ((flagsOf(k, vma) & VM_MAYSHARE) !== 0) return inode_resv_map(k, inodeOf(k, vma));
  const map: VirtAddr = asVirt(k.read_va(privateData(k, vma)) - resvFlags(k, vma));
  return map === 0 ? NULL : k.cell_at(map);
}

function set_vma_resv_map(k: Kernel, vma: VmAreaStruct, map: ResvMap): void {
  k.write_ptr(privateData(k, vma), map);
}

export function set_vma_resv_flags(k: Kernel, vma: VmAreaStruct, flags: number): void {
  const at = privateData(k, vma);
  k.write(at, k.read_int(at) | flags);
}

export function is_vma_resv_set(k: Kernel, vma: VmAreaStruct, flag: number): boolean {
  return (k.read_int(privateData(k, vma)) & flag) !== 0;
}

/** Whether the area owns reservations: of a private map, what the area keeps is no lock. */
export const isResvOwner = (k: Kernel, vma: VmAreaStruct): boolean =>
  is_vma_resv_set(k, vma, HPAGE_RESV_OWNER);

/** A child's area: it owns no reservations, and has no lock yet. */
export function hugetlb_dup_vma_private(k: Kernel, vma: VmAreaStruct): void {
  if ((flagsOf(k, vma) & VM_MAYSHARE) !== 0) {
    const vma_lock: HugetlbVmaLock = k.read_ptr(privateData(k, vma));
    if (vma_lock === NULL) return;
    if (k.read_ptr(k.plus(vma_lock, k.hugetlb_vma_lock.vma)) === vma) return;
  }
  k.write_long(privateData(k, vma), 0);
}

/** Of areas that may be shared alone. */
function hugetlb_vma_lock_alloc(k: Kernel, vma: VmAreaStruct): void {
  if (vma === NULL || (flagsOf(k, vma) & VM_MAYSHARE) === 0) return;
  if (k.read_va(privateData(k, vma)) !== 0) return;
  const object: VirtAddr = kmalloc(k, k.sizeof.hugetlb_vma_lock, k.GFP_KERNEL);
  if (object === 0) return;
  const vma_lock: HugetlbVmaLock = k.cell_at(object);
  k.write(k.plus(vma_lock, k.hugetlb_vma_lock.refs), 1);
  // init_rwsem():
  k.write_long(k.plus(vma_lock, k.hugetlb_vma_lock.rw_sema + k.rw_semaphore.count), 0);
  k.write_long(k.plus(vma_lock, k.hugetlb_vma_lock.rw_sema + k.rw_semaphore.owner), 0);
  INIT_LIST_HEAD(k, k.plus(vma_lock, k.hugetlb_vma_lock.rw_sema + k.rw_semaphore.wait_list));
  k.write_ptr(k.plus(vma_lock, k.hugetlb_vma_lock.vma), vma);
  k.write_ptr(privateData(k, vma), vma_lock);
}

export function hugetlb_vma_lock_free(k: Kernel, vma: VmAreaStruct): void {
  if (vma === NULL || (flagsOf(k, vma) & (VM_MAYSHARE | VM_SHARED)) === 0) return;
  const vma_lock: HugetlbVmaLock = k.read_ptr(privateData(k, vma));
  if (vma_lock === NULL) return;
  k.write_long(k.plus(vma_lock, k.hugetlb_vma_lock.vma), 0);
  k.write_long(privateData(k, vma), 0);
  const refs = k.plus(vma_lock, k.hugetlb_vma_lock.refs);
  k.write(refs, k.read_int(refs) - 1);
  if (k.read_int(refs) === 0) kfree(k, k.va_of(vma_lock));
}

/** Whether a page for the area comes out of its reservations. @param chg 0: the map has one for it */
export function vma_has_reserves(k: Kernel, vma: VmAreaStruct, chg: Long): boolean {
  const flags: VmFlags = flagsOf(k, vma);
  if ((flags & VM_NORESERVE) !== 0) return (flags & VM_MAYSHARE) !== 0 && chg === 0;
  if ((flags & VM_MAYSHARE) !== 0) return chg === 0;
  return isResvOwner(k, vma) && chg === 0;
}

// --- one page's reservation ----------------------------------------------------------------------------------------------

type VmaResvMode =
  'VMA_NEEDS_RESV' | 'VMA_COMMIT_RESV' | 'VMA_END_RESV' | 'VMA_ADD_RESV' | 'VMA_DEL_RESV';

/** 1: the page needs a reservation; 0: it has one. A private map means the contrary of a shared one. */
function __vma_reservation_common(
  k: Kernel,
  h: Hstate,
  vma: VmAreaStruct,
  addr: VirtAddr,
  mode: VmaResvMode,
): Long {
  const resv: ResvMap = vma_resv_map(k, vma);
  if (resv === NULL) return 1;
  const idx: ULong = vma_hugecache_offset(k, h, vma, addr);
  const shared = (flagsOf(k, vma) & VM_MAYSHARE) !== 0;
  const needed: Out<Long> = { value: 0 };
  const add = (): Long => region_add(k, resv, idx, idx + 1, 1);
  const del = (): Long => {
    region_abort(k, resv, 1);
    return region_del(k, resv, idx, idx + 1);
  };
  let ret: Long;
  switch (mode) {
    case 'VMA_NEEDS_RESV':
      ret = region_chg(k, resv, idx, idx + 1, needed);
      break;
    case 'VMA_COMMIT_RESV':
      ret = add();
      break;
    case 'VMA_END_RESV':
      region_abort(k, resv, 1);
      ret = 0;
      break;
    case 'VMA_ADD_RESV':
      ret = shared ? add() : del();
      break;
    case 'VMA_DEL_RESV':
      ret = shared ? del() : add();
      break;
  }
  if (shared || mode === 'VMA_DEL_RESV' || ret < 0) return ret;
  return ret > 0 ? 0 : 1;
}

export const vma_needs_reservation = (
  k: Kernel,
  h: Hstate,
  vma: VmAreaStruct,
  addr: VirtAddr,
): Long => __vma_reservation_common(k, h, vma, addr, 'VMA_NEEDS_RESV');

export const vma_commit_reservation = (
  k: Kernel,
  h: Hstate,
  vma: VmAreaStruct,
  addr: VirtAddr,
): Long => __vma_reservation_common(k, h, vma, addr, 'VMA_COMMIT_RESV');

export const vma_end_reservation = (
  k: Kernel,
  h: Hstate,
  vma: VmAreaStruct,
  addr: VirtAddr,
): void => void __vma_reservation_common(k, h, vma, addr, 'VMA_END_RESV');

/** A page that was to be mapped goes back: the map must say again what it said before. */
export function restore_reserve_on_error(
  k: Kernel,
  h: Hstate,
  vma: VmAreaStruct,
  address: VirtAddr,
  page: Page,
): void {
  const rc: Long = vma_needs_reservation(k, h, vma, address);
  const shared = (flagsOf(k, vma) & VM_MAYSHARE) !== 0;
  if (testHPageFlag(k, page, k.HPG_restore_reserve)) {
    if (rc < 0) clearHPageFlag(k, page, k.HPG_restore_reserve);
    else if (rc !== 0) __vma_reservation_common(k, h, vma, address, 'VMA_ADD_RESV');
    else vma_end_reservation(k, h, vma, address);
  } else if (rc === 0) {
    // An entry that was there before: it is not used up after all.
    if (__vma_reservation_common(k, h, vma, address, 'VMA_DEL_RESV') < 0)
      setHPageFlag(k, page, k.HPG_restore_reserve);
  } else if (rc < 0) {
    if (!shared) setHPageFlag(k, page, k.HPG_restore_reserve);
  } else {
    vma_end_reservation(k, h, vma, address);
  }
}

// --- areas come and go ---------------------------------------------------------------------------------------------------

/** A part of an area that was split, or a child's. */
export function hugetlb_vm_op_open(k: Kernel, vma: VmAreaStruct): void {
  const shared = (flagsOf(k, vma) & VM_MAYSHARE) !== 0;
  if (!shared) {
    const resv: ResvMap = vma_resv_map(k, vma);
    if (resv !== NULL && isResvOwner(k, vma)) getResvMap(k, resv);
    return;
  }
  const vma_lock: HugetlbVmaLock = k.read_ptr(privateData(k, vma));
  if (vma_lock !== NULL && k.read_ptr(k.plus(vma_lock, k.hugetlb_vma_lock.vma)) !== vma)
    // The copy of another area's.
    k.write_long(privateData(k, vma), 0);
  hugetlb_vma_lock_alloc(k, vma);
}

/** What of a private area's reservations was not used is given back. */
export function hugetlb_vm_op_close(k: Kernel, vma: VmAreaStruct): void {
  const h: Hstate = hstate_vma(k, vma);
  hugetlb_vma_lock_free(k, vma);
  if ((flagsOf(k, vma) & VM_MAYSHARE) !== 0) return;
  const resv: ResvMap = vma_resv_map(k, vma);
  if (resv === NULL || !isResvOwner(k, vma)) return;
  const vm_start: VirtAddr = k.read_va(k.plus(vma, k.vm_area_struct.vm_start));
  const vm_end: VirtAddr = k.read_va(k.plus(vma, k.vm_area_struct.vm_end));
  const start: ULong = vma_hugecache_offset(k, h, vma, vm_start);
  const end: ULong = vma_hugecache_offset(k, h, vma, vm_end);
  const reserve: Long = end - start - region_count(k, resv, start, end);
  if (reserve !== 0) hugetlb_acct_memory(k, h, -reserve);
  putResvMap(k, resv);
}

// --- a file's range ------------------------------------------------------------------------------------------------------

/** Reserves the huge pages [from, to) of a file, for an area, or (vma NULL) for whoever maps it. Whether there are enough. */
export function hugetlb_reserve_pages(
  k: Kernel,
  inode: Inode,
  from: Long,
  to: Long,
  vma: VmAreaStruct,
  vm_flags: VmFlags,
): boolean {
  const h: Hstate = hstate_inode(k, inode);
  const regions_needed: Out<Long> = { value: 0 };
  hugetlb_vma_lock_alloc(k, vma);
  if ((vm_flags & VM_NORESERVE) !== 0) return true;

  const shared = vma === NULL || (flagsOf(k, vma) & VM_MAYSHARE) !== 0;
  let chg: Long = -1;
  let resv_map: ResvMap;
  out_err: {
    if (shared) {
      resv_map = inode_resv_map(k, inode);
      chg = region_chg(k, resv_map, from, to, regions_needed);
    } else {
      resv_map = resv_map_alloc(k);
      if (resv_map === NULL) break out_err;
      chg = to - from;
      set_vma_resv_map(k, vma, resv_map);
      set_vma_resv_flags(k, vma, HPAGE_RESV_OWNER);
    }
    if (chg < 0) break out_err;
    if (hugetlb_acct_memory(k, h, chg) < 0) break out_err;
    if (!shared) return true;
    const add: Long = region_add(k, resv_map, from, to, regions_needed.value);
    if (add >= 0) return true;
    hugetlb_acct_memory(k, h, -chg);
  }
  // out_err:
  hugetlb_vma_lock_free(k, vma);
  if (shared) {
    if (chg >= 0) region_abort(k, resv_map, regions_needed.value);
  } else if (isResvOwner(k, vma)) {
    putResvMap(k, resv_map);
    k.write_long(privateData(k, vma), 0);
  }
  return false;
}

/** The range leaves the file's map; `freed` of its pages had used up their reservations. */
export function hugetlb_unreserve_pages(
  k: Kernel,
  inode: Inode,
  start: Long,
  end: Long,
  freed: Long,
): void {
  const h: Hstate = hstate_inode(k, inode);
  const resv_map: ResvMap = inode_resv_map(k, inode);
  const chg: Long = resv_map === NULL ? 0 : region_del(k, resv_map, start, end);
  addBlocks(k, inode, -blocks_per_huge_page(k, h) * freed);
  hugetlb_acct_memory(k, h, -(chg - freed));
}

/** Pages of the page cache that lie at an index of hugetlbfs: it counts huge pages. */
export const hugeMapping = (k: Kernel, vma: VmAreaStruct): AddressSpace =>
  k.read_ptr(k.plus(k.read_ptr(k.plus(vma, k.vm_area_struct.vm_file)), k.file.f_mapping));

/** The range of addresses of one huge page. */
export const hugeStart = (k: Kernel, h: Hstate, address: VirtAddr): VirtAddr =>
  asVirt(address - (address % 2 ** (huge_page_order(k, h) + PAGE_SHIFT)));
