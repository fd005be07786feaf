/** Red-black trees, hash tables and counted objects, as modules write them. */
import { checkLog } from './machines.js';

const ITEM = `
  struct item { int key; struct rb_node node; struct hlist_node hash; };
  struct rb_root tree = RB_ROOT;
  struct item items[64];
  void insert(struct item *item) {
    struct rb_node **link = &tree.rb_node, *parent = NULL;
    while (*link) {
      parent = *link;
      link = item->key < rb_entry(parent, struct item, node)->key ? &parent->rb_left : &parent->rb_right;
    }
    rb_link_node(&item->node, parent, link);
    rb_insert_color(&item->node, &tree);
  }
  /* Black nodes down to a leaf; -1 where two ways differ, or a red node has a red child. */
  int height(struct rb_node *node) {
    if (!node) return 0;
    int left = height(node->rb_left), right = height(node->rb_right);
    int is_black = node->__rb_parent_color & 1;
    if (left < 0 || left != right) return -1;
    if (!is_black && ((node->rb_left && !(node->rb_left->__rb_parent_color & 1)) || (node->rb_right && !(node->rb_right->__rb_parent_color & 1)))) return -1;
    return left + is_black;
  }
  /* Nodes in order; -1 where they are not. */
  int in_order(void) {
    int count = 0, last = -1;
    for (struct rb_node *node = rb_first(&tree); node; node = rb_next(node)) {
      if (rb_entry(node, struct item, node)->key < last) return -1;
      last = rb_entry(node, struct item, node)->key;
      count++;
    }
    return count;
  }`;

describe('red-black trees', () => {
  it('stay ordered and balanced, whatever goes in and out', () =>
    checkLog(
      `${ITEM}
       for (int i = 0; i < 64; i++) {
         items[i].key = i * 37 % 64;
         insert(&items[i]);
         expect(height(tree.rb_node) > 0 && in_order() == i + 1);
       }
       expect(rb_entry(rb_last(&tree), struct item, node)->key == 63 && !rb_next(rb_last(&tree)) && !rb_prev(rb_first(&tree)));
       for (int i = 0; i < 64; i++) {
         rb_erase(&items[i * 11 % 64].node, &tree);
         expect(height(tree.rb_node) >= 0 && in_order() == 63 - i);
       }
       expect(RB_EMPTY_ROOT(&tree));
       pr_info("empty");`,
      ['empty'],
    ));
});

describe('hash tables', () => {
  it('give what a key may have, and all there is', () =>
    checkLog(
      `${ITEM}
       DEFINE_HASHTABLE(table, 3);
       for (int i = 0; i < 20; i++) {
         items[i].key = i / 2;
         hash_add(table, &items[i].hash, items[i].key);
       }
       struct item *item;
       struct hlist_node *next;
       int found = 0, all = 0, left = 0, bucket;
       hash_for_each_possible(table, item, hash, 7) found += item->key == 7;
       hash_for_each(table, bucket, item, hash) all++;
       hash_for_each_safe(table, bucket, next, item, hash) if (item->key & 1) hash_del(&item->hash);
       hash_for_each(table, bucket, item, hash) left++;
       expect(!hash_hashed(&items[2].hash) && hash_hashed(&items[4].hash));
       pr_info("%d of %d, then %d", found, all, left);`,
      ['2 of 20, then 10'],
    ));
});

describe('counted objects', () => {
  it('are released once, by the last that has them', () =>
    checkLog(
      `struct thing { int id; struct kref ref; };
       void release(struct kref *ref) { pr_info("thing %d goes", container_of(ref, struct thing, ref)->id); }
       struct thing thing = { .id = 7 };
       kref_init(&thing.ref);
       kref_get(&thing.ref);
       expect(kref_read(&thing.ref) == 2 && !kref_put(&thing.ref, release));
       pr_info("one has it");
       expect(kref_put(&thing.ref, release));`,
      ['one has it', 'thing 7 goes'],
    ));
});
