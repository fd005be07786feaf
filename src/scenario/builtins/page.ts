/** Single pages: references, locks, compound pages, and the flags of `page->flags` by name. */
import {
  clearPageFlag,
  PAGE_FLAGS,
  type PageFlag,
  setPageFlag,
  testPageFlag,
} from '../../engine/view/pageFlags.js';
import { group, type Builtin, type BuiltinResult } from './builtin.js';
import type { BuiltinCall } from './call.js';
import { pageCache } from './pageCache.js';
import { pageLocks } from './pageLocks.js';
import type { Value } from '../semantics/arithmetic.js';

const changes = true;
const truth = (condition: boolean): number => (condition ? 1 : 0);

const references = group('page', 'include/linux/mm.h', [
  {
    signature: 'void get_page(struct page *page)',
    doc: 'Takes a reference to the page, or to the compound page it is part of.',
    changes,
    run: (call, page) => {
      call.kernel.get_page(call.k, call.page(page, 'compound_head'));
    },
  },
  {
    signature: 'void put_page(struct page *page)',
    doc: 'Drops a reference; the last one frees the page.',
    changes,
    run: (call, page) => {
      call.kernel.put_page(call.k, call.page(page, 'compound_head'));
    },
  },
  {
    signature: 'int put_page_testzero(struct page *page)',
    doc: 'Drops a reference without freeing; returns whether it was the last.',
    changes,
    run: (call, page) => truth(call.kernel.put_page_testzero(call.k, call.page(page, '_refcount'))),
  },
  {
    signature: 'bool get_page_unless_zero(struct page *page)',
    doc: 'Takes a reference unless the page is free.',
    changes,
    run: (call, page) =>
      truth(call.kernel.get_page_unless_zero(call.k, call.page(page, '_refcount'))),
  },
  {
    signature: 'int page_count(const struct page *page)',
    doc: 'The number of references to the page, or to the compound page it is part of.',
    run: (call, page) =>
      call.kernel.page_ref_count(
        call.k,
        call.kernel.compound_head(call.k, call.page(page, 'compound_head')),
      ),
  },
  {
    signature: 'int page_ref_count(const struct page *page)',
    doc: "The page's own _refcount.",
    run: (call, page) => call.kernel.page_ref_count(call.k, call.page(page, '_refcount')),
  },
  {
    signature: 'int page_mapcount(struct page *page)',
    doc: 'How many page table entries map the page.',
    run: (call, page) => call.kernel.page_mapcount(call.k, call.page(page, '_mapcount')),
  },
  {
    signature: 'int total_mapcount(struct page *page)',
    doc: 'How many entries map the page, or any part of the compound page that it is part of: one of a whole huge page counts once.',
    run: (call, page) => call.kernel.total_mapcount(call.k, call.page(page, '_mapcount')),
  },
  {
    signature: 'int compound_mapcount(struct page *page)',
    doc: 'How many entries map the compound page as a whole.',
    run: (call, page) => call.kernel.compound_mapcount(call.k, call.page(page, 'compound_head')),
  },
]);

const hugePages = group('page', 'include/linux/huge_mm.h', [
  {
    signature: 'int split_huge_page(struct page *page)',
    doc:
      'Splits the transparent huge page that the page is part of into single pages. Its lock is the caller’s, and one reference; ' +
      '0, or -EAGAIN if somebody has another one.',
    changes,
    run: (call, page) => call.kernel.split_huge_page(call.k, call.page(page, 'compound_head')),
  },
]);

const pool = group('page', 'mm/hugetlb.c', [
  {
    signature: 'int PageHuge(struct page *page)',
    doc: 'Whether the page is part of a huge page of the pool (hugetlb).',
    run: (call, page) => truth(call.kernel.PageHuge(call.k, call.page(page, 'compound_head'))),
  },
]);

const compound = group('page', 'include/linux/mm.h', [
  {
    signature: 'struct page *compound_head(struct page *page)',
    doc: 'The head of the compound page that contains the page; otherwise the page itself.',
    run: (call, page) =>
      call.pointer(call.kernel.compound_head(call.k, call.page(page, 'compound_head'))),
  },
  {
    signature: 'unsigned int compound_order(struct page *page)',
    doc: 'The order of a compound page, given its head; 0 for any other page.',
    run: (call, page) => call.kernel.compound_order(call.k, call.page(page)),
  },
  {
    signature: 'unsigned long compound_nr(struct page *page)',
    doc: 'The number of pages in a compound page, given its head; 1 for any other page.',
    run: (call, page) => 1 << call.kernel.compound_order(call.k, call.page(page)),
  },
  {
    signature: 'void prep_compound_page(struct page *page, unsigned int order)',
    doc: 'Turns a block into a compound page.',
    changes,
    run: (call, page, order) => {
      const cell = call.page(page);
      call.kernel.prep_compound_page(call.k, cell, call.blockOrder(cell, order));
    },
  },
  {
    signature: 'int PageHead(const struct page *page)',
    doc: 'Whether the page is the head of a compound page.',
    run: (call, page) => truth(call.kernel.PageHead(call.k, call.page(page))),
  },
  {
    signature: 'int PageTail(const struct page *page)',
    doc: 'Whether the page is a tail of a compound page.',
    run: (call, page) => truth(call.kernel.PageTail(call.k, call.page(page))),
  },
  {
    signature: 'int PageCompound(const struct page *page)',
    doc: 'Whether the page is part of a compound page.',
    run: (call, page) => truth(call.kernel.PageCompound(call.k, call.page(page))),
  },
  {
    signature: 'int PageBuddy(const struct page *page)',
    doc: 'Whether the page is the first of a free block on the buddy lists.',
    run: (call, page) => truth(call.kernel.PageBuddy(call.k, call.page(page))),
  },
]);

