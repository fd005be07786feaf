/** Contiguous ranges: by address, and from an area that boot set aside. */
import { type Cma, NULL, type Page } from '../../engine/machine/ctypes.js';
import { PAGE_SIZE } from '../../engine/memory/address.js';
import { counted } from '../../engine/view/counted.js';
import { group } from './builtin.js';
import type { BuiltinCall } from './call.js';
import type { Value } from '../semantics/arithmetic.js';
import { truth, va } from './pointers.js';

const changes = true;

export const contiguous = [
  ...group('page allocator', 'mm/cma.c', [
    {
      signature:
        'struct page *cma_alloc(struct cma *cma, unsigned long count, unsigned int align, bool no_warn)',
      doc: 'Allocates contiguous pages, aligned to 1 << align, from a CMA area such as dma_contiguous_default_area; NULL if it fails.',
      changes,
      sleeps: 'always',
      run: (call, cma, count, align, noWarn) => {
        const order = Number(align);
        // More than the machine has: a mask of so many bits does not exist.
        if (order >= MAX_ALIGN)
          call.bug(
            `BUG: an alignment of 1 << ${order} pages is too large: align must be below ${MAX_ALIGN}`,
          );
        const { k, kernel } = call;
        const nr = countOf(count);
        return taken(
          call,
          'cma_alloc',
          nr,
          kernel.cma_alloc(k, area(call, cma), nr, order, noWarn !== 0),
        );
      },
    },
    {
      signature: 'bool cma_release(struct cma *cma, const struct page *pages, unsigned long count)',
      doc: 'Frees pages of cma_alloc; false if they are not from the area.',
      changes,
      run: (call, cma, pages, count) =>
        given(call, cma, pages, count, (first, nr) =>
          call.kernel.cma_release(call.k, call.cell(cma), first, nr),
        ),
    },
    {
      signature: 'phys_addr_t cma_get_base(const struct cma *cma)',
      doc: 'The physical address at which a CMA area begins.',
      run: (call, cma) => call.kernel.cma_get_base(call.k, call.cell(cma)),
    },
    {
      signature: 'unsigned long cma_get_size(const struct cma *cma)',
      doc: 'The size of a CMA area in bytes.',
      run: (call, cma) => call.kernel.cma_get_size(call.k, call.cell(cma)),
    },
    {
      signature: 'const char *cma_get_name(const struct cma *cma)',
      doc: 'The name of a CMA area: that of the device tree, or "reserved" for the one of cma=.',
      run: (call, cma) => call.offset(cma, call.k.cma.name),
    },
    {
      signature: 'int cma_for_each_area(int (*it)(struct cma *cma, void *data), void *data)',
      doc: 'Calls a function of the scenario for each CMA area, until one returns something else than 0; returns that, or 0.',
      changes,
      run: (call, it, data) => {
        const { k, kernel } = call;
        return kernel.cma_for_each_area(k, (cma) => {
          const ret = k.callOut?.(va(it), [va(call.pointer(cma)), va(data)]);
          if (ret === undefined)
            return call.bug(
              `BUG: cma_for_each_area(): ${k.hex(va(it))} is not a function of the scenario`,
            );
          return ret | 0;
        });
      },
    },
  ]),
  ...group('page allocator', 'kernel/dma/contiguous.c', [
    {
      signature: 'struct cma *dev_get_cma_area(struct device *dev)',
      doc: 'The CMA area of a device: dma_contiguous_default_area, for no device has one of its own here. NULL without `cma=`.',
      run: (call) => call.pointer(call.kernel.dev_get_cma_area(call.k)),
    },
    {
      signature:
        'struct page *dma_alloc_from_contiguous(struct device *dev, size_t count, unsigned int align, bool no_warn)',
      doc: "Allocates contiguous pages from a device's CMA area, aligned to 1 << align, or to CONFIG_CMA_ALIGNMENT if that is less; NULL if it fails.",
      changes,
      sleeps: 'always',
      run: (call, _dev, count, align, noWarn) => {
        const { k, kernel } = call;
        const nr = countOf(count);
        const order = Number(align);
        const page = kernel.dma_alloc_from_contiguous(k, nr, order, noWarn !== 0);
        return taken(call, 'dma_alloc_from_contiguous', nr, page);
      },
    },
    {
      signature:
        'bool dma_release_from_contiguous(struct device *dev, struct page *pages, int count)',
      doc: 'Frees pages of dma_alloc_from_contiguous; false if they are not from the area.',
      changes,
      run: (call, _dev, pages, count) =>
        given(call, call.pointer(call.kernel.dev_get_cma_area(call.k)), pages, count, (first, nr) =>
          call.kernel.dma_release_from_contiguous(call.k, first, nr),
        ),
    },
  ]),
  ...group('page allocator', 'mm/page_alloc.c', [
    {
      signature:
        'int alloc_contig_range(unsigned long start, unsigned long end, unsigned int migratetype, gfp_t gfp_mask)',
      doc: 'Allocates the page frames from start up to, not including, end, all in one zone; 0, or -EBUSY (-16).',
      changes,
      sleeps: 'always',
      run: (call, start, end, migratetype, gfp) => {
        const first = Number(start);
        const nr = pagesFrom(call, first, Number(end) - first);
        const type = Number(migratetype);
        const ret = call.kernel.alloc_contig_range(call.k, first, first + nr, type, Number(gfp));
        if (ret < 0) failed(call, 'alloc_contig_range', { count: nr, gfp, type });
        return ret;
      },
    },
    {
      signature:
        'struct page *alloc_contig_pages(unsigned long nr_pages, gfp_t gfp_mask, int nid, nodemask_t *nodemask)',
      doc: 'Allocates nr_pages contiguous pages, wherever a zone has a range that can be had; NULL if none. Free them with free_contig_range().',
      changes,
      sleeps: 1,
      run: (call, count, gfp) => {
        const nr = Number(count);
        if (nr <= 0 || nr > call.k.memmap.endPfn) return 0;
        const page = call.kernel.alloc_contig_pages(call.k, nr, Number(gfp));
        const type = call.k.MIGRATE_MOVABLE;
        if (page === 0) failed(call, 'alloc_contig_pages', { count: nr, gfp, type });
        return call.pointer(page);
      },
    },
    {
      signature: 'void free_contig_range(unsigned long pfn, unsigned long nr_pages)',
      doc: 'Frees nr_pages single pages, starting at a frame number.',
      changes,
      run: (call, pfn, count) => {
        call.kernel.free_contig_range(call.k, Number(pfn), pagesFrom(call, Number(pfn), count));
      },
    },
  ]),
];

