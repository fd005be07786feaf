// What is looked at on every kind of machine; everyStart.test.ts puts another pragma here.
#pragma mmscope machine arch=x86_64 ram=64M cma=4M

struct kmem_cache *mine = kmem_cache_create("mine", 200, 0, 0, NULL); // cache
void *object = kmem_cache_alloc(mine, GFP_KERNEL); // object
void *given = kmem_cache_alloc(mine, GFP_KERNEL); // given
kmem_cache_free(mine, given); // free
void *area = vmalloc(3 * PAGE_SIZE); // area
void *gone = vmalloc(PAGE_SIZE);
vfree(gone);
long *counter = alloc_percpu(long); // per-CPU
struct page *range = cma_alloc(dma_contiguous_default_area, 100, 0, false); // range
struct page *compound = alloc_pages(GFP_KERNEL | __GFP_COMP, 2); // compound
struct page *page = alloc_page(GFP_HIGHUSER);
char *mapped = kmap(page);
char *window = kmap_local_page(page);
mapped[0] = 7;
expect(window[0] == 7);
void *nothing = NULL;
void *large = kmalloc(64 << 20, GFP_KERNEL | __GFP_NOWARN); // large
void *overflow = kcalloc(ULONG_MAX / 2, 4, GFP_KERNEL); // overflow
void *huge = __vmalloc(1UL << 31, GFP_KERNEL | __GFP_NOWARN); // huge
struct page *whole = cma_alloc(dma_contiguous_default_area, dma_contiguous_default_area->count, 0, true); // whole
int busy = alloc_contig_range(page_to_pfn(compound), page_to_pfn(compound) + 4, MIGRATE_MOVABLE, GFP_KERNEL); // busy
pr_info("end\n"); // end