const places = group('page', 'include/linux/mmzone.h', [
  {
    signature: 'enum zone_type page_zonenum(const struct page *page)',
    doc: 'The number of the zone the page is in.',
    run: (call, page) => call.kernel.page_zonenum(call.k, call.page(page)),
  },
  {
    signature: 'struct zone *page_zone(const struct page *page)',
    doc: 'The zone the page is in.',
    run: (call, page) => call.pointer(call.kernel.page_zone(call.k, call.page(page))),
  },
  {
    signature: 'int page_to_nid(const struct page *page)',
    doc: 'The node the page is in: always 0, the only one.',
    run: (call, page) => (call.page(page), 0),
  },
  {
    signature: 'enum zone_type zone_idx(struct zone *zone)',
    doc: 'The number of a zone in its node.',
    run: (call, zone) => call.kernel.zone_idx(call.k, call.zone(zone)),
  },
  {
    signature: 'int get_pageblock_migratetype(const struct page *page)',
    doc: 'The migratetype of the pageblock the page is in.',
    run: (call, page) => call.kernel.get_pageblock_migratetype(call.k, call.page(page)),
  },
  {
    signature: 'void set_pageblock_migratetype(struct page *page, int migratetype)',
    doc: 'Changes the migratetype of the pageblock the page is in. Its free pages stay on their lists.',
    changes,
    run: (call, page, migratetype) => {
      call.kernel.set_pageblock_migratetype(call.k, call.page(page), Number(migratetype));
    },
  },
]);

const debugging = group('page', 'mm/debug.c', [
  {
    signature: 'void dump_page(struct page *page, const char *reason)',
    doc: 'Prints what the kernel knows about a page, and the reason given.',
    run: (call, page, reason) => {
      call.kernel.dump_page(call.k, call.page(page), reason === 0 ? '' : call.string(reason));
    },
    // It writes to the log, which belongs to the tape.
    changes,
  },
]);

// --- flags -------------------------------------------------------------------------------------------------------------

type FlagOperation = (call: BuiltinCall, which: PageFlag, page: Value) => BuiltinResult;

const test: FlagOperation = (call, which, page) =>
  truth(testPageFlag(call.kernel, call.k, which, call.page(page)));
const set: FlagOperation = (call, which, page) => {
  setPageFlag(call.kernel, call.k, which, call.page(page));
  return undefined;
};
const clear: FlagOperation = (call, which, page) => {
  clearPageFlag(call.kernel, call.k, which, call.page(page));
  return undefined;
};
const thenReturnOld =
  (change: FlagOperation): FlagOperation =>
  (call, which, page) => {
    const old = test(call, which, page);
    change(call, which, page);
    return old;
  };

/** `Page{}`: what the names and prototypes are made from; {} is the flag's. */
const FLAG_FUNCTIONS: readonly {
  readonly prototype: string;
  readonly doc: string;
  readonly changes: boolean;
  readonly run: FlagOperation;
}[] = [
  { prototype: 'int Page{}', doc: 'Whether {bit} is set.', changes: false, run: test },
  { prototype: 'void SetPage{}', doc: 'Sets {bit}.', changes, run: set },
  { prototype: 'void ClearPage{}', doc: 'Clears {bit}.', changes, run: clear },
  { prototype: 'void __SetPage{}', doc: 'Sets {bit}, not atomically.', changes, run: set },
  { prototype: 'void __ClearPage{}', doc: 'Clears {bit}, not atomically.', changes, run: clear },
  {
    prototype: 'int TestSetPage{}',
    doc: 'Sets {bit}; returns whether it was set before.',
    changes,
    run: thenReturnOld(set),
  },
  {
    prototype: 'int TestClearPage{}',
    doc: 'Clears {bit}; returns whether it was set before.',
    changes,
    run: thenReturnOld(clear),
  },
];

export const pageFlags: readonly Builtin[] = PAGE_FLAGS.flatMap((which) =>
  FLAG_FUNCTIONS.map(({ prototype, doc, changes: changing, run }) => ({
    name: prototype.replace(/^\w+ /, '').replace('{}', which.uname),
    signature: `${prototype.replace('{}', which.uname)}(struct page *page)`,
    doc: doc.replace('{bit}', which.bit),
    source: 'include/linux/page-flags.h',
    category: 'page flags' as const,
    changes: changing,
    run: (call: BuiltinCall, page: Value = 0) => run(call, which, page),
  })),
);

export const page: readonly Builtin[] = [
  ...references,
  ...pageLocks,
  ...pageCache,
  ...compound,
  ...hugePages,
  ...pool,
  ...places,
  ...debugging,
];
