#pragma mmscope machine arch=i386 ram=64M
gfp_t gfp = GFP_KERNEL | __GFP_COMP;
struct page *page = alloc_pages(gfp, 5); // allocate
__free_pages(page, 5); // free
pr_info("done\n"); // end
