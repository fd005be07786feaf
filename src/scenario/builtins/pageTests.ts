/** What is asked of a page: what it is a page of, who maps it, where it may go; and of zones and areas. */
import { vm_normal_page } from '../../engine/kernel/mm/memory/wp.js';
import { PageAnonExclusive } from '../../engine/kernel/mm/rmap/rmap.js';
import type { Page } from '../../engine/machine/ctypes.js';
import type { Value } from '../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinRow } from './builtin.js';
import type { BuiltinCall } from './call.js';
import { entryAt, entryValue } from './entryValues.js';
import { sizeOf, truth, va } from './pointers.js';

const changes = true;
const headOf = (call: BuiltinCall, page: Value): Page => call.page(page, 'compound_head');

const kinds: readonly BuiltinRow[] = [
  {
    signature: 'int PageAnon(struct page *page)',
    doc: 'Whether the page is one of anonymous memory: its mapping is an anon_vma.',
    run: (call, page) => truth(call.kernel.PageAnon(call.k, headOf(call, page))),
  },
  {
    signature: 'int PageKsm(struct page *page)',
    doc: 'Whether KSM has merged the page with equal ones.',
    run: (call, page) => truth(call.kernel.PageKsm(call.k, headOf(call, page))),
  },
  {
    signature: 'int PageAnonExclusive(struct page *page)',
    doc: 'Whether the anonymous page is known to be of one process alone: a write need not copy it.',
    run: (call, page) => truth(PageAnonExclusive(call.k, call.page(page))),
  },
  {
    signature: 'int __PageMovable(struct page *page)',
    doc: 'Whether the page is not on an LRU list, but can be moved by its driver.',
    run: (call, page) => truth(call.kernel.__PageMovable(call.k, call.page(page))),
  },
];

const mapped: readonly BuiltinRow[] = [
  {
    signature: 'bool folio_mapped(struct folio *folio)',
    doc: 'Whether an entry of a page table maps a folio, or a part of it.',
    run: (call, folio) => truth(call.kernel.folio_mapped(call.k, call.page(folio))),
  },
  {
    signature: 'int folio_mapcount(struct folio *folio)',
    doc: 'How many entries map a folio or parts of it.',
    run: (call, folio) => call.kernel.folio_mapcount(call.k, call.page(folio)),
  },
  {
    signature: 'bool page_is_pfmemalloc(const struct page *page)',
    doc: 'Whether only the reserves could give the page.',
    run: (call, page) => truth(call.kernel.page_is_pfmemalloc(call.k, call.page(page))),
  },
  {
    signature: 'bool is_longterm_pinnable_page(struct page *page)',
    doc: 'Whether FOLL_LONGTERM may pin the page where it lies: not in CMA, and not in ZONE_MOVABLE.',
    run: (call, page) => truth(call.kernel.is_longterm_pinnable_page(call.k, call.page(page))),
  },
  {
    signature: 'int is_zero_pfn(unsigned long pfn)',
    doc: 'Whether the frame is that of the page of zeros.',
    run: (call, pfn) => truth(call.kernel.is_zero_pfn(call.k, Number(pfn))),
  },
  {
    signature: 'unsigned long my_zero_pfn(unsigned long addr)',
    doc: 'The frame of the page of zeros.',
    run: (call) => call.kernel.my_zero_pfn(call.k),
  },
  {
    signature:
      'struct page *vm_normal_page(struct vm_area_struct *vma, unsigned long addr, pte_t pte)',
    doc: 'The page that an entry of an area maps, if it is one whose users are counted; NULL for one of a device, or the page of zeros.',
    run: (call, vma, _addr, pte) =>
      call.pointer(vm_normal_page(call.k, call.cell(vma), entryAt(call, pte))),
  },
];

const used: readonly BuiltinRow[] = [
  {
    signature: 'bool set_page_dirty(struct page *page)',
    doc: 'The page holds what its file does not: PG_dirty. Returns whether that is new.',
    changes,
    run: (call, page) => truth(call.kernel.set_page_dirty(call.k, headOf(call, page))),
  },
  {
    signature: 'void folio_mark_accessed(struct folio *folio)',
    doc: 'The folio was used: inactive and not referenced, it becomes referenced; referenced, it becomes active.',
    changes,
    run: (call, folio) => {
      call.kernel.folio_mark_accessed(call.k, call.page(folio));
    },
  },
  {
    signature: 'void release_pages(struct page **pages, int nr)',
    doc: 'Drops a reference of each page of an array.',
    changes,
    run: (call, pages, nr) => {
      const { pointerSize } = call.profile;
      const cells = Array.from({ length: Number(nr) }, (_, i) =>
        call.page(call.memory.load(call.offset(pages, i * pointerSize), pointerSize)),
      );
      call.kernel.release_pages(call.k, cells, cells.length);
    },
  },
];

const zones: readonly BuiltinRow[] = [
  {
    signature: 'int is_highmem(struct zone *zone)',
    doc: 'Whether a zone is ZONE_HIGHMEM.',
    run: (call, zone) => truth(call.kernel.is_highmem(call.k, call.cell(zone))),
  },
  {
    signature: 'int is_highmem_idx(enum zone_type idx)',
    doc: 'Whether the number is that of ZONE_HIGHMEM.',
    run: (call, idx) => truth(call.kernel.is_highmem_idx(call.k, Number(idx))),
  },
  {
    signature: 'unsigned long nr_free_buffer_pages(void)',
    doc: 'Pages above the high watermarks in the zones below highmem.',
    run: (call) => call.kernel.nr_free_buffer_pages(call.k),
  },
];

const areas: readonly BuiltinRow[] = [
  {
    signature:
      'struct vm_area_struct *find_vma_intersection(struct mm_struct *mm, unsigned long start_addr, unsigned long end_addr)',
    doc: 'The first area of a process that reaches into a range; NULL if there is none.',
    run: (call, mm, start, end) =>
      call.pointer(call.kernel.find_vma_intersection(call.k, call.cell(mm), va(start), va(end))),
  },
  {
    signature: 'unsigned long linear_page_index(struct vm_area_struct *vma, unsigned long address)',
    doc: 'The page of the file, or of the area’s first place, that an address of an area is for.',
    run: (call, vma, address) => call.kernel.linear_page_index(call.k, call.cell(vma), va(address)),
  },
  {
    signature: 'pgprotval_t vm_get_page_prot(unsigned long vm_flags)',
    doc: 'The bits of entries of an area with these VM_... flags.',
    run: (call, flags) =>
      entryValue(call, call.kernel.vm_get_page_prot(call.k, sizeOf(call, flags))),
  },
];

export const pageTests: readonly Builtin[] = [
  ...group('page', 'include/linux/page-flags.h', kinds),
  ...group('page', 'include/linux/mm.h', mapped),
  ...group('page', 'mm/swap.c', used),
  ...group('page', 'include/linux/mmzone.h', zones),
  ...group('process', 'include/linux/mm.h', areas),
];
