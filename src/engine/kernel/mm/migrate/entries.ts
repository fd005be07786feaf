/**
 * Taking a page away from all who map it, and giving them another one: between the two each has an entry that says which page it waits
 * for, and what it allowed.
 *
 *     try_to_migrate()         every entry of the page becomes an entry of migration
 *     remove_migration_ptes()  every such entry maps the new page (or the old one again, if that could not be moved)
 *     try_to_unmap()           a page that may be lost (MADV_FREE) leaves all who map it
 *
 * Left out: huge entries, hugetlb, device memory, hwpoison, swap, mmu_notifier, batched TLB flushes.
 * Source: Linux 6.1 mm/rmap.c: try_to_migrate_one(), try_to_migrate(), try_to_unmap_one(), try_to_unmap(); mm/migrate.c:
 * remove_migration_pte(), remove_migration_ptes(); mm/pgtable-generic.c: ptep_clear_flush().
 */
import {
  type Int,
  type MmStruct,
  NULL,
  type Page,
  type Pte,
  type VmAreaStruct,
  type VmFlags,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { VirtAddr } from '../../../memory/address.js';
import { set_bit, test_bit } from '../../arch/x86/include/asm/bitops.h.js';
import {
  mk_pte,
  pte_dirty,
  pte_mkdirty,
  pte_mkold,
  pte_write,
  pte_wrprotect,
  pte_young,
  set_pte,
} from '../../arch/x86/include/asm/pgtable.h.js';
import type { PteVal } from '../../arch/x86/include/asm/pgtable_types.h.js';
import { flush_tlb_page } from '../../arch/x86/mm/tlb.js';
import { compound_order, page_mapcount } from '../../include/linux/mm.h.js';
import { VM_LOCKED } from '../../include/linux/mm_types.h.js';
import { PageAnon } from '../../include/linux/page-flags.h.js';
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
import { add_mm_counter } from '../memory/rss.js';
import { maybe_mkwrite, set_page_dirty } from '../memory/wp.js';
import { mlock_page_drain_local } from '../mlock/mlock.js';
import { update_hiwater_rss } from '../mmap/munmap.js';
import {
  page_add_anon_rmap,
  page_add_file_rmap,
  page_remove_rmap,
  page_try_share_anon_rmap,
  PageAnonExclusive,
} from '../rmap.js';
import { get_page, put_page } from '../swap/swap.js';
import { page_vma_mapped_walk, rmap_walk, type RmapWalkControl } from './rmap_walk.js';

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
  return page_mapcount(k, folio) <= 0;
}

/** What remains of a mapping that is taken away: the count, and the mapping's reference. */
function dropMapping(k: Kernel, folio: Page, vma: VmAreaStruct): void {
  page_remove_rmap(k, folio, vma, false);
  if (isLocked(k, vma)) mlock_page_drain_local(k);
  put_page(k, folio);
}

// --- to be migrated ------------------------------------------------------------------------------------------------------

function try_to_migrate_one(k: Kernel, folio: Page, vma: VmAreaStruct, address: VirtAddr): boolean {
  const pte: Pte = page_vma_mapped_walk(k, folio, vma, address, false);
  if (pte === NULL) return true;
  const anon_exclusive = PageAnon(k, folio) && PageAnonExclusive(k, folio);
  const pteval: PteVal = ptep_clear_flush(k, vma, address, pte);
  // Nobody can write to it any more: what was written is known from here on.
  if (pte_dirty(pteval)) set_page_dirty(k, folio);
  update_hiwater_rss(k, mmOf(k, vma));

  if (anon_exclusive && page_try_share_anon_rmap(k, folio) !== 0) {
    set_pte(k, pte, pteval);
    return false;
  }
  const pfn = k.page_to_pfn(folio);
  let entry: SwpEntry;
  if (pte_write(pteval)) entry = make_writable_migration_entry(pfn);
  else if (anon_exclusive) entry = make_readable_exclusive_migration_entry(pfn);
  else entry = make_readable_migration_entry(pfn);
  if (pte_young(pteval)) entry = make_migration_entry_young(k, entry);
  if (pte_dirty(pteval)) entry = make_migration_entry_dirty(k, entry);
  const swp_pte: PteVal = swp_entry_to_pte(k, entry);
  set_pte(k, pte, swp_pte);
  trace_set_migration_pte(k, address, swp_pte, compound_order(k, folio));
  dropMapping(k, folio, vma);
  return true;
}

