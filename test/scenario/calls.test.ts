/** What a module author calls besides pages: on recorded machines, where the kernel has its caches and areas. */
import assert from 'node:assert/strict';
import { checkOnCores, coreMachine } from './coreMachines.js';
import { checkLog, log, runToEnd } from './machines.js';

describe('kmalloc and its family', function () {
  it('gives the size of a cache, whole pages beyond, and an address for nothing', () =>
    checkOnCores(
      `char *a = kmalloc(100, GFP_KERNEL), *b = kmalloc(20000, GFP_KERNEL), *none = kmalloc(0, GFP_KERNEL);
       expect(ksize(a) == 128 && ksize(b) == 32768 && kmalloc_size_roundup(100) == 128);
       expect(none == ZERO_SIZE_PTR && ZERO_OR_NULL_PTR(none) && !ZERO_OR_NULL_PTR(a));
       expect(PageSlab(virt_to_head_page(a)) && !PageSlab(virt_to_head_page(b)));
       kfree(a); kfree(b); kfree(none); kfree(NULL);
       expect(kmalloc(100, GFP_KERNEL) == a);`,
      [],
    ));

  it('zeroes, counts elements, and notices an overflow', () =>
    checkOnCores(
      `unsigned int *dirty = kmalloc(64, GFP_KERNEL);
       memset(dirty, 0xff, 64); kfree(dirty);
       unsigned int *clean = kcalloc(16, 4, GFP_KERNEL);
       expect(clean == dirty && !memchr_inv(clean, 0, 64));
       expect(!kmalloc_array(SIZE_MAX / 2, 4, GFP_KERNEL) && !kcalloc(SIZE_MAX, 2, GFP_KERNEL));
       kfree_sensitive(clean);`,
      [],
    ));

  it('grows an object with its contents, and copies strings and memory', () =>
    checkOnCores(
      `char *s = kstrdup("between two tides", GFP_KERNEL), *n = kstrndup("between", 3, GFP_KERNEL);
       char *grown = krealloc(s, 1000, GFP_KERNEL), *same = krealloc(grown, 1010, GFP_KERNEL);
       expect(grown == same && !strcmp(grown, "between two tides") && !strcmp(n, "bet"));
       char *copy = kmemdup(grown, 18, GFP_KERNEL);
       expect(!memcmp(copy, grown, 18) && krealloc(copy, 0, GFP_KERNEL) == ZERO_SIZE_PTR);
       pr_info("%s", grown);`,
      ['between two tides'],
    ));

  it('falls back to vmalloc where that may be', () =>
    checkOnCores(
      `char *small = kvmalloc(100, GFP_KERNEL), *large = kvzalloc(8 << 20, GFP_KERNEL);
       expect(!is_vmalloc_addr(small) && is_vmalloc_addr(large) && large[(8 << 20) - 1] == 0);
       kvfree(small); kvfree(large);`,
      [],
    ));

  it('a wild pointer faults where its struct page would lie', () => {
    const vm = coreMachine('kfree((void *)0xffffc90000001000);', 'x86_64-slub');
    const [failed] = runToEnd(vm);
    assert.equal(failed?.kind, 'failed');
    assert.match(log(vm)[0] ?? '', /unable to handle page fault for address: ffff[0-9a-f]{12}/);
  });

  it('a slab that has lost its cache faults at the first member that kfree() reads', () => {
    const text =
      'void *p = kmalloc(64, GFP_KERNEL);\nvirt_to_slab(p)->slab_cache = NULL;\nkfree(p);';
    for (const [profile, member] of [
      ['x86_64-slub', '0000000000000028'],
      ['x86_64-slab', '0000000000000000'],
    ] as const) {
      const vm = coreMachine(text, profile);
      runToEnd(vm);
      assert.equal(log(vm)[0], `BUG: kernel NULL pointer dereference, address: ${member}`);
    }
  });
});

