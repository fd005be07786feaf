/**
 * Pages that a driver maps into a process by itself: counted ones by vm_insert_page(), frames of any kind by vmf_insert_pfn().
 *
 *     vm_insert_page()   the page is mapped as a file's is: a reference and a mapping more    the area is VM_MIXEDMAP
 *     vmf_insert_pfn()   the entry is special: nobody counts it                               the area is VM_PFNMAP
 *
 * Left out: the lock of the table, DAX and device memory (vmf_insert_mixed), track_pfn_insert (no memory types are kept),
 * pfn_modify_allowed (L1TF).
 * Source: Linux 6.1 mm/memory.c: __get_locked_pte() to vmf_insert_pfn().
 */
import {
  type Int,
  type MmStruct,
  NULL,
  type Page,
  type Pmd,
  type Pte,
  type Pud,
  type ULong,
  type VmAreaStruct,
  type VmFault_t,
  type VmFlags,
  type Out,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { KernelFault } from '../../../machine/events.js';
import { asPfn, asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import {
  mk_pte,
  pfn_pte,
  pte_mkspecial,
  pte_none,
  set_pte,
} from '../../arch/x86/include/asm/pgtable.h.js';
import type { PteVal } from '../../arch/x86/include/asm/pgtable_types.h.js';
import { EBUSY, EFAULT, EINVAL, ENOMEM, ENXIO } from '../../include/linux/errno.h.js';
import { is_cow_mapping, vma_pages } from '../../include/linux/mm.h.js';
import { VM_MIXEDMAP, VM_PFNMAP } from '../../include/linux/mm_types.h.js';
import { PageAnon, PageSlab } from '../../include/linux/page-flags.h.js';
import { page_ref_count } from '../../include/linux/page_ref.h.js';
import { pgd_offset } from '../../include/linux/pgtable.h.js';
import { page_add_file_rmap } from '../rmap/rmap.js';
import { get_page } from '../swap/swap.js';
import { p4d_alloc, pmd_alloc, pte_alloc_map, pud_alloc } from './memory.js';
import { add_mm_counter_fast, mm_counter_file } from './rss.js';

/** What a page's type begins with below this: it is not a page that may be mapped (a buddy, a table). */
const PAGE_MAPCOUNT_RESERVE = -128;

const flagsOf = (k: Kernel, vma: VmAreaStruct): VmFlags =>
  k.read_int(k.plus(vma, k.vm_area_struct.vm_flags));

const protOf = (k: Kernel, vma: VmAreaStruct): PteVal =>
  k.read_pte(k.plus(vma, k.vm_area_struct.vm_page_prot));

const isIn = (k: Kernel, vma: VmAreaStruct, addr: VirtAddr): boolean =>
  addr >= k.read_va(k.plus(vma, k.vm_area_struct.vm_start)) &&
  addr < k.read_va(k.plus(vma, k.vm_area_struct.vm_end));

const bugOn = (cond: boolean): void => {
  if (cond) throw new KernelFault('kernel BUG at mm/memory.c!');
};

/** The entry for an address, its tables made where they are missing; NULL without memory. */
export function __get_locked_pte(k: Kernel, mm: MmStruct, addr: VirtAddr): Pte {
  // walk_to_pmd():
  const pud: Pud = pud_alloc(k, mm, p4d_alloc(k, mm, pgd_offset(k, mm, addr), addr), addr);
  if (pud === NULL) return NULL;
  const pmd: Pmd = pmd_alloc(k, mm, pud, addr);
  return pmd === NULL ? NULL : pte_alloc_map(k, mm, pmd, addr);
}

function validate_page_before_insert(k: Kernel, page: Page): Int {
  // The count of mappings is something else in them: a slab's objects, or what kind of page it is.
  const page_type: Int = k.words[page + k.page._mapcount]!;
  if (PageAnon(k, page) || PageSlab(k, page) || page_type < PAGE_MAPCOUNT_RESERVE) return -EINVAL;
  return 0;
}

function insert_page_into_pte_locked(
  k: Kernel,
  vma: VmAreaStruct,
  pte: Pte,
  page: Page,
  prot: PteVal,
): Int {
  if (!pte_none(k, k.read_pte(pte))) return -EBUSY;
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  get_page(k, page);
  add_mm_counter_fast(k, mm, mm_counter_file(k, page), 1);
  page_add_file_rmap(k, page, vma);
  set_pte(k, pte, mk_pte(k, page, prot));
  return 0;
}

function insert_page(k: Kernel, vma: VmAreaStruct, addr: VirtAddr, page: Page, prot: PteVal): Int {
  const retval: Int = validate_page_before_insert(k, page);
  if (retval !== 0) return retval;
  const pte: Pte = __get_locked_pte(k, k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm)), addr);
  if (pte === NULL) return -ENOMEM;
  return insert_page_into_pte_locked(k, vma, pte, page, prot);
}

