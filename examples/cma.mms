// CMA: a reserve for devices that need contiguous memory, lent to movable pages meanwhile; and why an allocation fails.
#pragma mmscope machine arch=x86_64 ram=256M slab=slub cma=128M

// Boot set 32768 frames aside, as whole pageblocks of a type of their own. They are free pages, and counted as such.
struct cma *cma = dma_contiguous_default_area;
pr_info("area %s: pfn %#lx to %#lx\n", cma->name, cma->base_pfn, cma->base_pfn + cma->count);
expect(cma->count == 128 * SZ_1M / PAGE_SIZE);
expect(get_pageblock_migratetype(pfn_to_page(cma->base_pfn)) == MIGRATE_CMA);
expect(global_zone_page_state(NR_FREE_CMA_PAGES) == cma->count);

bool from_cma(struct page *page)
{
  return page_to_pfn(page) - cma->base_pfn < cma->count;
}

// Who cannot be moved away again never gets them: GFP_KERNEL.
struct page *unmovable = alloc_page(GFP_KERNEL);
expect(!from_cma(unmovable));

// A page that can be moved may: a process's. While more than half of the zone's free pages are CMA's, these even come first, so that
// not all other memory is gone when only the reserve is left.
expect(global_zone_page_state(NR_FREE_CMA_PAGES) > global_zone_page_state(NR_FREE_PAGES) / 2);
// (Not from the CPU's own list, which is filled from boot.)
drain_local_pages(NULL);
struct page *movable = alloc_page(GFP_HIGHUSER_MOVABLE);
pr_info("a movable page: pfn %#lx, %s\n", page_to_pfn(movable), from_cma(movable) ? "of the area" : "not of the area");
expect(from_cma(movable));

// The device wants 16 pages in a row, aligned to 16. A bit of the area's bitmap is set for each page that it has.
struct page *buffer = cma_alloc(cma, 16, 4, false);
expect(buffer != NULL && page_to_pfn(buffer) % 16 == 0);
expect(*cma->bitmap == 0xffff);
expect(page_count(buffer) == 1 && page_count(buffer + 15) == 1);

// The whole area cannot be had: the bitmap has no hole of that size. -12 is -ENOMEM; nothing was tried.
expect(cma_alloc(cma, cma->count, 0, false) == NULL);
expect(cma_release(cma, buffer, 16));
expect(*cma->bitmap == 0);

// Now the bitmap has one. But a frame in it is in use by the movable page. If it were a process's, it would be moved elsewhere
// (cma-and-pins.mms); nobody but this scenario knows of this one. -16 is -EBUSY; the bits are taken back. verdict() in the debug
// console says which frame it is.
expect(cma_alloc(cma, cma->count, 0, false) == NULL);
expect(*cma->bitmap == 0);

// A smaller request goes around: cma_alloc() tries the next place when one is busy.
struct page *half = cma_alloc(cma, cma->count / 2, 0, false);
expect(half != NULL);
expect(cma_release(cma, half, cma->count / 2));

// When the movable page is gone, the area is the device's.
__free_page(movable);
struct page *all = cma_alloc(cma, cma->count, 0, false);
expect(all == pfn_to_page(cma->base_pfn));
expect(global_zone_page_state(NR_FREE_CMA_PAGES) == 0);
cma_release(cma, all, cma->count);
__free_page(unmovable);
