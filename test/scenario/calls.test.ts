/** What a module author calls besides pages: on recorded machines, where the kernel has its caches and areas. */
import assert from 'node:assert/strict';
import { ALL, checkOnCores, coreMachine, HIGHMEM } from './coreMachines.js';
import { checkLog, log, machine, runToEnd } from './machines.js';

describe('kmalloc and its family', function () {
  this.timeout(60_000);

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
});

describe('caches', function () {
  this.timeout(60_000);

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

describe('vmalloc space', function () {
  this.timeout(60_000);

  it('pages one by one, side by side', () =>
    checkOnCores(
      `char *v = vmalloc(3 * PAGE_SIZE);
       memset(v, 5, 3 * PAGE_SIZE);
       struct page *second = vmalloc_to_page(v + PAGE_SIZE);
       expect(is_vmalloc_addr(v) && vmalloc_to_pfn(v + PAGE_SIZE) == page_to_pfn(second));
       struct vm_struct *area = find_vm_area(v);
       expect(area->nr_pages == 3 && area->size == 4 * PAGE_SIZE && vmalloc_nr_pages() >= 3);
       struct page *pages[2] = { alloc_page(GFP_KERNEL), second };
       char *again = vmap(pages, 2, VM_MAP, PAGE_KERNEL);
       expect(again[PAGE_SIZE] == 5);
       again[PAGE_SIZE + 1] = 6;
       expect(v[PAGE_SIZE + 1] == 6);
       vunmap(again); vfree(v);
       expect(!find_vm_area(v) && !vmalloc_to_page(v));`,
      [],
    ));

  it('a touch of the guard page says which area it protects', () => {
    for (const profile of ALL) {
      const vm = coreMachine(
        'static char *get(void) { return vmalloc(5000); }\nchar *v = get();\nv[8192] = 1;',
        profile,
      );
      runToEnd(vm);
      const lines = log(vm);
      const [oops = ''] = lines;
      const note = lines.find((line) => line.includes('guard page')) ?? '';
      const address = /address: ([0-9a-f]+)/.exec(oops)?.[1] ?? '?';
      assert.match(
        note,
        new RegExp(
          `^${address} is in the guard page of the area [0-9a-f]+-${address} \\(2 pages, from get\\(\\)\\)$`,
        ),
      );
    }
  });

  it('freed addresses come back after a purge', () =>
    checkOnCores(
      `char *a = vmalloc(PAGE_SIZE);
       vfree(a);
       char *b = vmalloc(PAGE_SIZE);
       expect(b != a);
       vm_unmap_aliases();
       expect(vmalloc(PAGE_SIZE) == a);`,
      [],
    ));

  it('huge pages where the build has them', () =>
    checkOnCores(
      `char *v = vmalloc_huge(4 << 20, GFP_KERNEL);
       unsigned int level;
       lookup_address((unsigned long)v, &level);
       expect(level == PG_LEVEL_2M);`,
      [],
      ['x86_64-slub', 'x86_64-slab'],
    ));

  it('a device is mapped; ordinary memory is refused', () =>
    checkOnCores(
      `void *io = ioremap(0xfebf0000, 0x1000);
       pte_t *pte = lookup_address((unsigned long)io, &(unsigned int){ 0 });
       expect(io && pte_pfn(*pte) == 0xfebf0 && (pte_val(*pte) & _PAGE_PCD));
       iounmap(io);
       expect(!ioremap(0x8000000, 0x1000));`,
      [],
    ));

  it('lists go through vmalloc space', () =>
    checkOnCores(
      `struct item { struct list_head node; int n; };
       LIST_HEAD(items);
       struct item *a = vmalloc(sizeof(*a)), *b = kmalloc(sizeof(*b), GFP_KERNEL), *c = vmalloc(9000), *i;
       a->n = 1; b->n = 2; c->n = 3;
       list_add_tail(&a->node, &items); list_add_tail(&b->node, &items); list_add_tail(&c->node, &items);
       int order = 0;
       list_for_each_entry(i, &items, node) order = order * 10 + i->n;
       list_move(&c->node, &items); list_del(&a->node); list_del_init(&b->node);
       list_for_each_entry(i, &items, node) order = order * 10 + i->n;
       expect(order == 1233 && a->node.next == LIST_POISON1 && list_empty(&b->node));`,
      [],
    ));
});

describe('mappings of single pages', function () {
  this.timeout(60_000);

  it('kmap takes a slot; a full table parks the task until the next kunmap', () => {
    for (const profile of HIGHMEM) {
      const vm = coreMachine(
        `struct page *pages[1024];
         int i;
         for (i = 0; i < LAST_PKMAP; i++) { pages[i] = alloc_page(GFP_HIGHUSER); kmap(pages[i]); }
         struct page *more = alloc_page(GFP_HIGHUSER);
         task other { pr_info("other"); kunmap(pages[3]); pr_info("unmapped"); }
         char *at = kmap(more);
         pr_info("mapped: %d", kmap_to_page(at) == more && page_address(more) == at);`,
        profile,
      );
      const kinds = runToEnd(vm).map(({ kind, task }) => `${kind} ${task}`);
      assert.deepEqual(log(vm), ['other', 'unmapped', 'mapped: 1']);
      assert.deepEqual(kinds, ['blocked 0', 'ended 1', 'ended 0', 'exited 0']);
    }
  });

  it('when nobody unmaps, the deadlock says what is missing', () => {
    const vm = coreMachine(
      'int i; for (i = 0; i <= LAST_PKMAP; i++) kmap(alloc_page(GFP_HIGHUSER));',
      'i386-pae-slab',
    );
    const deadlock = runToEnd(vm).at(-1);
    assert.match(
      deadlock?.kind === 'deadlock' ? (deadlock.waits[0]?.text ?? '') : '',
      /^main waits for a pkmap slot for page 0x[0-9a-f]+: all 512 are in use, until somebody calls kunmap\(\)$/,
    );
  });

  it('nested mappings are given back in reverse order, or the kernel warns', () => {
    const vm = coreMachine(
      `struct page *p = alloc_page(GFP_HIGHUSER), *q = alloc_page(GFP_HIGHUSER);
       char *a = kmap_local_page(p), *b = kmap_local_page(q);
       *a = 1; *b = 2;
       expect(b == a - PAGE_SIZE);
       kunmap_local(a);
       kunmap_local(b);`,
      'i386-highmem4g-slub',
    );
    runToEnd(vm);
    const warnings = vm.tape
      .marksBetween(0, vm.tape.cursor + 1)
      .filter(({ event }) => event.kind === 'warn');
    assert.ok(warnings.length >= 1);
  });

  it('contents of pages, wherever they lie', () =>
    checkOnCores(
      `struct page *p = alloc_page(GFP_HIGHUSER), *q = alloc_page(GFP_HIGHUSER);
       char text[8];
       clear_highpage(p);
       memcpy_to_page(p, 4090, "hello", 6);
       copy_highpage(q, p);
       memcpy_from_page(text, q, 4090, 6);
       expect(!strcmp(text, "hello"));
       memset_page(q, 4090, 'x', 2);
       memcpy_page(p, 0, q, 4090, 6);
       memcpy_from_page(text, p, 0, 6);
       pr_info("%s", text);`,
      ['xxllo'],
    ));

  it('a page without a need for it has its own address', () =>
    checkLog(
      `struct page *p = alloc_page(GFP_KERNEL);
       expect(kmap(p) == page_address(p) && kmap_local_page(p) == page_address(p));
       kunmap(p);`,
      [],
      ['x86_64-slub'],
    ));
});

describe('per-CPU memory', function () {
  this.timeout(60_000);

  it('is allocated, zeroed, for each CPU', () =>
    checkOnCores(
      `long *counter = __alloc_percpu(sizeof(long), sizeof(long));
       expect(*this_cpu_ptr(counter) == 0);
       this_cpu_add(*counter, 5);
       this_cpu_inc(*counter);
       expect(*per_cpu_ptr(counter, 0) == 6 && this_cpu_read(*counter) == 6);
       free_percpu(counter);`,
      [],
    ));

  it('further chunks: as many areas as are asked for, each with memory of its own', () =>
    checkOnCores(
      `void *p[120];
       int i, wrong = 0;
       for (i = 0; i < 120; i++) { p[i] = __alloc_percpu(32000, 8); *(int *)this_cpu_ptr(p[i]) = i; }
       for (i = 0; i < 120; i++) if (*(int *)this_cpu_ptr(p[i]) != i) wrong++;
       unsigned long populated = pcpu_nr_populated;
       for (i = 0; i < 120; i++) free_percpu(p[i]);
       schedule();
       expect(!wrong && pcpu_nr_populated < populated);
       pr_info("wrong %d", wrong);`,
      ['wrong 0'],
    ));

  it('a scenario has its own per-CPU variables', () => {
    const vm = machine(
      `DEFINE_PER_CPU(int, hits) = 40;
       this_cpu_inc(hits);
       cpu(1) { this_cpu_add(hits, 2); expect(this_cpu_read(hits) == 42); }
       expect(per_cpu(hits, 0) == 41 && per_cpu(hits, 1) == 42);
       pr_info("%d %d", per_cpu(hits, 0), per_cpu(hits, 1));`,
      'x86_64-slub-smp',
      2,
    );
    runToEnd(vm);
    assert.deepEqual(log(vm), ['41 42']);
  });
});

describe('memory for devices', function () {
  this.timeout(60_000);

  it('comes from the CMA area if it may wait and is more than a page, else from the page allocator', () =>
    checkOnCores(
      `dma_addr_t handle;
       char *large = dma_alloc_coherent(NULL, 3 * PAGE_SIZE, &handle, GFP_KERNEL);
       unsigned long base = dma_contiguous_default_area->base_pfn, count = dma_contiguous_default_area->count;
       expect(handle == virt_to_phys(large) && !memchr_inv(large, 0, 3 * PAGE_SIZE));
       expect(virt_to_pfn(large) >= base && virt_to_pfn(large) < base + count);
       dma_free_coherent(NULL, 3 * PAGE_SIZE, large, handle);
       char *one = dma_alloc_coherent(NULL, 100, &handle, GFP_KERNEL);
       expect(virt_to_pfn(one) < base || virt_to_pfn(one) >= base + count);
       dma_free_coherent(NULL, 100, one, handle);`,
      [],
    ));

  it('vmalloc addresses are refused, with a warning once and -ENOMEM', () =>
    checkOnCores(
      `char *v = vmalloc(PAGE_SIZE), *k = kmalloc(64, GFP_KERNEL);
       expect(dma_map_single(NULL, v, 64, DMA_TO_DEVICE) == DMA_MAPPING_ERROR);
       expect(dma_mapping_error(NULL, dma_map_single(NULL, v, 64, DMA_TO_DEVICE)) == -ENOMEM);
       dma_addr_t good = dma_map_page(NULL, virt_to_page(k), offset_in_page(k), 64, DMA_TO_DEVICE);
       expect(!dma_mapping_error(NULL, good) && good == virt_to_phys(k));`,
      ['rejecting DMA map of vmalloc memory'],
    ));
});

describe('locks', function () {
  it('a mutex is waited for', () =>
    checkLog(
      `DEFINE_MUTEX(m);
       task b { mutex_lock(&m); pr_info("b has it"); mutex_unlock(&m); }
       mutex_lock(&m);
       expect(mutex_is_locked(&m) && !mutex_trylock(&m));
       schedule();
       pr_info("main gives it back");
       mutex_unlock(&m);`,
      ['main gives it back', 'b has it'],
    ));

  it('a mutex taken twice is a deadlock that names its holder', () => {
    const vm = machine('DEFINE_MUTEX(m);\nmutex_lock(&m);\nmutex_lock(&m);');
    const last = runToEnd(vm).at(-1);
    assert.match(
      last?.kind === 'deadlock' ? (last.waits[0]?.text ?? '') : '',
      /^main waits for the mutex at [0-9a-f]+, which it holds itself$/,
    );
  });

  it('a sleeping call where none may be warns, and is made', () =>
    checkLog(
      `DEFINE_SPINLOCK(lock);
       spin_lock(&lock);
       struct page *page = alloc_page(GFP_KERNEL);
       struct page *atomic = alloc_page(GFP_ATOMIC);
       expect(page && atomic && in_atomic());
       schedule();
       spin_unlock(&lock);
       unsigned long flags;
       spin_lock_irqsave(&lock, flags);
       expect(irqs_disabled());
       spin_unlock_irqrestore(&lock, flags);
       expect(!irqs_disabled() && preempt_count() == 0);
       might_sleep();`,
      [
        'BUG: sleeping function called from invalid context at test.mms:3',
        'in_atomic(): 1, irqs_disabled(): 0, non_block: 0, pid: 1, name: init',
        'preempt_count: 1, expected: 0',
        'BUG: scheduling while atomic: init/1/0x00000001',
      ],
    ));

  it('on SMP a spinlock is waited for; a build without SMP has none', () => {
    const text = `DEFINE_SPINLOCK(lock);
      task b { spin_lock(&lock); pr_info("b"); spin_unlock(&lock); }
      spin_lock(&lock);
      schedule();
      pr_info("main");
      spin_unlock(&lock);`;
    const smp = machine(text, 'x86_64-slub-smp');
    runToEnd(smp);
    const complaint = 'BUG: scheduling while atomic: init/1/0x00000001';
    assert.deepEqual(log(smp), [complaint, 'main', 'b']);
    checkLog(text, [complaint, 'b', 'main']);
  });

  it('what a section holds is undone with a step back', () => {
    const vm = machine('preempt_disable();\nint n = preempt_count();\npreempt_enable();');
    vm.runStatement();
    const inside = vm.tape.cursor;
    runToEnd(vm);
    vm.tape.seek(inside);
    const value = vm.evaluate('preempt_count()');
    assert.ok(value.ok && value.value === 1);
  });
});

describe('RCU', function () {
  this.timeout(60_000);

  it('callbacks are called when a grace period is over, in order, and kfree_rcu frees', () =>
    checkOnCores(
      `struct item { int n; struct rcu_head rcu; };
       static void release(struct rcu_head *head) { struct item *i = container_of(head, struct item, rcu); pr_info("item %d", i->n); kfree(i); }
       struct item *a = kmalloc(sizeof(*a), GFP_KERNEL), *b = kmalloc(sizeof(*b), GFP_KERNEL), *c = kmalloc(sizeof(*c), GFP_KERNEL);
       a->n = 1; b->n = 2;
       call_rcu(&a->rcu, release);
       call_rcu(&b->rcu, release);
       kfree_rcu(c, rcu);
       pr_info("queued");
       synchronize_rcu();
       pr_info("over");
       expect(kmalloc(sizeof(*c), GFP_KERNEL) == c);`,
      ['queued', 'item 1', 'item 2', 'over'],
    ));

  it('a reader is waited for', () =>
    checkOnCores(
      `task reader { rcu_read_lock(); pr_info("in"); schedule(); pr_info("out"); rcu_read_unlock(); }
       schedule();
       synchronize_rcu();
       pr_info("no reader");`,
      ['in', 'out', 'no reader'],
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
    const held = vm
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
