/** Arrays by index, numbers for pointers, counters of each CPU, sorting, clocks and random numbers. */
import { checkLog, PROFILES } from './machines.js';

const ALL = [...PROFILES, 'x86_64-slub-smp'] as const;

describe('struct xarray', function () {
  it('keeps pointers and values by index, and gives them in order', () =>
    checkLog(
      `DEFINE_XARRAY(xa);
       int things[4]; unsigned long index; void *entry;
       expect(xa_empty(&xa) && xa_load(&xa, 0) == NULL);
       expect(xa_store(&xa, 0, &things[0], GFP_KERNEL) == NULL && xa.xa_head == &things[0]);
       expect(xa_store(&xa, 5, &things[1], GFP_KERNEL) == NULL);
       expect(xa_store(&xa, 100000, xa_mk_value(42), GFP_KERNEL) == NULL);
       expect(xa_store(&xa, 64, &things[2], GFP_KERNEL) == NULL);
       struct xa_node *top = (struct xa_node *)((unsigned long)xa.xa_head - 2);
       expect(((unsigned long)xa.xa_head & 3) == 2 && top->parent == NULL && top->array == &xa);
       xa_for_each(&xa, index, entry) pr_info("%lu %d", index, xa_is_value(entry) ? (int)xa_to_value(entry) : (int)((int *)entry - things));
       expect(xa_insert(&xa, 5, &things[3], GFP_KERNEL) == -EBUSY);
       expect(xa_cmpxchg(&xa, 5, &things[1], &things[3], GFP_KERNEL) == &things[1] && xa_load(&xa, 5) == &things[3]);
       expect(xa_erase(&xa, 100000) == xa_mk_value(42) && xa_erase(&xa, 100000) == NULL);
       xa_for_each_range(&xa, index, entry, 1, 64) pr_info("%lu", index);
       xa_destroy(&xa);
       expect(xa_empty(&xa));`,
      ['0 0', '5 1', '64 2', '100000 42', '5', '64'],
      ALL,
    ));

  it('gives free indexes, and marks entries', () =>
    checkLog(
      `DEFINE_XARRAY_ALLOC(xa);
       int thing; u32 id; unsigned long index; void *entry;
       for (int i = 0; i < 70; i++) expect(xa_alloc(&xa, &id, &thing, xa_limit_32b, GFP_KERNEL) == 0 && id == i);
       xa_erase(&xa, 33); xa_erase(&xa, 7);
       expect(xa_alloc(&xa, &id, &thing, XA_LIMIT(10, 69), GFP_KERNEL) == 0 && id == 33);
       expect(xa_alloc(&xa, &id, &thing, XA_LIMIT(10, 69), GFP_KERNEL) == -EBUSY);
       expect(xa_alloc(&xa, &id, &thing, xa_limit_32b, GFP_KERNEL) == 0 && id == 7);
       xa_set_mark(&xa, 3, XA_MARK_1); xa_set_mark(&xa, 66, XA_MARK_1); xa_set_mark(&xa, 1000, XA_MARK_1);
       expect(xa_get_mark(&xa, 66, XA_MARK_1) && !xa_get_mark(&xa, 65, XA_MARK_1) && xa_marked(&xa, XA_MARK_1));
       xa_for_each_marked(&xa, index, entry, XA_MARK_1) pr_info("%lu", index);
       xa_clear_mark(&xa, 3, XA_MARK_1); xa_erase(&xa, 66);
       expect(!xa_marked(&xa, XA_MARK_1));
       expect(xa_is_err(xa_store(&xa, 1, (void *)2, GFP_KERNEL)) && xa_err(xa_store(&xa, 1, (void *)2, GFP_KERNEL)) == -EINVAL);`,
      ['3', '66'],
      ALL,
    ));
});

describe('struct idr', function () {
  it('gives numbers for pointers', () =>
    checkLog(
      `DEFINE_IDR(idr);
       int things[3]; int id; int *thing;
       expect(idr_alloc(&idr, &things[0], 0, 0, GFP_KERNEL) == 0);
       expect(idr_alloc(&idr, &things[1], 100, 101, GFP_KERNEL) == 100);
       expect(idr_alloc(&idr, &things[2], 100, 101, GFP_KERNEL) == -ENOSPC);
       expect(idr_alloc_cyclic(&idr, &things[2], 5, 0, GFP_KERNEL) == 5 && idr_find(&idr, 5) == &things[2]);
       idr_for_each_entry(&idr, thing, id) pr_info("%d %d", id, (int)(thing - things));
       expect(idr_replace(&idr, &things[0], 100) == &things[1] && idr_find(&idr, 100) == &things[0]);
       expect(idr_remove(&idr, 5) == &things[2] && idr_remove(&idr, 5) == NULL);
       expect(idr_alloc_cyclic(&idr, &things[2], 5, 0, GFP_KERNEL) == 6);
       idr_destroy(&idr);
       expect(idr_is_empty(&idr));`,
      ['0 0', '5 2', '100 1'],
      ALL,
    ));
});

