/**
 * get_user_pages() and pin_user_pages(): the pages behind addresses of a process, faulted in where they are missing, each with a
 * reference. follow_page() looks only.
 *
 * Left out: ZONE_DEVICE, the gate page, faults that drop the address space's lock and try again.
 * Source: Linux 6.1 mm/gup.c: no_page_table() to __get_user_pages(), get_user_pages(), pin_user_pages(), get_user_pages_remote(),
 * pin_user_pages_remote(), __gup_longterm_locked(), try_grab_folio().
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
  type ULong,
  type VmAreaStruct,
  type VmFault_t,
  type VmFlags,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { set_bit, test_bit } from '../../arch/x86/include/asm/bitops.h.js';
import { current, currentFlags, setCurrentFlags } from '../../arch/x86/include/asm/current.h.js';
import {
  p4d_none,
  pgd_none,
  pmd_none,
  pmd_present,
  pmd_trans_huge,
  pte_dirty,
  pte_none,
  pte_page,
  pte_pfn,
  pte_present,
  pte_write,
  pud_none,
} from '../../arch/x86/include/asm/pgtable.h.js';
import {
  _PAGE_PRESENT,
  _PAGE_PROTNONE,
  type PteVal,
} from '../../arch/x86/include/asm/pgtable_types.h.js';
import { pud_huge } from '../../arch/x86/mm/hugetlbpage/pud_huge.js';
import { ERR_PTR, IS_ERR, PTR_ERR } from '../../include/linux/err.h.js';
import { EAGAIN, EFAULT, EINVAL, EMLINK, ENOMEM } from '../../include/linux/errno.h.js';
import { is_vm_hugetlb_page } from '../../include/linux/hugetlb.h.js';
import { is_cow_mapping, is_zero_pfn, vma_is_anonymous } from '../../include/linux/mm.h.js';
import {
  MMF_HAS_PINNED,
  VM_FAULT_ERROR,
  VM_IO,
  VM_MAYREAD,
  VM_MAYSHARE,
  VM_MAYWRITE,
  VM_PFNMAP,
  VM_READ,
  VM_SHARED,
  VM_WRITE,
} from '../../include/linux/mm_types.h.js';
import { page_folio, PageAnon } from '../../include/linux/page-flags.h.js';
import {
  p4d_offset,
  pgd_offset,
  pmd_offset,
  pte_offset_map,
  pud_offset,
} from '../../include/linux/pgtable.h.js';
import { PF_MEMALLOC_PIN } from '../../include/linux/sched.h.js';
import { follow_trans_huge_pmd } from '../huge_memory/fault.js';
import { split_huge_pmd } from '../huge_memory/split_pmd.js';
import { follow_huge_pmd_pte, follow_huge_pud, follow_hugetlb_page } from '../hugetlb/hugetlb.js';
import { handle_mm_fault } from '../memory/fault.js';
import { vmOperations } from '../memory/vm_ops.js';
import { set_page_dirty, vm_normal_page } from '../memory/wp.js';
import { vma_lookup } from '../mmap/find_vma.js';
import { PageAnonExclusive } from '../rmap/rmap.js';
import { folio_mark_accessed } from '../swap/batches.js';
import { check_and_migrate_movable_pages } from './longterm.js';
import { gup_must_unshare, try_grab_page } from './pins.js';

// --- looking -------------------------------------------------------------------------------------------------------------

/** Nothing is mapped. For a core dump a hole is left as one, where a fault would only give zeros. */
function no_page_table(k: Kernel, vma: VmAreaStruct, flags: Int): Page {
  const has_fault = vmOperations(k, vma) !== undefined;
  if ((flags & k.FOLL_DUMP) !== 0 && (vma_is_anonymous(k, vma) || !has_fault))
    return ERR_PTR(-EFAULT);
  return NULL;
}

/** pte_protnone(), pmd_protnone(): there for the kernel, not for the processor. */
const isProtnone = (entry: PteVal): boolean =>
  (entry.low & (_PAGE_PRESENT | _PAGE_PROTNONE)) === _PAGE_PROTNONE;