/** As far as it goes: who maps the page still, could not be made to wait. */
export function try_to_migrate(k: Kernel, folio: Page): void {
  const rwc: RmapWalkControl = {
    rmap_one: try_to_migrate_one,
    arg: NULL,
    done: page_not_mapped,
  };
  rmap_walk(k, folio, rwc);
}

// --- the new page --------------------------------------------------------------------------------------------------------

function remove_migration_pte(
  k: Kernel,
  folio: Page,
  vma: VmAreaStruct,
  address: VirtAddr,
  old: Page,
): boolean {
  const ptep: Pte = page_vma_mapped_walk(k, old, vma, address, true);
  if (ptep === NULL) return true;
  get_page(k, folio);
  let pte: PteVal = mk_pte(k, folio, k.read_pte(k.plus(vma, k.vm_area_struct.vm_page_prot)));
  // What the area allows may have changed meanwhile: that is looked at anew.
  const entry: SwpEntry = pte_to_swp_entry(k, k.read_pte(ptep));
  if (!is_migration_entry_young(k, entry)) pte = pte_mkold(pte);
  if (test_bit(k, k.PG_dirty, folio + k.page.flags) && is_migration_entry_dirty(k, entry))
    pte = pte_mkdirty(pte);
  pte = is_writable_migration_entry(entry) ? maybe_mkwrite(k, pte, vma) : pte_wrprotect(pte);

  if (PageAnon(k, folio))
    page_add_anon_rmap(k, folio, vma, address, !is_readable_migration_entry(entry));
  else page_add_file_rmap(k, folio, vma);
  set_pte(k, ptep, pte);
  if (isLocked(k, vma)) mlock_page_drain_local(k);
  trace_remove_migration_pte(k, address, pte, compound_order(k, folio));
  return true;
}

/** Whoever waits for `src` maps `dst` from here on. */
export function remove_migration_ptes(k: Kernel, src: Page, dst: Page): void {
  const rwc: RmapWalkControl = { rmap_one: remove_migration_pte, arg: src };
  rmap_walk(k, dst, rwc);
}

// --- a page that may be lost ---------------------------------------------------------------------------------------------

/** Of a page that MADV_FREE has given up. If somebody has written to it since, it stays, and is like any other again. */
function try_to_unmap_one(k: Kernel, folio: Page, vma: VmAreaStruct, address: VirtAddr): boolean {
  const pte: Pte = page_vma_mapped_walk(k, folio, vma, address, false);
  if (pte === NULL) return true;
  const pteval: PteVal = ptep_clear_flush(k, vma, address, pte);
  if (pte_dirty(pteval)) set_page_dirty(k, folio);
  const mm: MmStruct = mmOf(k, vma);
  update_hiwater_rss(k, mm);
  const map_count: Int = page_mapcount(k, folio);
  const isClean = !test_bit(k, k.PG_dirty, folio + k.page.flags);
  // Its references are its mappings, and the one of whoever isolated it: nobody else looks at it.
  if (page_ref_count(k, folio) === 1 + map_count && isClean) {
    add_mm_counter(k, mm, k.MM_ANONPAGES, -1);
    // discard:
    dropMapping(k, folio, vma);
    return true;
  }
  set_pte(k, pte, pteval);
  set_bit(k, k.PG_swapbacked, folio + k.page.flags);
  return false;
}

export function try_to_unmap(k: Kernel, folio: Page): void {
  const rwc: RmapWalkControl = { rmap_one: try_to_unmap_one, arg: NULL, done: page_not_mapped };
  rmap_walk(k, folio, rwc);
}
