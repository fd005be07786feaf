/**
 * Taking a page away from all who map it, and giving them another one: between the two each has an entry that says which page it waits
 * for, and what it allowed.
 *
 *     try_to_migrate()         every entry of the page becomes an entry of migration
 *     remove_migration_ptes()  every such entry maps the new page (or the old one again, if that could not be moved)
 *     try_to_unmap()           a page of a file, or one that may be lost (MADV_FREE), leaves all who map it
 *
 * Left out: hugetlb, device memory, hwpoison, swap, mmu_notifier, batched TLB flushes.
 * Source: Linux 6.1 mm/rmap.c: try_to_migrate_one(), try_to_migrate(), try_to_unmap_one(), try_to_unmap(); mm/migrate.c:
 * remove_migration_pte(), remove_migration_ptes(); mm/pgtable-generic.c: ptep_clear_flush();
 * mm/huge_memory.c: set_pmd_migration_entry(), remove_migration_pmd().
 */
import {
  type Int,
  type MmStruct,
  NULL,
  type Page,
  type Pte,
  type ULong,
  type VmAreaStruct,
  type VmFlags,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { VirtAddr } from '../../../memory/address.js';
import { set_bit, test_bit } from '../../arch/x86/include/asm/bitops.h.js';
import {
  mk_pmd,
  mk_pte,
  pmd_dirty,
  pmd_mkdirty,
  pmd_mkhuge,
  pmd_mkold,
  pte_dirty,
  pte_mkdirty,
  pte_mkold,
  pte_page,
  pte_write,
  pte_wrprotect,
  pte_young,
  set_pmd,
  set_pte,
} from '../../arch/x86/include/asm/pgtable.h.js';
import type { PteVal } from '../../arch/x86/include/asm/pgtable_types.h.js';
import { flush_tlb_page } from '../../arch/x86/mm/tlb.js';
import { EBUSY } from '../../include/linux/errno.h.js';
import { hugeAddress } from '../../include/linux/huge_mm.h.js';
import {
  compound_order,
  folio_mapcount,
  folio_mapped,
  linear_page_index,
  nth_page,
} from '../../include/linux/mm.h.js';
import { VM_LOCKED } from '../../include/linux/mm_types.h.js';
import { PageAnon, PageHead } from '../../include/linux/page-flags.h.js';
import { page_ref_count } from '../../include/linux/page_ref.h.js';
import { ptep_get_and_clear } from '../../include/linux/pgtable.h.js';
import {
  is_migration_entry_dirty,
  is_migration_entry_young,
  is_readable_migration_entry,
  is_writable_migration_entry,
  make_migration_entry_dirty,
  make_migration_entry_young,
  make_readable_exclusive_migration_entry,
  make_readable_migration_entry,
  make_writable_migration_entry,
  pte_to_swp_entry,
  swp_entry_to_pte,
  type SwpEntry,
} from '../../include/linux/swapops.h.js';
import {
  trace_remove_migration_pte,
  trace_set_migration_pte,
} from '../../include/trace/events/migrate.h.js';
import { maybe_pmd_mkwrite } from '../huge_memory/huge_memory.js';
import { split_huge_pmd_address } from '../huge_memory/split_pmd.js';
import { add_mm_counter } from '../memory/rss.js';
import { maybe_mkwrite, set_page_dirty } from '../memory/wp.js';
import { mlock_page_drain_local, mlock_vma_page } from '../mlock/mlock.js';
import { update_hiwater_rss } from '../mmap/munmap.js';
import { pmdp_invalidate } from '../pgtable-generic.js';
import {
  page_add_anon_rmap,
  page_add_file_rmap,
  page_remove_rmap,
  page_try_share_anon_rmap,
  PageAnonExclusive,
} from '../rmap/rmap.js';
import { get_page, put_page } from '../swap/swap.js';
import {
  folioVmaWalk,
  page_vma_mapped_walk,
  type PageVmaMappedWalk,
  rmap_walk,
  type RmapWalkControl,
} from './rmap_walk.js';

const isLocked = (k: Kernel, vma: VmAreaStruct): boolean => {
  const vm_flags: VmFlags = k.read_int(k.plus(vma, k.vm_area_struct.vm_flags));
  return (vm_flags & VM_LOCKED) !== 0;
};
const mmOf = (k: Kernel, vma: VmAreaStruct): MmStruct =>
  k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));

/** The entry is empty, and no TLB knows what it was. */
function ptep_clear_flush(k: Kernel, vma: VmAreaStruct, address: VirtAddr, ptep: Pte): PteVal {
  const pte: PteVal = ptep_get_and_clear(k, ptep);
  flush_tlb_page(k, vma, address);
  return pte;
}

function page_not_mapped(k: Kernel, folio: Page): boolean {
  return !folio_mapped(k, folio);
}

