/**
 * An entry of a pmd that maps a huge page becomes a table, the one that was put by, whose entries map the same page bit by bit. The page
 * itself stays as it is: compound, on its list, only that its small pages count their mappings from here on.
 *
 *     before   pmd ─> huge page        compound_mapcount 1      refcount 1
 *     after    pmd ─> table ─> pages   _mapcount of each 1      refcount 512
 *
 * With `freeze` the entries wait for the page, as in a migration: it is about to be split, too (split_page.ts).
 * Left out: huge pages of files (vma_is_special_huge), pmd_uffd_wp, soft-dirty, the entry's lock, mmu_notifier.
 * Source: Linux 6.1 mm/huge_memory.c: __split_huge_zero_page_pmd() to vma_adjust_trans_huge(); mm/rmap.c: mm_find_pmd();
 * include/linux/huge_mm.h: split_huge_pmd().
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
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, asVirt, type Cell, type VirtAddr } from '../../../memory/address.js';
import { set_bit } from '../../arch/x86/include/asm/bitops.h.js';
import { pmd_populate } from '../../arch/x86/include/asm/pgalloc.h.js';
import {
  mk_pte,
  p4d_present,
  pfn_pte,
  pgd_present,
  pmd_dirty,
  pmd_page,
  pmd_trans_huge,
  pmd_write,
  pmd_young,
  pte_mkold,
  pte_mkspecial,
  pte_wrprotect,
  pud_present,
  set_pte,
} from '../../arch/x86/include/asm/pgtable.h.js';
import type { PteVal } from '../../arch/x86/include/asm/pgtable_types.h.js';
import {
  HPAGE_PMD_NR,
  HPAGE_PMD_SIZE,
  hugeAddress,
  is_huge_zero_pmd,
  is_pmd_migration_entry,
  is_swap_pmd,
} from '../../include/linux/huge_mm.h.js';
import { compound_mapcount, my_zero_pfn, nth_page } from '../../include/linux/mm.h.js';
import {
  page_folio,
  PageAnon,
  TestClearPageDoubleMap,
  TestSetPageDoubleMap,
} from '../../include/linux/page-flags.h.js';
import { page_ref_add } from '../../include/linux/page_ref.h.js';
import { p4d_offset, pgd_offset, pmd_offset, pud_offset } from '../../include/linux/pgtable.h.js';
import {
  is_migration_entry_dirty,
  is_migration_entry_young,
  is_readable_exclusive_migration_entry,
  is_writable_migration_entry,
  make_migration_entry_dirty,
  make_migration_entry_young,
  make_readable_exclusive_migration_entry,
  make_readable_migration_entry,
  make_writable_migration_entry,
  pfn_swap_entry_to_page,
  pte_to_swp_entry,
  swp_entry_to_pte,
  type SwpEntry,
} from '../../include/linux/swapops.h.js';
import { __count_vm_events } from '../../include/linux/vmstat.h.js';
import { maybe_mkwrite } from '../memory/wp.js';
import { munlock_vma_page } from '../mlock/mlock.js';
import { find_vma } from '../mmap/find_vma.js';
import {
  pgtable_trans_huge_withdraw,
  pmdp_huge_clear_flush,
  pmdp_invalidate,
} from '../pgtable-generic.js';
import {
  compound_mapcount_ptr,
  page_remove_rmap,
  page_try_share_anon_rmap,
  PageAnonExclusive,
  SetPageAnonExclusive,
} from '../rmap/rmap.js';
import { put_page } from '../swap/swap.js';
import { __mod_node_page_state } from '../vmstat/node_stat.js';
import { page_address } from '../highmem/page_address.js';

const mmOf = (k: Kernel, vma: VmAreaStruct): MmStruct =>
  k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
const protOf = (k: Kernel, vma: VmAreaStruct): PteVal =>
  k.read_pte(k.plus(vma, k.vm_area_struct.vm_page_prot));

/** The entries of a table that no pmd leads to yet: `pte_offset_map(&_pmd, haddr)`. */
const entriesOf = (k: Kernel, pgtable: Page): Pte => k.cell_of(page_address(k, pgtable));

function __split_huge_zero_page_pmd(k: Kernel, vma: VmAreaStruct, haddr: VirtAddr, pmd: Pmd): void {
  const mm: MmStruct = mmOf(k, vma);
  pmdp_huge_clear_flush(k, vma, haddr, pmd);
  const pgtable: Page = pgtable_trans_huge_withdraw(k, mm, pmd);
  let pte: Pte = entriesOf(k, pgtable);
  for (let i = 0; i < HPAGE_PMD_NR(k); i++, pte = asCell(pte + k.pte_words))
    set_pte(k, pte, pte_mkspecial(pfn_pte(k, my_zero_pfn(k), protOf(k, vma))));
  pmd_populate(k, pmd, pgtable);
}