describe('small things of lib/', function () {
  it('percpu_counter: exact as a sum, rough as it is read', () =>
    checkLog(
      `struct percpu_counter counter;
       expect(percpu_counter_init(&counter, 5, GFP_KERNEL) == 0);
       for (int i = 0; i < 40; i++) percpu_counter_inc(&counter);
       expect(percpu_counter_sum(&counter) == 45);
       pr_info("%lld", percpu_counter_read(&counter));
       percpu_counter_sub(&counter, 50);
       expect(percpu_counter_sum(&counter) == -5 && percpu_counter_sum_positive(&counter) == 0);
       expect(percpu_counter_compare(&counter, -6) == 1 && percpu_counter_compare(&counter, 10000) == -1);
       percpu_counter_set(&counter, 1LL << 40);
       expect(percpu_counter_read(&counter) == 1LL << 40);
       percpu_counter_destroy(&counter);`,
      ['37'],
      ['x86_64-slub-smp'],
    ));

  it('sort() and bsearch() call a function of the scenario', () =>
    checkLog(
      `struct pair { int key; short tag; } pairs[9] = { {5}, {3}, {9}, {1}, {7}, {2}, {8}, {6}, {4} };
       static int compare(const void *a, const void *b) { return ((struct pair *)a)->key - ((struct pair *)b)->key; }
       sort(pairs, ARRAY_SIZE(pairs), sizeof(pairs[0]), compare, NULL);
       for (int i = 0; i < 9; i++) expect(pairs[i].key == i + 1);
       struct pair wanted = { 7 }, missing = { 70 };
       expect(bsearch(&wanted, pairs, 9, sizeof(wanted), compare) == &pairs[6]);
       expect(bsearch(&missing, pairs, 9, sizeof(wanted), compare) == NULL);`,
      [],
    ));

  it('the clock goes on with jiffies, and random numbers are the same in each run', () =>
    checkLog(
      `ktime_t start = ktime_get();
       msleep(20);
       expect(ktime_to_ms(ktime_sub(ktime_get(), start)) >= 20 && ktime_get_ns() > 0);
       u32 a = get_random_u32(), b = get_random_u32();
       expect(a != b);
       for (int i = 0; i < 50; i++) expect(prandom_u32_max(10) < 10);
       u8 bytes[8] = {}; get_random_bytes(bytes, 8); expect(memchr_inv(bytes, 0, 8) != NULL);`,
      [],
    ));

  it('lists that readers follow', () =>
    checkLog(
      `struct item { int value; struct list_head list; struct rcu_head rcu; } *item; LIST_HEAD(items);
       for (int i = 0; i < 3; i++) { item = kzalloc(sizeof(*item), GFP_KERNEL); item->value = i; list_add_tail_rcu(&item->list, &items); }
       rcu_read_lock(); list_for_each_entry_rcu(item, &items, list) pr_info("%d", item->value); rcu_read_unlock();
       item = list_first_entry(&items, struct item, list);
       struct list_head *next = item->list.next;
       list_del_rcu(&item->list);
       expect(item->list.next == next && item->list.prev == LIST_POISON2);
       kfree_rcu(item, rcu); synchronize_rcu();`,
      ['0', '1', '2'],
    ));

  it('a flexible array has what the initialiser of its static object gives it', () =>
    checkLog(
      `struct counted { char kind; unsigned short count; short item[]; };
       struct text { int n; char s[]; };
       static struct counted a = { 1, 3, { 4, 5, -2 } }, b = { .item = { 7, 8 }, .kind = 2 };
       static struct text t = { 4, "hello" };
       static int after = 77;
       expect(sizeof(a) == sizeof(struct counted) && a.item[0] == 4 && a.item[2] == -2 && b.item[1] == 8 && b.kind == 2);
       pr_info("%s %d %d", t.s, t.n, after);`,
      ['hello 4 77'],
    ));
});
