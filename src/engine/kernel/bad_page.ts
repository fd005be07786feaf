/**
 * What a free page must look like, and the report when one does not.
 *
 * A bad page is leaked: it goes neither to its user nor to a list. The report has the kernel's words; its addresses are
 * plain, as with `no_hash_pointers`, and the call trace is left out (the debugger has a better one).
 * Source: Linux 6.1 mm/page_alloc.c: bad_page(), page_bad_reason(); mm/debug.c: __dump_page().
 */
import { gfpText, pageFlagsText } from '../types/flagText.js';
import { compound_mapcount, compound_order, compound_pincount } from './compound.js';
import type { Mm } from './mm.js';
import { compound_head, page_mapcount_reset, PageCompound, PageSlab } from './page_flags.js';
import { get_pageblock_migratetype, is_migrate_cma } from './pageblock.js';
import { page_ref_count } from './page_ref.js';
import type { Gfp, Int, Page } from './types.js';

/** The kernel stops after so many reports, until a minute has gone by: no time passes here. */
const REPORTS_SHOWN = 60;
const KERN_ALERT = 1;
const KERN_WARNING = 4;
/** TAINT_BAD_PAGE, include/linux/panic.h */
const TAINT_BAD_PAGE = 5;

/** Whether nothing of a former or present user is left in the page. */
export function page_expected_state(k: Mm, page: Page, check_flags: number): boolean {
  const words = k.words;
  if (words[page + k.page_mapcount] !== -1) return false;
  if (words[page + k.page_refcount] !== 0) return false;
  if (words[page + k.page_mapping] !== 0) return false;
  if (k.wide && words[page + k.page_mapping + 1] !== 0) return false;
  return (words[page + k.page_flags]! & check_flags) === 0;
}

/** The last thing that is wrong, as the kernel finds it. */
function page_bad_reason(k: Mm, page: Page, flags: number): string {
  let bad_reason = '';
  if (k.words[page + k.page_mapcount] !== -1) bad_reason = 'nonzero mapcount';
  if (k.read_ulong(page + k.page_mapping) !== 0) bad_reason = 'non-NULL mapping';
  if (page_ref_count(k, page) !== 0) bad_reason = 'nonzero _refcount';
  if ((k.words[page + k.page_flags]! & flags) !== 0) {
    if (flags === k.PAGE_FLAGS_CHECK_AT_PREP) bad_reason = 'PAGE_FLAGS_CHECK_AT_PREP flag(s) set';
    else bad_reason = 'PAGE_FLAGS_CHECK_AT_FREE flag(s) set';
  }
  return bad_reason;
}

/** Reports a page, and lets it stay as it is for debugging but for its type. */
export function bad_page(k: Mm, page: Page, reason: string): void {
  const nr_shown = k.register('bad_page_nr_shown');
  if (k.words[nr_shown]! < REPORTS_SHOWN) {
    k.write(nr_shown, k.words[nr_shown]! + 1);
    const pfn = k.page_to_pfn(page).toString(16).padStart(5, '0');
    const text = `BUG: Bad page state in process ${current_comm()}  pfn:${pfn}`;
    k.emit({ kind: 'printk', level: KERN_ALERT, text });
    dump_page(k, page, reason);
  }
  page_mapcount_reset(k, page);
  add_taint(k, TAINT_BAD_PAGE);
  k.emit({ kind: 'bad-page', pfn: k.page_to_pfn(page), reason });
}

/** `current->comm`. The one process of a machine without tasks is its init. */
export const current_comm = (): string => 'init';

function add_taint(k: Mm, bit: number): void {
  const tainted_mask = k.findSymbol('tainted_mask');
  if (tainted_mask !== undefined) k.write(tainted_mask, k.words[tainted_mask]! | (1 << bit));
}

/** A free page is about to be listed: is it fit for it? Else it is reported. */
export function free_page_is_bad(k: Mm, page: Page): boolean {
  if (page_expected_state(k, page, k.PAGE_FLAGS_CHECK_AT_FREE)) return false;
  bad_page(k, page, page_bad_reason(k, page, k.PAGE_FLAGS_CHECK_AT_FREE));
  return true;
}

/** A page that a user freed to a per-cpu list unchecked moves on to the buddy lists. */
export function bulkfree_pcp_prepare(k: Mm, page: Page): boolean {
  return free_page_is_bad(k, page);
}

