// The largest machine there is.
#pragma mmscope machine arch=x86_64 ram=64G slab=slub
struct page *page;
for (int i = 0; i < 1000; i++) {
  page = alloc_pages(GFP_KERNEL, i % 4);
  __free_pages(page, i % 4);
}
