/**
 * Changing what a large page maps: as a whole, where the change covers it and no rule stands against that, or by a table of small
 * pages in its place.
 *
 *     pmd  PSE, frame 512 n ..  ->  pmd  table  ->  512 ptes with its rights
 *
 * Left out: pgd_lock, cpa_lock; paravirt_alloc_pte, what was split by another CPU meanwhile; CPA statistics, the PAT bit (no build
 * here has PAT, so that no entry has it).
 * Source: Linux 6.1 arch/x86/mm/pat/set_memory.c: update_page_count(), split_page_count(), __set_pmd_pte() to split_large_page();
 * arch/x86/include/asm/pgtable_types.h: pgprot_large_2_4k(); arch/x86/include/asm/pgtable.h: page_level_size().
 */
import {
  type Int,
  type ListHead,
  NULL,
  type Page,
  type Pgd,
  type Pmd,
  type Pte,
  type Pud,
  type P4d,
  type ULong,
} from '../../../../../../machine/ctypes.js';
import type { Kernel } from '../../../../../../machine/kernel.js';
import {
  pteAndNot,
  pteClear,
  pteEqual,
  pteOf,
  pteOr,
  pteSet,
} from '../../../../../../machine/pteWords.js';
import {
  asCell,
  asVirt,
  PAGE_SHIFT,
  PAGE_SIZE,
  type VirtAddr,
} from '../../../../../../memory/address.js';
import { WARN_ON_ONCE } from '../../../../../include/asm-generic/bug.h.js';
import { ALIGN_DOWN } from '../../../../../include/linux/align.h.js';
import { EINVAL, ENOMEM } from '../../../../../include/linux/errno.h.js';
import {
  list_entry_is_head,
  list_first_entry,
  list_next_entry,
} from '../../../../../include/linux/list.h.js';
import {
  p4d_offset,
  pgd_index,
  pmd_offset,
  PMD_SIZE,
  pud_offset,
  PUD_SIZE,
} from '../../../../../include/linux/pgtable.h.js';
import { pr_warn_once } from '../../../../../include/linux/printk.h.js';
import { __count_vm_events } from '../../../../../include/linux/vmstat.h.js';
import { page_address } from '../../../../../mm/highmem/page_address.js';
import { alloc_pages } from '../../../../../mm/page_alloc/api.js';
import {
  mk_pte,
  pfn_pte,
  pmd_pfn,
  pud_pfn,
  set_pmd,
  set_pte,
} from '../../../include/asm/pgtable.h.js';
import {
  _KERNPG_TABLE,
  _PAGE_GLOBAL,
  _PAGE_PRESENT,
  _PAGE_PSE,
  PG_LEVEL_1G,
  PG_LEVEL_2M,
  pte_flags,
  type PteVal,
} from '../../../include/asm/pgtable_types.h.js';
import { flush_tlb_all } from '../../tlb.js';
import {
  CPA_CONFLICT,
  CPA_DETECT,
  CPA_PROTECT,
  static_protections,
  verify_rwx,
} from './protections.js';

/** struct cpa_data: a change under way. Differs: a local variable of ours, as it is one of Linux's. */
export interface CpaData {
  /** Where the range begins; of `pages` nothing. */
  vaddr: VirtAddr;
  /** With CPA_PAGES_ARRAY. */
  readonly pages: readonly Page[];
  readonly mask_set: PteVal;
  readonly mask_clr: PteVal;
  numpages: ULong;
  curpage: ULong;
  pfn: ULong;
  flags: Int;
  readonly force_split: boolean;
  force_static_prot: boolean;
  force_flush_all: boolean;
}

export const CPA_FLUSHTLB = 1;
export const CPA_PAGES_ARRAY = 4;
export const CPA_NO_CHECK_ALIAS = 8;

/** On every level that has tables below it. */
const PTRS_PER_PTE = (k: Kernel): Int => 2 ** (k.PMD_SHIFT - PAGE_SHIFT);

// --- what the direct map consists of ---------------------------------------------------------------------------------------

/** &direct_pages_count[level]: /proc/meminfo's DirectMap lines. NULL: not known of this machine. */
const countAt = (k: Kernel, level: Int): number =>
  k.globals.direct_pages_count === NULL ? NULL : k.globals.direct_pages_count + level * k.ptr_words;

