/**
 * struct page and folios: the zone of a page, and what a compound page keeps in its first tail.
 *
 * Source: Linux 6.1 include/linux/mm.h; mm/util.c: __page_mapcount() to folio_mapcount(); include/linux/mmzone.h: page_zonenum(); mm/interval_tree.c: vma_start_pgoff();
 * include/linux/pagemap.h: linear_page_index(); include/linux/fs.h: file_inode(); include/linux/pgtable.h: is_zero_pfn().
 */
import type {
  File,
  Inode,
  Int,
  MmStruct,
  Order,
  Page,
  Pfn,
  ULong,
  VmAreaStruct,
  VmFlags,
  Zone,
  ZoneType,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { PAGE_SIZE, phys_to_pfn, type VirtAddr } from '../../../memory/address.js';
import { __pa, virt_to_page } from '../../arch/x86/include/asm/page.h.js';
import { VM_MAYWRITE, VM_SHARED } from './mm_types.h.js';
import {
  compound_head,
  page_folio,
  PageAnon,
  PageCompound,
  PageDoubleMap,
  PageHead,
} from './page-flags.h.js';

/** `page + n` of one block. */
/** The head of the page behind a linear address. */
export function virt_to_head_page(k: Kernel, x: VirtAddr): Page {
  const page: Page = k.deref_page(virt_to_page(k, x), x, k.page.compound_head);
  return compound_head(k, page);
}

export const nth_page = (k: Kernel, page: Page, n: Int): Page => k.nth_page(page, n);

/** No mapping, and no page type. */
export function page_mapcount_reset(k: Kernel, page: Page): void {
  k.write(page + k.page._mapcount, -1);
}

/** A page from the reserves: bit 1 of lru.next, which no pointer has set. */
export function set_page_pfmemalloc(k: Kernel, page: Page): void {
  k.write_long(page + k.page.lru, 2);
}

export function clear_page_pfmemalloc(k: Kernel, page: Page): void {
  k.write_long(page + k.page.lru, 0);
}

/** Whether the page came from the reserves: bit 1 of the word that lru.next is. Nobody has put it on a list yet. */
export const page_is_pfmemalloc = (k: Kernel, page: Page): boolean =>
  (k.words[page + k.page.lru]! & 2) !== 0;

// --- zone --------------------------------------------------------------------------------------------------------------

export function page_zonenum(k: Kernel, page: Page): ZoneType {
  return (
    (k.words[page + k.page.flags + (k.ZONES_PGSHIFT >> 5)]! >>> (k.ZONES_PGSHIFT & 31)) &
    k.ZONES_MASK
  );
}

export function page_zone(k: Kernel, page: Page): Zone {
  return k.zones[page_zonenum(k, page)]!;
}

// --- compound pages: what the first tail keeps about the whole ---------------------------------------------------------

export function set_compound_page_dtor(k: Kernel, page: Page, compound_dtor: Int): void {
  k.write8(nth_page(k, page, 1), k.page.compound_dtor, compound_dtor);
}

export function set_compound_order(k: Kernel, page: Page, order: Order): void {
  const first_tail: Page = nth_page(k, page, 1);
  k.write8(first_tail, k.page.compound_order, order);
  // 32 bit has no room for it.
  if (k.page.compound_nr >= 0) k.write(first_tail + k.page.compound_nr, 1 << order);
}

export function compound_order(k: Kernel, page: Page): Order {
  if (!PageHead(k, page)) return 0;
  return k.read8(nth_page(k, page, 1), k.page.compound_order);
}

/** Pages of the compound page with this head; 1 of any other page. */
export function compound_nr(k: Kernel, page: Page): ULong {
  return 1 << compound_order(k, page);
}

export const folio_order = (k: Kernel, folio: Page): Order => compound_order(k, folio);

/** Mappings of the compound page as a whole. */
export function folio_entire_mapcount(k: Kernel, folio: Page): Int {
  return k.words[nth_page(k, folio, 1) + k.page.compound_mapcount]! + 1;
}

export function compound_mapcount(k: Kernel, page: Page): Int {
  return folio_entire_mapcount(k, page_folio(k, page));
}

export function head_compound_pincount(k: Kernel, head: Page): Int {
  return k.words[nth_page(k, head, 1) + k.page.compound_pincount]!;
}

/** Of hugetlbfs, of which only mappings as a whole count. As PageHuge() of hugetlb.h.ts, which is built on this header. */
const isOfHugetlb = (k: Kernel, head: Page): boolean =>
  k.read8(nth_page(k, head, 1), k.page.compound_dtor) === k.HUGETLB_PAGE_DTOR;

/** A page of a mapped huge page counts as mapped with it; a file's page has all in its own count. */
function __page_mapcount(k: Kernel, page: Page): Int {
  const ret: Int = k.words[page + k.page._mapcount]! + 1;
  const head: Page = compound_head(k, page);
  if (!PageAnon(k, page) && !isOfHugetlb(k, head)) return ret;
  // Some map it as a whole, others bit by bit: then the small pages count the former, too.
  return ret + compound_mapcount(k, head) - (PageDoubleMap(k, head) ? 1 : 0);
}

/** How often the page is mapped by page tables. */
export function page_mapcount(k: Kernel, page: Page): Int {
  if (PageCompound(k, page)) return __page_mapcount(k, page);
  return k.words[page + k.page._mapcount]! + 1;
}

/** Mappings of a folio and of its pages, each counted once. Left out: huge pages of files. */
export function folio_mapcount(k: Kernel, folio: Page): Int {
  if (!PageHead(k, folio)) return k.words[folio + k.page._mapcount]! + 1;
  let ret: Int = folio_entire_mapcount(k, folio);
  if (isOfHugetlb(k, folio)) return ret;
  const nr: Int = compound_nr(k, folio);
  for (let i = 0; i < nr; i++) ret += k.words[nth_page(k, folio, i) + k.page._mapcount]! + 1;
  return PageDoubleMap(k, folio) ? ret - nr : ret;
}

export const total_mapcount = (k: Kernel, page: Page): Int =>
  folio_mapcount(k, page_folio(k, page));

/** Whether anybody maps it, or a part of it. */
export function folio_mapped(k: Kernel, folio: Page): boolean {
  if (!PageHead(k, folio)) return k.words[folio + k.page._mapcount]! >= 0;
  if (folio_entire_mapcount(k, folio) > 0) return true;
  if (isOfHugetlb(k, folio)) return false;
  const nr: Int = compound_nr(k, folio);
  for (let i = 0; i < nr; i++)
    if (k.words[nth_page(k, folio, i) + k.page._mapcount]! >= 0) return true;
  return false;
}

// --- totals ------------------------------------------------------------------------------------------------------------

export const totalram_pages = (k: Kernel): ULong => k.read_ulong(k.globals._totalram_pages);

// --- bytes of page tables ----------------------------------------------------------------------------------------------

export function mm_inc_nr_ptes(k: Kernel, mm: MmStruct): void {
  k.add_long(k.plus(mm, k.mm_struct.pgtables_bytes), PAGE_SIZE);
}

export function mm_inc_nr_pmds(k: Kernel, mm: MmStruct): void {
  k.add_long(k.plus(mm, k.mm_struct.pgtables_bytes), PAGE_SIZE);
}

export function mm_dec_nr_pmds(k: Kernel, mm: MmStruct): void {
  k.add_long(k.plus(mm, k.mm_struct.pgtables_bytes), -PAGE_SIZE);
}

export function mm_inc_nr_puds(k: Kernel, mm: MmStruct): void {
  k.add_long(k.plus(mm, k.mm_struct.pgtables_bytes), PAGE_SIZE);
}

export function mm_dec_nr_ptes(k: Kernel, mm: MmStruct): void {
  k.add_long(k.plus(mm, k.mm_struct.pgtables_bytes), -PAGE_SIZE);
}

export function mm_dec_nr_puds(k: Kernel, mm: MmStruct): void {
  k.add_long(k.plus(mm, k.mm_struct.pgtables_bytes), -PAGE_SIZE);
}

export function mm_pgtables_bytes(k: Kernel, mm: MmStruct): ULong {
  return k.read_ulong(k.plus(mm, k.mm_struct.pgtables_bytes));
}

// --- areas of an address space -------------------------------------------------------------------------------------------

export function vma_pages(k: Kernel, vma: VmAreaStruct): ULong {
  const vm_end: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_end));
  return (vm_end - k.read_ulong(k.plus(vma, k.vm_area_struct.vm_start))) / PAGE_SIZE;
}