/** Whether a write may go to the page though its entry is read-only: a debugger's, to a page that is this area's alone. */
function can_follow_write_pte(
  k: Kernel,
  pte: PteVal,
  page: Page,
  vma: VmAreaStruct,
  flags: Int,
): boolean {
  if (pte_write(pte)) return true;
  if ((flags & k.FOLL_FORCE) === 0) return false;
  const vm_flags: VmFlags = k.read_int(k.plus(vma, k.vm_area_struct.vm_flags));
  // What is shared must not be written to behind its back.
  if ((vm_flags & (VM_MAYSHARE | VM_SHARED)) !== 0) return false;
  if ((vm_flags & VM_MAYWRITE) === 0) return false;
  // A fault would make it writable.
  if ((vm_flags & VM_WRITE) !== 0) return false;
  return page !== NULL && PageAnon(k, page) && PageAnonExclusive(k, page);
}

function follow_page_pte(
  k: Kernel,
  vma: VmAreaStruct,
  address: VirtAddr,
  pmd: Pmd,
  flags: Int,
): Page {
  // Both at once is a mistake of the caller's.
  if ((flags & (k.FOLL_PIN | k.FOLL_GET)) === (k.FOLL_PIN | k.FOLL_GET)) return ERR_PTR(-EINVAL);
  const ptep: Pte = pte_offset_map(k, pmd, address);
  const pte: PteVal = k.read_pte(ptep);
  if (!pte_present(pte)) return pte_none(k, pte) ? no_page_table(k, vma, flags) : NULL;
  // Only FOLL_FORCE looks behind PROT_NONE.
  if (isProtnone(pte) && (flags & k.FOLL_FORCE) === 0) return NULL;

  let page: Page = vm_normal_page(k, vma, pte);
  if ((flags & k.FOLL_WRITE) !== 0 && !can_follow_write_pte(k, pte, page, vma, flags)) return NULL;
  if (page === NULL) {
    if ((flags & k.FOLL_DUMP) !== 0 || !is_zero_pfn(k, pte_pfn(k, pte))) return ERR_PTR(-EFAULT);
    page = pte_page(k, pte);
  }
  if (!pte_write(pte) && gup_must_unshare(k, flags, page)) return ERR_PTR(-EMLINK);
  if (!try_grab_page(k, page, flags)) return ERR_PTR(-ENOMEM);
  if ((flags & k.FOLL_TOUCH) !== 0) {
    const isDirty = test_bit(k, k.PG_dirty, page + k.page.flags);
    if ((flags & k.FOLL_WRITE) !== 0 && !pte_dirty(pte) && !isDirty) set_page_dirty(k, page);
    folio_mark_accessed(k, page_folio(k, page));
  }
  return page;
}

/** The page behind an address, with the reference that `flags` ask for; NULL: a fault is needed; or an error. */
function follow_page_mask(k: Kernel, vma: VmAreaStruct, address: VirtAddr, flags: Int): Page {
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  const pgd: Pgd = pgd_offset(k, mm, address);
  if (pgd_none(k, k.read_pte(pgd))) return no_page_table(k, vma, flags);
  const p4d: P4d = p4d_offset(k, pgd, address);
  if (p4d_none(k, k.read_pte(p4d))) return no_page_table(k, vma, flags);
  const pud: Pud = pud_offset(k, p4d, address);
  const pudval: PteVal = k.read_pte(pud);
  if (pud_none(k, pudval)) return no_page_table(k, vma, flags);
  if (pud_huge(k, pudval) && is_vm_hugetlb_page(k, vma)) {
    const page: Page = follow_huge_pud(k, address, pud, flags);
    return page === NULL ? no_page_table(k, vma, flags) : page;
  }
  const pmd: Pmd = pmd_offset(k, pud, address);
  if (pmd_none(k, k.read_pte(pmd))) return no_page_table(k, vma, flags);
  if (is_vm_hugetlb_page(k, vma)) {
    const page: Page = follow_huge_pmd_pte(k, vma, address, flags);
    return page === NULL ? no_page_table(k, vma, flags) : page;
  }
  const pmdval: PteVal = k.read_pte(pmd);
  // It is being migrated.
  if (!pmd_present(pmdval)) return no_page_table(k, vma, flags);
  if (!pmd_trans_huge(pmdval)) return follow_page_pte(k, vma, address, pmd, flags);
  if (isProtnone(pmdval) && (flags & k.FOLL_FORCE) === 0) return no_page_table(k, vma, flags);
  if ((flags & k.FOLL_SPLIT_PMD) !== 0) {
    split_huge_pmd(k, vma, pmd, address);
    return follow_page_pte(k, vma, address, pmd, flags);
  }
  return follow_trans_huge_pmd(k, vma, address, pmd, flags);
}

