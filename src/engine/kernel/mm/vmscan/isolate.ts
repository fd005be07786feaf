/**
 * Taking a page off its LRU list, for somebody who has plans with it, and putting it back. Who takes it holds a reference meanwhile.
 *
 * Source: Linux 6.1 mm/vmscan.c: folio_isolate_lru(), folio_putback_lru().
 */
import type { Int, Page } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { test_and_clear_bit } from '../../arch/x86/include/asm/bitops.h.js';
import { EBUSY } from '../../include/linux/errno.h.js';
import { folio_add_lru } from '../swap/batches.js';
import { lruvec_del_folio } from '../swap/lruvec.js';
import { get_page, put_page } from '../swap/swap.js';

/** 0, or -EBUSY: it is on no list, or waits in a batch for one. */
export function folio_isolate_lru(k: Kernel, folio: Page): Int {
  if (!test_and_clear_bit(k, k.PG_lru, folio + k.page.flags)) return -EBUSY;
  get_page(k, folio);
  lruvec_del_folio(k, folio);
  return 0;
}

export function folio_putback_lru(k: Kernel, folio: Page): void {
  folio_add_lru(k, folio);
  // The one of whoever isolated it.
  put_page(k, folio);
}
