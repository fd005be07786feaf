/**
 * page->flags, the page types kept in page->_mapcount, and compound pages: what Linux's macros make of each flag's name, as far as
 * kernel code here uses it.
 *
 *     64 bit  63:62 zone                      22:0 flags        32 bit  31:30 zone         21:0 flags
 *
 * A policy says in which page of a compound page a flag lives: PF_HEAD and PF_NO_TAIL in the head, PF_SECOND in the first tail,
 * PF_ANY and PF_NO_COMPOUND in the page itself. The assertions of the policies are off in the reference builds (no DEBUG_VM_PGFLAGS).
 * A machine that was booted with an encoding of compound pages from before Linux 4.4 answers for itself: `k.flaggedTails`.
 * Source: Linux 6.1 include/linux/page-flags.h.
 */
import type { Page } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import {
  __clear_bit,
  __set_bit,
  clear_bit,
  set_bit,
  test_and_clear_bit,
  test_and_set_bit,
  test_bit,
} from '../../arch/x86/include/asm/bitops.h.js';

// --- compound pages ----------------------------------------------------------------------------------------------------

/** Left out: page_is_fake_head (no hugetlb page has its struct pages given back). */
export function PageHead(k: Kernel, page: Page): boolean {
  if (k.flaggedTails !== undefined) return k.flaggedTails.PageHead(k, page);
  return test_bit(k, k.PG_head, page + k.page.flags);
}

/** A tail has its head's address in compound_head, with bit 0 set: a pointer to a struct page has it clear. */
export function PageTail(k: Kernel, page: Page): boolean {
  if (k.flaggedTails !== undefined) return k.flaggedTails.PageTail(k, page);
  return (k.words[page + k.page.compound_head]! & 1) !== 0;
}

export function PageCompound(k: Kernel, page: Page): boolean {
  return PageHead(k, page) || PageTail(k, page);
}

/** The head of the compound page that `page` is part of; else `page`. Left out: page_fixed_fake_head, as above. */
export function _compound_head(k: Kernel, page: Page): Page {
  if (k.flaggedTails !== undefined) return k.flaggedTails.compound_head(k, page);
  // Following the pointer with its bit 0 gives the word that this byte lies in: the head's first.
  if ((k.words[page + k.page.compound_head]! & 1) !== 0)
    return k.read_ptr(page + k.page.compound_head);
  return page;
}

export const compound_head = (k: Kernel, page: Page): Page => _compound_head(k, page);
/** A folio is a page that is no tail: its head. */
export const page_folio = (k: Kernel, page: Page): Page => _compound_head(k, page);

export function __SetPageHead(k: Kernel, page: Page): void {
  if (k.flaggedTails !== undefined) k.flaggedTails.setHead(k, page);
  else __set_bit(k, k.PG_head, page + k.page.flags);
}

/** A head alone; its tails are cut off one by one. */
export function ClearPageCompound(k: Kernel, page: Page): void {
  if (k.flaggedTails !== undefined) k.flaggedTails.clearHead(k, page);
  else clear_bit(k, k.PG_head, page + k.page.flags);
}

export function set_compound_head(k: Kernel, page: Page, head: Page): void {
  k.write_ptr_tagged(page + k.page.compound_head, head, 1);
}

export function clear_compound_head(k: Kernel, page: Page): void {
  k.write_long(page + k.page.compound_head, 0);
}

// --- flags -------------------------------------------------------------------------------------------------------------

export function PageLocked(k: Kernel, page: Page): boolean {
  return test_bit(k, k.PG_locked, compound_head(k, page) + k.page.flags);
}

export function PageLRU(k: Kernel, page: Page): boolean {
  return test_bit(k, k.PG_lru, compound_head(k, page) + k.page.flags);
}

export function PageSlab(k: Kernel, page: Page): boolean {
  return test_bit(k, k.PG_slab, compound_head(k, page) + k.page.flags);
}

export function __folio_set_slab(k: Kernel, folio: Page): void {
  __set_bit(k, k.PG_slab, folio + k.page.flags);
}

