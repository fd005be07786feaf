#pragma mmscope machine arch=x86_64 ram=96M slab=slub cma=48M

// Pages beyond those that the CPU's list has come out of CMA, as long as more than half of what is free is CMA's.
char *buf = mmap(NULL, 2048 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
for (int i = 0; i < 2048; i++) buf[i * PAGE_SIZE] = 1;
lru_add_drain();
struct page *pages[1];
char *last = buf + 2047 * PAGE_SIZE;
pin_user_pages((unsigned long)last, 1, FOLL_WRITE | FOLL_LONGTERM, pages, NULL); // moved
lru_add_drain();
pin_user_pages((unsigned long)(last - PAGE_SIZE), 1, FOLL_WRITE, pages, NULL);
unsigned long pfn = page_to_pfn(pages[0]);
expect(alloc_contig_range(pfn, pfn + 1, MIGRATE_CMA, GFP_KERNEL) < 0); // stays
int end = 0; // end
