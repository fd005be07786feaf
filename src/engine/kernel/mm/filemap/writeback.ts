/**
 * The end of a page's writing: those that wait for it go on.
 *
 * Left out: pages that are to be reclaimed next and go to the end of their list (folio_rotate_reclaimable).
 * Source: Linux 6.1 mm/filemap.c: folio_end_writeback(); mm/folio-compat.c: end_page_writeback().
 */
import type { Page } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { KernelFault } from '../../../machine/events.js';
import { clear_bit, test_bit } from '../../arch/x86/include/asm/bitops.h.js';
import { page_folio } from '../../include/linux/page-flags.h.js';
import { __folio_end_writeback } from '../page-writeback.js';
import { get_page, put_page } from '../swap/swap.js';
import { folio_wake } from './folio_wait.js';

export function folio_end_writeback(k: Kernel, folio: Page): void {
  if (test_bit(k, k.PG_reclaim, folio + k.page.flags))
    clear_bit(k, k.PG_reclaim, folio + k.page.flags);
  // Without writeback nothing keeps the page from being freed, before those that wait are woken.
  get_page(k, folio);
  if (!__folio_end_writeback(k, folio))
    throw new KernelFault('kernel BUG at mm/filemap.c: folio_end_writeback()');
  folio_wake(k, folio, k.PG_writeback);
  put_page(k, folio);
}

export function end_page_writeback(k: Kernel, page: Page): void {
  folio_end_writeback(k, page_folio(k, page));
}
