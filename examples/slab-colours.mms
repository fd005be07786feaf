// What an object really takes: kmalloc's size classes, the rest of a slab, and what SLAB does with that rest: colours.
#pragma mmscope machine arch=x86_64 ram=256M slab=slab

// kmalloc() serves a request from the next larger size class. What is left of the object is internal fragmentation: memory
// that nobody asked for and nobody else can have. ksize() tells how much an object has.
size_t asked[] = { 8, 33, 65, 100, 129, 200, 1025, 4097 };
size_t sum_asked = 0, sum_given = 0;
for (int i = 0; i < ARRAY_SIZE(asked); i++) {
  void *p = kmalloc(asked[i], GFP_KERNEL);
  pr_info("kmalloc(%zu) gives %zu bytes, %zu of them unused\n", asked[i], ksize(p), ksize(p) - asked[i]);
  sum_asked += asked[i];
  sum_given += ksize(p);
  kfree(p);
}
pr_info("asked for %zu bytes, took %zu\n", sum_asked, sum_given);

// Just above a power of two is the worst place: 1025 bytes take 2048. Between 64 and 128, and between 128 and 256, Linux has a
// class more (96 and 192), because so many structures have such sizes.
expect(kmalloc_size_roundup(1025) == 2048);
expect(kmalloc_size_roundup(65) == 96 && kmalloc_size_roundup(129) == 192);

// A cache of one's own has no such classes: 300 bytes are rounded to whole cache lines (64 bytes), no further.
struct kmem_cache *cache = kmem_cache_create("session", 300, 0, SLAB_HWCACHE_ALIGN, NULL);
expect(cache->size == 320);
expect(kmalloc_size_roundup(300) == 512);

// A slab of this cache is one page, and 12 objects fit. The list of the free ones needs no room of its own: it lies in an object
// that is free. 256 bytes are left over.
size_t left_over = PAGE_SIZE - cache->num * cache->size;
expect(cache->gfporder == 0 && cache->num == 12 && left_over == 256);

// SLAB uses them: it shifts the objects of each new slab by one more cache line, a colour. Without that the first objects of
// all slabs would compete for the same lines of the processor's cache.
expect(cache->colour_off == 64);
expect(cache->colour == left_over / cache->colour_off);

// Take objects of several slabs, and look how far each slab's first object is from the start of the page.
void *objects[60];
bool seen[4] = {};
for (int i = 0; i < ARRAY_SIZE(objects); i++) {
  objects[i] = kmem_cache_alloc(cache, GFP_KERNEL);
  struct slab *slab = virt_to_slab(objects[i]);
  unsigned long shift = offset_in_page(slab->s_mem);
  if (!seen[shift / 64])
    pr_info("a slab with its objects from offset %lu on\n", shift);
  seen[shift / 64] = true;
}
expect(seen[0] && seen[1] && seen[2] && seen[3]);

for (int i = 0; i < ARRAY_SIZE(objects); i++)
  kmem_cache_free(cache, objects[i]);
kmem_cache_destroy(cache);
