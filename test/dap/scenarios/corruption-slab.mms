// What SLAB reports, as it is built: a line for each.
#pragma mmscope machine arch=x86_64 ram=64M slab=slab cmdline="slab_nomerge"

struct kmem_cache *cache = kmem_cache_create("victim", 64, 0, 0, NULL);
char *left = kmem_cache_alloc(cache, GFP_KERNEL);
struct page *page = alloc_page(GFP_KERNEL);
kfree(page_address(page)); // no object
kmem_cache_destroy(cache); // objects left