function split_page_count(k: Kernel, level: Int): void {
  if (countAt(k, level) === NULL || k.read_ulong(countAt(k, level)) === 0) return;
  k.add_long(countAt(k, level), -1);
  if (level === PG_LEVEL_2M) __count_vm_events(k, k.DIRECT_MAP_LEVEL2_SPLIT, 1);
  else if (level === PG_LEVEL_1G) __count_vm_events(k, k.DIRECT_MAP_LEVEL3_SPLIT, 1);
  k.add_long(countAt(k, level - 1), PTRS_PER_PTE(k));
}

// --- large entries ---------------------------------------------------------------------------------------------------------

const page_level_size = (k: Kernel, level: Int): ULong =>
  level === PG_LEVEL_1G ? PUD_SIZE(k) : PMD_SIZE(k);

/** The bits of a large entry as a small one has them: PSE is where PAT would be. */
const pgprot_large_2_4k = (prot: PteVal): PteVal => pteClear(prot, _PAGE_PSE);

/** An entry that maps nothing must not look like one of PROT_NONE, whose bit is that of global pages. */
export const pgprot_clear_protnone_bits = (prot: PteVal): PteVal =>
  (prot.low & _PAGE_PRESENT) === 0 ? pteClear(prot, _PAGE_GLOBAL) : prot;

/** In every address space, where each has its own copy of the kernel's entries: two levels, and PAE's if they are not shared. */
function __set_pmd_pte(k: Kernel, kpte: Pte, address: VirtAddr, pte: PteVal): void {
  set_pte(k, kpte, pte);
  // SHARED_KERNEL_PMD: of PAE's the tables below are the same.
  if (k.wide || k.pte_words === 2) return;
  const pgd_list: ListHead = k.globals.pgd_list;
  if (pgd_list === NULL || k.read_va(pgd_list) === 0) return;
  for (
    let page: Page = list_first_entry(k, pgd_list, k.page.lru);
    !list_entry_is_head(k, page, pgd_list, k.page.lru);
    page = list_next_entry(k, page, k.page.lru)
  ) {
    const pgd: Pgd = asCell(k.cell_at(page_address(k, page)) + pgd_index(k, address) * k.pte_words);
    const p4d: P4d = p4d_offset(k, pgd, address);
    const pud: Pud = pud_offset(k, p4d, address);
    const pmd: Pmd = pmd_offset(k, pud, address);
    set_pmd(k, pmd, pte);
  }
}

/**
 * 1: it must be split. 0: the large page is as it should be, or has been changed as a whole; `cpa.numpages` says how much of the range
 * that was.
 */
function __should_split_large_page(
  k: Kernel,
  kpte: Pte,
  address: VirtAddr,
  level: Int,
  nx: boolean,
  rw: boolean,
  cpa: CpaData,
): Int {
  if (level !== PG_LEVEL_2M && level !== PG_LEVEL_1G) return -EINVAL;
  const entry: PteVal = k.read_pte(kpte);
  const old_prot: PteVal = pte_flags(k, entry);
  const old_pfn: ULong = level === PG_LEVEL_2M ? pmd_pfn(k, entry) : pud_pfn(k, entry);
  const psize: ULong = page_level_size(k, level);
  let lpaddr = asVirt(ALIGN_DOWN(address, psize));
  let numpages: ULong = (lpaddr + psize - address) / PAGE_SIZE;
  if (numpages < cpa.numpages) cpa.numpages = numpages;

  let req_prot: PteVal = pteOr(pteAndNot(pgprot_large_2_4k(old_prot), cpa.mask_clr), cpa.mask_set);
  req_prot = pgprot_clear_protnone_bits(req_prot);
  if ((req_prot.low & _PAGE_PRESENT) !== 0) req_prot = pteSet(req_prot, _PAGE_PSE);

  // The entry names the first of its frames: the change begins somewhere in them.
  cpa.pfn = old_pfn + (address - lpaddr) / PAGE_SIZE;
  lpaddr = asVirt(ALIGN_DOWN(address, psize));
  numpages = psize / PAGE_SIZE;

  const chk_prot: PteVal = static_protections(
    k,
    old_prot,
    lpaddr,
    old_pfn,
    numpages,
    psize,
    CPA_CONFLICT,
  );
  if (WARN_ON_ONCE(k, !pteEqual(chk_prot, old_prot), 'arch/x86/mm/pat/set_memory.c: chk_prot')) {
    // What is mapped breaks a rule: small pages, so that it is mended where it must be.
    cpa.force_static_prot = true;
    return 1;
  }
  // Nothing changes, whatever the range covers.
  if (pteEqual(req_prot, old_prot)) return 0;
  if (address !== lpaddr || cpa.numpages !== numpages) return 1;

  let new_prot: PteVal = static_protections(
    k,
    req_prot,
    lpaddr,
    old_pfn,
    numpages,
    psize,
    CPA_DETECT,
  );
  new_prot = verify_rwx(k, old_prot, new_prot, lpaddr, old_pfn, numpages, nx, rw);
  if (!pteEqual(req_prot, new_prot)) return 1;

  __set_pmd_pte(k, kpte, address, pfn_pte(k, old_pfn, new_prot));
  cpa.flags |= CPA_FLUSHTLB;
  return 0;
}

