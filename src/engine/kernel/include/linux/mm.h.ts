/**
 * struct page and folios: the zone of a page, and what a compound page keeps in its first tail.
 *
 * Source: Linux 6.1 include/linux/mm.h.
 */
import type { Int, Order, Page, ULong, Zone, ZoneType } from '../../../machine/ctypes.js';
import type { Mm } from '../../../machine/mm.js';
import { PageHead } from './page-flags.h.js';

export function page_mapcount_reset(k: Mm, page: Page): void {
  k.write(page + k.page_mapcount, -1);
}

/** The raw `_mapcount`: one less than the number of mappings, or a page type. */
export const page_mapcount_word = (k: Mm, page: Page): Int => k.words[page + k.page_mapcount]!;

// --- zone --------------------------------------------------------------------------------------------------------------

export function page_zonenum(k: Mm, page: Page): ZoneType {
  return (k.words[page + k.page_zone_word]! >>> k.page_zone_shift) & k.ZONES_MASK;
}

export function page_zone(k: Mm, page: Page): Zone {
  return k.zones[page_zonenum(k, page)]!;
}

/** The first tail of the compound page with this head. */
export const first_tail = (k: Mm, head: Page): Page => k.pfn_to_page(k.page_to_pfn(head) + 1);

export function set_compound_page_dtor(k: Mm, page: Page, compound_dtor: Int): void {
  k.write8(first_tail(k, page), k.page_compound_dtor_bytes, compound_dtor);
}

export function set_compound_order(k: Mm, page: Page, order: Order): void {
  const tail: Page = first_tail(k, page);
  k.write8(tail, k.page_compound_order_bytes, order);
  if (k.page_compound_nr >= 0) k.write(tail + k.page_compound_nr, 1 << order);
}

export function compound_order(k: Mm, page: Page): Order {
  if (!PageHead(k, page)) return 0;
  return k.read8(first_tail(k, page), k.page_compound_order_bytes);
}

export function compound_dtor(k: Mm, page: Page): Int {
  return k.read8(first_tail(k, page), k.page_compound_dtor_bytes);
}

/** Mappings of the compound page as a whole. */
export function compound_mapcount(k: Mm, head: Page): Int {
  return k.words[first_tail(k, head) + k.page_compound_mapcount]! + 1;
}

export function compound_pincount(k: Mm, head: Page): Int {
  return k.words[first_tail(k, head) + k.page_compound_pincount]!;
}

export const folio_order = (k: Mm, folio: Page): Order => compound_order(k, folio);

export const totalram_pages = (k: Mm): ULong => k.read_ulong(k.symbol('_totalram_pages'));