/** What an entry of the table says of its page, as the pmd did of the whole. */
export interface SplitEntry {
  readonly page: Page;
  readonly write: boolean;
  readonly young: boolean;
  readonly dirty: boolean;
  readonly anon_exclusive: boolean;
}

/** An entry that waits for its page. */
const waitingEntry = (k: Kernel, page: Page, of: SplitEntry): PteVal => {
  const pfn = k.page_to_pfn(page);
  let swp_entry: SwpEntry;
  if (of.write) swp_entry = make_writable_migration_entry(pfn);
  else if (of.anon_exclusive) swp_entry = make_readable_exclusive_migration_entry(pfn);
  else swp_entry = make_readable_migration_entry(pfn);
  if (of.young) swp_entry = make_migration_entry_young(k, swp_entry);
  if (of.dirty) swp_entry = make_migration_entry_dirty(k, swp_entry);
  return swp_entry_to_pte(k, swp_entry);
};

/** An entry that maps its page. That the whole was written to, its head knows: no entry needs to. */
const mappingEntry = (k: Kernel, vma: VmAreaStruct, page: Page, of: SplitEntry): PteVal => {
  let entry: PteVal = maybe_mkwrite(k, mk_pte(k, page, protOf(k, vma)), vma);
  if (of.anon_exclusive) SetPageAnonExclusive(k, page);
  if (!of.write) entry = pte_wrprotect(entry);
  if (!of.young) entry = pte_mkold(entry);
  return entry;
};

const addMapcount = (k: Kernel, page: Page, delta: Int): void => {
  k.write(page + k.page._mapcount, k.words[page + k.page._mapcount]! + delta);
};
const addMapcounts = (k: Kernel, head: Page, delta: Int): void => {
  for (let i = 0; i < HPAGE_PMD_NR(k); i++) addMapcount(k, nth_page(k, head, i), delta);
};

function __split_huge_pmd_locked(
  k: Kernel,
  vma: VmAreaStruct,
  pmd: Pmd,
  haddr: VirtAddr,
  freeze: boolean,
): void {
  const mm: MmStruct = mmOf(k, vma);
  const nr: Int = HPAGE_PMD_NR(k);
  __count_vm_events(k, k.THP_SPLIT_PMD, 1);
  if (is_huge_zero_pmd(k, k.read_pte(pmd))) {
    __split_huge_zero_page_pmd(k, vma, haddr, pmd);
    return;
  }
  const pmd_migration = is_pmd_migration_entry(k, k.read_pte(pmd));
  let of: SplitEntry;
  if (pmd_migration) {
    const entry: SwpEntry = pte_to_swp_entry(k, k.read_pte(pmd));
    of = {
      page: pfn_swap_entry_to_page(k, entry),
      write: is_writable_migration_entry(entry),
      anon_exclusive: is_readable_exclusive_migration_entry(entry),
      young: is_migration_entry_young(k, entry),
      dirty: is_migration_entry_dirty(k, entry),
    };
  } else {
    // Not even for a moment may the TLB have a huge and a small entry of one address: so the processor loses the huge one first.
    const old_pmd: PteVal = pmdp_invalidate(k, vma, haddr, pmd);
    const page: Page = pmd_page(k, old_pmd);
    const dirty = pmd_dirty(old_pmd);
    if (dirty) set_bit(k, k.PG_dirty, page + k.page.flags);
    // One for each entry: the pmd had one for all.
    page_ref_add(k, page, nr - 1);
    const anon_exclusive = PageAnon(k, page) && PageAnonExclusive(k, page);
    // It may be pinned: then its small pages stay mapped, and the page cannot be split.
    if (freeze && anon_exclusive && page_try_share_anon_rmap(k, page) !== 0) freeze = false;
    const write = pmd_write(old_pmd);
    of = { page, write, young: pmd_young(old_pmd), dirty, anon_exclusive };
  }

  const pgtable: Page = pgtable_trans_huge_withdraw(k, mm, pmd);
  let pte: Pte = entriesOf(k, pgtable);
  for (let i = 0; i < nr; i++, pte = asCell(pte + k.pte_words)) {
    const page: Page = nth_page(k, of.page, i);
    const waits = freeze || pmd_migration;
    set_pte(k, pte, waits ? waitingEntry(k, page, of) : mappingEntry(k, vma, page, of));
    if (!pmd_migration) addMapcount(k, page, 1);
  }

  if (!pmd_migration) {
    // Others map it as a whole still: each small page counts that, too, so that no mapping is overlooked.
    if (compound_mapcount(k, of.page) > 1 && !TestSetPageDoubleMap(k, of.page))
      addMapcounts(k, of.page, 1);
    const at: Cell = compound_mapcount_ptr(k, of.page);
    k.write(at, k.words[at]! - 1);
    if (k.words[at]! < 0) {
      // Nobody maps it as a whole any more.
      __mod_node_page_state(k, k.NR_ANON_THPS, -nr);
      if (TestClearPageDoubleMap(k, of.page)) addMapcounts(k, of.page, -1);
    }
    munlock_vma_page(k, of.page, vma, true);
  }
  pmd_populate(k, pmd, pgtable);
  k.emit({ kind: 'huge-page', change: 'entry-split', pfn: k.page_to_pfn(of.page), va: haddr });
  if (!freeze) return;
  for (let i = 0; i < nr; i++) {
    const page: Page = nth_page(k, of.page, i);
    page_remove_rmap(k, page, vma, false);
    put_page(k, page);
  }
}

