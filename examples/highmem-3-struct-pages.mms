// Highmem, 3 of 3: 64 GiB on a 32-bit machine. Its struct pages alone take more than half of lowmem.
#pragma mmscope machine arch=i386-pae ram=64G slab=slab

// With PAE an entry of a page table has 64 bits, and a frame number as many as 36 bits of address need: 64 GiB.
expect(sizeof(pte_t) == 8);

// Every frame has a struct page, whether anybody can reach it or not: 16,777,216 of them.
unsigned long frames = 64ull * SZ_1G / PAGE_SIZE;
expect(frames == 16777216);

// The kernel reads them at any time (a free list goes through them), so they must be lowmem. 32 bytes each are 512 MiB.
expect(sizeof(struct page) == 32);
unsigned long mem_map_bytes = frames * sizeof(struct page);
expect(mem_map_bytes == 512ul * SZ_1M);

// Where they went: zones, with the pages that exist and those that were left for the page allocator when the kernel was up.
unsigned long lowmem_left = 0, last = 0;
struct zone *zone;
for_each_populated_zone(zone) {
  pr_info("%-8s %8lu pages, %8lu of them for allocations\n", zone->name, zone->present_pages, zone->managed_pages.counter);
  last = zone->zone_start_pfn + zone->spanned_pages;
  if (strcmp(zone->name, "HighMem"))
    lowmem_left += zone->managed_pages.counter;
}
expect(last == frames);

// mem_map ends in lowmem, as everything does that the kernel made at boot.
expect((unsigned long)(mem_map + frames) <= (unsigned long)high_memory);

// 886 MiB of lowmem were there; a third of them is left, for all page tables, inodes, task_structs and network buffers of a machine
// with 64 GiB. Of highmem there is more than anybody needs: such a machine runs out of memory with 60 GiB free.
unsigned long lowmem = (unsigned long)high_memory - PAGE_OFFSET;
pr_info("lowmem: %lu MiB, left: %lu MiB\n", DIV_ROUND_UP(lowmem, SZ_1M), lowmem_left * PAGE_SIZE / SZ_1M);
expect(lowmem - mem_map_bytes == 374ul * SZ_1M - 2 * PAGE_SIZE);
expect(lowmem_left * PAGE_SIZE / SZ_1M == 301);

// See for yourself: unmovable blocks of 4 MiB, until there are none.
int blocks = 0;
struct page *page, *first = NULL;
while ((page = alloc_pages(GFP_NOWAIT | __GFP_NOWARN, MAX_ORDER - 1)) != NULL) {
  page->private = (unsigned long)first;
  first = page;
  blocks++;
}
pr_info("%d blocks of 4 MiB, then none, while %lu GiB of highmem are free\n", blocks, totalhigh_pages() / (SZ_1G / PAGE_SIZE));
expect(blocks < 301 / 4);
struct page *high = alloc_pages(GFP_HIGHUSER, MAX_ORDER - 1);
expect(high != NULL);
__free_pages(high, MAX_ORDER - 1);
while (first != NULL) {
  page = first;
  first = (struct page *)page->private;
  page->private = 0;
  __free_pages(page, MAX_ORDER - 1);
}
