// Per-CPU lists: why most allocations never touch the buddy lists, and when they do.
#pragma mmscope machine arch=x86_64 ram=512M slab=slub

struct zone *zone = page_zone(pfn_to_page(0x8000));
unsigned long free_before = zone->vm_stat[NR_FREE_PAGES].counter;

// A CPU keeps up to `high` pages of each zone, and fetches `batch` of them at a time. The pages it keeps are not counted as
// free, so NR_FREE_PAGES falls by a whole batch with the first page and then stands still.
drain_local_pages(zone);
unsigned long drained = zone->vm_stat[NR_FREE_PAGES].counter;
expect(drained >= free_before);

struct page *pages[8];
for (int i = 0; i < ARRAY_SIZE(pages); i++) {
  pages[i] = alloc_page(GFP_KERNEL);
  pr_info("pfn %#lx, NR_FREE_PAGES %lu\n", page_to_pfn(pages[i]), zone->vm_stat[NR_FREE_PAGES].counter);
}
expect(drained - zone->vm_stat[NR_FREE_PAGES].counter > 8);

// Freed in order, they come back in reverse: each goes to the head of the list.
for (int i = 0; i < ARRAY_SIZE(pages); i++)
  __free_page(pages[i]);
for (int i = ARRAY_SIZE(pages) - 1; i >= 0; i--) {
  struct page *page = alloc_page(GFP_KERNEL);
  expect(page == pages[i]);
}
for (int i = 0; i < ARRAY_SIZE(pages); i++)
  __free_page(pages[i]);

// drain_local_pages() gives everything back, and the buddies join.
drain_local_pages(zone);
expect(zone->vm_stat[NR_FREE_PAGES].counter == drained);
