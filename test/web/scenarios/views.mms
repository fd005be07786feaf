// What the views of the window Memory are drawn from: mappings of a highmem page, slabs with red zones, a refused request.
#pragma mmscope machine arch=i386 ram=1G slab=slub cmdline="slub_debug=ZU"

struct page *page = alloc_page(GFP_HIGHUSER);
char *mapped = kmap(page);
mapped[0] = 1;
struct page *pages[2];
pages[0] = page;
pages[1] = page;
char *twice = vmap(pages, 2, VM_MAP, PAGE_KERNEL);
twice[0] = 2;
char *object = kmalloc(100, GFP_KERNEL);
char *others[3];
for (int i = 0; i < 3; i++)
  others[i] = kmalloc(100, GFP_KERNEL);
kfree(object);
for (int i = 0; i < 3; i++)
  kfree(others[i]);
struct page *refused = alloc_pages(GFP_DMA | __GFP_NOWARN, 10);
while (refused)
  refused = alloc_pages(GFP_DMA | __GFP_NOWARN, 10);
int done = 1;