/** Looks without faulting. FOLL_PIN is for pin_user_pages() alone. */
export function follow_page(
  k: Kernel,
  vma: VmAreaStruct,
  address: VirtAddr,
  foll_flags: Int,
): Page {
  if ((foll_flags & k.FOLL_PIN) !== 0) return NULL;
  return follow_page_mask(k, vma, address, foll_flags);
}

// --- faulting in ---------------------------------------------------------------------------------------------------------

function faultin_page(
  k: Kernel,
  vma: VmAreaStruct,
  address: VirtAddr,
  flags: Int,
  unshare: boolean,
): Int {
  if ((flags & k.FOLL_NOFAULT) !== 0) return -EFAULT;
  let fault_flags: Int = 0;
  if ((flags & k.FOLL_WRITE) !== 0) fault_flags |= k.FAULT_FLAG_WRITE;
  if ((flags & k.FOLL_REMOTE) !== 0) fault_flags |= k.FAULT_FLAG_REMOTE;
  if (unshare) fault_flags |= k.FAULT_FLAG_UNSHARE;
  const ret: VmFault_t = handle_mm_fault(k, vma, address, fault_flags);
  // vm_fault_to_errno():
  if ((ret & VM_FAULT_ERROR(k)) !== 0) return (ret & k.VM_FAULT_OOM) !== 0 ? -ENOMEM : -EFAULT;
  return 0;
}

/** Whether an area may be accessed like that at all. */
export function check_vma_flags(k: Kernel, vma: VmAreaStruct, gup_flags: Int): Int {
  const vm_flags: VmFlags = k.read_int(k.plus(vma, k.vm_area_struct.vm_flags));
  // Memory of devices has no struct page to take a reference of.
  if ((vm_flags & (VM_IO | VM_PFNMAP)) !== 0) return -EFAULT;
  if ((gup_flags & k.FOLL_ANON) !== 0 && !vma_is_anonymous(k, vma)) return -EFAULT;
  if ((gup_flags & k.FOLL_WRITE) !== 0) {
    if ((vm_flags & VM_WRITE) === 0) {
      if ((gup_flags & k.FOLL_FORCE) === 0) return -EFAULT;
      // A debugger may write to a private copy only.
      if (!is_cow_mapping(vm_flags)) return -EFAULT;
    }
  } else if ((vm_flags & VM_READ) === 0) {
    if ((gup_flags & k.FOLL_FORCE) === 0) return -EFAULT;
    if ((vm_flags & VM_MAYREAD) === 0) return -EFAULT;
  }
  return 0;
}

/** How many pages it got, from `start` on; an error where it got none. */
export function __get_user_pages(
  k: Kernel,
  mm: MmStruct,
  start: VirtAddr,
  nr_pages: ULong,
  gup_flags: Int,
  pages: Page[] | undefined,
): Int {
  let vma: VmAreaStruct = NULL;
  let i: Int = 0;
  let ret: Int = 0;
  next_page: for (; i < nr_pages; i++, start = asVirt(start + PAGE_SIZE)) {
    if (vma === NULL || start >= k.read_ulong(k.plus(vma, k.vm_area_struct.vm_end))) {
      vma = vma_lookup(k, mm, start);
      ret = vma === NULL ? -EFAULT : check_vma_flags(k, vma, gup_flags);
      if (ret !== 0) break;
    }
    if (is_vm_hugetlb_page(k, vma)) {
      const page: Page = follow_hugetlb_page(k, mm, vma, start, gup_flags);
      if (IS_ERR(page)) {
        ret = PTR_ERR(page);
        break;
      }
      if (pages !== undefined) pages[i] = page;
      continue;
    }
    for (;;) {
      const page: Page = follow_page_mask(k, vma, start, gup_flags);
      if (page === NULL || PTR_ERR(page) === -EMLINK) {
        ret = faultin_page(k, vma, start, gup_flags, PTR_ERR(page) === -EMLINK);
        if (ret !== 0) break next_page;
        continue;
      }
      if (IS_ERR(page)) {
        ret = PTR_ERR(page);
        break next_page;
      }
      if (pages !== undefined) pages[i] = page;
      break;
    }
  }
  return i > 0 ? i : ret;
}

// --- the calls -----------------------------------------------------------------------------------------------------------

