/**
 * Huge pages of hugetlbfs: the pool of a page size (`struct hstate`), the flags that a pool's page has in page->private, and areas
 * that map such pages.
 *
 *     head->private              HPG_restore_reserve, HPG_migratable, HPG_temporary, HPG_freed
 *     first tail->compound_dtor  HUGETLB_PAGE_DTOR: that is what makes a compound page one of a pool
 *
 *     vma ─> vm_file ─> inode ─> i_sb ─> s_fs_info: hugetlbfs_sb_info ─> hstate: the pool that an area's pages are of
 *
 * Differs: a file of a machine of which no mounts are known is of the default size.
 * Left out: pools of several nodes, subpools (only a mount with a size has one), cgroups, struct pages given back.
 * Source: Linux 6.1 include/linux/hugetlb.h; include/linux/hugetlb_inline.h; arch/x86/include/asm/hugetlb.h; mm/hugetlb.c: PageHuge(),
 * size_to_hstate(), vma_hugecache_offset().
 */
import {
  type File,
  type Gfp,
  type Hstate,
  type HugetlbfsSbInfo,
  type Inode,
  type Int,
  type MmStruct,
  NULL,
  type Order,
  type Page,
  type SuperBlock,
  type ULong,
  type VmAreaStruct,
  type VmFlags,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { PAGE_SHIFT, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { clear_bit, set_bit, test_bit } from '../../arch/x86/include/asm/bitops.h.js';
import { compound_nr, file_inode, nth_page } from './mm.h.js';
import { VM_HUGETLB } from './mm_types.h.js';
import { compound_head, PageCompound } from './page-flags.h.js';

// --- page sizes --------------------------------------------------------------------------------------------------------

export const default_hstate = (k: Kernel): Hstate =>
  k.globals.hstates + k.words[k.globals.default_hstate_idx]! * k.stride.hstate;

export const huge_page_order = (k: Kernel, h: Hstate): Order => k.words[h + k.hstate.order]!;
export const huge_page_shift = (k: Kernel, h: Hstate): Int => huge_page_order(k, h) + PAGE_SHIFT;
export const huge_page_size = (k: Kernel, h: Hstate): ULong =>
  PAGE_SIZE * 2 ** huge_page_order(k, h);
/** Of an order that the page allocator has no blocks of. */
export function hstate_is_gigantic(k: Kernel, h: Hstate): boolean {
  return huge_page_order(k, h) >= k.MAX_ORDER;
}
export const pages_per_huge_page = (k: Kernel, h: Hstate): Int => 1 << huge_page_order(k, h);
export const blocks_per_huge_page = (k: Kernel, h: Hstate): Int => huge_page_size(k, h) / 512;

export function size_to_hstate(k: Kernel, size: ULong): Hstate {
  for (let i = 0; i < k.words[k.globals.hugetlb_max_hstate]!; i++) {
    const h: Hstate = k.globals.hstates + i * k.stride.hstate;
    if (huge_page_size(k, h) === size) return h;
  }
  return NULL;
}

/** The pool of a page size as mmap() and memfd_create() ask for it: log2, or 0 for the default one. NULL: there is none. */
export function hstate_sizelog(k: Kernel, page_size_log: Int): Hstate {
  return page_size_log === 0 ? default_hstate(k) : size_to_hstate(k, 2 ** page_size_log);
}

export function hstate_inode(k: Kernel, i: Inode): Hstate {
  const sb: SuperBlock = k.read_ptr(k.plus(i, k.inode.i_sb));
  if (sb === NULL) return default_hstate(k);
  const sbinfo: HugetlbfsSbInfo = k.read_ptr(k.plus(sb, k.super_block.s_fs_info));
  return k.read_ptr(k.plus(sbinfo, k.hugetlbfs_sb_info.hstate));
}

export const hstate_file = (k: Kernel, f: File): Hstate => hstate_inode(k, file_inode(k, f));

export function hstate_vma(k: Kernel, vma: VmAreaStruct): Hstate {
  return hstate_file(k, k.read_ptr(k.plus(vma, k.vm_area_struct.vm_file)));
}

export function hstate_index(k: Kernel, h: Hstate): Int {
  return (h - k.globals.hstates) / k.stride.hstate;
}

/** The pool that a page is of. */
export const page_hstate = (k: Kernel, page: Page): Hstate =>
  size_to_hstate(k, PAGE_SIZE * compound_nr(k, page));

/** 64 bit can migrate huge pages, so that they may lie where pages must be able to move. */
export function htlb_alloc_mask(k: Kernel): Gfp {
  return k.wide ? k.GFP_HIGHUSER_MOVABLE : k.GFP_HIGHUSER;
}

// --- numbers of a pool ---------------------------------------------------------------------------------------------------

export const hstateCount = (k: Kernel, h: Hstate, member: number): ULong =>
  k.read_ulong(h + member);
export const addCount = (k: Kernel, h: Hstate, member: number, delta: Int): void => {
  k.add_long(h + member, delta);
};

// --- pages of a pool -----------------------------------------------------------------------------------------------------

export function PageHuge(k: Kernel, page: Page): boolean {
  if (!PageCompound(k, page)) return false;
  const head: Page = compound_head(k, page);
  return k.read8(nth_page(k, head, 1), k.page.compound_dtor) === k.HUGETLB_PAGE_DTOR;
}

export const testHPageFlag = (k: Kernel, page: Page, nr: Int): boolean =>
  test_bit(k, nr, page + k.page.private);
export const setHPageFlag = (k: Kernel, page: Page, nr: Int): void =>
  set_bit(k, nr, page + k.page.private);
export const clearHPageFlag = (k: Kernel, page: Page, nr: Int): void =>
  clear_bit(k, nr, page + k.page.private);

/** Left out: subpools. The word is the first tail's page->private. */
export function hugetlb_set_page_subpool(k: Kernel, page: Page): void {
  k.write_long(nth_page(k, page, 1) + k.page.private, 0);
}

// --- areas ---------------------------------------------------------------------------------------------------------------

export function is_vm_hugetlb_page(k: Kernel, vma: VmAreaStruct): boolean {
  const vm_flags: VmFlags = k.read_int(k.plus(vma, k.vm_area_struct.vm_flags));
  return (vm_flags & VM_HUGETLB) !== 0;
}

export function is_file_hugepages(k: Kernel, file: File): boolean {
  const f_op: VirtAddr = k.read_va(k.plus(file, k.file.f_op));
  return f_op !== 0 && f_op === k.profile.symbol('hugetlbfs_file_operations')?.address;
}

/** mm->hugetlb_usage: pages of this kind are not in rss. */
export function hugetlb_count_add(k: Kernel, l: Int, mm: MmStruct): void {
  k.add_long(k.plus(mm, k.mm_struct.hugetlb_usage), l);
}

export function hugetlb_count_sub(k: Kernel, l: Int, mm: MmStruct): void {
  k.add_long(k.plus(mm, k.mm_struct.hugetlb_usage), -l);
}

/** Which huge page of its file an address is. */
export function vma_hugecache_offset(
  k: Kernel,
  h: Hstate,
  vma: VmAreaStruct,
  address: VirtAddr,
): ULong {
  const start: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_start));
  const pgoff: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_pgoff));
  return (
    Math.floor((address - start) / 2 ** huge_page_shift(k, h)) +
    Math.floor(pgoff / 2 ** huge_page_order(k, h))
  );
}

export const linear_hugepage_index = (k: Kernel, vma: VmAreaStruct, address: VirtAddr): ULong =>
  vma_hugecache_offset(k, hstate_vma(k, vma), vma, address);
