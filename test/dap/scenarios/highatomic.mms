// The reserve for atomic requests: filled where memory is short, used, and given up before an allocation fails.
#pragma mmscope machine arch=x86_64 ram=64M slab=slub

struct page *pages[4000];
int n = 0;
while (n < 4000 && (pages[n] = alloc_pages(GFP_ATOMIC | __GFP_NOWARN, 2)) != NULL)
  n++; // atomic
drain_all_pages(NULL); // all taken
for (int i = n - 1; i > n - 60; i--)
  __free_pages(pages[i], 2);
drain_all_pages(NULL); // some free
struct page *atomic = alloc_pages(GFP_ATOMIC | __GFP_NOWARN, 4); // from the reserve
struct page *plain = alloc_pages(GFP_NOWAIT | __GFP_NOWARN, 4); // not for it
struct page *last = alloc_pages(GFP_KERNEL | __GFP_NOWARN, 3); // gives it up
pr_info("done\n"); // end