export function __folio_clear_slab(k: Kernel, folio: Page): void {
  __clear_bit(k, k.PG_slab, folio + k.page.flags);
}

/** Of a slab: its pages came from the reserves. */
export function folio_set_active(k: Kernel, folio: Page): void {
  set_bit(k, k.PG_active, folio + k.page.flags);
}

export function folio_test_mlocked(k: Kernel, folio: Page): boolean {
  return test_bit(k, k.PG_mlocked, folio + k.page.flags);
}

export function __folio_clear_mlocked(k: Kernel, folio: Page): void {
  __clear_bit(k, k.PG_mlocked, folio + k.page.flags);
}

export function PageReserved(k: Kernel, page: Page): boolean {
  return test_bit(k, k.PG_reserved, page + k.page.flags);
}

export function __ClearPageReserved(k: Kernel, page: Page): void {
  __clear_bit(k, k.PG_reserved, page + k.page.flags);
}

/** Parts of the compound page are mapped singly, too. The flag lives in the first tail. */
export function PageDoubleMap(k: Kernel, page: Page): boolean {
  return PageHead(k, page) && test_bit(k, k.PG_double_map, k.nth_page(page, 1) + k.page.flags);
}

export function ClearPageDoubleMap(k: Kernel, page: Page): void {
  clear_bit(k, k.PG_double_map, k.nth_page(page, 1) + k.page.flags);
}

export function TestClearPageDoubleMap(k: Kernel, page: Page): boolean {
  return test_and_clear_bit(k, k.PG_double_map, k.nth_page(page, 1) + k.page.flags);
}

export function TestSetPageDoubleMap(k: Kernel, page: Page): boolean {
  return test_and_set_bit(k, k.PG_double_map, k.nth_page(page, 1) + k.page.flags);
}

/** Without CONFIG_HIGHMEM there is none, also behind the end of memory. */
export const PageHighMem = (k: Kernel, page: Page): boolean =>
  k.ZONE_HIGHMEM >= 0 && k.page_to_pfn(page) >= k.linear.directMapEndFrame;

// --- page->mapping -----------------------------------------------------------------------------------------------------

/** The low bits of page->mapping say what it points to. */
export const PAGE_MAPPING_ANON = 1;
export const PAGE_MAPPING_MOVABLE = 2;
export const PAGE_MAPPING_KSM = PAGE_MAPPING_ANON | PAGE_MAPPING_MOVABLE;
export const PAGE_MAPPING_FLAGS = PAGE_MAPPING_ANON | PAGE_MAPPING_MOVABLE;

export function PageMappingFlags(k: Kernel, page: Page): boolean {
  return (k.words[page + k.page.mapping]! & PAGE_MAPPING_FLAGS) !== 0;
}

export function PageAnon(k: Kernel, page: Page): boolean {
  return (k.words[compound_head(k, page) + k.page.mapping]! & PAGE_MAPPING_ANON) !== 0;
}

export function PageKsm(k: Kernel, page: Page): boolean {
  const mapping = k.words[compound_head(k, page) + k.page.mapping]!;
  return (mapping & PAGE_MAPPING_FLAGS) === PAGE_MAPPING_KSM;
}

/** Movable by its driver, but on no LRU. */
export function __PageMovable(k: Kernel, page: Page): boolean {
  return (k.words[page + k.page.mapping]! & PAGE_MAPPING_FLAGS) === PAGE_MAPPING_MOVABLE;
}

// --- page types --------------------------------------------------------------------------------------------------------

/** Head of a block on the buddy lists. A type's bit is *cleared* when the page has it. */
export function PageBuddy(k: Kernel, page: Page): boolean {
  return (k.words[page + k.page._mapcount]! & (k.PAGE_TYPE_BASE | k.PG_buddy)) === k.PAGE_TYPE_BASE;
}

export function __SetPageBuddy(k: Kernel, page: Page): void {
  k.write(page + k.page._mapcount, k.words[page + k.page._mapcount]! & ~k.PG_buddy);
}

export function __ClearPageBuddy(k: Kernel, page: Page): void {
  k.write(page + k.page._mapcount, k.words[page + k.page._mapcount]! | k.PG_buddy);
}
