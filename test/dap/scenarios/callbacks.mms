// Functions of the scenario that the kernel calls.
#pragma mmscope machine arch=x86_64 ram=64M slab=slub cmdline="slab_nomerge slub_max_order=0"

struct item {
  int n;
  struct rcu_head rcu;
  char rest[1200];
};
int built;

static int next_number(int from) {
  int number = from + 1; // helper
  return number;
}

static void build(void *object) {
  struct item *item = object; // ctor
  int before = built;
  built = next_number(before); // calls
  item->n = built; // sets
}

static void release(struct rcu_head *head) {
  struct item *gone = container_of(head, struct item, rcu); // callback
  pr_info("item %d", gone->n);
  kfree(gone); // frees
}

static void *take(gfp_t gfp, void *data) {
  void *element = kmalloc(64, gfp); // pool
  return element;
}
static void give(void *element, void *data) {
  kfree(element); // pool gives
}

struct kmem_cache *cache = kmem_cache_create("items", sizeof(struct item), 0, 0, build);
struct item *one = kmem_cache_alloc(cache, GFP_KERNEL); // alloc
expect(one->n == 1 && built == 3);
struct item *dead = kmalloc(sizeof(*dead), GFP_KERNEL);
dead->n = 77;
call_rcu(&dead->rcu, release);
synchronize_rcu(); // grace
mempool_t *pool = mempool_create(2, take, give, NULL); // mempool
mempool_destroy(pool); // destroy
expect(built == 3); // end
