/**
 * page->_refcount: how many users a page has.
 *
 * Source: Linux 6.1 include/linux/page_ref.h; include/linux/mm.h: put_page_testzero(), get_page_unless_zero().
 */
import type { Int, Page } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { VM_BUG_ON_PAGE } from './mmdebug.h.js';

export function page_ref_count(k: Kernel, page: Page): Int {
  return k.words[page + k.page._refcount]!;
}

export function set_page_count(k: Kernel, page: Page, count: Int): void {
  k.write(page + k.page._refcount, count);
}

export function page_ref_inc(k: Kernel, page: Page): void {
  k.write(page + k.page._refcount, k.words[page + k.page._refcount]! + 1);
}

export function page_ref_add(k: Kernel, page: Page, count: Int): void {
  k.write(page + k.page._refcount, k.words[page + k.page._refcount]! + count);
}

/** Drops a reference; whether it was the last. */
export function put_page_testzero(k: Kernel, page: Page): boolean {
  if (k.CONFIG_DEBUG_VM !== 0)
    VM_BUG_ON_PAGE(
      page_ref_count(k, page) === 0,
      page,
      'include/linux/mm.h',
      'page_ref_count(page) == 0',
    );
  const count = k.words[page + k.page._refcount]! - 1;
  k.write(page + k.page._refcount, count);
  return count === 0;
}

/** Takes a reference unless the page is free. */
export function get_page_unless_zero(k: Kernel, page: Page): boolean {
  if (page_ref_count(k, page) === 0) return false;
  page_ref_inc(k, page);
  return true;
}
