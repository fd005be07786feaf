// Two CPUs: each has page lists of its own, and holds back a little of every counter.
#pragma mmscope machine arch=x86_64 ram=256M cpus=2

struct zone *zone = &contig_page_data.node_zones[ZONE_DMA32];
drain_all_pages(NULL);

// CPU 0 takes a page: a batch comes from the buddy lists, and all but one page of it stay on CPU 0's lists.
struct page *page = alloc_page(GFP_KERNEL);
expect(per_cpu_ptr(zone->per_cpu_pageset, 0)->count > 0);
expect(per_cpu_ptr(zone->per_cpu_pageset, 1)->count == 0);

// CPU 1 frees it. The page is now on CPU 1's list, though it came from CPU 0's: lists belong to CPUs, pages do not.
cpu(1) {
  pr_info("on CPU %d\n", smp_processor_id());
  __free_page(page);
}
expect(per_cpu_ptr(zone->per_cpu_pageset, 1)->count == 1);

// So CPU 0 does not get it back, and CPU 1 does at once.
struct page *other = alloc_page(GFP_KERNEL);
expect(other != page);
cpu(1) {
  expect(alloc_page(GFP_KERNEL) == page);
  __free_page(page);
}
__free_page(other);

// drain_all_pages() empties both. A large allocation that is about to fail does so too: the missing page may be on another CPU.
drain_all_pages(NULL);
expect(per_cpu_ptr(zone->per_cpu_pageset, 0)->count == 0 && per_cpu_ptr(zone->per_cpu_pageset, 1)->count == 0);

// Counters are not exact: a CPU holds back changes of up to `stat_threshold` pages. The vmstat worker adds them once a second;
// here quiet_vmstat() does. Until then, NR_FREE_PAGES of the zone differs from what is really free.
pr_info("free %lu, really %lu\n", zone_page_state(zone, NR_FREE_PAGES), zone_page_state_snapshot(zone, NR_FREE_PAGES));
quiet_vmstat();
cpu(1) { quiet_vmstat(); }
expect(zone_page_state(zone, NR_FREE_PAGES) == zone_page_state_snapshot(zone, NR_FREE_PAGES));
proc("zoneinfo");
