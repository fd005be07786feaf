// Walking the kernel's own lists: every free block of a zone, counted by hand and compared with what the zone says.
#pragma mmscope machine arch=x86_64 ram=128M slab=slub cma=16M

// list_for_each_entry() is the kernel's: from `next` to `next` through mem_map, and from each list_head back to its page.
unsigned long count_blocks(struct list_head *list) {
  unsigned long blocks = 0;
  struct page *page;

  list_for_each_entry(page, list, lru) {
    expect(PageBuddy(page));
    blocks++;
  }
  return blocks;
}

// Free memory is kept in blocks of 1, 2, 4, ... pages; the blocks of one order hang on one list for each migratetype.
unsigned long count_pages(struct zone *zone) {
  unsigned long pages = 0;

  for (int order = 0; order < MAX_ORDER; order++) {
    struct free_area *area = &zone->free_area[order];
    unsigned long blocks = 0;

    for (int mt = 0; mt < MIGRATE_TYPES; mt++)
      blocks += count_blocks(&area->free_list[mt]);
    expect(blocks == area->nr_free);
    pages += blocks << order;
  }
  return pages;
}

struct zone *zone;
for_each_populated_zone(zone) {
  unsigned long pages = count_pages(zone);
  pr_info("%-8s %6lu pages free in %lu spanned\n", zone->name, pages, zone->spanned_pages);
  expect(pages == zone_page_state(zone, NR_FREE_PAGES));
}

// A block keeps its order in page->private. Break where PageBuddy() is asked, and look at `page` as the walk goes on.
struct free_area *largest = &contig_page_data.node_zones[ZONE_DMA].free_area[MAX_ORDER - 1];
struct page *block = list_first_entry(&largest->free_list[MIGRATE_MOVABLE], struct page, lru);
expect(page_private(block) == MAX_ORDER - 1);
pr_info("the first block of the largest order is frame %#lx\n", page_to_pfn(block));
