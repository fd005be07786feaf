// A kernel function that is called through a pointer, and so has a symbol.
#pragma mmscope machine arch=x86_64 ram=64M slab=slub
struct kmem_cache *cache = kmem_cache_create("pooled", 64, 0, 0, NULL);
mempool_t *pool = mempool_create_slab_pool(2, cache); // pool
void *object = mempool_alloc(pool, GFP_KERNEL); // alloc
mempool_free(object, pool);