/** The first and the last page of the file (or of the addresses, where there is no file) that an area maps. Of mm/interval_tree.c. */
export function vma_start_pgoff(k: Kernel, vma: VmAreaStruct): ULong {
  return k.read_ulong(k.plus(vma, k.vm_area_struct.vm_pgoff));
}

export function vma_last_pgoff(k: Kernel, vma: VmAreaStruct): ULong {
  return vma_start_pgoff(k, vma) + vma_pages(k, vma) - 1;
}

/** An area with no file and no operations: all its pages are its own. */
export function vma_is_anonymous(k: Kernel, vma: VmAreaStruct): boolean {
  return k.read_va(k.plus(vma, k.vm_area_struct.vm_ops)) === 0;
}

/** Which page of its file an address is. Left out: hugetlb. */
export function linear_page_index(k: Kernel, vma: VmAreaStruct, address: VirtAddr): ULong {
  const vm_start: ULong = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_start));
  return Math.floor((address - vm_start) / PAGE_SIZE) + vma_start_pgoff(k, vma);
}

/** Private, and writable some day: what is written is copied. */
export function is_cow_mapping(flags: VmFlags): boolean {
  return (flags & (VM_SHARED | VM_MAYWRITE)) === VM_MAYWRITE;
}

export function is_shared_maywrite(flags: VmFlags): boolean {
  return (flags & (VM_SHARED | VM_MAYWRITE)) === (VM_SHARED | VM_MAYWRITE);
}

export const file_inode = (k: Kernel, file: File): Inode =>
  k.read_ptr(k.plus(file, k.file.f_inode));

// --- the page of zeros ---------------------------------------------------------------------------------------------------

/** Which all areas share that were only read. Of include/linux/pgtable.h. */
export function my_zero_pfn(k: Kernel): Pfn {
  return phys_to_pfn(__pa(k, k.globals.empty_zero_page));
}

export function is_zero_pfn(k: Kernel, pfn: Pfn): boolean {
  return pfn === my_zero_pfn(k);
}

export const is_zero_page = (k: Kernel, page: Page): boolean => is_zero_pfn(k, k.page_to_pfn(page));

// --- pins ----------------------------------------------------------------------------------------------------------------

/**
 * Whether a page may be pinned for DMA. A single page counts its pins in its references, 1024 each, so that as many ordinary
 * references look like a pin; a compound page counts them by themselves.
 */
export function page_maybe_dma_pinned(k: Kernel, page: Page): boolean {
  const folio: Page = page_folio(k, page);
  if (PageHead(k, folio)) return head_compound_pincount(k, folio) > 0;
  return k.words[folio + k.page._refcount]! >>> 0 >= k.GUP_PIN_COUNTING_BIAS;
}
