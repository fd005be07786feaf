// Blocks come and go, through functions and a loop.
#pragma mmscope machine arch=x86_64 ram=64M slab=slub

int counter = 0;

struct page *take(unsigned int order) {
  struct page *got = alloc_pages(GFP_KERNEL | __GFP_COMP, order); // take: alloc
  counter = counter + 1; // take: count
  return got;
}

struct page *block = take(3); // first
struct page *page = alloc_page(GFP_KERNEL); // page

lock_page(page); // lock
unlock_page(page); // unlock

for (int i = 0; i < 12; i++) {
  struct page *one = alloc_pages(GFP_KERNEL, i % 3); // loop: alloc
  __free_pages(one, i % 3); // loop: free
}

pr_info("counter is %d\n", counter); // print
__free_page(page);
__free_pages(block, 3); // last
