/**
 * Entries that map a huge page, in the walks of tables: copied for a child, cleared, moved, and with another protection. Where only a part of
 * the huge page is concerned the walk splits the entry first (split_pmd.ts), and goes on with small pages.
 *
 * Left out: huge pages of files, userfaultfd, NUMA hinting, soft-dirty, devmap, the entry's lock.
 * Source: Linux 6.1 mm/huge_memory.c: copy_huge_pmd(), zap_deposited_table() to change_huge_pmd().
 */
import {
  type Int,
  type MmStruct,
  NULL,
  type Page,
  type Pmd,
  type VmAreaStruct,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { VirtAddr } from '../../../memory/address.js';
import {
  pmd_mkold,
  pmd_modify,
  pmd_none,
  pmd_page,
  pmd_present,
  pmd_trans_huge,
  pmd_wrprotect,
  set_pmd,
} from '../../arch/x86/include/asm/pgtable.h.js';
import type { PteVal } from '../../arch/x86/include/asm/pgtable_types.h.js';
import { pte_alloc_one, pte_free } from '../../arch/x86/mm/pgtable/pgalloc.js';
import { EAGAIN, ENOMEM } from '../../include/linux/errno.h.js';
import {
  HPAGE_PMD_NR,
  HPAGE_PMD_SIZE,
  is_huge_zero_pmd,
  is_swap_pmd,
} from '../../include/linux/huge_mm.h.js';
import { mm_dec_nr_ptes, mm_inc_nr_ptes, vma_is_anonymous } from '../../include/linux/mm.h.js';
import { PageAnon } from '../../include/linux/page-flags.h.js';
import {
  is_readable_migration_entry,
  is_writable_migration_entry,
  make_readable_exclusive_migration_entry,
  make_readable_migration_entry,
  pfn_swap_entry_to_page,
  pte_to_swp_entry,
  swp_entry_to_pte,
} from '../../include/linux/swapops.h.js';
import { add_mm_counter } from '../memory/rss.js';
import {
  __tlb_remove_page,
  type MmuGather,
  tlb_flush_mmu,
  tlb_flush_pte_range,
} from '../mmu_gather.js';
import {
  flush_pmd_tlb_range,
  pgtable_trans_huge_deposit,
  pgtable_trans_huge_withdraw,
  pmd_move_must_withdraw,
  pmdp_huge_get_and_clear,
  pmdp_invalidate_ad,
  pmdp_set_wrprotect,
} from '../pgtable-generic.js';
import { page_remove_rmap, page_try_dup_anon_rmap } from '../rmap/rmap.js';
import { get_page, put_page } from '../swap/swap.js';
import { __split_huge_pmd } from './split_pmd.js';
import { mm_get_huge_zero_page } from './zero_page.js';

/** Whether an entry maps a huge page, or waits for one: __pmd_trans_huge_lock(), which takes the lock then. */
const isHuge = (k: Kernel, pmd: PteVal): boolean => is_swap_pmd(k, pmd) || pmd_trans_huge(pmd);

// --- fork() --------------------------------------------------------------------------------------------------------------

/** What the child gets of a huge page that is being migrated: to be read only. */
function copyWaiting(k: Kernel, src_pmd: Pmd, pmd: PteVal): PteVal {
  const entry = pte_to_swp_entry(k, pmd);
  if (is_readable_migration_entry(entry)) return pmd;
  const pfn = k.page_to_pfn(pfn_swap_entry_to_page(k, entry));
  const readable: PteVal = swp_entry_to_pte(k, make_readable_migration_entry(pfn));
  set_pmd(k, src_pmd, readable);
  return readable;
}

/** 0, -ENOMEM, or -EAGAIN: the entry is a table now, because the page may be pinned; its small pages are to be copied. */
export function copy_huge_pmd(
  k: Kernel,
  dst_mm: MmStruct,
  dst_pmd: Pmd,
  src_pmd: Pmd,
  addr: VirtAddr,
  dst_vma: VmAreaStruct,
  src_vma: VmAreaStruct,
): Int {
  // A fault brings it back.
  if (!vma_is_anonymous(k, dst_vma)) return 0;
  const pgtable: Page = pte_alloc_one(k);
  if (pgtable === NULL) return -ENOMEM;
  let pmd: PteVal = k.read_pte(src_pmd);
  if (is_swap_pmd(k, pmd)) {
    pmd = copyWaiting(k, src_pmd, pmd);
    add_mm_counter(k, dst_mm, k.MM_ANONPAGES, HPAGE_PMD_NR(k));
    mm_inc_nr_ptes(k, dst_mm);
    pgtable_trans_huge_deposit(k, dst_mm, dst_pmd, pgtable);
    set_pmd(k, dst_pmd, pmd);
    return 0;
  }
  if (!pmd_trans_huge(pmd)) {
    pte_free(k, pgtable);
    return -EAGAIN;
  }
  if (is_huge_zero_pmd(k, pmd)) {
    // The child has it as well: nothing is allocated.
    mm_get_huge_zero_page(k, dst_mm);
  } else {
    const src_page: Page = pmd_page(k, pmd);
    get_page(k, src_page);
    if (page_try_dup_anon_rmap(k, src_page, true, src_vma) !== 0) {
      put_page(k, src_page);
      pte_free(k, pgtable);
      __split_huge_pmd(k, src_vma, src_pmd, addr, false, NULL);
      return -EAGAIN;
    }
    add_mm_counter(k, dst_mm, k.MM_ANONPAGES, HPAGE_PMD_NR(k));
  }
  // out_zero_page:
  mm_inc_nr_ptes(k, dst_mm);
  pgtable_trans_huge_deposit(k, dst_mm, dst_pmd, pgtable);
  pmdp_set_wrprotect(k, src_pmd);
  set_pmd(k, dst_pmd, pmd_mkold(pmd_wrprotect(pmd)));
  return 0;
}

// --- munmap() ------------------------------------------------------------------------------------------------------------

function zap_deposited_table(k: Kernel, mm: MmStruct, pmd: Pmd): void {
  pte_free(k, pgtable_trans_huge_withdraw(k, mm, pmd));
  mm_dec_nr_ptes(k, mm);
}

/** False: there is no huge page. */
export function zap_huge_pmd(
  k: Kernel,
  tlb: MmuGather,
  vma: VmAreaStruct,
  pmd: Pmd,
  addr: VirtAddr,
): boolean {
  if (!isHuge(k, k.read_pte(pmd))) return false;
  const orig_pmd: PteVal = pmdp_huge_get_and_clear(k, pmd);
  tlb_flush_pte_range(tlb, addr, HPAGE_PMD_SIZE(k));
  if (is_huge_zero_pmd(k, orig_pmd)) {
    zap_deposited_table(k, tlb.mm, pmd);
    return true;
  }
  if (!pmd_present(orig_pmd)) {
    // It was counted out when the entry began to wait.
    zap_deposited_table(k, tlb.mm, pmd);
    add_mm_counter(k, tlb.mm, k.MM_ANONPAGES, -HPAGE_PMD_NR(k));
    return true;
  }
  const page: Page = pmd_page(k, orig_pmd);
  page_remove_rmap(k, page, vma, true);
  zap_deposited_table(k, tlb.mm, pmd);
  add_mm_counter(k, tlb.mm, k.MM_ANONPAGES, -HPAGE_PMD_NR(k));
  // tlb_remove_page_size():
  if (__tlb_remove_page(k, tlb, page)) tlb_flush_mmu(k, tlb);
  return true;
}

// --- mremap() ------------------------------------------------------------------------------------------------------------

/** The whole entry. False: the new place has one, or there is no huge page. */
export function move_huge_pmd(
  k: Kernel,
  vma: VmAreaStruct,
  old_addr: VirtAddr,
  old_pmd: Pmd,
  new_pmd: Pmd,
): boolean {
  if (!pmd_none(k, k.read_pte(new_pmd)) || !isHuge(k, k.read_pte(old_pmd))) return false;
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  const pmd: PteVal = pmdp_huge_get_and_clear(k, old_pmd);
  if (pmd_move_must_withdraw(k, new_pmd, old_pmd) && vma_is_anonymous(k, vma)) {
    const pgtable: Page = pgtable_trans_huge_withdraw(k, mm, old_pmd);
    pgtable_trans_huge_deposit(k, mm, new_pmd, pgtable);
  }
  set_pmd(k, new_pmd, pmd);
  if (pmd_present(pmd)) flush_pmd_tlb_range(k, vma, old_addr);
  return true;
}

// --- mprotect() ----------------------------------------------------------------------------------------------------------

/** What waits for its page will not be writable: whether it may be, a fault finds out. */
function protectWaiting(k: Kernel, pmd: Pmd): void {
  const entry = pte_to_swp_entry(k, k.read_pte(pmd));
  if (!is_writable_migration_entry(entry)) return;
  const page: Page = pfn_swap_entry_to_page(k, entry);
  const pfn = k.page_to_pfn(page);
  const readable = PageAnon(k, page)
    ? make_readable_exclusive_migration_entry(pfn)
    : make_readable_migration_entry(pfn);
  set_pmd(k, pmd, swp_entry_to_pte(k, readable));
}

/** 0: there is no huge page. HPAGE_PMD_NR: it has another protection. 1: it waits for its page, and nothing is to be flushed. */
export function change_huge_pmd(
  k: Kernel,
  tlb: MmuGather,
  pmd: Pmd,
  addr: VirtAddr,
  newprot: PteVal,
): Int {
  if (!isHuge(k, k.read_pte(pmd))) return 0;
  if (is_swap_pmd(k, k.read_pte(pmd))) {
    protectWaiting(k, pmd);
    return 1;
  }
  // Never empty meanwhile: a walk without the lock would take it for a hole.
  const oldpmd: PteVal = pmdp_invalidate_ad(k, pmd);
  set_pmd(k, pmd, pmd_modify(k, oldpmd, newprot));
  tlb_flush_pte_range(tlb, addr, HPAGE_PMD_SIZE(k));
  return HPAGE_PMD_NR(k);
}
