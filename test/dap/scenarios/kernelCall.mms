// One call of the kernel that takes long, and one that calls the scenario back so often.
#pragma mmscope machine arch=x86_64 ram=2G slab=slub
long turns = 0;
void slow(void *object) {
  for (int i = 0; i < 20000; i++)
    turns += i;
}
struct kmem_cache *cache = kmem_cache_create("slow", 64, 0, 0, slow);
void *p = NULL;
int before = 0; // start
p = vmalloc(512 << 20); // kernel
turns = 1; // between
void *object = kmem_cache_alloc(cache, GFP_KERNEL); // called back
turns = 0; // end
