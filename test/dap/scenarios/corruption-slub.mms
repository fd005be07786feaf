// What SLUB reports in caches with debugging: a line for each.
#pragma mmscope machine arch=x86_64 ram=64M slab=slub cmdline="slub_debug=FZPU slab_nomerge"

struct kmem_cache *poisoned = kmem_cache_create("poisoned", 64, 0, 0, NULL);
char *first = kmem_cache_alloc(poisoned, GFP_KERNEL);
kmem_cache_free(poisoned, first);
first[8] = 1;
char *again = kmem_cache_alloc(poisoned, GFP_KERNEL); // poison
struct kmem_cache *zoned = kmem_cache_create("zoned", 64, 0, 0, NULL);
char *second = kmem_cache_alloc(zoned, GFP_KERNEL);
second[64] = 1;
kmem_cache_free(zoned, second); // red zone
struct kmem_cache *victim = kmem_cache_create("victim", 64, 0, 0, NULL);
char *third = kmem_cache_alloc(victim, GFP_KERNEL);
char *fourth = kmem_cache_alloc(victim, GFP_KERNEL);
kmem_cache_free(victim, third);
kmem_cache_free(victim, third); // double free
char *held = kmalloc(32, GFP_KERNEL);
kmem_cache_free(victim, held); // wrong cache
char *left = kmem_cache_alloc(victim, GFP_KERNEL);
kmem_cache_destroy(victim); // objects left
