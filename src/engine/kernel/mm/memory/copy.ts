/**
 * fork(): the entries of an area's pages are copied for the child, both read-only where a write is to be private. A page that may be
 * pinned is copied at once, so that the device that has it keeps the parent's.
 *
 * Left out: swap and migration entries, VM_PFNMAP, write_protect_seq's readers (fast GUP runs alone).
 * Source: Linux 6.1 mm/memory.c: copy_present_page() to copy_page_range().
 */
import {
  type Int,
  type MmStruct,
  NULL,
  type P4d,
  type Page,
  type Pgd,
  type Pmd,
  type Pte,
  type Pud,
  type VmAreaStruct,
  type VmFlags,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { __set_bit } from '../../arch/x86/include/asm/bitops.h.js';
import {
  mk_pte,
  p4d_none,
  pgd_none,
  pmd_none,
  pmd_trans_huge,
  pte_mkclean,
  pte_mkdirty,
  pte_mkold,
  pte_none,
  pte_write,
  pte_wrprotect,
  ptep_set_wrprotect,
  pud_none,
  set_pte,
} from '../../arch/x86/include/asm/pgtable.h.js';
import type { PteVal } from '../../arch/x86/include/asm/pgtable_types.h.js';
import { EAGAIN, ENOMEM } from '../../include/linux/errno.h.js';
import { copy_user_highpage } from '../../include/linux/highmem.h.js';
import { is_swap_pmd } from '../../include/linux/huge_mm.h.js';
import { is_vm_hugetlb_page } from '../../include/linux/hugetlb.h.js';
import { is_cow_mapping } from '../../include/linux/mm.h.js';
import { VM_MIXEDMAP, VM_PFNMAP, VM_SHARED } from '../../include/linux/mm_types.h.js';
import { PageAnon } from '../../include/linux/page-flags.h.js';
import {
  p4d_offset,
  pgd_addr_end,
  pgd_offset,
  pmd_addr_end,
  pmd_offset,
  pte_offset_map,
  pud_addr_end,
  pud_offset,
} from '../../include/linux/pgtable.h.js';
import { copy_huge_pmd } from '../huge_memory/pmd.js';
import { copy_hugetlb_page_range } from '../hugetlb/hugetlb.js';
import { alloc_page_vma } from '../page_alloc/api.js';
import {
  page_add_new_anon_rmap,
  page_dup_file_rmap,
  page_try_dup_anon_rmap,
} from '../rmap/rmap.js';
import { folio_add_lru_vma } from '../swap/lru_add_drain.js';
import { get_page, put_page } from '../swap/swap.js';
import { p4d_alloc, pmd_alloc, pte_alloc_map, pud_alloc } from './memory.js';
import { add_mm_rss_vec, mm_counter } from './rss.js';
import { maybe_mkwrite, vm_normal_page } from './wp.js';

/** The page that a copy of a pinned one goes to: made between two tries, where memory may be waited for. */
interface Prealloc {
  page: Page;
}

const countPage = (k: Kernel, rss: Int[], page: Page): void => {
  const counter: Int = mm_counter(k, page);
  rss[counter] = rss[counter]! + 1;
};

/** The child's own copy of a page. -EAGAIN: there is none yet to copy it to. */
function copy_present_page(
  k: Kernel,
  dst_vma: VmAreaStruct,
  dst_pte: Pte,
  addr: VirtAddr,
  rss: Int[],
  prealloc: Prealloc,
  page: Page,
): Int {
  const new_page: Page = prealloc.page;
  if (new_page === NULL) return -EAGAIN;
  prealloc.page = NULL;
  copy_user_highpage(k, new_page, page);
  __set_bit(k, k.PG_uptodate, new_page + k.page.flags);
  page_add_new_anon_rmap(k, new_page, dst_vma, addr);
  folio_add_lru_vma(k, new_page, dst_vma);
  countPage(k, rss, new_page);
  const pte: PteVal = mk_pte(
    k,
    new_page,
    k.read_pte(k.plus(dst_vma, k.vm_area_struct.vm_page_prot)),
  );
  set_pte(k, dst_pte, maybe_mkwrite(k, pte_mkdirty(pte), dst_vma));
  return 0;
}

function copy_present_pte(
  k: Kernel,
  dst_vma: VmAreaStruct,
  src_vma: VmAreaStruct,
  dst_pte: Pte,
  src_pte: Pte,
  addr: VirtAddr,
  rss: Int[],
  prealloc: Prealloc,
): Int {
  const vm_flags: VmFlags = k.read_int(k.plus(src_vma, k.vm_area_struct.vm_flags));
  let pte: PteVal = k.read_pte(src_pte);
  const page: Page = vm_normal_page(k, src_vma, pte);
  if (page !== NULL && PageAnon(k, page)) {
    get_page(k, page);
    if (page_try_dup_anon_rmap(k, page, false, src_vma) !== 0) {
      put_page(k, page);
      return copy_present_page(k, dst_vma, dst_pte, addr, rss, prealloc, page);
    }
    countPage(k, rss, page);
  } else if (page !== NULL) {
    get_page(k, page);
    page_dup_file_rmap(k, page, false);
    countPage(k, rss, page);
  }
  // Both read-only: whoever writes first gets a copy.
  if (is_cow_mapping(vm_flags) && pte_write(pte)) {
    ptep_set_wrprotect(k, src_pte);
    pte = pte_wrprotect(pte);
  }
  // What the parent wrote to a shared page, its own entry says.
  if ((vm_flags & VM_SHARED) !== 0) pte = pte_mkclean(pte);
  set_pte(k, dst_pte, pte_mkold(pte));
  return 0;
}

function copy_pte_range(
  k: Kernel,
  dst_vma: VmAreaStruct,
  src_vma: VmAreaStruct,
  dst_pmd: Pmd,
  src_pmd: Pmd,
  addr: VirtAddr,
  end: VirtAddr,
): Int {
  const dst_mm: MmStruct = k.read_ptr(k.plus(dst_vma, k.vm_area_struct.vm_mm));
  const prealloc: Prealloc = { page: NULL };
  again: for (;;) {
    let ret: Int = 0;
    const rss: Int[] = new Array<Int>(k.NR_MM_COUNTERS).fill(0);
    let dst_pte: Pte = pte_alloc_map(k, dst_mm, dst_pmd, addr);
    if (dst_pte === NULL) return -ENOMEM;
    let src_pte: Pte = pte_offset_map(k, src_pmd, addr);
    for (
      ;
      addr !== end;
      dst_pte = asCell(dst_pte + k.pte_words),
        src_pte = asCell(src_pte + k.pte_words),
        addr = asVirt(addr + PAGE_SIZE)
    ) {
      if (pte_none(k, k.read_pte(src_pte))) continue;
      ret = copy_present_pte(k, dst_vma, src_vma, dst_pte, src_pte, addr, rss, prealloc);
      // A page to copy to is to be had outside of the locks.
      if (ret === -EAGAIN) break;
      if (prealloc.page !== NULL) {
        // Somebody unpinned it meanwhile.
        put_page(k, prealloc.page);
        prealloc.page = NULL;
      }
    }
    add_mm_rss_vec(k, dst_mm, rss);
    if (ret === -EAGAIN) {
      // page_copy_prealloc():
      prealloc.page = alloc_page_vma(k, k.GFP_HIGHUSER_MOVABLE);
      if (prealloc.page === NULL) return -ENOMEM;
    }
    if (addr !== end) continue again;
    return 0;
  }
}

function copy_pmd_range(
  k: Kernel,
  dst_vma: VmAreaStruct,
  src_vma: VmAreaStruct,
  dst_pud: Pud,
  src_pud: Pud,
  addr: VirtAddr,
  end: VirtAddr,
): Int {
  const dst_mm: MmStruct = k.read_ptr(k.plus(dst_vma, k.vm_area_struct.vm_mm));
  let dst_pmd: Pmd = pmd_alloc(k, dst_mm, dst_pud, addr);
  if (dst_pmd === NULL) return -ENOMEM;
  let src_pmd: Pmd = pmd_offset(k, src_pud, addr);
  for (
    let next: VirtAddr;
    addr !== end;
    dst_pmd = asCell(dst_pmd + k.pte_words), src_pmd = asCell(src_pmd + k.pte_words), addr = next
  ) {
    next = pmd_addr_end(k, addr, end);
    const pmd: PteVal = k.read_pte(src_pmd);
    if (is_swap_pmd(k, pmd) || pmd_trans_huge(pmd)) {
      const err: Int = copy_huge_pmd(k, dst_mm, dst_pmd, src_pmd, addr, dst_vma, src_vma);
      if (err === -ENOMEM) return -ENOMEM;
      if (err === 0) continue;
    }
    if (pmd_none(k, pmd)) continue;
    if (copy_pte_range(k, dst_vma, src_vma, dst_pmd, src_pmd, addr, next) !== 0) return -ENOMEM;
  }
  return 0;
}

function copy_pud_range(
  k: Kernel,
  dst_vma: VmAreaStruct,
  src_vma: VmAreaStruct,
  dst_p4d: P4d,
  src_p4d: P4d,
  addr: VirtAddr,
  end: VirtAddr,
): Int {
  const dst_mm: MmStruct = k.read_ptr(k.plus(dst_vma, k.vm_area_struct.vm_mm));
  let dst_pud: Pud = pud_alloc(k, dst_mm, dst_p4d, addr);
  if (dst_pud === NULL) return -ENOMEM;
  let src_pud: Pud = pud_offset(k, src_p4d, addr);
  for (
    let next: VirtAddr;
    addr !== end;
    dst_pud = asCell(dst_pud + k.pte_words), src_pud = asCell(src_pud + k.pte_words), addr = next
  ) {
    next = pud_addr_end(k, addr, end);
    if (pud_none(k, k.read_pte(src_pud))) continue;
    if (copy_pmd_range(k, dst_vma, src_vma, dst_pud, src_pud, addr, next) !== 0) return -ENOMEM;
  }
  return 0;
}

/** What faults can bring back, they do: only areas with pages of their own are copied. */
function vma_needs_copy(k: Kernel, src_vma: VmAreaStruct): boolean {
  const vm_flags: VmFlags = k.read_int(k.plus(src_vma, k.vm_area_struct.vm_flags));
  if ((vm_flags & (VM_PFNMAP | VM_MIXEDMAP)) !== 0) return true;
  return k.read_va(k.plus(src_vma, k.vm_area_struct.anon_vma)) !== 0;
}

export function copy_page_range(k: Kernel, dst_vma: VmAreaStruct, src_vma: VmAreaStruct): Int {
  const dst_mm: MmStruct = k.read_ptr(k.plus(dst_vma, k.vm_area_struct.vm_mm));
  const src_mm: MmStruct = k.read_ptr(k.plus(src_vma, k.vm_area_struct.vm_mm));
  let addr: VirtAddr = k.read_va(k.plus(src_vma, k.vm_area_struct.vm_start));
  const end: VirtAddr = k.read_va(k.plus(src_vma, k.vm_area_struct.vm_end));
  if (!vma_needs_copy(k, src_vma)) return 0;
  if (is_vm_hugetlb_page(k, src_vma))
    return copy_hugetlb_page_range(k, dst_mm, src_mm, dst_vma, src_vma);
  const is_cow = is_cow_mapping(k.read_int(k.plus(src_vma, k.vm_area_struct.vm_flags)));
  // A pin that is taken meanwhile, without a lock, sees that entries change, and is given back.
  const seq = k.plus(src_mm, k.mm_struct.write_protect_seq);
  if (is_cow) k.write(seq, k.read_int(seq) + 1);
  let ret: Int = 0;
  let dst_pgd: Pgd = pgd_offset(k, dst_mm, addr);
  let src_pgd: Pgd = pgd_offset(k, src_mm, addr);
  for (
    let next: VirtAddr;
    addr !== end;
    dst_pgd = asCell(dst_pgd + k.pte_words), src_pgd = asCell(src_pgd + k.pte_words), addr = next
  ) {
    next = pgd_addr_end(k, addr, end);
    if (pgd_none(k, k.read_pte(src_pgd))) continue;
    const src_p4d: P4d = p4d_offset(k, src_pgd, addr);
    if (p4d_none(k, k.read_pte(src_p4d))) continue;
    const dst_p4d: P4d = p4d_alloc(k, dst_mm, dst_pgd, addr);
    if (copy_pud_range(k, dst_vma, src_vma, dst_p4d, src_p4d, addr, next) !== 0) {
      ret = -ENOMEM;
      break;
    }
  }
  if (is_cow) k.write(seq, k.read_int(seq) + 1);
  return ret;
}
