/**
 * page->flags, and the page types kept in page->_mapcount: testing and changing them by name.
 *
 *     64 bit  63:62 zone                      22:0 flags        32 bit  31:30 zone         21:0 flags
 *
 * A policy says which page of a compound page a flag lives in. The kernel's assertions in the policies are off in the
 * reference builds (no DEBUG_VM_PGFLAGS), so they are here too.
 * Source: Linux 6.1 include/linux/page-flags.h.
 */
import { constantNamed } from '../../../types/named.js';
import type { Page } from '../../../machine/ctypes.js';
import { KernelFault } from '../../../machine/events.js';
import type { Kernel } from '../../../machine/kernel.js';

/** any: the page itself. head: the head of its compound page. */
export type PageFlagPolicy = 'any' | 'head';

export interface PageFlag {
  /** As in PageLocked, SetPageLocked, ClearPageLocked. */
  readonly uname: string;
  /** As in PG_locked. */
  readonly bit: string;
  readonly policy: PageFlagPolicy;
}

const flag = (uname: string, bit: string, policy: PageFlagPolicy): PageFlag => ({
  uname,
  bit,
  policy,
});

/** PF_HEAD and PF_NO_TAIL go to the head; PF_ANY, PF_ONLY_HEAD and PF_NO_COMPOUND stay at the page. */
export const PAGE_FLAGS: readonly PageFlag[] = [
  flag('Locked', 'PG_locked', 'head'),
  flag('Waiters', 'PG_waiters', 'any'),
  flag('Error', 'PG_error', 'head'),
  flag('Referenced', 'PG_referenced', 'head'),
  flag('Uptodate', 'PG_uptodate', 'head'),
  flag('Dirty', 'PG_dirty', 'head'),
  flag('LRU', 'PG_lru', 'head'),
  flag('Active', 'PG_active', 'head'),
  flag('Workingset', 'PG_workingset', 'head'),
  flag('Slab', 'PG_slab', 'head'),
  flag('OwnerPriv1', 'PG_owner_priv_1', 'any'),
  flag('Checked', 'PG_owner_priv_1', 'any'),
  flag('Reserved', 'PG_reserved', 'any'),
  flag('SwapBacked', 'PG_swapbacked', 'head'),
  flag('Private', 'PG_private', 'any'),
  flag('Private2', 'PG_private_2', 'any'),
  flag('Writeback', 'PG_writeback', 'head'),
  flag('MappedToDisk', 'PG_mappedtodisk', 'head'),
  flag('Reclaim', 'PG_reclaim', 'head'),
  flag('Readahead', 'PG_reclaim', 'any'),
  flag('Unevictable', 'PG_unevictable', 'head'),
  flag('Mlocked', 'PG_mlocked', 'head'),
];

/** Where the flag of `page` is kept. */
const flag_page = (k: Kernel, which: PageFlag, page: Page): Page =>
  which.policy === 'head' ? compound_head(k, page) : page;

/** PageX() */
export function TestPageFlag(k: Kernel, which: PageFlag, page: Page): boolean {
  const mask = 1 << constantNamed(k.profile, which.bit);
  return (k.words[flag_page(k, which, page) + k.page.flags]! & mask) !== 0;
}

/** SetPageX() */
export function SetPageFlag(k: Kernel, which: PageFlag, page: Page): void {
  set_page_flags(k, flag_page(k, which, page), 1 << constantNamed(k.profile, which.bit));
}

/** ClearPageX() */
export function ClearPageFlag(k: Kernel, which: PageFlag, page: Page): void {
  clear_page_flags(k, flag_page(k, which, page), 1 << constantNamed(k.profile, which.bit));
}

/** Sets bits of `flags`, all below the zone number. */
export function set_page_flags(k: Kernel, page: Page, mask: number): void {
  k.write(page + k.page.flags, k.words[page + k.page.flags]! | mask);
}

export function clear_page_flags(k: Kernel, page: Page, mask: number): void {
  k.write(page + k.page.flags, k.words[page + k.page.flags]! & ~mask);
}

// --- compound pages ----------------------------------------------------------------------------------------------------

export function PageHead(k: Kernel, page: Page): boolean {
  return (k.words[page + k.page.flags]! & k.encoding.head_mask) === k.encoding.head_bits;
}

export function PageTail(k: Kernel, page: Page): boolean {
  return (k.words[page + k.encoding.tail_word]! & k.encoding.tail_mask) === k.encoding.tail_bits;
}

export function PageCompound(k: Kernel, page: Page): boolean {
  return PageHead(k, page) || PageTail(k, page);
}

/** The head of the compound page that `page` is part of; else `page`. */
export function compound_head(k: Kernel, page: Page): Page {
  if (!PageTail(k, page)) return page;
  // compound_head has bit 0 set: following it gives the word it lies in, the head's first.
  const head: Page = k.read_ptr(page + k.encoding.first_page_word);
  // Possible only where flags make a tail that nobody gave a head: PG_compound and PG_reclaim.
  if (head === 0) throw new KernelFault('kernel NULL pointer dereference, address: 00000000');
  return head;
}

// --- flags that page allocation asks for -------------------------------------------------------------------------------

export function PageLocked(k: Kernel, page: Page): boolean {
  return (k.words[compound_head(k, page) + k.page.flags]! & (1 << k.PG_locked)) !== 0;
}

export function PageLRU(k: Kernel, page: Page): boolean {
  return (k.words[compound_head(k, page) + k.page.flags]! & (1 << k.PG_lru)) !== 0;
}

export function PageSlab(k: Kernel, page: Page): boolean {
  return (k.words[compound_head(k, page) + k.page.flags]! & (1 << k.PG_slab)) !== 0;
}

export function PageReserved(k: Kernel, page: Page): boolean {
  return (k.words[page + k.page.flags]! & (1 << k.PG_reserved)) !== 0;
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

export function set_compound_head(k: Kernel, page: Page, head: Page): void {
  k.write_ptr_tagged(page + k.page.compound_head, head, 1);
}

export function clear_compound_head(k: Kernel, page: Page): void {
  k.write_long(page + k.page.compound_head, 0);
}

// --- whole blocks ------------------------------------------------------------------------------------------------------

/** PAGE_MAPPING_MOVABLE in page->mapping: movable, but on no LRU. */
export function __PageMovable(k: Kernel, page: Page): boolean {
  const PAGE_MAPPING_FLAGS = 3;
  const PAGE_MAPPING_MOVABLE = 2;
  return (k.words[page + k.page.mapping]! & PAGE_MAPPING_FLAGS) === PAGE_MAPPING_MOVABLE;
}

export const PageHighMem = (k: Kernel, page: Page): boolean =>
  k.page_to_pfn(page) >= k.linear.directMapEndFrame;
