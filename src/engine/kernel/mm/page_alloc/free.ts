/**
 * Freeing: a block is checked and wiped, then goes to the CPU's lists or to the buddy lists.
 *
 * Source: Linux 6.1 mm/page_alloc.c: free_pages_prepare(), free_unref_page(), __free_pages_ok(), free_unref_page_list().
 */
import type {
  FpiFlags,
  Int,
  ListHead,
  Migratetype,
  Order,
  Page,
  Zone,
  Pfn,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { list_del } from '../../include/linux/list.h.js';
import { page_zone } from '../../include/linux/mm.h.js';
import {
  clear_compound_head,
  clear_page_flags,
  compound_head,
  PageCompound,
  PageTail,
} from '../../include/linux/page-flags.h.js';
import { has_isolate_pageblock, is_migrate_isolate } from '../../include/linux/page-isolation.h.js';
import { __count_vm_events } from '../../include/linux/vmstat.h.js';
import { __mod_zone_page_state } from '../vmstat/vmstat.js';
import { bad_page, free_page_is_bad } from './bad_page.js';
import { __free_one_page, FPI_NONE } from './buddy.js';
import { get_pfnblock_migratetype } from './pageblock.js';
import { free_unref_page_commit, pcp_allowed_order, zone_pcp } from './pcp.js';
import { get_pcppage_migratetype, set_pcppage_migratetype } from './pcppage.js';

/** Frees through the per-cpu lists where the order allows. */
export function free_the_page(k: Kernel, page: Page, order: Order): void {
  if (pcp_allowed_order(k, order)) free_unref_page(k, page, order);
  else __free_pages_ok(k, page, order, FPI_NONE);
}

/** Takes back the words that made a page a tail; whether they were bad. Without DEBUG_VM nothing is checked first. */
function free_tail_pages_check(k: Kernel, head: Page, page: Page): boolean {
  if (k.encoding.first_page) return destroy_flagged_tail(k, head, page);
  k.write_long(page + k.page.mapping, 0);
  clear_compound_head(k, page);
  return false;
}

/** destroy_compound_page() of Linux 2.6.26 to 4.3, a tail of it. Its flags go with all others of the page. */
function destroy_flagged_tail(k: Kernel, head: Page, page: Page): boolean {
  // Not its own: counters of the whole, in the first tail.
  k.write_long(page + k.page.mapping, 0);
  if (!PageTail(k, page)) bad_page(k, page, 'PageTail not set');
  else if (!k.ptr_is(page + k.encoding.first_page_word, head))
    bad_page(k, page, 'first_page not consistent');
  else return false;
  return true;
}

/** A page that was freed while locked in memory is counted out. */
function clear_mlocked(k: Kernel, page: Page, order: Order): void {
  const folio: Page = compound_head(k, page);
  if ((k.words[folio + k.page.flags]! & (1 << k.PG_mlocked)) === 0) return;
  const nr_pages: Int = PageCompound(k, folio) ? 1 << order : 1;
  clear_page_flags(k, folio, 1 << k.PG_mlocked);
  __mod_zone_page_state(k, page_zone(k, folio), k.NR_MLOCK, -nr_pages);
  __count_vm_events(k, k.UNEVICTABLE_PGCLEARED, nr_pages);
}

/**
 * Checks a block and wipes what its user left in `struct page`. False: a page is bad, and the whole block is leaked.
 * `check_free` is false for blocks bound for a per-cpu list: their first page is checked when it leaves that.
 */
export function free_pages_prepare(
  k: Kernel,
  page: Page,
  order: Order,
  check_free: boolean,
): boolean {
  let bad: Int = 0;
  clear_mlocked(k, page, order);

  // Tails first: they need to know that the head is one.
  if (order !== 0) {
    const compound = PageCompound(k, page);
    if (compound) clear_second_page_flags(k, k.next_page(page));
    let tail: Page = page;
    for (let i = 1; i < 1 << order; i++) {
      tail = k.next_page(tail);
      if ((compound && free_tail_pages_check(k, page, tail)) || free_page_is_bad(k, tail)) {
        bad++;
        continue;
      }
      clear_page_flags(k, tail, k.PAGE_FLAGS_CHECK_AT_PREP);
    }
  }
  // PAGE_MAPPING_FLAGS: anonymous or movable pages may be freed with their mapping set.
  if ((k.words[page + k.page.mapping]! & 3) !== 0) k.write_long(page + k.page.mapping, 0);
  if (check_free && free_page_is_bad(k, page)) bad++;
  if (bad !== 0) return false;

  clear_page_flags(k, page, k.PAGE_FLAGS_CHECK_AT_PREP);
  k.write_long(page + k.page.private, 0);
  return true;
}

/** ClearPageDoubleMap(): a flag of the whole compound page that lives in the first tail. */
function clear_second_page_flags(k: Kernel, first_tail: Page): void {
  clear_page_flags(k, first_tail, 1 << k.PG_double_map);
}

/** free_pages_prepare() for a per-cpu list, and the type of its pageblock noted in page->index. */
function free_unref_page_prepare(k: Kernel, page: Page, pfn: Pfn, order: Order): boolean {
  if (!free_pages_prepare(k, page, order, false)) return false;
  set_pcppage_migratetype(k, page, get_pfnblock_migratetype(k, page, pfn));
  return true;
}

/** Puts a block on the buddy lists; its type is read again when blocks of the zone are isolated. */
function free_one_page(
  k: Kernel,
  zone: Zone,
  page: Page,
  pfn: Pfn,
  order: Order,
  migratetype: Migratetype,
  fpi_flags: FpiFlags,
): void {
  if (has_isolate_pageblock(k, zone) || is_migrate_isolate(k, migratetype))
    migratetype = get_pfnblock_migratetype(k, page, pfn);
  __free_one_page(k, page, pfn, zone, order, migratetype, fpi_flags);
}

/** Frees around the per-cpu lists. */
export function __free_pages_ok(k: Kernel, page: Page, order: Order, fpi_flags: FpiFlags): void {
  const pfn: Pfn = k.page_to_pfn(page);
  const zone: Zone = page_zone(k, page);
  if (!free_pages_prepare(k, page, order, true)) return;
  const migratetype: Migratetype = get_pfnblock_migratetype(k, page, pfn);
  free_one_page(k, zone, page, pfn, order, migratetype, fpi_flags);
  __count_vm_events(k, k.PGFREE, 1 << order);
}

/** Frees to this CPU's lists. HIGHATOMIC and CMA pages wait among the movable ones, for whoever comes first. */
export function free_unref_page(k: Kernel, page: Page, order: Order): void {
  const pfn: Pfn = k.page_to_pfn(page);
  if (!free_unref_page_prepare(k, page, pfn, order)) return;

  const zone: Zone = page_zone(k, page);
  const migratetype: Migratetype = get_pcppage_migratetype(k, page);
  let pcpmigratetype: Migratetype = migratetype;
  if (migratetype >= k.MIGRATE_PCPTYPES) {
    if (is_migrate_isolate(k, migratetype)) {
      free_one_page(k, zone, page, pfn, order, migratetype, FPI_NONE);
      return;
    }
    pcpmigratetype = k.MIGRATE_MOVABLE;
  }
  free_unref_page_commit(k, zone, zone_pcp(k, zone, k.cpu), page, pcpmigratetype, order);
}

/** Frees a list of single pages (linked through page->lru) to this CPU's lists. The list is empty of them afterwards. */
export function free_unref_page_list(k: Kernel, list: ListHead): void {
  let next: ListHead;
  for (let entry: ListHead = k.read_ptr(list); entry !== list; entry = next) {
    next = k.read_ptr(entry);
    const page = (entry - k.page.lru) as Page;
    const pfn: Pfn = k.page_to_pfn(page);
    if (!free_unref_page_prepare(k, page, pfn, 0)) {
      list_del(k, entry);
      continue;
    }
    const migratetype: Migratetype = get_pcppage_migratetype(k, page);
    if (is_migrate_isolate(k, migratetype)) {
      list_del(k, entry);
      free_one_page(k, page_zone(k, page), page, pfn, 0, migratetype, FPI_NONE);
    }
  }

  for (let entry: ListHead = k.read_ptr(list); entry !== list; entry = next) {
    next = k.read_ptr(entry);
    const page = (entry - k.page.lru) as Page;
    const zone: Zone = page_zone(k, page);
    list_del(k, entry);
    let migratetype: Migratetype = get_pcppage_migratetype(k, page);
    if (migratetype >= k.MIGRATE_PCPTYPES) migratetype = k.MIGRATE_MOVABLE;
    free_unref_page_commit(k, zone, zone_pcp(k, zone, k.cpu), page, migratetype, 0);
  }
}
