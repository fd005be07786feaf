/**
 * struct page and folios: the zone of a page, and what a compound page keeps in its first tail.
 *
 * Source: Linux 6.1 include/linux/mm.h.
 */
import type { Int, MmStruct, Order, Page, ULong, Zone, ZoneType } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { PAGE_SIZE } from '../../../memory/address.js';
import { PageHead } from './page-flags.h.js';

export function page_mapcount_reset(k: Kernel, page: Page): void {
  k.write(page + k.page._mapcount, -1);
}

/** The raw `_mapcount`: one less than the number of mappings, or a page type. */
export const page_mapcount_word = (k: Kernel, page: Page): Int => k.words[page + k.page._mapcount]!;

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

/** The first tail of the compound page with this head. */
export const first_tail = (k: Kernel, head: Page): Page => k.pfn_to_page(k.page_to_pfn(head) + 1);

export function set_compound_page_dtor(k: Kernel, page: Page, compound_dtor: Int): void {
  k.write8(first_tail(k, page), k.page.compound_dtor, compound_dtor);
}

export function set_compound_order(k: Kernel, page: Page, order: Order): void {
  const tail: Page = first_tail(k, page);
  k.write8(tail, k.page.compound_order, order);
  if (k.page.compound_nr >= 0) k.write(tail + k.page.compound_nr, 1 << order);
}

export function compound_order(k: Kernel, page: Page): Order {
  if (!PageHead(k, page)) return 0;
  return k.read8(first_tail(k, page), k.page.compound_order);
}

export function compound_dtor(k: Kernel, page: Page): Int {
  return k.read8(first_tail(k, page), k.page.compound_dtor);
}

/** Mappings of the compound page as a whole. */
export function compound_mapcount(k: Kernel, head: Page): Int {
  return k.words[first_tail(k, head) + k.page.compound_mapcount]! + 1;
}

export function compound_pincount(k: Kernel, head: Page): Int {
  return k.words[first_tail(k, head) + k.page.compound_pincount]!;
}

export const folio_order = (k: Kernel, folio: Page): Order => compound_order(k, folio);

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
