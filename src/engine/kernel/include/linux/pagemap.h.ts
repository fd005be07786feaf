/**
 * Where a page is in its file; lock_page() and friends: PG_locked as a sleeping lock on a page (on the head of a compound page).
 *
 * A call that would sleep returns false and has changed nothing: the caller parks its task (ARCHITECTURE.md, Time). The
 * kernel also marks the page PG_waiters there; a parked task has undone its statement, so nobody ever sees that bit.
 * Source: Linux 6.1 include/linux/pagemap.h; mm/filemap.c: folio_unlock(); mm/folio-compat.c: unlock_page().
 */
import type { Page, ULong } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { clear_bit, test_and_set_bit, test_bit } from '../../arch/x86/include/asm/bitops.h.js';
import { VM_BUG_ON_FOLIO } from './mmdebug.h.js';
import { page_folio, PageTail } from './page-flags.h.js';

/** In pages from the file's start: of a tail of a huge page, its head knows. Left out: hugetlbfs. */
export function page_to_pgoff(k: Kernel, page: Page): ULong {
  if (!PageTail(k, page)) return k.read_ulong(page + k.page.index);
  const head: Page = page_folio(k, page);
  return k.read_ulong(head + k.page.index) + k.page_to_pfn(page) - k.page_to_pfn(head);
}

function folio_trylock(k: Kernel, folio: Page): boolean {
  return !test_and_set_bit(k, k.PG_locked, folio + k.page.flags);
}

/** Takes the lock if it is free. */
export function trylock_page(k: Kernel, page: Page): boolean {
  return folio_trylock(k, page_folio(k, page));
}

/** Takes the lock. Differs: __folio_lock() would sleep; false says that the caller must, and has changed nothing. */
export function lock_page(k: Kernel, page: Page): boolean {
  const folio: Page = page_folio(k, page);
  return folio_trylock(k, folio);
}

/** Releases the lock. */
function folio_unlock(k: Kernel, folio: Page): void {
  if (k.CONFIG_DEBUG_VM !== 0)
    VM_BUG_ON_FOLIO(
      !test_bit(k, k.PG_locked, folio + k.page.flags),
      folio,
      'mm/filemap.c',
      '!folio_test_locked(folio)',
    );
  const waiters = test_bit(k, k.PG_waiters, folio + k.page.flags);
  clear_bit(k, k.PG_locked, folio + k.page.flags);
  // folio_wake_bit(): only an image comes with waiters. None of its tasks runs, so all that is left of waking them is their mark.
  if (waiters) clear_bit(k, k.PG_waiters, folio + k.page.flags);
}

export function unlock_page(k: Kernel, page: Page): void {
  folio_unlock(k, page_folio(k, page));
}