/** A page off the lists was changed while it was free. */
export function check_new_page_bad(k: Mm, page: Page): void {
  bad_page(k, page, page_bad_reason(k, page, k.PAGE_FLAGS_CHECK_AT_PREP));
}

// --- the report --------------------------------------------------------------------------------------------------------

export function dump_page(k: Mm, page: Page, reason: string): void {
  for (const text of dump_page_lines(k, page))
    k.emit({ kind: 'printk', level: KERN_WARNING, text });
  if (reason !== '')
    k.emit({ kind: 'printk', level: KERN_WARNING, text: `page dumped because: ${reason}` });
}

/** Lines of __dump_page(). A head that cannot be one (a corrupt tail) makes the page its own. */
export function dump_page_lines(k: Mm, page: Page): string[] {
  const pfn = k.page_to_pfn(page);
  let head: Page = compound_head(k, page);
  const nr_before = pfn - k.page_to_pfn(head);
  const corrupt = nr_before < 0 || nr_before >= 1 << (k.MAX_ORDER - 1);
  if (corrupt) head = page;
  const compound = !corrupt && PageCompound(k, page);

  const mapcount = PageSlab(k, head) ? 0 : page_mapcount(k, page);
  const mapping = k.read_long(page + k.page_mapping);
  const anon = (mapping & 1) !== 0;
  const ksm = (mapping & 3) === 3;
  const shown_mapping = (mapping & 3) === 0 && !PageSlab(k, head) ? mapping : 0;
  const lines = [
    `page:${pointer(k, k.va_of(page))} refcount:${page_ref_count(k, head)} mapcount:${mapcount} ` +
      `mapping:${pointer(k, shown_mapping)} index:${hash_hex(k, page + k.page_index)} pfn:0x${pfn.toString(16)}`,
  ];
  if (compound)
    lines.push(
      `head:${pointer(k, k.va_of(head))} order:${compound_order(k, head)} ` +
        `compound_mapcount:${compound_mapcount(k, head)} compound_pincount:${compound_pincount(k, head)}`,
    );
  const type = ksm ? 'ksm ' : anon ? 'anon ' : '';
  if (type === '' && shown_mapping !== 0) lines.push(`invalid mapping:${pointer(k, mapping)}`);
  const cma = is_migrate_cma(k, get_pageblock_migratetype(k, page)) ? ' CMA' : '';
  lines.push(`${type}flags: ${page_flags_text(k, head)}${cma}`);
  lines.push(...raw_lines(k, 'raw: ', page));
  if (head !== page) lines.push(...raw_lines(k, 'head: ', head));
  return lines;
}

/** How often the page is mapped by page tables. */
export function page_mapcount(k: Mm, page: Page): Int {
  const ret: Int = k.words[page + k.page_mapcount]! + 1;
  if (!PageCompound(k, page)) return ret;
  const head: Page = compound_head(k, page);
  const anon = (k.words[head + k.page_mapping]! & 1) !== 0;
  return anon ? ret + compound_mapcount(k, head) : ret;
}

/** `%pGp` */
export function page_flags_text(k: Mm, page: Page): string {
  const low = BigInt(k.words[page + k.page_flags]! >>> 0);
  const high = k.wide ? BigInt(k.words[page + k.page_flags + 1]! >>> 0) : 0n;
  return pageFlagsText(k.profile, (high << 32n) | low);
}

/** `%pGg` */
export const gfp_text = (k: Mm, gfp: Gfp): string => gfpText(k.profile, gfp);

/** struct page in words of a long, 32 bytes a line. */
function raw_lines(k: Mm, prefix: string, page: Page): string[] {
  const lines: string[] = [];
  for (let word = 0; word < k.memmap.page_words; word += 8) {
    const longs: string[] = [];
    const end = Math.min(word + 8, k.memmap.page_words);
    for (let i = word; i < end; i += k.ptr_words) longs.push(long_hex(k, page + i));
    lines.push(prefix + longs.join(' '));
  }
  return lines;
}

const hex8 = (word: number): string => (word >>> 0).toString(16).padStart(8, '0');

const long_hex = (k: Mm, at: number): string =>
  k.wide ? hex8(k.words[at + 1]!) + hex8(k.words[at]!) : hex8(k.words[at]!);

/** `%#lx` */
function hash_hex(k: Mm, at: number): string {
  return `0x${long_hex(k, at).replace(/^0+(?=.)/, '')}`;
}

const pointer = (k: Mm, value: number): string =>
  k.wide ? hex8(Math.floor(value / 0x1_0000_0000)) + hex8(value) : hex8(value);
