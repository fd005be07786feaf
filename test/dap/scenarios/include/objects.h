// What happens in the slab allocator: a line for each. The cache has three objects in a slab of one page.
struct kmem_cache *three = kmem_cache_create("three", 1300, 0, 0, NULL);
struct kmem_cache *other = kmem_cache_create("other", 200, 0, 0, NULL);
void *strange = kmem_cache_alloc(other, GFP_KERNEL); // other
void *a = kmem_cache_alloc(three, GFP_KERNEL); // first
void *b = kmem_cache_alloc(three, GFP_KERNEL); // second
void *c = kmem_cache_alloc(three, GFP_KERNEL); // third
kmem_cache_free(three, b); // free b
kmem_cache_free(three, a); // free a
kmem_cache_free(three, c); // free c
kmem_cache_shrink(three); // shrink
void *bulk[4];
expect(kmem_cache_alloc_bulk(three, GFP_KERNEL, 4, bulk) == 4); // bulk
kmem_cache_free_bulk(three, 4, bulk); // free bulk
void *k = kmalloc(64, GFP_KERNEL); // kmalloc
kfree(k); // kfree
kmem_cache_free(other, strange); // free strange
