/**
 * dump_page(): a page's state in the kernel log.
 *
 * Source: Linux 6.1 mm/debug.c: __dump_page(), dump_page(); mm/util.c: folio_mapping().
 */
import type { Int, Page, ULong } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import {
  compound_order,
  folio_entire_mapcount,
  head_compound_pincount,
  page_mapcount,
} from '../include/linux/mm.h.js';
import { is_migrate_cma } from '../include/linux/mmzone.h.js';
import {
  compound_head,
  PAGE_MAPPING_ANON,
  PageAnon,
  PageCompound,
  PageKsm,
  PageMappingFlags,
  PageSlab,
} from '../include/linux/page-flags.h.js';
import { page_ref_count } from '../include/linux/page_ref.h.js';
import { pr_warn } from '../include/linux/printk.h.js';
import { longHex, pageFlagsText, pointer, ulongHex } from '../lib/vsprintf.js';
import { dump_mapping } from '../fs/inode/inode.js';
import { page_to_pgoff } from '../include/linux/pagemap.h.js';
import { asCell } from '../../memory/address.js';
import { get_pageblock_migratetype } from './page_alloc/pageblock.js';

/** A structure in words of a long, 32 bytes a line: print_hex_dump() with DUMP_PREFIX_NONE. */
const printLongs = (k: Kernel, prefix: string, page: Page): void => {
  for (let word = 0; word < k.memmap.page_words; word += 8) {
    const longs: string[] = [];
    const end = Math.min(word + 8, k.memmap.page_words);
    for (let i = word; i < end; i += k.ptr_words) longs.push(longHex(k, page + i));
    pr_warn(k, prefix + longs.join(' '));
  }
};

/** The file that a folio belongs to; NULL for a slab and for anonymous memory. Left out: the swap cache. */
function folio_mapping(k: Kernel, folio: Page): ULong {
  if (PageSlab(k, folio) || PageMappingFlags(k, folio)) return 0;
  return k.read_long(folio + k.page.mapping);
}

/** Left out: memcg_data. */
function __dump_page(k: Kernel, page: Page): void {
  const page_cma = is_migrate_cma(k, get_pageblock_migratetype(k, page));
  let head: Page = compound_head(k, page);
  let compound = PageCompound(k, page);
  let mapping: ULong;

  const nr_before: Int = k.page_to_pfn(page) - k.page_to_pfn(head);
  if (nr_before < 0 || nr_before >= 1 << (k.MAX_ORDER - 1)) {
    // A head that cannot be one: the page is damaged, and only its own words are looked at.
    head = page;
    mapping = k.read_long(page + k.page.mapping);
    if ((mapping & PAGE_MAPPING_ANON) !== 0) mapping = 0;
    compound = false;
  } else mapping = folio_mapping(k, head);

  // Slab allocators keep something else in this word.
  const mapcount: Int = PageSlab(k, head) ? 0 : page_mapcount(k, page);

  const pfn = ulongHex(k, k.page_to_pfn(page));
  pr_warn(
    k,
    `page:${pointer(k, k.va_of(page))} refcount:${page_ref_count(k, head)} mapcount:${mapcount} ` +
      `mapping:${mapping === 0 ? pointer(k, 0) : longHex(k, head + k.page.mapping)} ` +
      `index:0x${ulongHex(k, page_to_pgoff(k, page))} pfn:0x${pfn}`,
  );
  if (compound)
    pr_warn(
      k,
      `head:${pointer(k, k.va_of(head))} order:${compound_order(k, head)} ` +
        `compound_mapcount:${folio_entire_mapcount(k, head)} compound_pincount:${head_compound_pincount(k, head)}`,
    );

  let type = '';
  if (PageKsm(k, page)) type = 'ksm ';
  else if (PageAnon(k, page)) type = 'anon ';
  else if (mapping !== 0) dump_mapping(k, asCell(head + k.page.mapping));

  pr_warn(k, `${type}flags: ${pageFlagsText(k, head)}${page_cma ? ' CMA' : ''}`);
  printLongs(k, 'raw: ', page);
  if (head !== page) printLongs(k, 'head: ', head);
}

/** A page's state, and why it is shown. Left out: page_owner. */
export function dump_page(k: Kernel, page: Page, reason: string): void {
  __dump_page(k, page);
  if (reason !== '') pr_warn(k, `page dumped because: ${reason}`);
}
