/**
 * Where a page is in its file; and PG_locked as a lock on a page (on the head of a compound page), if it is free. Waiting for it is with
 * mm/filemap.c.
 *
 * Source: Linux 6.1 include/linux/pagemap.h.
 */
import type { Page, ULong } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { test_and_set_bit } from '../../arch/x86/include/asm/bitops.h.js';
import { page_folio, PageTail } from './page-flags.h.js';

/** In pages from the file's start: of a tail of a huge page, its head knows. Left out: hugetlbfs. */
export function page_to_pgoff(k: Kernel, page: Page): ULong {
  if (!PageTail(k, page)) return k.read_ulong(page + k.page.index);
  const head: Page = page_folio(k, page);
  return k.read_ulong(head + k.page.index) + k.page_to_pfn(page) - k.page_to_pfn(head);
}

/** Takes the lock if it is free. */
export function folio_trylock(k: Kernel, folio: Page): boolean {
  if (k.has(folio, 'page')) return true;
  if (test_and_set_bit(k, k.PG_locked, folio + k.page.flags)) return false;
  k.took(folio, 'page');
  return true;
}

/** Takes the lock if it is free. */
export function trylock_page(k: Kernel, page: Page): boolean {
  return folio_trylock(k, page_folio(k, page));
}
