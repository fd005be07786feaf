// A task that waits for itself.
#pragma mmscope machine arch=x86_64 ram=64M slab=slub

struct page *page = alloc_page(GFP_KERNEL);
lock_page(page);
lock_page(page); // again
