/**
 * dump_page(): a page's state in the kernel log.
 *
 * Source: Linux 6.1 mm/debug.c: __dump_page(), dump_page().
 */
import type { Int, Page } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { compound_mapcount, compound_order, compound_pincount } from '../include/linux/mm.h.js';
import { is_migrate_cma } from '../include/linux/mmzone.h.js';
import { compound_head, PageCompound, PageSlab } from '../include/linux/page-flags.h.js';
import { page_ref_count } from '../include/linux/page_ref.h.js';
import { hash_hex, long_hex, page_flags_text, pointer } from '../lib/vsprintf.js';
import { get_pageblock_migratetype } from './page_alloc/pageblock.js';

const KERN_WARNING = 4;

// --- the report --------------------------------------------------------------------------------------------------------

export function dump_page(k: Kernel, page: Page, reason: string): void {
  for (const text of dump_page_lines(k, page))
    k.emit({ kind: 'printk', level: KERN_WARNING, text });
  if (reason !== '')
    k.emit({ kind: 'printk', level: KERN_WARNING, text: `page dumped because: ${reason}` });
}

/** Lines of __dump_page(). A head that cannot be one (a corrupt tail) makes the page its own. */
export function dump_page_lines(k: Kernel, page: Page): string[] {
  const pfn = k.page_to_pfn(page);
  let head: Page = compound_head(k, page);
  const nr_before = pfn - k.page_to_pfn(head);
  const corrupt = nr_before < 0 || nr_before >= 1 << (k.MAX_ORDER - 1);
  if (corrupt) head = page;
  const compound = !corrupt && PageCompound(k, page);

  const mapcount = PageSlab(k, head) ? 0 : page_mapcount(k, page);
  const mapping = k.read_long(page + k.page.mapping);
  const anon = (mapping & 1) !== 0;
  const ksm = (mapping & 3) === 3;
  const shown_mapping = (mapping & 3) === 0 && !PageSlab(k, head) ? mapping : 0;
  const lines = [
    `page:${pointer(k, k.va_of(page))} refcount:${page_ref_count(k, head)} mapcount:${mapcount} ` +
      `mapping:${pointer(k, shown_mapping)} index:${hash_hex(k, page + k.page.index)} pfn:0x${pfn.toString(16)}`,
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
export function page_mapcount(k: Kernel, page: Page): Int {
  const ret: Int = k.words[page + k.page._mapcount]! + 1;
  if (!PageCompound(k, page)) return ret;
  const head: Page = compound_head(k, page);
  const anon = (k.words[head + k.page.mapping]! & 1) !== 0;
  return anon ? ret + compound_mapcount(k, head) : ret;
}

/** struct page in words of a long, 32 bytes a line. */
function raw_lines(k: Kernel, prefix: string, page: Page): string[] {
  const lines: string[] = [];
  for (let word = 0; word < k.memmap.page_words; word += 8) {
    const longs: string[] = [];
    const end = Math.min(word + 8, k.memmap.page_words);
    for (let i = word; i < end; i += k.ptr_words) longs.push(long_hex(k, page + i));
    lines.push(prefix + longs.join(' '));
  }
  return lines;
}
