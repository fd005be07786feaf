/**
 * Taking and dropping references to user pages, of two kinds: FOLL_GET is a reference like any other; FOLL_PIN says that the page's
 * contents will be used, by a device for example, and counts 1024 in a single page, or by itself in a compound one.
 *
 *     refcount of a single page = mappings + page cache + batches + FOLL_GETs + 1024 x FOLL_PINs
 *
 * Left out: ZONE_DEVICE; the second look at the folio (nobody splits it meanwhile).
 * Source: Linux 6.1 mm/gup.c: try_grab_folio() to unpin_user_pages(); include/linux/mm.h: gup_must_unshare(), folio_is_longterm_pinnable().
 */
import type { Int, Page } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { is_migrate_cma } from '../../include/linux/mmzone.h.js';
import { is_zero_page, nth_page, page_zonenum } from '../../include/linux/mm.h.js';
import { page_folio, PageAnon, PageHead } from '../../include/linux/page-flags.h.js';
import { page_ref_add, page_ref_count, put_page_testzero } from '../../include/linux/page_ref.h.js';
import { get_pageblock_migratetype } from '../page_alloc/pageblock.js';
import { PageAnonExclusive } from '../rmap/rmap.js';
import { set_page_dirty } from '../memory/wp.js';
import { __folio_put } from '../swap/swap.js';
import { __mod_node_page_state } from '../vmstat/node_stat.js';
import { lock_page, unlock_page } from '../filemap/folio_wait.js';

const addPincount = (k: Kernel, folio: Page, delta: Int): void => {
  const at = nth_page(k, folio, 1) + k.page.compound_pincount;
  k.write(at, k.words[at]! + delta);
};

/** Whether a pin may last: not where pages must be able to move. Of include/linux/mm.h. */
export function is_longterm_pinnable_page(k: Kernel, page: Page): boolean {
  const mt: Int = get_pageblock_migratetype(k, page);
  if (is_migrate_cma(k, mt) || mt === k.MIGRATE_ISOLATE) return false;
  if (is_zero_page(k, page)) return true;
  return page_zonenum(k, page) !== k.ZONE_MOVABLE;
}

/** A page that is only to be read, but that others have, too, cannot be pinned: its owner may get a copy, and the pin the old page. */
export function gup_must_unshare(k: Kernel, flags: Int, page: Page): boolean {
  if ((flags & (k.FOLL_WRITE | k.FOLL_PIN)) !== k.FOLL_PIN) return false;
  return PageAnon(k, page) && !PageAnonExclusive(k, page);
}

/** Takes a reference of the kind that `flags` ask for. False: the page is free. */
export function try_grab_page(k: Kernel, page: Page, flags: Int): boolean {
  const folio: Page = page_folio(k, page);
  if (page_ref_count(k, folio) <= 0) return false;
  if ((flags & k.FOLL_GET) !== 0) {
    page_ref_add(k, folio, 1);
  } else if ((flags & k.FOLL_PIN) !== 0) {
    // The page of zeros is never freed: nobody counts its pins.
    if (is_zero_page(k, page)) return true;
    if (PageHead(k, folio)) {
      page_ref_add(k, folio, 1);
      addPincount(k, folio, 1);
    } else {
      page_ref_add(k, folio, k.GUP_PIN_COUNTING_BIAS);
    }
    __mod_node_page_state(k, k.NR_FOLL_PIN_ACQUIRED, 1);
  }
  return true;
}

/** Drops `refs` of them; the last one frees the page. */
export function gup_put_folio(k: Kernel, folio: Page, refs: Int, flags: Int): void {
  if ((flags & k.FOLL_PIN) !== 0) {
    if (is_zero_page(k, folio)) return;
    __mod_node_page_state(k, k.NR_FOLL_PIN_RELEASED, refs);
    if (PageHead(k, folio)) addPincount(k, folio, -refs);
    else refs *= k.GUP_PIN_COUNTING_BIAS;
  }
  // folio_put_refs():
  if (refs > 1) page_ref_add(k, folio, -(refs - 1));
  if (put_page_testzero(k, folio)) __folio_put(k, folio);
}

/** The end of a pin. */
export function unpin_user_page(k: Kernel, page: Page): void {
  gup_put_folio(k, page_folio(k, page), 1, k.FOLL_PIN);
}

export function unpin_user_pages(k: Kernel, pages: readonly Page[], npages: Int): void {
  for (let i = 0; i < npages; i++) unpin_user_page(k, pages[i]!);
}

/** The same for pages that were written to: they are marked dirty, so that what was written is not lost. */
export function unpin_user_pages_dirty_lock(
  k: Kernel,
  pages: readonly Page[],
  npages: Int,
  make_dirty: boolean,
): void {
  for (let i = 0; i < npages; i++) {
    if (make_dirty) {
      // set_page_dirty_lock():
      lock_page(k, pages[i]!);
      set_page_dirty(k, pages[i]!);
      unlock_page(k, pages[i]!);
    }
    unpin_user_page(k, pages[i]!);
  }
}
