/**
 * page->_refcount: how many users a page has.
 *
 * Source: Linux 6.1 include/linux/page_ref.h; include/linux/mm.h: put_page_testzero(), get_page_unless_zero().
 */
import type { Int, Page } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';

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
