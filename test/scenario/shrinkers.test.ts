/** Shrinkers of a module, who asks them, and lists of unused objects. */
import { says } from './machines.js';

const SHRINKER = `
static unsigned long cached = 1000;
static unsigned long count(struct shrinker *s, struct shrink_control *sc) { return cached ? cached : SHRINK_EMPTY; }
static unsigned long scan(struct shrinker *s, struct shrink_control *sc) {
  pr_info("scan %lu of %lu\\n", sc->nr_to_scan, cached);
  unsigned long n = min(sc->nr_to_scan, cached);
  cached -= n;
  return n;
}
static struct shrinker demo = { .count_objects = count, .scan_objects = scan, .seeks = DEFAULT_SEEKS };
`;

describe('register_shrinker()', () => {
  it('has its functions called by vm.drop_caches: twice what is freeable is asked for, in batches', () =>
    says(
      `${SHRINKER}
demo.batch = 300;
expect(!register_shrinker(&demo, "demo-%d", 1) && demo.flags == SHRINKER_REGISTERED && demo.nr_deferred);
expect(sysctl("vm.drop_caches=2") == 2 && cached == 0);
unregister_shrinker(&demo);
expect(!demo.flags && !demo.nr_deferred);
cached = 5;
expect(sysctl("vm.drop_caches=6") == -1);
sysctl("vm.drop_caches=4");
sysctl("vm.drop_caches=2");
expect(cached == 5);`,
      [
        'scan 300 of 1000',
        'scan 300 of 700',
        'scan 300 of 400',
        'scan 300 of 100',
        'scan 300 of 0',
        'scan 300 of 0',
        'init (1): drop_caches: 2',
        'init (1): drop_caches: 4',
      ],
    ));

  it('defers what is less than a batch, and a batch is 128', () =>
    says(
      `${SHRINKER}
demo.seeks = 0;
cached = 200;
register_shrinker(&demo, "demo");
static unsigned long stop(struct shrinker *s, struct shrink_control *sc) { return SHRINK_STOP; }
demo.scan_objects = stop;
sysctl("vm.drop_caches=2");
expect(demo.nr_deferred->counter == 100);
demo.scan_objects = scan;
sysctl("vm.drop_caches=2");
expect(demo.nr_deferred->counter == 0 && cached == 0);
unregister_shrinker(&demo);`,
      ['init (1): drop_caches: 2', 'scan 128 of 200', 'scan 108 of 72', 'init (1): drop_caches: 2'],
    ));

  it('is asked by a request for memory that finds none, which succeeds with what it frees', () =>
    says(
      `struct node { struct list_head list; };
LIST_HEAD(all);
static unsigned long nr, asked;
static unsigned long count(struct shrinker *s, struct shrink_control *sc) { asked++; expect(sc->gfp_mask & __GFP_DIRECT_RECLAIM); return nr; }
static unsigned long scan(struct shrinker *s, struct shrink_control *sc) {
  unsigned long freed = 0;
  while (freed < sc->nr_to_scan && !list_empty(&all)) {
    struct node *n = list_first_entry(&all, struct node, list);
    list_del(&n->list);
    kfree(n);
    nr--; freed++;
  }
  return freed;
}
static struct shrinker demo = { .count_objects = count, .scan_objects = scan, .seeks = 2 };
register_shrinker(&demo, "demo");
while (asked == 0 && nr < 20000) {
  struct node *n = kmalloc(4096, GFP_KERNEL);
  if (!n) break;
  list_add(&n->list, &all); nr++;
}
expect(asked > 0 && nr > 1000);
unsigned long before = nr;
struct page *page = alloc_page(GFP_KERNEL);
expect(page);
pr_info("freed %d\\n", nr < before || asked > 1);
__free_page(page);
while (!list_empty(&all)) { struct node *n = list_first_entry(&all, struct node, list); list_del(&n->list); kfree(n); }
unregister_shrinker(&demo);`,
      ['freed 1'],
    ));
});

describe('list_lru', () => {
  it('keeps the order of use, and a walk removes, rotates, skips', () =>
    says(
      `struct item { int id; struct list_head lru; } items[4];
struct list_lru lru;
expect(!list_lru_init(&lru) && lru.node);
for (int i = 0; i < 4; i++) { items[i].id = i; INIT_LIST_HEAD(&items[i].lru); expect(list_lru_add(&lru, &items[i].lru)); }
expect(!list_lru_add(&lru, &items[0].lru) && list_lru_count(&lru) == 4);
expect(list_lru_del(&lru, &items[3].lru) && !list_lru_del(&lru, &items[3].lru) && list_lru_count_one(&lru, 0, NULL) == 3);
list_lru_add(&lru, &items[3].lru);
LIST_HEAD(dispose);
static enum lru_status isolate(struct list_head *item, struct list_lru_one *list, spinlock_t *lock, void *arg)
{
  struct item *it = list_entry(item, struct item, lru);
  pr_info("%d\\n", it->id);
  if (it->id == 0) return LRU_ROTATE;
  if (it->id == 1) return LRU_SKIP;
  list_lru_isolate_move(list, item, arg);
  return LRU_REMOVED;
}
expect(list_lru_walk(&lru, isolate, &dispose, 3) == 1 && list_lru_count(&lru) == 3);
expect(list_first_entry(&dispose, struct item, lru) == &items[2]);
struct shrink_control sc = { .nr_to_scan = 10 };
expect(list_lru_shrink_count(&lru, &sc) == 3 && list_lru_shrink_walk(&lru, &sc, isolate, &dispose) == 1 && sc.nr_to_scan == 7);
expect(preempt_count() == 0);
list_lru_destroy(&lru);
expect(!lru.node);`,
      ['0', '1', '2', '1', '3', '0'],
    ));
});
