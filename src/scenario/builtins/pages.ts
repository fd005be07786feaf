/** Allocating and freeing pages, and the allocator's own lists. */
import type { Page } from '../../engine/machine/ctypes.js';
import { PAGE_SIZE } from '../../engine/memory/address.js';
import { group } from './builtin.js';
import type { BuiltinCall } from './call.js';
import { naturalValue, type Value } from '../semantics/arithmetic.js';

const changes = true;

export const pageAllocator = [
  ...group('page allocator', 'mm/page_alloc.c', [
    {
      signature: 'struct page *alloc_pages(gfp_t gfp_mask, unsigned int order)',
      doc: 'Allocates a block of 1 << order contiguous pages; NULL if there is none.',
      changes,
      sleeps: 0,
      run: (call, gfp, order) =>
        call.pointer(call.kernel.alloc_pages(call.k, Number(gfp), Number(order))),
    },
    {
      signature: 'void __free_pages(struct page *page, unsigned int order)',
      doc: 'Drops a reference to a block; the last one frees it.',
      changes,
      run: (call, page, order) => {
        const cell = call.page(page);
        const number = call.blockOrder(cell, order);
        call.kernel.__free_pages(call.k, cell, number);
      },
    },
    {
      signature: 'unsigned long __get_free_pages(gfp_t gfp_mask, unsigned int order)',
      doc: 'Like alloc_pages, but returns the linear address of the first page; 0 if there is none.',
      changes,
      sleeps: 0,
      run: (call, gfp, order) => call.kernel.__get_free_pages(call.k, Number(gfp), Number(order)),
    },
    {
      signature: 'unsigned long get_zeroed_page(gfp_t gfp_mask)',
      doc: 'The linear address of a new page full of zeros; 0 if there is none.',
      changes,
      sleeps: 0,
      run: (call, gfp) => call.kernel.get_zeroed_page(call.k, Number(gfp)),
    },
    {
      signature: 'void free_pages(unsigned long addr, unsigned int order)',
      doc: 'Frees the block at a linear address; does nothing for 0.',
      changes,
      run: (call, addr, order) => {
        if (addr === 0) return;
        const va = call.linear(addr);
        const page = call.kernel.virt_to_page(call.k, va);
        const number = call.blockOrder(page, order);
        call.kernel.free_pages(call.k, va, number);
      },
    },
    {
      signature: 'void *alloc_pages_exact(size_t size, gfp_t gfp_mask)',
      doc: 'Allocates just enough contiguous pages for size bytes, and frees the rest of the block.',
      changes,
      sleeps: 1,
      run: (call, size, gfp) => {
        const bytes = wholePages(call, size);
        return call.kernel.alloc_pages_exact(call.k, bytes, Number(gfp));
      },
    },
    {
      signature: 'void free_pages_exact(void *virt, size_t size)',
      doc: 'Frees pages of alloc_pages_exact, given the same size.',
      changes,
      run: (call, virt, size) => {
        const va = call.linear(virt);
        const bytes = checkedCount(call, size, PAGE_SIZE);
        if (bytes > 0) call.linear(call.offset(virt, bytes - 1));
        call.kernel.free_pages_exact(call.k, va, bytes);
      },
    },
    {
      signature: 'void split_page(struct page *page, unsigned int order)',
      doc: 'Splits a block that is not a compound page into single pages, which can be freed one by one.',
      changes,
      run: (call, page, order) => {
        const cell = call.page(page);
        call.kernel.split_page(call.k, cell, call.blockOrder(cell, order));
      },
    },
    {
      signature:
        'unsigned long alloc_pages_bulk_array(gfp_t gfp, unsigned long nr_pages, struct page **page_array)',
      doc: 'Fills the NULL entries of an array with single pages; returns how many entries are filled.',
      changes,
      sleeps: 0,
      run: bulkArray,
    },
    {
      signature:
        'unsigned long alloc_pages_bulk_list(gfp_t gfp, unsigned long nr_pages, struct list_head *list)',
      doc: 'Puts single pages on a list by their lru; returns how many.',
      changes,
      run: (call, gfp, nr, list) =>
        call.kernel.alloc_pages_bulk_list(
          call.k,
          Number(gfp),
          checkedCount(call, nr),
          call.cell(list),
        ),
    },
    {
      signature: 'void free_unref_page_list(struct list_head *list)',
      doc: 'Frees every page of a list; the pages must have no references left.',
      changes,
      run: (call, list) => {
        call.kernel.free_unref_page_list(call.k, call.cell(list));
      },
    },
    {
      signature: 'struct folio *folio_alloc(gfp_t gfp, unsigned int order)',
      doc: 'Allocates a compound page as a folio.',
      changes,
      sleeps: 0,
      run: (call, gfp, order) =>
        call.pointer(call.kernel.folio_alloc(call.k, Number(gfp), Number(order))),
    },
    {
      signature: 'void drain_local_pages(struct zone *zone)',
      doc: "Returns this CPU's cached pages of a zone, or of all for NULL, to the buddy lists.",
      changes,
      run: (call, zone) => {
        call.kernel.drain_local_pages(call.k, call.zoneOrNull(zone));
      },
    },
    {
      signature: 'void drain_all_pages(struct zone *zone)',
      doc: "Returns all CPUs' cached pages of a zone, or of all zones for NULL, to the buddy lists.",
      changes,
      run: (call, zone) => {
        call.kernel.drain_all_pages(call.k, call.zoneOrNull(zone));
      },
    },
    {
      signature:
        'bool zone_watermark_ok(struct zone *z, unsigned int order, unsigned long mark, int highest_zoneidx, unsigned int alloc_flags)',
      doc: 'Whether a zone stays above a watermark after an allocation of this order.',
      run: (call, zone, order, mark, index, flags) =>
        truth(
          call.kernel.zone_watermark_ok(
            call.k,
            call.zone(zone),
            Number(order),
            Number(mark),
            Number(index),
            Number(flags),
          ),
        ),
    },
  ]),
  ...group('page allocator', 'include/asm-generic/getorder.h', [
    {
      signature: 'int get_order(unsigned long size)',
      doc: 'The smallest order whose block holds size bytes.',
      run: (call, size) => call.kernel.get_order(call.k, wholePages(call, size)),
    },
  ]),
  ...group('page allocator', 'include/linux/gfp.h', [
    {
      signature: 'enum zone_type gfp_zone(gfp_t flags)',
      doc: 'The highest zone from which a request with these flags may take pages.',
      run: (call, flags) => call.kernel.gfp_zone(call.k, Number(flags)),
    },
    {
      signature: 'int gfp_migratetype(const gfp_t gfp_flags)',
      doc: 'The migratetype that a request with these flags asks for.',
      run: (call, flags) => call.kernel.gfp_migratetype(call.k, Number(flags)),
    },
  ]),
  ...group('page allocator', 'include/linux/vmstat.h', [
    {
      signature: 'unsigned long zone_page_state(struct zone *zone, enum zone_stat_item item)',
      doc: "A zone's counter, without the changes that CPUs still hold back.",
      run: (call, zone, item) => call.kernel.zone_page_state(call.k, call.zone(zone), Number(item)),
    },
    {
      signature:
        'unsigned long zone_page_state_snapshot(struct zone *zone, enum zone_stat_item item)',
      doc: "A zone's counter, with the changes that CPUs still hold back.",
      run: (call, zone, item) =>
        call.kernel.zone_page_state_snapshot(call.k, call.zone(zone), Number(item)),
    },
    {
      signature: 'unsigned long global_zone_page_state(enum zone_stat_item item)',
      doc: 'A counter summed over all zones.',
      run: (call, item) => call.kernel.global_zone_page_state(call.k, Number(item)),
    },
    {
      signature: 'void quiet_vmstat(void)',
      doc: 'Adds the changes that this CPU holds back to the counters, as happens each second and before a CPU sleeps.',
      changes: true,
      run: (call) => {
        call.kernel.quiet_vmstat(call.k);
      },
    },
    {
      signature: 'unsigned long nr_free_pages(void)',
      doc: 'Free pages on the buddy lists of all zones.',
      run: (call) => call.kernel.global_zone_page_state(call.k, call.k.NR_FREE_PAGES),
    },
  ]),
];