/** What remains of a mapping that is taken away: the count, and the mapping's reference. */
function dropMapping(k: Kernel, folio: Page, vma: VmAreaStruct): void {
  page_remove_rmap(k, folio, vma, false);
  if (isLocked(k, vma)) mlock_page_drain_local(k);
  put_page(k, folio);
}

// --- to be migrated ------------------------------------------------------------------------------------------------------

/** What a page's mapping allowed, as an entry that waits for it. */
const waitingFor = (k: Kernel, page: Page, val: PteVal, anon_exclusive: boolean): PteVal => {
  const pfn = k.page_to_pfn(page);
  let entry: SwpEntry;
  if (pte_write(val)) entry = make_writable_migration_entry(pfn);
  else if (anon_exclusive) entry = make_readable_exclusive_migration_entry(pfn);
  else entry = make_readable_migration_entry(pfn);
  if (pte_young(val)) entry = make_migration_entry_young(k, entry);
  if (pte_dirty(val)) entry = make_migration_entry_dirty(k, entry);
  return swp_entry_to_pte(k, entry);
};

/** Of a huge page as a whole. -EBUSY: it may be pinned. Of mm/huge_memory.c. */
function set_pmd_migration_entry(k: Kernel, pvmw: PageVmaMappedWalk, page: Page): Int {
  const pmdval: PteVal = pmdp_invalidate(k, pvmw.vma, pvmw.address, pvmw.pmd);
  const anon_exclusive = PageAnon(k, page) && PageAnonExclusive(k, page);
  if (anon_exclusive && page_try_share_anon_rmap(k, page) !== 0) {
    set_pmd(k, pvmw.pmd, pmdval);
    return -EBUSY;
  }
  if (pmd_dirty(pmdval)) set_page_dirty(k, page);
  set_pmd(k, pvmw.pmd, waitingFor(k, page, pmdval, anon_exclusive));
  page_remove_rmap(k, page, pvmw.vma, true);
  put_page(k, page);
  return 0;
}

function try_to_migrate_one(
  k: Kernel,
  folio: Page,
  vma: VmAreaStruct,
  address: VirtAddr,
  arg: Page,
): boolean {
  // TTU_SPLIT_HUGE_PMD: the page is about to be split. Entries of small pages wait, and none of the whole.
  if (arg !== NULL) split_huge_pmd_address(k, vma, address, true, folio);
  const pvmw: PageVmaMappedWalk = folioVmaWalk(folio, vma, address, false);
  while (page_vma_mapped_walk(k, pvmw)) {
    if (pvmw.pte === NULL) {
      if (set_pmd_migration_entry(k, pvmw, folio) !== 0) return false;
      continue;
    }
    const subpage: Page = pte_page(k, k.read_pte(pvmw.pte));
    const anon_exclusive = PageAnon(k, folio) && PageAnonExclusive(k, subpage);
    const pteval: PteVal = ptep_clear_flush(k, vma, pvmw.address, pvmw.pte);
    // Nobody can write to it any more: what was written is known from here on.
    if (pte_dirty(pteval)) set_page_dirty(k, folio);
    update_hiwater_rss(k, mmOf(k, vma));

    if (anon_exclusive && page_try_share_anon_rmap(k, subpage) !== 0) {
      set_pte(k, pvmw.pte, pteval);
      return false;
    }
    const swp_pte: PteVal = waitingFor(k, subpage, pteval, anon_exclusive);
    set_pte(k, pvmw.pte, swp_pte);
    trace_set_migration_pte(k, pvmw.address, swp_pte, compound_order(k, folio));
    dropMapping(k, subpage, vma);
  }
  return true;
}

/** As far as it goes: who maps the page still, could not be made to wait. @param splits TTU_SPLIT_HUGE_PMD */
export function try_to_migrate(k: Kernel, folio: Page, splits = false): void {
  const rwc: RmapWalkControl = {
    rmap_one: try_to_migrate_one,
    arg: splits ? folio : NULL,
    done: page_not_mapped,
  };
  rmap_walk(k, folio, rwc);
}

// --- the new page --------------------------------------------------------------------------------------------------------

/** Of a huge page as a whole. Of mm/huge_memory.c. */
function remove_migration_pmd(k: Kernel, pvmw: PageVmaMappedWalk, new_: Page): void {
  const { vma } = pvmw;
  const haddr: VirtAddr = hugeAddress(k, pvmw.address);
  const entry: SwpEntry = pte_to_swp_entry(k, k.read_pte(pvmw.pmd));
  get_page(k, new_);
  const prot: PteVal = k.read_pte(k.plus(vma, k.vm_area_struct.vm_page_prot));
  let pmde: PteVal = pmd_mkhuge(mk_pmd(k, new_, prot));
  if (is_writable_migration_entry(entry)) pmde = maybe_pmd_mkwrite(k, pmde, vma);
  if (!is_migration_entry_young(k, entry)) pmde = pmd_mkold(pmde);
  if (test_bit(k, k.PG_dirty, new_ + k.page.flags) && is_migration_entry_dirty(k, entry))
    pmde = pmd_mkdirty(pmde);
  page_add_anon_rmap(k, new_, vma, haddr, !is_readable_migration_entry(entry), true);
  set_pmd(k, pvmw.pmd, pmde);
}

