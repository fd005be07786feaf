/**
 * struct page and folios: the zone of a page, and what a compound page keeps in its first tail.
 *
 * Source: Linux 6.1 include/linux/mm.h; mm/util.c: __page_mapcount(); include/linux/mmzone.h: page_zonenum().
 */
import type { Int, MmStruct, Order, Page, ULong, Zone, ZoneType } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { virt_to_page } from '../../arch/x86/include/asm/page.h.js';
import { compound_head, page_folio, PageAnon, PageCompound, PageHead } from './page-flags.h.js';

/** `page + n` of one block. */
/** The head of the page behind a linear address. */
export function virt_to_head_page(k: Kernel, x: VirtAddr): Page {
  const page: Page = k.deref_page(virt_to_page(k, x), x, k.page.compound_head);
  return compound_head(k, page);
}

export const nth_page = (k: Kernel, page: Page, n: Int): Page => k.nth_page(page, n);

/** No mapping, and no page type. */
export function page_mapcount_reset(k: Kernel, page: Page): void {
  k.write(page + k.page._mapcount, -1);
}

/** A page from the reserves: bit 1 of lru.next, which no pointer has set. */
export function set_page_pfmemalloc(k: Kernel, page: Page): void {
  k.write_long(page + k.page.lru, 2);
}

export function clear_page_pfmemalloc(k: Kernel, page: Page): void {
  k.write_long(page + k.page.lru, 0);
}

/** Whether the page came from the reserves: bit 1 of the word that lru.next is. Nobody has put it on a list yet. */
export const page_is_pfmemalloc = (k: Kernel, page: Page): boolean =>
  (k.words[page + k.page.lru]! & 2) !== 0;

// --- zone --------------------------------------------------------------------------------------------------------------

export function page_zonenum(k: Kernel, page: Page): ZoneType {
  return (
    (k.words[page + k.page.flags + (k.ZONES_PGSHIFT >> 5)]! >>> (k.ZONES_PGSHIFT & 31)) &
    k.ZONES_MASK
  );
}

export function page_zone(k: Kernel, page: Page): Zone {
  return k.zones[page_zonenum(k, page)]!;
}

// --- compound pages: what the first tail keeps about the whole ---------------------------------------------------------

export function set_compound_page_dtor(k: Kernel, page: Page, compound_dtor: Int): void {
  k.write8(nth_page(k, page, 1), k.page.compound_dtor, compound_dtor);
}

export function set_compound_order(k: Kernel, page: Page, order: Order): void {
  const first_tail: Page = nth_page(k, page, 1);
  k.write8(first_tail, k.page.compound_order, order);
  // 32 bit has no room for it.
  if (k.page.compound_nr >= 0) k.write(first_tail + k.page.compound_nr, 1 << order);
}

export function compound_order(k: Kernel, page: Page): Order {
  if (!PageHead(k, page)) return 0;
  return k.read8(nth_page(k, page, 1), k.page.compound_order);
}

/** Pages of the compound page with this head; 1 of any other page. */
export function compound_nr(k: Kernel, page: Page): ULong {
  return 1 << compound_order(k, page);
}

export const folio_order = (k: Kernel, folio: Page): Order => compound_order(k, folio);

/** Mappings of the compound page as a whole. */
export function folio_entire_mapcount(k: Kernel, folio: Page): Int {
  return k.words[nth_page(k, folio, 1) + k.page.compound_mapcount]! + 1;
}

export function compound_mapcount(k: Kernel, page: Page): Int {
  return folio_entire_mapcount(k, page_folio(k, page));
}

export function head_compound_pincount(k: Kernel, head: Page): Int {
  return k.words[nth_page(k, head, 1) + k.page.compound_pincount]!;
}

/** A page of a mapped huge page counts as mapped with it. Left out: PageHuge, PageDoubleMap (a file's page has its own count). */
function __page_mapcount(k: Kernel, page: Page): Int {
  const ret: Int = k.words[page + k.page._mapcount]! + 1;
  return PageAnon(k, page) ? ret + compound_mapcount(k, compound_head(k, page)) : ret;
}

/** How often the page is mapped by page tables. */
export function page_mapcount(k: Kernel, page: Page): Int {
  if (PageCompound(k, page)) return __page_mapcount(k, page);
  return k.words[page + k.page._mapcount]! + 1;
}

// --- totals ------------------------------------------------------------------------------------------------------------

export const totalram_pages = (k: Kernel): ULong => k.read_ulong(k.globals._totalram_pages);

// --- bytes of page tables ----------------------------------------------------------------------------------------------

export function mm_inc_nr_ptes(k: Kernel, mm: MmStruct): void {
  k.add_long(mm + k.mm_struct.pgtables_bytes, PAGE_SIZE);
}

export function mm_inc_nr_pmds(k: Kernel, mm: MmStruct): void {
  k.add_long(mm + k.mm_struct.pgtables_bytes, PAGE_SIZE);
}

export function mm_dec_nr_pmds(k: Kernel, mm: MmStruct): void {
  k.add_long(mm + k.mm_struct.pgtables_bytes, -PAGE_SIZE);
}

export function mm_inc_nr_puds(k: Kernel, mm: MmStruct): void {
  k.add_long(mm + k.mm_struct.pgtables_bytes, PAGE_SIZE);
}