describe('caches', function () {
  it("a constructor is the scenario's function, run once for each object of a new slab", () =>
    checkOnCores(
      `struct foo { int state; char rest[96]; };
       int built;
       static void build(void *object) { ((struct foo *)object)->state = 7; built++; }
       struct kmem_cache *cache = kmem_cache_create("foo", sizeof(struct foo), 0, 0, build);
       struct foo *a = kmem_cache_alloc(cache, GFP_KERNEL);
       int first = built;
       expect(first > 10 && a->state == 7);
       a->state = 8;
       kmem_cache_free(cache, a);
       expect(kmem_cache_alloc(cache, GFP_KERNEL) == a && a->state == 8 && built == first);`,
      [],
    ));

  it('a fault in a constructor is one of the task', () => {
    const vm = coreMachine(
      `static void build(void *object) { *(int *)8 = 1; }
       struct kmem_cache *cache = kmem_cache_create("foo", 64, 0, 0, build);
       kmem_cache_alloc(cache, GFP_KERNEL);`,
      'x86_64-slub',
    );
    const failed = runToEnd(vm).find(({ kind }) => kind === 'failed');
    assert.match(
      failed?.kind === 'failed' ? failed.text : '',
      /kernel NULL pointer dereference, address: 0000000000000008/,
    );
    const calls = failed?.kind === 'failed' ? failed.calls : [];
    assert.deepEqual(
      calls.map(({ function: name, line }) => [name, line]),
      [
        ['build', 1],
        ['main', 3],
      ],
    );
  });

  it('a constructor that has to wait takes its whole statement back', () => {
    const vm = coreMachine(
      `DEFINE_MUTEX(lock);
       int calls;
       static void build(void *object) { if (calls++ == 0) { mutex_lock(&lock); mutex_unlock(&lock); } }
       struct kmem_cache *cache = kmem_cache_create("foo", 3000, 0, 0, build);
       task user { void *o = kmem_cache_alloc(cache, GFP_KERNEL); pr_info("got one: %d", o != NULL); }
       mutex_lock(&lock);
       schedule();
       pr_info("calls %d", calls);
       mutex_unlock(&lock);`,
      'x86_64-slub',
    );
    runToEnd(vm);
    assert.deepEqual(log(vm), ['calls 0', 'got one: 1']);
  });

  it('bulk, shrink, destroy; objects that are out keep a cache', () => {
    const vm = coreMachine(
      `struct kmem_cache *cache = kmem_cache_create("bar", 200, 0, 0, NULL);
       void *p[40];
       expect(kmem_cache_alloc_bulk(cache, GFP_KERNEL, 40, p) == 40 && p[39]);
       kmem_cache_free_bulk(cache, 39, p);
       kmem_cache_destroy(cache);
       kmem_cache_free(cache, p[39]);`,
      'x86_64-slub',
    );
    runToEnd(vm);
    const warned = vm.tape
      .marksBetween(0, vm.tape.cursor + 1)
      .flatMap(({ event }) => (event.kind === 'warn' ? [event.text] : []));
    assert.deepEqual(warned, [
      'kmem_cache_destroy bar: Slab cache still has objects when called from main',
    ]);
  });

  it('slabs of a SLAB_TYPESAFE_BY_RCU cache wait for a grace period, as does the cache', () =>
    checkOnCores(
      `struct page *page;
       task reader { rcu_read_lock(); schedule(); pr_info("still a slab: %d", PageSlab(page)); rcu_read_unlock(); }
       schedule();
       struct kmem_cache *cache = kmem_cache_create("safe", 500, 0, SLAB_TYPESAFE_BY_RCU, NULL);
       void *o = kmem_cache_alloc(cache, GFP_KERNEL);
       page = virt_to_head_page(o);
       kmem_cache_free(cache, o);
       kmem_cache_shrink(cache);
       expect(PageSlab(page) && page_count(page) == 1);
       synchronize_rcu();
       pr_info("now: %d", PageSlab(page));
       kmem_cache_destroy(cache);
       rcu_barrier();`,
      ['still a slab: 1', 'now: 0'],
    ));

  it('a mempool has what it guarantees when nothing else is left, and the next free wakes who waits', () =>
    checkOnCores(
      `int left = 2;
       static void *get(gfp_t gfp, void *data) { return left ? left--, kmalloc(64, gfp) : NULL; }
       static void put(void *element, void *data) { kfree(element); }
       mempool_t *pool = mempool_create(2, get, put, NULL);
       void *a = mempool_alloc(pool, GFP_KERNEL), *b = mempool_alloc(pool, GFP_ATOMIC);
       expect(a && b && !mempool_alloc(pool, GFP_ATOMIC));
       task giver { mempool_free(a, pool); pr_info("given"); }
       void *c = mempool_alloc(pool, GFP_KERNEL);
       pr_info("got it back: %d", c == a);
       mempool_t *slabs = mempool_create(3, mempool_alloc_slab, mempool_free_slab, kmem_cache_create("m", 80, 0, 0, NULL));
       expect(slabs->curr_nr == 3 && mempool_resize(slabs, 5) == 0 && slabs->curr_nr == 5);
       mempool_destroy(slabs);`,
      ['given', 'got it back: 1'],
    ));
});

