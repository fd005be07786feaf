/** Contiguous ranges: by address, and from an area that boot set aside. */
import { PAGE_SIZE } from '../../engine/memory/address.js';
import { group } from './builtin.js';
import type { BuiltinCall } from './call.js';
import type { Value } from '../semantics/arithmetic.js';

const changes = true;
const truth = (condition: boolean): number => (condition ? 1 : 0);

export const contiguous = [
  ...group('page allocator', 'mm/cma.c', [
    {
      signature:
        'struct page *cma_alloc(struct cma *cma, unsigned long count, unsigned int align, bool no_warn)',
      doc: 'Allocates contiguous pages, aligned to 1 << align, from a CMA area such as dma_contiguous_default_area; NULL if it fails.',
      changes,
      sleeps: 'always',
      run: (call, cma, count, align, noWarn) => {
        const area = cma === 0 ? call.pageOrNull(0) : call.cell(cma);
        const order = Number(align);
        // More than the machine has: a mask of so many bits does not exist.
        if (order >= MAX_ALIGN)
          call.bug(
            `BUG: an alignment of 1 << ${order} pages is too large: align must be below ${MAX_ALIGN}`,
          );
        const nr = Math.min(Number(count) < 0 ? Infinity : Number(count), 2 ** 31);
        const { k, kernel } = call;
        const page = kernel.cma_alloc(k, area, nr, order, noWarn !== 0);
        const type = k.MIGRATE_CMA;
        if (page === 0) failed(call, 'cma_alloc', { count: nr, gfp: k.GFP_KERNEL, type });
        return call.pointer(page);
      },
    },
    {
      signature: 'bool cma_release(struct cma *cma, const struct page *pages, unsigned long count)',
      doc: 'Frees pages of cma_alloc; false if they are not from the area.',
      changes,
      run: (call, cma, pages, count) => {
        if (cma === 0 || pages === 0) return 0;
        const first = call.page(pages);
        const pfn = call.k.page_to_pfn(first);
        return truth(
          call.kernel.cma_release(call.k, call.cell(cma), first, pagesFrom(call, pfn, count)),
        );
      },
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
    call.bug(`BUG: the machine does not have ${nr} pages at page frame 0x${pfn.toString(16)}`);
  return nr;
}