export function should_split_large_page(
  k: Kernel,
  kpte: Pte,
  address: VirtAddr,
  level: Int,
  nx: boolean,
  rw: boolean,
  cpa: CpaData,
): Int {
  if (cpa.force_split) return 1;
  return __should_split_large_page(k, kpte, address, level, nx, rw, cpa);
}

function split_set_pte(
  k: Kernel,
  cpa: CpaData,
  pte: Pte,
  pfn: ULong,
  ref_prot: PteVal,
  address: VirtAddr,
  size: ULong,
): void {
  const npg: ULong = Math.floor(size / PAGE_SIZE);
  if (cpa.force_static_prot) {
    const prot: PteVal = static_protections(k, ref_prot, address, pfn, npg, 0, CPA_PROTECT);
    const isSame: boolean = pteEqual(prot, ref_prot);
    if (!isSame && size === PAGE_SIZE) ref_prot = prot;
    else if (!isSame) pr_warn_once(k, 'CPA: Cannot fixup static protections for PUD split');
  }
  set_pte(k, pte, pfn_pte(k, pfn, ref_prot));
}

/** The new table has the rights of the large page; the entry that leads to it allows everything. */
function __split_large_page(
  k: Kernel,
  cpa: CpaData,
  kpte: Pte,
  address: VirtAddr,
  level: Int,
  base: Page,
): void {
  const pbase: Pte = k.cell_at(page_address(k, base));
  const entry: PteVal = k.read_pte(kpte);
  let ref_prot: PteVal = pte_flags(k, entry);
  let lpinc: ULong;
  let pfn: ULong;
  if (level === PG_LEVEL_2M) {
    ref_prot = pgprot_large_2_4k(ref_prot);
    pfn = pmd_pfn(k, entry);
    lpinc = PAGE_SIZE;
  } else {
    pfn = pud_pfn(k, entry);
    lpinc = PMD_SIZE(k);
    // Not present, and yet with PSE, it would still be taken for a large page.
    if ((ref_prot.low & _PAGE_PRESENT) === 0) ref_prot = pteClear(ref_prot, _PAGE_PSE);
  }
  ref_prot = pgprot_clear_protnone_bits(ref_prot);

  const pfninc: ULong = lpinc / 2 ** PAGE_SHIFT;
  let lpaddr = asVirt(ALIGN_DOWN(address, page_level_size(k, level)));
  for (let i: Int = 0; i < PTRS_PER_PTE(k); i++) {
    split_set_pte(k, cpa, asCell(pbase + i * k.pte_words), pfn, ref_prot, lpaddr, lpinc);
    pfn += pfninc;
    lpaddr = asVirt(lpaddr + lpinc);
  }

  // virt_addr_valid(), pfn_range_is_mapped(): it was one of the direct map's.
  if (k.phys_of(address) !== undefined) split_page_count(k, level);

  __set_pmd_pte(k, kpte, address, mk_pte(k, base, pteOf(_KERNPG_TABLE)));
  // Large and small translations of one address must never be in the TLB at the same time, if they differ.
  flush_tlb_all(k);
}

/** 0, or -ENOMEM: no page for the table. */
export function split_large_page(
  k: Kernel,
  cpa: CpaData,
  kpte: Pte,
  address: VirtAddr,
  level: Int,
): Int {
  const base: Page = alloc_pages(k, k.GFP_KERNEL, 0);
  if (base === NULL) return -ENOMEM;
  __split_large_page(k, cpa, kpte, address, level, base);
  return 0;
}