const MAX_ALIGN = 30;

/** NULL is an area that the kernel refuses. */
const area = (call: BuiltinCall, cma: Value): Cma => (cma === 0 ? NULL : call.cell(cma));

const countOf = (count: Value): number =>
  Math.min(Number(count) < 0 ? Infinity : Number(count), 2 ** 31);

/** What a request to an area came to. */
function taken(call: BuiltinCall, what: string, count: number, page: Page): Value {
  const { k } = call;
  if (page === NULL) failed(call, what, { count, gfp: k.GFP_KERNEL, type: k.MIGRATE_CMA });
  return call.pointer(page);
}

/** Whether an area has taken pages back; nothing is given to no area. */
function given(
  call: BuiltinCall,
  cma: Value,
  pages: Value,
  count: Value,
  release: (first: Page, nr: number) => boolean,
): Value {
  if (cma === 0 || pages === 0) return 0;
  const first = call.page(pages);
  return truth(release(first, pagesFrom(call, call.k.page_to_pfn(first), count)));
}

/** Behind the call, when what was considered is known. A cma_alloc() of the kernel's own, which goes on with pages, is not told. */
function failed(
  call: BuiltinCall,
  what: string,
  request: {
    readonly count: number;
    readonly gfp: Value;
    readonly type: number;
  },
): void {
  const { k, kernel } = call;
  const { count, gfp, type } = request;
  k.emit({
    kind: 'range-failed',
    what,
    count,
    order: kernel.get_order(k, count * PAGE_SIZE),
    gfp: Number(gfp),
    migratetype: type,
    highest_zoneidx: kernel.gfp_zone(k, Number(gfp)),
  });
}

/** A number of pages that all exist, from a frame number on. */
function pagesFrom(call: BuiltinCall, pfn: number, count: Value): number {
  const nr = Number(count);
  const exists = (each: number): boolean =>
    each >= 0 && each < call.k.memmap.endPfn && call.k.pfn_to_page(each) !== 0;
  if (nr <= 0 || !exists(pfn) || !exists(pfn + nr - 1))
    call.bug(
      `BUG: the machine does not have ${counted(nr, 'page')} at page frame 0x${pfn.toString(16)}`,
    );
  return nr;
}
