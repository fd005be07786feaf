/** Folios, and what else people's code asks of pages: references by number, nodes, heads by address. */
import { physOf } from './addresses.js';
import { group, type Builtin, type BuiltinRow } from './builtin.js';
import { folioOf } from './pageRows.js';
import { truth } from './pointers.js';

const changes = true;

const folioRows: readonly BuiltinRow[] = [
  {
    signature: 'void folio_get(struct folio *folio)',
    doc: 'Takes a reference to a folio.',
    changes,
    run: (call, folio) => {
      call.kernel.get_page(call.k, folioOf(call, folio));
    },
  },
  {
    signature: 'void folio_put(struct folio *folio)',
    doc: 'Drops a reference; the last one frees the folio.',
    changes,
    run: (call, folio) => {
      call.kernel.put_page(call.k, folioOf(call, folio));
    },
  },
  {
    signature: 'int folio_ref_count(const struct folio *folio)',
    doc: 'The number of references to a folio.',
    run: (call, folio) => call.kernel.page_ref_count(call.k, folioOf(call, folio)),
  },
  {
    signature: 'unsigned int folio_order(struct folio *folio)',
    doc: 'The order of a folio.',
    run: (call, folio) => call.kernel.compound_order(call.k, folioOf(call, folio)),
  },
  {
    signature: 'long folio_nr_pages(struct folio *folio)',
    doc: 'The number of pages in a folio.',
    run: (call, folio) => 2 ** call.kernel.compound_order(call.k, folioOf(call, folio)),
  },
  {
    signature: 'size_t folio_size(struct folio *folio)',
    doc: 'The number of bytes in a folio.',
    run: (call, folio) => 4096 * 2 ** call.kernel.compound_order(call.k, folioOf(call, folio)),
  },
  {
    signature: 'unsigned long folio_pfn(struct folio *folio)',
    doc: 'The page frame number of the first page of a folio.',
    run: (call, folio) => call.k.page_to_pfn(folioOf(call, folio)),
  },
  {
    signature: 'void *folio_address(const struct folio *folio)',
    doc: 'The linear address of a folio; NULL for a highmem one that is not mapped.',
    run: (call, folio) => call.kernel.page_address(call.k, folioOf(call, folio)),
  },
  {
    signature: 'struct zone *folio_zone(const struct folio *folio)',
    doc: 'The zone a folio is in.',
    run: (call, folio) => call.pointer(call.kernel.page_zone(call.k, folioOf(call, folio))),
  },
  {
    signature: 'bool folio_test_large(struct folio *folio)',
    doc: 'Whether a folio has more than one page.',
    run: (call, folio) => truth(call.kernel.PageHead(call.k, folioOf(call, folio))),
  },
];

/** Changes the number of references by itself: nothing is freed. */
const adding = (
  name: string,
  doc: string,
  nr: (n: number) => number,
  takesNr: boolean,
): BuiltinRow => ({
  signature: `void ${name}(struct page *page${takesNr ? ', int nr' : ''})`,
  doc,
  changes,
  run: (call, page, count = 1) => {
    call.kernel.page_ref_add(call.k, call.page(page), nr(Number(count)));
  },
});

const references: readonly BuiltinRow[] = [
  {
    signature: 'void set_page_count(struct page *page, int v)',
    doc: "Sets the page's own _refcount.",
    changes,
    run: (call, page, v) => {
      call.kernel.set_page_count(call.k, call.page(page), Number(v));
    },
  },
  {
    signature: 'void init_page_count(struct page *page)',
    doc: "Sets the page's own _refcount to 1.",
    changes,
    run: (call, page) => {
      call.kernel.set_page_count(call.k, call.page(page), 1);
    },
  },
  adding('page_ref_inc', "Adds 1 to the page's own _refcount.", () => 1, false),
  adding(
    'page_ref_dec',
    "Subtracts 1 from the page's own _refcount; frees nothing.",
    () => -1,
    false,
  ),
  adding('page_ref_add', "Adds to the page's own _refcount.", (n) => n, true),
  adding(
    'page_ref_sub',
    "Subtracts from the page's own _refcount; frees nothing.",
    (n) => -n,
    true,
  ),
  {
    signature: 'int page_ref_dec_and_test(struct page *page)',
    doc: "Subtracts 1 from the page's own _refcount; returns whether it is 0 then.",
    changes,
    run: (call, page) => {
      const cell = call.page(page);
      call.kernel.page_ref_add(call.k, cell, -1);
      return truth(call.kernel.page_ref_count(call.k, cell) === 0);
    },
  },
];

const nodes: readonly BuiltinRow[] = [
  {
    signature: 'struct page *alloc_pages_node(int nid, gfp_t gfp_mask, unsigned int order)',
    doc: 'Like alloc_pages; there is one node.',
    changes,
    sleeps: 1,
    run: (call, _nid, gfp, order) =>
      call.pointer(call.kernel.alloc_pages(call.k, Number(gfp), Number(order))),
  },
  {
    signature: 'struct page *virt_to_head_page(const void *x)',
    doc: 'The head of the compound page that an address of the direct map lies in.',
    run: (call, x) => {
      physOf(call, 'virt_to_page', x);
      const page = call.kernel.virt_to_page(call.k, call.linear(x));
      return call.pointer(call.kernel.compound_head(call.k, page));
    },
  },
  {
    signature: 'struct folio *virt_to_folio(const void *x)',
    doc: 'The folio that an address of the direct map lies in.',
    run: (call, x) => {
      const page = call.kernel.virt_to_page(call.k, call.linear(x));
      return call.pointer(call.kernel.compound_head(call.k, page));
    },
  },
  {
    signature: 'void *page_to_virt(const struct page *page)',
    doc: 'The address in the direct map that a page has or, of a highmem page, would have: it is not checked.',
    run: (call, page) => {
      const pfn = call.k.page_to_pfn(call.page(page));
      return call.offset(call.k.linear.pageOffset, pfn * 4096);
    },
  },
  {
    signature: 'int numa_node_id(void)',
    doc: 'The node of this CPU: always 0, the only one.',
    run: () => 0,
  },
];

export const folios: readonly Builtin[] = [
  ...group('page', 'include/linux/mm.h', folioRows),
  ...group('page', 'include/linux/page_ref.h', references),
  ...group('page', 'include/linux/gfp.h', nodes),
];