describe('small things that code needs at once', () => {
  it('atomic numbers and reference counts', () =>
    checkLog(
      `atomic_t a = ATOMIC_INIT(5);
       atomic_long_t l = ATOMIC_LONG_INIT(-1);
       expect(atomic_inc_return(&a) == 6 && atomic_fetch_add(4, &a) == 6 && atomic_read(&a) == 10);
       expect(atomic_cmpxchg(&a, 10, 1) == 10 && atomic_dec_and_test(&a) && !atomic_inc_not_zero(&a));
       expect(atomic_long_add_return(1, &l) == 0 && atomic_add_negative(-3, &a) && atomic_xchg(&a, 2) == -3);
       atomic64_t w = ATOMIC64_INIT(1);
       atomic64_add(0x7fffffffffLL, &w);
       expect(atomic64_read(&w) == 0x8000000000LL);
       refcount_t r = REFCOUNT_INIT(2);
       expect(!refcount_dec_and_test(&r) && refcount_dec_and_test(&r));
       refcount_inc(&r);
       refcount_inc(&r);`,
      ['refcount_t: addition on 0; use-after-free.', 'refcount_t: saturated; leaking memory.'],
    ));

  it('bits and bitmaps', () =>
    checkLog(
      `unsigned long map[3] = { 0 };
       set_bit(70, map);
       expect(test_bit(70, map) && !test_and_set_bit(3, map) && test_and_clear_bit(70, map));
       bitmap_set(map, 10, 60);
       expect(find_first_bit(map, 96) == 3 && find_next_bit(map, 96, 4) == 10 && bitmap_weight(map, 96) == 61);
       expect(find_next_zero_bit(map, 96, 10) == 70 && ffs(8) == 4 && fls(9) == 4 && ilog2(4097) == 12);
       expect(roundup_pow_of_two(33) == 64 && is_power_of_2(64) && !is_power_of_2(0));`,
      [],
    ));

  it('pages, folios and large entries', () =>
    checkLog(
      `struct page *p = alloc_pages(GFP_KERNEL | __GFP_COMP, 2);
       struct folio *f = page_folio(p + 3);
       expect(folio_nr_pages(f) == 4 && folio_order(f) == 2 && virt_to_head_page(page_to_virt(p + 2)) == p);
       folio_get(f); page_ref_inc(p); set_page_count(p, 5);
       expect(folio_ref_count(f) == 5);
       page_ref_sub(p, 4);
       folio_put(f);
       expect(page_count(p) == 0);
       unsigned long a = (unsigned long)page_to_virt(pfn_to_page(0x1800));
       pmd_t *pmd = pmd_offset(pud_offset(p4d_offset(pgd_offset_k(a), a), a), a);
       pr_info("large %d, leaf %d", pmd_large(*pmd), pmd_leaf(*pmd));
       expect(alloc_pages_node(0, GFP_KERNEL, 0) && WARN(1, "value %d", 7));`,
      ['large 1, leaf 1', 'WARNING: at test.mms:12: value 7'],
    ));

  it('current is the task of the kernel', () =>
    checkOnCores('pr_info("%s", current->comm);', ['init'], ['x86_64-slub', 'i386-pae-slab']));
});

describe('macros over calls', () => {
  it('KMEM_CACHE, alloc_percpu', () =>
    checkOnCores(
      `struct thing { long a; int b; };
       struct kmem_cache *cache = KMEM_CACHE(thing, SLAB_HWCACHE_ALIGN);
       struct thing *t = kmem_cache_zalloc(cache, GFP_KERNEL);
       struct thing *each = alloc_percpu(struct thing);
       expect(t && t->b == 0 && per_cpu_ptr(each, 0)->a == 0);
       kmem_cache_free(cache, t);
       free_percpu(each);
       kmem_cache_destroy(cache);`,
      [],
    ));
});

describe('the account of what is held', () => {
  it('hears of each allocation and of its free, by one address', () => {
    const vm = coreMachine(
      `void *a = kmalloc(10, GFP_KERNEL), *b = krealloc(a, 300, GFP_KERNEL), *v = vmalloc(100), *leak = kzalloc(8, GFP_KERNEL);
       struct page *p = alloc_page(GFP_KERNEL), *c = cma_alloc(dma_contiguous_default_area, 3, 0, false);
       unsigned long g = __get_free_pages(GFP_KERNEL, 1);
       dma_addr_t bus;
       void *d = dma_alloc_coherent(NULL, 3 * PAGE_SIZE, &bus, GFP_KERNEL);
       kfree(b); vfree(v); __free_page(p); free_pages(g, 1); cma_release(dma_contiguous_default_area, c, 3);
       free_page(0);
       dma_free_coherent(NULL, 3 * PAGE_SIZE, d, bus);
       void *left = vmalloc(5000);
       int *each = __alloc_percpu(4, 4);
       struct kmem_cache *cache = kmem_cache_create("held", 64, 0, 0, NULL);`,
      'i386-highmem4g-slub',
    );
    runToEnd(vm);
    const held = vm.holdings
      .notGivenBack()
      .map(({ kind, count, sizeBytes, function: name }) => `${kind} ${count} ${sizeBytes} ${name}`);
    assert.deepEqual(held, [
      'object 1 8 kzalloc',
      'area 1 5000 vmalloc',
      'per-CPU 1 4 __alloc_percpu',
      'cache 1 64 kmem_cache_create',
    ]);
  });
});
