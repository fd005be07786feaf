/**
 * Keeping every process's copy of the kernel's top-level entries right: with two levels each has one, so an entry that is new in
 * vmalloc space is copied to all of them. Elsewhere all share the tables below the top level.
 *
 * Source: Linux 6.1 arch/x86/mm/fault.c: vmalloc_sync_one(), arch_sync_kernel_mappings();
 * arch/x86/include/asm/pgtable-2level_types.h, pgtable-3level_types.h, pgtable_64_types.h: ARCH_PAGE_TABLE_SYNC_MASK.
 */
import {
  type Int,
  type P4d,
  NULL,
  type Page,
  type Pgd,
  type Pmd,
  type Pud,
} from '../../../../../machine/ctypes.js';
import type { Kernel } from '../../../../../machine/kernel.js';
import { ult } from '../../../../../machine/ulong.js';
import { asCell, asVirt, type VirtAddr } from '../../../../../memory/address.js';
import { ALIGN_DOWN } from '../../../../include/linux/align.h.js';
import {
  list_entry_is_head,
  list_first_entry,
  list_next_entry,
} from '../../../../include/linux/list.h.js';
import {
  p4d_offset,
  pgd_index,
  PGTBL_P4D_MODIFIED,
  PGTBL_PMD_MODIFIED,
  PMD_SIZE,
  pmd_offset,
  pud_offset,
} from '../../../../include/linux/pgtable.h.js';
import { page_address } from '../../../../mm/highmem/page_address.js';
import { pmd_present, set_pmd } from '../../include/asm/pgtable.h.js';
import { VMALLOC_END } from '../../include/asm/pgtable_areas.h.js';

/** On which levels a new entry has to be copied. PAE's processes share the table of the kernel's pmds. */
export const ARCH_PAGE_TABLE_SYNC_MASK = (k: Kernel): Int => {
  if (k.wide) return PGTBL_P4D_MODIFIED;
  return k.pte_words === 2 ? 0 : PGTBL_PMD_MODIFIED;
};

/** The kernel's own pmd, which a pgd's is now as well; NULL: there is none. */
function vmalloc_sync_one(k: Kernel, pgd: Pgd, address: VirtAddr): Pmd {
  const index = pgd_index(k, address);
  const pgd_k: Pgd = asCell(k.read_ptr(k.globals.init_mm + k.mm_struct.pgd) + index * k.pte_words);
  pgd = asCell(pgd + index * k.pte_words);

  const p4d: P4d = p4d_offset(k, pgd, address);
  const p4d_k: P4d = p4d_offset(k, pgd_k, address);
  const pud: Pud = pud_offset(k, p4d, address);
  const pud_k: Pud = pud_offset(k, p4d_k, address);
  const pmd: Pmd = pmd_offset(k, pud, address);
  const pmd_k: Pmd = pmd_offset(k, pud_k, address);
  // Either way: an entry that is gone must go from the copy as well, or it would lead to a table that was freed.
  if (pmd_present(k.read_pte(pmd)) !== pmd_present(k.read_pte(pmd_k)))
    set_pmd(k, pmd, k.read_pte(pmd_k));
  return pmd_present(k.read_pte(pmd_k)) ? pmd_k : NULL;
}

/** Left out: pgd_lock; 64 bit's sync_global_pgds (the tables of vmalloc space are there from boot on). */
export function arch_sync_kernel_mappings(k: Kernel, start: VirtAddr): void {
  if (k.wide) return;
  // A machine that was rebuilt from dumps has no list of pgds.
  if (k.words[k.globals.pgd_list] === 0) return;
  // From the beginning of what changed to the end of vmalloc space: entries that are right are only looked at.
  for (
    let addr: VirtAddr = asVirt(ALIGN_DOWN(start, PMD_SIZE(k)));
    ult(addr, VMALLOC_END(k));
    addr = asVirt(addr + PMD_SIZE(k))
  )
    for (
      let page: Page = list_first_entry(k, k.globals.pgd_list, k.page.lru);
      !list_entry_is_head(k, page, k.globals.pgd_list, k.page.lru);
      page = list_next_entry(k, page, k.page.lru)
    )
      vmalloc_sync_one(k, k.cell_of(page_address(k, page)), addr);
}
