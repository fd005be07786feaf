/** Hash tables that grow and shrink by themselves. */
import { says } from './machines.js';

const TABLE = `
struct object { u32 key; int value; struct rhash_head node; };
static const struct rhashtable_params params = {
  .key_len = sizeof(u32), .key_offset = offsetof(struct object, key), .head_offset = offsetof(struct object, node),
  .automatic_shrinking = true,
};
static struct object *object(u32 key) { struct object *o = kzalloc(sizeof(*o), GFP_KERNEL); o->key = key; o->value = key * 2; return o; }
static void drop(void *ptr, void *arg) { ++*(int *)arg; kfree(ptr); }
`;

describe('rhashtable', () => {
  it('finds, refuses a key twice, grows at three quarters and shrinks', () =>
    says(
      `${TABLE}
struct rhashtable ht;
expect(!rhashtable_init(&ht, &params) && ht.tbl->size == 64 && ht.key_len == 1);
struct bucket_table *first = ht.tbl;
for (u32 i = 0; i < 49; i++) expect(!rhashtable_insert_fast(&ht, &object(i)->node, params));
expect(ht.nelems.counter == 49 && ht.tbl == first && !first->future_tbl);
struct object *again = object(7);
expect(rhashtable_lookup_insert_fast(&ht, &again->node, params) == -EEXIST);
u32 key = 7;
struct object *seven = rhashtable_lookup_fast(&ht, &key, params);
expect(seven && seven != again && seven->value == 14 && rhashtable_lookup_get_insert_fast(&ht, &again->node, params) == seven);
schedule();
expect(ht.tbl != first && ht.tbl->size == 128);
for (u32 i = 0; i < 49; i++) { struct object *o = rhashtable_lookup_fast(&ht, &i, params); expect(o && o->value == 2 * i); }
expect(!rhashtable_replace_fast(&ht, &seven->node, &again->node, params) && rhashtable_lookup_fast(&ht, &key, params) == again);
kfree(seven);
unsigned int bucket = jhash2(&key, 1, ht.tbl->hash_rnd) & 127;
expect((struct rhash_head *)ht.tbl->buckets[bucket] == &again->node || again->node.next);
for (u32 i = 0; i < 40; i++) {
  struct object *o = rhashtable_lookup_fast(&ht, &i, params);
  expect(!rhashtable_remove_fast(&ht, &o->node, params) && rhashtable_remove_fast(&ht, &o->node, params) == -ENOENT);
  kfree(o);
}
schedule();
expect(ht.tbl->size == 16 && ht.nelems.counter == 9);
int dropped = 0;
rhashtable_free_and_destroy(&ht, drop, &dropped);
expect(dropped == 9);`,
      [],
    ));

  it('is walked over, from the beginning if the table is replaced meanwhile', () =>
    says(
      `${TABLE}
struct rhashtable ht;
rhashtable_init(&ht, &params);
for (u32 i = 0; i < 10; i++) rhashtable_insert_fast(&ht, &object(i)->node, params);
struct rhashtable_iter iter;
rhashtable_walk_enter(&ht, &iter);
rhashtable_walk_start(&iter);
unsigned int seen = 0;
struct object *o;
while ((o = rhashtable_walk_next(&iter)) != NULL) { expect(!IS_ERR(o) && rhashtable_walk_peek(&iter) == o); seen |= 1 << o->key; }
expect(seen == 0x3ff);
rhashtable_walk_stop(&iter);
rhashtable_walk_exit(&iter);
rhashtable_walk_enter(&ht, &iter);
rhashtable_walk_start(&iter);
rhashtable_walk_next(&iter);
rhashtable_walk_stop(&iter);
for (u32 i = 10; i < 50; i++) rhashtable_insert_fast(&ht, &object(i)->node, params);
schedule();
expect(rhashtable_walk_start_check(&iter) == -EAGAIN);
int n = 0;
while (rhashtable_walk_next(&iter)) n++;
expect(n == 50);
rhashtable_walk_stop(&iter);
rhashtable_walk_exit(&iter);
int dropped = 0;
rhashtable_free_and_destroy(&ht, drop, &dropped);`,
      [],
    ));

  it('hashes and compares with functions of the scenario', () =>
    says(
      `struct named { const char *name; struct rhash_head node; } a = { "a" }, b = { "b" }, c = { "b" };
static u32 hash_name(const void *data, u32 len, u32 seed) { return *(const char *)data; }
static u32 hash_object(const void *data, u32 len, u32 seed) { return *((const struct named *)data)->name; }
static int compare(struct rhashtable_compare_arg *arg, const void *obj) { return strcmp(arg->key, ((const struct named *)obj)->name); }
struct rhashtable_params params = { .head_offset = offsetof(struct named, node), .hashfn = hash_name, .obj_hashfn = hash_object, .obj_cmpfn = compare };
struct rhashtable ht;
struct rhashtable_params none = {};
expect(rhashtable_init(&ht, &none) == -EINVAL);
expect(!rhashtable_init(&ht, &params));
expect(!rhashtable_lookup_insert_key(&ht, "a", &a.node, params) && !rhashtable_lookup_insert_key(&ht, "b", &b.node, params));
expect(rhashtable_lookup_insert_key(&ht, "b", &c.node, params) == -EEXIST);
expect(rhashtable_lookup_fast(&ht, "b", params) == &b && !rhashtable_lookup_fast(&ht, "c", params));
expect((struct rhash_head *)ht.tbl->buckets['a' & 63] == &a.node);
rhashtable_destroy(&ht);`,
      [],
    ));

  it('has the hashes of include/linux/jhash.h, as gcc compiles it', () =>
    says(
      `const char *text = "the quick brown fox jumps";
u32 of_bytes[] = { 3735928566u, 898513330u, 1912384194u, 2611199981u, 3929236055u, 4033179232u, 839940134u, 3342121796u, 394589959u, 1253737096u, 952879502u, 1201791581u, 424800327u, 4083549820u, 4048193746u, 2690522546u, 2042513130u, 3201698601u, 1651551440u, 2592853531u, 2421895110u, 2932546588u, 315726778u, 643568253u, 3651992403u, 3273049851 };
for (int n = 0; n <= 25; n++) expect(jhash(text, n, 7) == of_bytes[n]);
u32 words[] = { 1, 2, 3, 4, 0xffffffff }, of_words[] = { 3735928568u, 4087358513u, 2211740521u, 3116363280u, 2244491305u, 2755371847 };
for (int n = 0; n <= 5; n++) expect(jhash2(words, n, 9) == of_words[n]);`,
      [],
    ));
});
