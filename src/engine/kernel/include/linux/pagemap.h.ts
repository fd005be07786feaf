/**
 * lock_page() and friends: PG_locked as a sleeping lock on a page (on the head of a compound page).
 *
 * A call that would sleep returns false and has changed nothing: the caller parks its task (ARCHITECTURE.md, Time). The
 * kernel also marks the page PG_waiters there; a parked task has undone its statement, so nobody ever sees that bit.
 * Source: Linux 6.1 include/linux/pagemap.h, mm/filemap.c: __folio_lock(), folio_unlock().
 */
import type { Page } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { clear_page_flags, compound_head, set_page_flags } from './page-flags.h.js';

/** Takes the lock if it is free. */
export function trylock_page(k: Kernel, page: Page): boolean {
  const head: Page = compound_head(k, page);
  if ((k.words[head + k.page.flags]! & (1 << k.PG_locked)) !== 0) return false;
  set_page_flags(k, head, 1 << k.PG_locked);
  return true;
}

/** Takes the lock; false: the caller must sleep until it is released. */
export function lock_page(k: Kernel, page: Page): boolean {
  return trylock_page(k, page);
}

/** Releases the lock. Waiters, if the image came with any, are woken: their mark goes. */
export function unlock_page(k: Kernel, page: Page): void {
  const head: Page = compound_head(k, page);
  const waiters = (k.words[head + k.page.flags]! & (1 << k.PG_waiters)) !== 0;
  clear_page_flags(k, head, 1 << k.PG_locked);
  if (waiters) clear_page_flags(k, head, 1 << k.PG_waiters);
}
