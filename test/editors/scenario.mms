#pragma mmscope machine arch=x86_64 ram=128M slab=slub
struct page *page = NULL;

page = alloc_pages(GFP_KERNEL, 2);
expect(page != NULL);
__free_pages(page, 2);
