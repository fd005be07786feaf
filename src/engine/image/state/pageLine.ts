/**
 * A page as the recorder's text: the `page` line of `pgw` and `%pages`, and the short form behind get, put, lock and the
 * flag operations.
 *
 * Source: Linux 6.1 include/linux/page-flags.h; include/linux/mm.h (what the first tail of a compound page keeps).
 */
import type { Kernel } from '../../machine/kernel.js';
import { get_pageblock_migratetype } from '../../kernel/mm/page_alloc/pageblock.js';
import {
  compound_head,
  PageBuddy,
  PageHead,
  PageTail,
} from '../../kernel/include/linux/page-flags.h.js';
import { page_zonenum } from '../../kernel/include/linux/mm.h.js';
import type { Page } from '../../machine/ctypes.js';
import { asPfn } from '../../memory/address.js';
import { pageFlagsText } from '../../types/flagText.js';
import type { KernelImage } from '../kernelImage.js';
import { pageAddress } from './dumps.js';

/** `page 18d0 at=f5831a00 w=40010000,0,122,... ref=1 map=-1 ...`; undefined without a struct page. */
export function pageLine({ mm }: KernelImage, pfn: number): string | undefined {
  const page: Page = mm.memmap.pfn_to_page(asPfn(pfn));
  if (page === 0) return undefined;
  const words: string[] = [];
  for (let i = 0; i < mm.memmap.page_words; i += mm.ptr_words) words.push(longText(mm, page + i));
  const flags = longText(mm, page + mm.page.flags);
  const parts = [
    `page ${pfn.toString(16)} at=${mm.hex(pageAddress(mm, pfn))} w=${words.join(',')}`,
    `ref=${int(mm, page + mm.page._refcount)} map=${int(mm, page + mm.page._mapcount)}`,
    `priv=${longText(mm, page + mm.page.private)}`,
    `flags=${pageFlagsText(mm.profile, BigInt(`0x${flags}`))}`,
  ];
  if (PageBuddy(mm, page)) parts.push(`BUDDY order=${longText(mm, page + mm.page.private)}`);
  if (PageHead(mm, page)) parts.push(`HEAD ${headText(mm, page)}`);
  if (PageTail(mm, page)) {
    const head = mm.page_to_pfn(compound_head(mm, page));
    parts.push(`TAIL head=${head.toString(16)}`);
  }
  if ((int(mm, page + mm.page.flags) & (1 << mm.PG_slab)) !== 0) parts.push('SLAB');
  parts.push(`zone=${page_zonenum(mm, page)}`, `pbmt=${get_pageblock_migratetype(mm, page)}`);
  return parts.join(' ');
}

/** `pfn=18d5 ref=2 map=-1 flags=40000000 head=18d0 cmap=-1 pin=0`: the references are the head's, the rest its own. */
export function pageStateText({ mm }: KernelImage, page: Page): string {
  const head: Page = compound_head(mm, page);
  const parts = [
    `pfn=${mm.page_to_pfn(page).toString(16)}`,
    `ref=${int(mm, head + mm.page._refcount)} map=${int(mm, page + mm.page._mapcount)}`,
    `flags=${longText(mm, page + mm.page.flags)}`,
  ];
  if (head !== page) parts.push(`head=${mm.page_to_pfn(head).toString(16)}`);
  if (PageHead(mm, head)) {
    const tail = firstTail(mm, head);
    parts.push(`cmap=${int(mm, tail + mm.page.compound_mapcount)}`);
    parts.push(`pin=${int(mm, tail + mm.page.compound_pincount)}`);
  }
  return parts.join(' ');
}

function headText(mm: Kernel, head: Page): string {
  const tail = firstTail(mm, head);
  const order = mm.read8(tail, mm.page.compound_order);
  const dtor = mm.read8(tail, mm.page.compound_dtor);
  const mapcount = int(mm, tail + mm.page.compound_mapcount);
  const pincount = int(mm, tail + mm.page.compound_pincount);
  return `order=${order} dtor=${dtor} cmapcount=${mapcount} pincount=${pincount}`;
}

const firstTail = (mm: Kernel, head: Page): Page => mm.pfn_to_page(mm.page_to_pfn(head) + 1);

const int = (mm: Kernel, at: number): number => mm.words[at] ?? 0;

function longText(mm: Kernel, at: number): string {
  const low = int(mm, at) >>> 0;
  const high = mm.wide ? int(mm, at + 1) >>> 0 : 0;
  return high === 0 ? low.toString(16) : high.toString(16) + low.toString(16).padStart(8, '0');
}
