/** Rings of elements, lists without locks, chains of blocks that are told, limits of messages; the clock on the wall. */
import { says } from './machines.js';

describe('kfifo, llist, notifiers and ratelimit', () => {
  it('do what their headers say', () =>
    says(
      `static DEFINE_KFIFO(f, int, 4);
static DECLARE_KFIFO_PTR(p, unsigned char);
static DECLARE_KFIFO(g, short, 8);
int v, i; unsigned char out[10];
expect(kfifo_size(&f) == 4 && kfifo_is_empty(&f));
for (i = 0; i < 6; i++) v = kfifo_put(&f, i * 10);
expect(!v && kfifo_is_full(&f) && kfifo_len(&f) == 4);
expect(kfifo_get(&f, &v) && v == 0 && kfifo_peek(&f, &v) && v == 10 && kfifo_avail(&f) == 1);
int more[3] = { 7, 8, 9 }, got[5];
expect(kfifo_in(&f, more, 3) == 1 && kfifo_out(&f, got, 5) == 4 && got[0] == 10 && got[3] == 7);
expect(kfifo_in(&f, more, 3) == 3 && kfifo_out_peek(&f, got, 3) == 3 && got[2] == 9 && kfifo_len(&f) == 3);
expect(!kfifo_alloc(&p, 5, GFP_KERNEL) && kfifo_size(&p) == 8);
expect(kfifo_in(&p, "hello world", 11) == 8 && kfifo_out(&p, out, 5) == 5 && !memcmp(out, "hello", 5));
expect(kfifo_in(&p, "abcdefgh", 8) == 5 && kfifo_len(&p) == 8 && kfifo_out(&p, out, 8) == 8 && !memcmp(out, " woabcde", 8));
kfifo_free(&p); INIT_KFIFO(g); expect(kfifo_put(&g, 3) && kfifo_esize(&g) == 2);
LLIST_HEAD(l); struct item { int n; struct llist_node node; } items[3], *it; 
for (i = 0; i < 3; i++) { items[i].n = i; v = llist_add(&items[i].node, &l); }
struct llist_node *all = llist_reverse_order(llist_del_all(&l)); i = 0; llist_for_each_entry(it, all, node) i = i * 10 + it->n; expect(i == 12 && llist_empty(&l) && !v);
static int told; static int tell(struct notifier_block *nb, unsigned long a, void *d) { told = told * 10 + nb->priority; return a == 2 ? NOTIFY_STOP : NOTIFY_OK; }
static BLOCKING_NOTIFIER_HEAD(chain); static struct notifier_block b1 = { .notifier_call = tell, .priority = 1 }, b2 = { .notifier_call = tell, .priority = 2 };
expect(!blocking_notifier_chain_register(&chain, &b1) && !blocking_notifier_chain_register(&chain, &b2) && blocking_notifier_chain_register(&chain, &b2) == -EEXIST);
expect(blocking_notifier_call_chain(&chain, 1, NULL) == NOTIFY_OK && told == 21 && blocking_notifier_call_chain(&chain, 2, NULL) == NOTIFY_STOP && told == 212);
expect(!blocking_notifier_chain_unregister(&chain, &b2) && blocking_notifier_chain_unregister(&chain, &b2) == -ENOENT);
DEFINE_RATELIMIT_STATE(rs, HZ, 2); expect(__ratelimit(&rs) && __ratelimit(&rs) && !__ratelimit(&rs) && rs.missed == 1); 
pr_info("%lld\\n", (long long)ktime_get_real_seconds()); struct timespec64 ts; ktime_get_real_ts64(&ts); expect(ts.tv_sec == ktime_get_real_seconds());`,
      ['1670803200'],
    ));
});
