// Ranges of frames that cannot be had, beside allocations that can.
#pragma mmscope machine arch=x86_64 ram=256M slab=slub cma=16M

struct page *page = alloc_page(GFP_KERNEL);
struct cma *area = dma_contiguous_default_area;
struct page *half = cma_alloc(area, area->count / 2, 0, false);
struct page *all = cma_alloc(area, area->count, 0, false); // no hole
unsigned long pfn = page_to_pfn(page);
int ret = alloc_contig_range(pfn, pfn + 1, MIGRATE_MOVABLE, GFP_KERNEL); // busy
expect(ret == -EBUSY);