/** @param folio the only page to be split, which is locked; NULL: whichever is there */
export function __split_huge_pmd(
  k: Kernel,
  vma: VmAreaStruct,
  pmd: Pmd,
  address: VirtAddr,
  freeze: boolean,
  folio: Page,
): void {
  const pmdval: PteVal = k.read_pte(pmd);
  const pmd_migration = is_pmd_migration_entry(k, pmdval);
  if (!pmd_trans_huge(pmdval) && !pmd_migration) return;
  if (folio !== NULL && (pmd_migration || folio !== page_folio(k, pmd_page(k, pmdval)))) return;
  __split_huge_pmd_locked(k, vma, pmd, hugeAddress(k, address), freeze);
}

/** A macro of include/linux/huge_mm.h. */
export const split_huge_pmd = (k: Kernel, vma: VmAreaStruct, pmd: Pmd, address: VirtAddr): void => {
  const pmdval: PteVal = k.read_pte(pmd);
  if (is_swap_pmd(k, pmdval) || pmd_trans_huge(pmdval))
    __split_huge_pmd(k, vma, pmd, address, false, NULL);
};

/** NULL where a table above is missing. */
export function mm_find_pmd(k: Kernel, mm: MmStruct, address: VirtAddr): Pmd {
  const pgd: Pgd = pgd_offset(k, mm, address);
  if (!pgd_present(k, k.read_pte(pgd))) return NULL;
  const p4d: P4d = p4d_offset(k, pgd, address);
  if (!p4d_present(k, k.read_pte(p4d))) return NULL;
  const pud: Pud = pud_offset(k, p4d, address);
  return pud_present(k, k.read_pte(pud)) ? pmd_offset(k, pud, address) : NULL;
}

export function split_huge_pmd_address(
  k: Kernel,
  vma: VmAreaStruct,
  address: VirtAddr,
  freeze: boolean,
  folio: Page,
): void {
  const pmd: Pmd = mm_find_pmd(k, mmOf(k, vma), address);
  if (pmd !== NULL) __split_huge_pmd(k, vma, pmd, address, freeze, folio);
}

/** An area is to begin or end in the middle of what may be a huge page. */
function split_huge_pmd_if_needed(k: Kernel, vma: VmAreaStruct, address: VirtAddr): void {
  const start: VirtAddr = hugeAddress(k, address);
  if (start === address) return;
  // range_in_vma():
  if (k.read_va(k.plus(vma, k.vm_area_struct.vm_start)) > start) return;
  if (k.read_va(k.plus(vma, k.vm_area_struct.vm_end)) < start + HPAGE_PMD_SIZE(k)) return;
  split_huge_pmd_address(k, vma, address, false, NULL);
}

/** An area is about to have other ends: [start, end). @param adjust_next by how much the next one is to begin later */
export function vma_adjust_trans_huge(
  k: Kernel,
  vma: VmAreaStruct,
  start: VirtAddr,
  end: VirtAddr,
  adjust_next: number,
): void {
  split_huge_pmd_if_needed(k, vma, start);
  split_huge_pmd_if_needed(k, vma, end);
  if (adjust_next <= 0) return;
  const vm_end: VirtAddr = k.read_va(k.plus(vma, k.vm_area_struct.vm_end));
  const next: VmAreaStruct = find_vma(k, mmOf(k, vma), vm_end);
  const nstart: VirtAddr = k.read_va(k.plus(next, k.vm_area_struct.vm_start));
  split_huge_pmd_if_needed(k, next, asVirt(nstart + adjust_next));
}
