// A use after free, a write past the end and a double free: how the kernel itself finds them, and what its reports say.
#pragma mmscope machine arch=x86_64 ram=256M slab=slub cmdline="slub_debug=FZPU,session"

struct session {
  int id;
  char name[52];
  struct session *next;
};

// `slub_debug` debugs the caches that it names. F: checks; Z: red zones around each object; P: free objects are filled with a
// pattern; U: who allocated and who freed each. That has its price: an object of 64 bytes takes 160.
struct kmem_cache *cache = kmem_cache_create("session", sizeof(struct session), 0, 0, NULL);
pr_info("an object of %u bytes takes %u\n", cache->object_size, cache->size);
expect(cache->object_size == 64 && cache->size == 160);

// A new object holds 0x6b, the pattern of free memory, and 0xa5 as its last byte: a pointer that is read from it is not an address,
// and the oops that follows shows these bytes.
struct session *s = kmem_cache_alloc(cache, GFP_KERNEL);
expect(s->id == 0x6b6b6b6b && (unsigned long)s->next == 0xa56b6b6b6b6b6b6b);
s->id = 1;
kmem_cache_free(cache, s);
expect(s->id == 0x6b6b6b6b);

// 1. The use after free. Nothing happens at once: the memory is there, and nobody watches.
s->id = 7;
expect(s->id == 7);

// The kernel looks when it is about to give the object out again: "Poison overwritten", with the bytes and the two call sites.
// It restores the pattern, and takes the slab out of use: all its objects count as used. The caller gets another slab's object.
struct slab *bad = virt_to_slab(s);
struct session *other = kmem_cache_alloc(cache, GFP_KERNEL);
expect(s->id == 0x6b6b6b6b);
expect(bad->inuse == bad->objects && bad->freelist == NULL);
expect(virt_to_slab(other) != bad);

// 2. A write past the end. The word behind an object is a red zone: 0xcc while the object is in use.
unsigned char *end = (unsigned char *)(other + 1);
expect(end[0] == 0xcc);
strcpy(other->name, "a name of fifty-six characters, four more than there are");
expect(end[0] == 0xcc && (unsigned long)other->next != 0xa56b6b6b6b6b6b6b);

// That one stayed inside the object: the name ran into the pointer behind it, which no allocator can see. This one does not.
memset(other, 'x', sizeof(*other) + 1);
expect(end[0] == 'x');

// It is found when the object is freed: "Right Redzone overwritten". The object is not freed; its red zone is restored.
kmem_cache_free(cache, other);
expect(end[0] == 0xcc && virt_to_slab(other)->inuse == 1);

// 3. The double free. The second one finds the object on the list of free objects: "Object already free". Without debugging it would
// be on the list twice, and two callers would get the same memory.
struct session *a = kmem_cache_alloc(cache, GFP_KERNEL);
struct slab *slab = virt_to_slab(a);
int used = slab->inuse;
kmem_cache_free(cache, a);
expect(slab->inuse == used - 1 && slab->freelist == a);
kmem_cache_free(cache, a);
expect(slab->inuse == used - 1 && slab->freelist == a);

// The report does not undo everything. Before it looks, kmem_cache_free() makes the object the end of a list of its own; but it was
// the head of the slab's list, which is cut off now. After this one no other object can be found, though 23 are free. A kernel that
// has printed such a report is damaged: save what you need, and start it again.
expect(kmem_cache_alloc(cache, GFP_KERNEL) == a);
expect(slab->freelist == NULL && slab->objects - slab->inuse == 23);
