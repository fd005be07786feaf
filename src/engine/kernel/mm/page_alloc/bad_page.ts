/**
 * What a free page must look like, and the report when one does not.
 *
 * A bad page is leaked: it goes neither to its user nor to a list. The report has the kernel's words; its addresses are
 * plain, as with `no_hash_pointers`, and the call trace is left out (the debugger has a better one).
 * Source: Linux 6.1 mm/page_alloc.c: bad_page(), page_bad_reason().
 */
import type { Page, ULong } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { currentComm } from '../../arch/x86/include/asm/current.h.js';
import { page_mapcount_reset } from '../../include/linux/mm.h.js';
import { page_ref_count } from '../../include/linux/page_ref.h.js';
import { pr_alert } from '../../include/linux/printk.h.js';
import { add_taint, TAINT_BAD_PAGE } from '../../kernel/panic.js';
import { ulongHex } from '../../lib/vsprintf.js';
import { dump_page } from '../debug.js';

/** Whether nothing of a former or present user is left in the page. Left out: memcg_data. */
export function page_expected_state(k: Kernel, page: Page, check_flags: ULong): boolean {
  const words = k.words;
  // The count of mappings starts from -1.
  if (words[page + k.page._mapcount] !== -1) return false;
  // All else is 0 in a free page, so that one test does.
  const mapping = words[page + k.page.mapping]! | (k.wide ? words[page + k.page.mapping + 1]! : 0);
  const flags = words[page + k.page.flags]! & check_flags;
  return (mapping | words[page + k.page._refcount]! | flags) === 0;
}

/** The last thing that is wrong, as the kernel finds it. Left out: memcg_data. */
function page_bad_reason(k: Kernel, page: Page, flags: ULong): string {
  let bad_reason = '';
  if (k.words[page + k.page._mapcount] !== -1) bad_reason = 'nonzero mapcount';
  if (k.read_ulong(page + k.page.mapping) !== 0) bad_reason = 'non-NULL mapping';
  if (page_ref_count(k, page) !== 0) bad_reason = 'nonzero _refcount';
  if ((k.words[page + k.page.flags]! & flags) !== 0) {
    if (flags === k.PAGE_FLAGS_CHECK_AT_PREP) bad_reason = 'PAGE_FLAGS_CHECK_AT_PREP flag(s) set';
    else bad_reason = 'PAGE_FLAGS_CHECK_AT_FREE flag(s) set';
  }
  return bad_reason;
}

/**
 * Reports a page, and lets it stay as it is for debugging but for its type.
 * Differs: after 60 reports it keeps quiet for good, since the minute that must go by never does. Left out: print_modules, dump_stack.
 */
export function bad_page(k: Kernel, page: Page, reason: string): void {
  const nr_shown = k.machine.register('bad_page_nr_shown');
  // A stray pointer may spoil thousands of pages: the log is to survive that.
  if (k.words[nr_shown]! < 60) {
    k.write(nr_shown, k.words[nr_shown]! + 1);
    const pfn = ulongHex(k, k.page_to_pfn(page)).padStart(5, '0');
    pr_alert(k, `BUG: Bad page state in process ${currentComm(k)}  pfn:${pfn}`);
    dump_page(k, page, reason);
  }
  // out:
  // Were it taken for the head of a free block, the lists would be damaged next.
  page_mapcount_reset(k, page);
  add_taint(k, TAINT_BAD_PAGE, false);
  k.emit({ kind: 'bad-page', pfn: k.page_to_pfn(page), reason });
}

/** Kept apart from the test, which every free runs through and nearly every page passes. */
function free_page_is_bad_report(k: Kernel, page: Page): void {
  bad_page(k, page, page_bad_reason(k, page, k.PAGE_FLAGS_CHECK_AT_FREE));
}

/** A page is about to be listed as free: whether it is not fit for it. It is reported then. */
export function free_page_is_bad(k: Kernel, page: Page): boolean {
  if (page_expected_state(k, page, k.PAGE_FLAGS_CHECK_AT_FREE)) return false;
  free_page_is_bad_report(k, page);
  return true;
}

/** A page off the lists was changed while it was free. Left out: PageHWPoison. */
export function check_new_page_bad(k: Kernel, page: Page): void {
  bad_page(k, page, page_bad_reason(k, page, k.PAGE_FLAGS_CHECK_AT_PREP));
}
