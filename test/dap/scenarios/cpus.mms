// What happens on the lists of two CPUs.
#pragma mmscope machine arch=x86_64 ram=256M slab=slub cpus=2

drain_all_pages(NULL);
struct page *page = alloc_page(GFP_KERNEL); // refill of CPU 0
cpu(1) {
  __free_page(page); // a page of CPU 0's batch
  page = alloc_page(GFP_KERNEL | __GFP_RECLAIMABLE); // refill of CPU 1
}
drain_all_pages(NULL); // drain of both