/** A size, rounded up to whole pages: that a number holds. Negative for more than half of 64 bits. */
function wholePages({ k }: BuiltinCall, size: Value): number {
  const bytes = ((BigInt.asUintN(k.wide ? 64 : 32, BigInt(size)) + 4095n) >> 12n) << 12n;
  return Number(bytes > 1n << 63n ? bytes - (1n << 64n) : bytes);
}

const truth = (condition: boolean): number => (condition ? 1 : 0);

function bulkArray(call: BuiltinCall, gfp: Value, count: Value, array: Value): Value {
  const nr = checkedCount(call, count);
  const size = call.profile.pointerSize;
  const at = (i: number): Value => call.offset(array, i * size);
  const pages: Page[] = [];
  for (let i = 0; i < nr; i++) pages.push(call.pageOrNull(call.memory.load(at(i), size)));
  const before = [...pages];
  const filled = call.kernel.alloc_pages_bulk_array(call.k, Number(gfp), nr, pages);
  pages.forEach((page, i) => {
    if (page !== before[i]) call.memory.store(at(i), size, call.pointer(page));
  });
  return filled;
}

/** A number of pages, or of units that make one; more than there are is a number that lost its sign. */
function checkedCount(call: BuiltinCall, count: Value, unitsPerPage = 1): number {
  const { endPfn } = call.k.memmap;
  if (count < 0 || count > endPfn * unitsPerPage) {
    const what = unitsPerPage === 1 ? 'pages' : 'bytes';
    call.bug(
      `BUG: ${naturalValue(count, 'u64')} ${what} are more than the machine has (${endPfn * unitsPerPage})`,
    );
  }
  return Number(count);
}