/** Maps a page of a driver's into an area; the mapping holds a reference to it. 0 or an error. */
export function vm_insert_page(k: Kernel, vma: VmAreaStruct, addr: VirtAddr, page: Page): Int {
  if (!isIn(k, vma, addr)) return -EFAULT;
  if (page_ref_count(k, page) === 0) return -EINVAL;
  const vm_flags: VmFlags = flagsOf(k, vma);
  if ((vm_flags & VM_MIXEDMAP) === 0) {
    // The area has frames that nobody counts: it cannot have both.
    bugOn((vm_flags & VM_PFNMAP) !== 0);
    k.write(k.plus(vma, k.vm_area_struct.vm_flags), vm_flags | VM_MIXEDMAP);
  }
  return insert_page(k, vma, addr, page, protOf(k, vma));
}

/** Pages side by side. `*num`: how many are left. Differs: one by one, where Linux keeps a table's lock over many. */
export function vm_insert_pages(
  k: Kernel,
  vma: VmAreaStruct,
  addr: VirtAddr,
  pages: readonly Page[],
  num: Out<ULong>,
): Int {
  const end_addr: ULong = addr + num.value * PAGE_SIZE - 1;
  if (!isIn(k, vma, addr) || !isIn(k, vma, asVirt(end_addr))) return -EFAULT;
  const count: ULong = num.value;
  for (let i = 0; i < count; i++) {
    const ret: Int = vm_insert_page(k, vma, asVirt(addr + i * PAGE_SIZE), pages[i]!);
    if (ret < 0) return ret;
    num.value--;
  }
  return 0;
}

/** The whole area, from page `offset` of the driver's pages on. */
function __vm_map_pages(
  k: Kernel,
  vma: VmAreaStruct,
  pages: readonly Page[],
  num: ULong,
  offset: ULong,
): Int {
  const count: ULong = vma_pages(k, vma);
  if (offset >= num) return -ENXIO;
  if (count > num - offset) return -ENXIO;
  let uaddr: VirtAddr = k.read_va(k.plus(vma, k.vm_area_struct.vm_start));
  for (let i = 0; i < count; i++) {
    const ret: Int = vm_insert_page(k, vma, uaddr, pages[offset + i]!);
    if (ret < 0) return ret;
    uaddr = asVirt(uaddr + PAGE_SIZE);
  }
  return 0;
}

/** The offset that mmap() was called with counts. */
export function vm_map_pages(
  k: Kernel,
  vma: VmAreaStruct,
  pages: readonly Page[],
  num: ULong,
): Int {
  const vm_pgoff: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_pgoff));
  return __vm_map_pages(k, vma, pages, num, vm_pgoff);
}

export function vm_map_pages_zero(
  k: Kernel,
  vma: VmAreaStruct,
  pages: readonly Page[],
  num: ULong,
): Int {
  return __vm_map_pages(k, vma, pages, num, 0);
}

// --- frames that nobody counts -------------------------------------------------------------------------------------------

/** Left out: mkwrite. */
function insert_pfn(
  k: Kernel,
  vma: VmAreaStruct,
  addr: VirtAddr,
  pfn: ULong,
  prot: PteVal,
): VmFault_t {
  const pte: Pte = __get_locked_pte(k, k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm)), addr);
  if (pte === NULL) return k.VM_FAULT_OOM;
  // Another fault was quicker: its entry does.
  if (pte_none(k, k.read_pte(pte))) set_pte(k, pte, pte_mkspecial(pfn_pte(k, pfn, prot)));
  return k.VM_FAULT_NOPAGE;
}

export function vmf_insert_pfn_prot(
  k: Kernel,
  vma: VmAreaStruct,
  addr: VirtAddr,
  pfn: ULong,
  pgprot: PteVal,
): VmFault_t {
  const vm_flags: VmFlags = flagsOf(k, vma);
  const kinds: VmFlags = vm_flags & (VM_PFNMAP | VM_MIXEDMAP);
  // Whoever maps the area says beforehand which kind it is; a private copy of a frame without a page cannot be told from it.
  bugOn(kinds === 0);
  bugOn(kinds === (VM_PFNMAP | VM_MIXEDMAP));
  bugOn((vm_flags & VM_PFNMAP) !== 0 && is_cow_mapping(vm_flags));
  bugOn((vm_flags & VM_MIXEDMAP) !== 0 && k.memmap.pfn_valid(asPfn(pfn)));
  if (!isIn(k, vma, addr)) return k.VM_FAULT_SIGBUS;
  return insert_pfn(k, vma, addr, pfn, pgprot);
}

/** From a fault handler: maps a frame at an address; VM_FAULT_NOPAGE if that is done. */
export function vmf_insert_pfn(
  k: Kernel,
  vma: VmAreaStruct,
  addr: VirtAddr,
  pfn: ULong,
): VmFault_t {
  return vmf_insert_pfn_prot(k, vma, addr, pfn, protOf(k, vma));
}
