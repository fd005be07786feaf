// What happens in slabs, slots and areas on every kind of machine; everyStart.test.ts puts another pragma here.
#pragma mmscope machine arch=x86_64 ram=64M

struct kmem_cache *three = kmem_cache_create("three", 1300, 0, 0, NULL);
void *objects[64];
#ifdef CONFIG_SLUB
int in_slab = three->oo.x & 0xffff;
#else
int in_slab = three->num;
#endif
struct page *pages[3];
expect(kmem_cache_alloc_bulk(three, GFP_KERNEL, in_slab, objects) == in_slab); // full
kmem_cache_free_bulk(three, in_slab, objects);
kmem_cache_shrink(three); // empty
alloc_pages_bulk_array(GFP_HIGHUSER, 3, pages);
kmap_flush_unused();
for (int i = 0; i < 3; i++)
  kmap(pages[i]), kunmap(pages[i]);
kmap_flush_unused(); // flush
vm_unmap_aliases();
void *small = vmalloc(PAGE_SIZE);
void *more = vmalloc(3 * PAGE_SIZE);
vfree(small);
vfree(more);
vm_unmap_aliases(); // purge
slab_flags_t debug = SLAB_RED_ZONE | SLAB_POISON | SLAB_CONSISTENCY_CHECKS;
struct kmem_cache *victim = kmem_cache_create("victim", 456, 0, debug, NULL);
char *object = kmem_cache_alloc(victim, GFP_KERNEL);
kmem_cache_free(victim, object);
if (victim->flags & SLAB_CONSISTENCY_CHECKS)
  kmem_cache_free(victim, object); // double free
char *left = kmem_cache_alloc(victim, GFP_KERNEL);
kmem_cache_destroy(victim); // objects left
