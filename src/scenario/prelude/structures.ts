/** Red-black trees, hash tables and counted objects, as far as their headers are C themselves. */
export const STRUCTURES = String.raw`
#define RB_ROOT ((struct rb_root){ NULL }) // A tree without nodes. include/linux/rbtree_types.h
#define RB_ROOT_CACHED ((struct rb_root_cached){ { NULL }, NULL }) // include/linux/rbtree_types.h
#define RB_EMPTY_ROOT(root) ((root)->rb_node == NULL) // Whether a tree has no nodes. include/linux/rbtree.h
#define RB_EMPTY_NODE(node) ((node)->__rb_parent_color == (unsigned long)(node)) // Whether a node is in no tree. include/linux/rbtree.h
#define RB_CLEAR_NODE(node) ((node)->__rb_parent_color = (unsigned long)(node)) // Marks a node as in no tree. include/linux/rbtree.h
#define rb_parent(r) ((struct rb_node *)((r)->__rb_parent_color & ~3UL)) // include/linux/rbtree.h
#define rb_entry(ptr, type, member) container_of(ptr, type, member) // The struct around a node. include/linux/rbtree.h
#define rb_entry_safe(ptr, type, member) ({ typeof(ptr) __node = (ptr); __node ? rb_entry(__node, type, member) : NULL; }) // include/linux/rbtree.h
#define rb_link_node(node, parent, rb_link) do { struct rb_node *__new = (node); __new->__rb_parent_color = (unsigned long)(parent); __new->rb_left = __new->rb_right = NULL; *(rb_link) = __new; } while (0) // Puts a node below its parent; rb_insert_color() balances the tree. include/linux/rbtree.h
#define kref_init(ref) refcount_set(&(ref)->refcount, 1) // The first reference of an object. include/linux/kref.h
#define kref_read(ref) refcount_read(&(ref)->refcount) // How many references there are. include/linux/kref.h
#define kref_get(ref) refcount_inc(&(ref)->refcount) // One reference more. include/linux/kref.h
#define kref_get_unless_zero(ref) refcount_inc_not_zero(&(ref)->refcount) // include/linux/kref.h
#define kref_put(ref, release) ({ struct kref *__counted = (ref); int __last = refcount_dec_and_test(&__counted->refcount); if (__last) (release)(__counted); __last; }) // Drops a reference; the last one has release called, and gives 1. include/linux/kref.h
#define GOLDEN_RATIO_32 0x61C88647 // include/linux/hash.h
#define GOLDEN_RATIO_64 0x61C8864680B583EBull // include/linux/hash.h
#define hash_32(val, bits) ((u32)((u32)(val) * GOLDEN_RATIO_32) >> (32 - (bits))) // The highest bits of a product. include/linux/hash.h
#define hash_64(val, bits) ((u32)(((u64)(val) * GOLDEN_RATIO_64) >> (64 - (bits)))) // include/linux/hash.h
#define hash_long(val, bits) (sizeof(long) == 8 ? hash_64(val, bits) : hash_32(val, bits)) // include/linux/hash.h
#define hash_ptr(ptr, bits) hash_long((unsigned long)(ptr), bits) // include/linux/hash.h
#define DEFINE_HASHTABLE(name, bits) struct hlist_head name[1 << (bits)] = {} // A table of so many lists. include/linux/hashtable.h
#define DECLARE_HASHTABLE(name, bits) struct hlist_head name[1 << (bits)] // include/linux/hashtable.h
#define HASH_SIZE(name) (ARRAY_SIZE(name)) // include/linux/hashtable.h
#define HASH_BITS(name) ilog2(HASH_SIZE(name)) // include/linux/hashtable.h
#define hash_min(val, bits) (sizeof(val) <= 4 ? hash_32(val, bits) : hash_long(val, bits)) // include/linux/hashtable.h
#define hash_init(hashtable) do { for (unsigned int __i = 0; __i < HASH_SIZE(hashtable); __i++) (hashtable)[__i].first = NULL; } while (0) // Empties a table. include/linux/hashtable.h
#define hash_add(hashtable, node, key) hlist_add_head(node, &(hashtable)[hash_min(key, HASH_BITS(hashtable))]) // include/linux/hashtable.h
#define hash_hashed(node) (!hlist_unhashed(node)) // Whether an object is in a table. include/linux/hashtable.h
#define hash_del(node) hlist_del_init(node) // include/linux/hashtable.h
#define hlist_for_each_entry_safe(pos, n, head, member) for (pos = hlist_entry_safe((head)->first, typeof(*(pos)), member); pos && ({ n = pos->member.next; 1; }); pos = hlist_entry_safe(n, typeof(*(pos)), member)) // The same, where entries may be removed. include/linux/list.h
#define hash_for_each(name, bkt, obj, member) for ((bkt) = 0, obj = NULL; obj == NULL && (bkt) < HASH_SIZE(name); (bkt)++) hlist_for_each_entry(obj, &name[bkt], member) // Every object of a table. include/linux/hashtable.h
#define hash_for_each_safe(name, bkt, tmp, obj, member) for ((bkt) = 0, obj = NULL; obj == NULL && (bkt) < HASH_SIZE(name); (bkt)++) hlist_for_each_entry_safe(obj, tmp, &name[bkt], member) // The same, where objects may be removed. include/linux/hashtable.h
#define hash_for_each_possible(name, obj, member, key) hlist_for_each_entry(obj, &name[hash_min(key, HASH_BITS(name))], member) // The objects that a key may have. include/linux/hashtable.h
`;
