// Who has allocated what.
#pragma mmscope machine arch=x86_64 ram=64M slab=slub cmdline="slab_nomerge"
struct kmem_cache *cache = kmem_cache_create("mine", 200, 0, 0, NULL); // cache
void *taken(struct kmem_cache *from) {
  return kmem_cache_alloc(from, GFP_KERNEL); // object
}
char *object = taken(cache);
char *bytes = kmalloc(100, GFP_KERNEL); // kmalloc
char *large = kmalloc(20000, GFP_KERNEL); // large
char *area = vmalloc(3 * PAGE_SIZE); // vmalloc
struct page *page = alloc_pages(GFP_KERNEL, 2); // pages
struct page *other;
task second {
  other = alloc_page(GFP_KERNEL); // in a task
}
schedule();
int here = 1; // here
__free_page(other); // frees
kfree(bytes);
vfree(area);
int end = 1; // end