function remove_migration_pte(
  k: Kernel,
  folio: Page,
  vma: VmAreaStruct,
  addr: VirtAddr,
  old: Page,
): boolean {
  const pvmw: PageVmaMappedWalk = folioVmaWalk(old, vma, addr, true);
  while (page_vma_mapped_walk(k, pvmw)) {
    if (pvmw.pte === NULL) {
      remove_migration_pmd(k, pvmw, folio);
      continue;
    }
    const { address, pte: ptep } = pvmw;
    const idx: ULong = linear_page_index(k, vma, address) - k.read_ulong(old + k.page.index);
    const new_: Page = nth_page(k, folio, PageHead(k, folio) ? idx : 0);
    get_page(k, folio);
    let pte: PteVal = mk_pte(k, new_, k.read_pte(k.plus(vma, k.vm_area_struct.vm_page_prot)));
    // What the area allows may have changed meanwhile: that is looked at anew.
    const entry: SwpEntry = pte_to_swp_entry(k, k.read_pte(ptep));
    if (!is_migration_entry_young(k, entry)) pte = pte_mkold(pte);
    if (test_bit(k, k.PG_dirty, folio + k.page.flags) && is_migration_entry_dirty(k, entry))
      pte = pte_mkdirty(pte);
    pte = is_writable_migration_entry(entry) ? maybe_mkwrite(k, pte, vma) : pte_wrprotect(pte);

    if (PageAnon(k, folio))
      page_add_anon_rmap(k, new_, vma, address, !is_readable_migration_entry(entry));
    else page_add_file_rmap(k, new_, vma);
    set_pte(k, ptep, pte);
    if (isLocked(k, vma)) mlock_page_drain_local(k);
    trace_remove_migration_pte(k, address, pte, compound_order(k, new_));
  }
  return true;
}

/** Whoever waits for `src` maps `dst` from here on. */
export function remove_migration_ptes(k: Kernel, src: Page, dst: Page): void {
  const rwc: RmapWalkControl = { rmap_one: remove_migration_pte, arg: src };
  rmap_walk(k, dst, rwc);
}

// --- a page that is reclaimed ---------------------------------------------------------------------------------------------

/**
 * Of a page of a file, or of one that MADV_FREE has given up: if somebody has written to that since, it stays, and is like any other
 * again.
 */
function try_to_unmap_one(k: Kernel, folio: Page, vma: VmAreaStruct, address: VirtAddr): boolean {
  // TTU_SPLIT_HUGE_PMD:
  if (PageHead(k, folio)) split_huge_pmd_address(k, vma, address, false, folio);
  const pvmw: PageVmaMappedWalk = folioVmaWalk(folio, vma, address, false);
  while (page_vma_mapped_walk(k, pvmw)) {
    if (isLocked(k, vma)) {
      // The mlocked flag was lost: its list is found again.
      mlock_vma_page(k, folio, vma, false);
      return false;
    }
    if (pvmw.pte === NULL) return false;
    const subpage: Page = pte_page(k, k.read_pte(pvmw.pte));
    const pteval: PteVal = ptep_clear_flush(k, vma, pvmw.address, pvmw.pte);
    if (pte_dirty(pteval)) set_page_dirty(k, folio);
    const mm: MmStruct = mmOf(k, vma);
    update_hiwater_rss(k, mm);
    if (!PageAnon(k, folio)) {
      // mm_counter_file():
      const isShmem = test_bit(k, k.PG_swapbacked, folio + k.page.flags);
      add_mm_counter(k, mm, isShmem ? k.MM_SHMEMPAGES : k.MM_FILEPAGES, -1);
      // discard:
      dropMapping(k, subpage, vma);
      continue;
    }
    const map_count: Int = folio_mapcount(k, folio);
    const isClean = !test_bit(k, k.PG_dirty, folio + k.page.flags);
    // Its references are its mappings, and the one of whoever isolated it: nobody else looks at it.
    if (page_ref_count(k, folio) === 1 + map_count && isClean) {
      add_mm_counter(k, mm, k.MM_ANONPAGES, -1);
      // discard:
      dropMapping(k, subpage, vma);
      continue;
    }
    set_pte(k, pvmw.pte, pteval);
    set_bit(k, k.PG_swapbacked, folio + k.page.flags);
    return false;
  }
  return true;
}

export function try_to_unmap(k: Kernel, folio: Page): void {
  const rwc: RmapWalkControl = { rmap_one: try_to_unmap_one, arg: NULL, done: page_not_mapped };
  rmap_walk(k, folio, rwc);
}