/** The address space has pins: fork() looks at each page from now on. */
export const mm_set_has_pinned_flag = (k: Kernel, mm: MmStruct): void => {
  const flags = k.plus(mm, k.mm_struct.flags);
  if (!test_bit(k, MMF_HAS_PINNED, flags)) set_bit(k, MMF_HAS_PINNED, flags);
};

/** Left out: the address space's lock. */
function __get_user_pages_locked(
  k: Kernel,
  mm: MmStruct,
  start: VirtAddr,
  nr_pages: ULong,
  pages: Page[],
  flags: Int,
): Int {
  if ((flags & k.FOLL_PIN) !== 0) mm_set_has_pinned_flag(k, mm);
  // Whoever wants pages wants references to them.
  if ((flags & k.FOLL_PIN) === 0) flags |= k.FOLL_GET;
  return __get_user_pages(k, mm, start, nr_pages, flags, pages);
}

/** FOLL_LONGTERM: pages that are faulted in meanwhile are taken from where pages may stay. */
export function __gup_longterm_locked(
  k: Kernel,
  mm: MmStruct,
  start: VirtAddr,
  nr_pages: ULong,
  pages: Page[],
  gup_flags: Int,
): Int {
  if ((gup_flags & k.FOLL_LONGTERM) === 0)
    return __get_user_pages_locked(k, mm, start, nr_pages, pages, gup_flags);
  if ((gup_flags & k.FOLL_PIN) === 0) return -EINVAL;
  const flags: Int = currentFlags(k);
  setCurrentFlags(k, flags | PF_MEMALLOC_PIN);
  let rc: Int;
  let nr_pinned_pages: Int;
  let rounds = 0;
  do {
    k.watchdog(++rounds << 10);
    nr_pinned_pages = __get_user_pages_locked(k, mm, start, nr_pages, pages, gup_flags);
    if (nr_pinned_pages <= 0) {
      rc = nr_pinned_pages;
      break;
    }
    rc = check_and_migrate_movable_pages(k, nr_pinned_pages, pages);
  } while (rc === -EAGAIN);
  setCurrentFlags(k, flags);
  return rc !== 0 ? rc : nr_pinned_pages;
}

/** The current task's pages; how many, or an error. */
export function get_user_pages(
  k: Kernel,
  start: VirtAddr,
  nr_pages: ULong,
  gup_flags: Int,
  pages: Page[],
): Int {
  // is_valid_gup_flags(): pins are for pin_user_pages().
  if ((gup_flags & (k.FOLL_PIN | k.FOLL_LONGTERM)) !== 0) return -EINVAL;
  const mm: MmStruct = k.read_ptr(k.plus(current(k), k.task_struct.mm));
  return __gup_longterm_locked(k, mm, start, nr_pages, pages, gup_flags | k.FOLL_TOUCH);
}

/** Another address space's. */
export function get_user_pages_remote(
  k: Kernel,
  mm: MmStruct,
  start: VirtAddr,
  nr_pages: ULong,
  gup_flags: Int,
  pages: Page[],
): Int {
  if ((gup_flags & (k.FOLL_PIN | k.FOLL_LONGTERM)) !== 0) return -EINVAL;
  const flags: Int = gup_flags | k.FOLL_TOUCH | k.FOLL_REMOTE;
  return __gup_longterm_locked(k, mm, start, nr_pages, pages, flags);
}

export function pin_user_pages(
  k: Kernel,
  start: VirtAddr,
  nr_pages: ULong,
  gup_flags: Int,
  pages: Page[],
): Int {
  if ((gup_flags & k.FOLL_GET) !== 0) return -EINVAL;
  const mm: MmStruct = k.read_ptr(k.plus(current(k), k.task_struct.mm));
  return __gup_longterm_locked(k, mm, start, nr_pages, pages, gup_flags | k.FOLL_PIN);
}

export function pin_user_pages_remote(
  k: Kernel,
  mm: MmStruct,
  start: VirtAddr,
  nr_pages: ULong,
  gup_flags: Int,
  pages: Page[],
): Int {
  if ((gup_flags & k.FOLL_GET) !== 0) return -EINVAL;
  const flags: Int = gup_flags | k.FOLL_PIN | k.FOLL_TOUCH | k.FOLL_REMOTE;
  return __gup_longterm_locked(k, mm, start, nr_pages, pages, flags);
}
