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
#define XA_MARK_0 0U // include/linux/xarray.h
#define XA_MARK_1 1U // include/linux/xarray.h
#define XA_MARK_2 2U // include/linux/xarray.h
#define XA_PRESENT 8U // Any entry. include/linux/xarray.h
#define XA_FLAGS_TRACK_FREE 4U // include/linux/xarray.h
#define XA_FLAGS_ZERO_BUSY 8U // include/linux/xarray.h
#define XA_FLAGS_MARK(mark) ((u32)(__GFP_BITS_MASK + 1) << (u32)(mark)) // include/linux/xarray.h
#define XA_FLAGS_ALLOC (XA_FLAGS_TRACK_FREE | XA_FLAGS_MARK(XA_MARK_0)) // The array gives free indexes: xa_alloc(). include/linux/xarray.h
#define XA_FLAGS_ALLOC1 (XA_FLAGS_TRACK_FREE | XA_FLAGS_ZERO_BUSY) // The same, from 1 on. include/linux/xarray.h
#define DEFINE_XARRAY_FLAGS(name, flags) struct xarray name = { .xa_flags = (flags) } // include/linux/xarray.h
#define DEFINE_XARRAY(name) DEFINE_XARRAY_FLAGS(name, 0) // An empty array of pointers by index. include/linux/xarray.h
#define DEFINE_XARRAY_ALLOC(name) DEFINE_XARRAY_FLAGS(name, XA_FLAGS_ALLOC) // One that gives free indexes, from 0 on. include/linux/xarray.h
#define DEFINE_XARRAY_ALLOC1(name) DEFINE_XARRAY_FLAGS(name, XA_FLAGS_ALLOC1) // One that gives free indexes, from 1 on. include/linux/xarray.h
#define xa_init_flags(xa, flags) do { struct xarray *__array = (xa); *__array = (struct xarray){ .xa_flags = (flags) }; } while (0) // Empties an array. include/linux/xarray.h
#define xa_init(xa) xa_init_flags(xa, 0) // include/linux/xarray.h
#define xa_empty(xa) ((xa)->xa_head == NULL) // include/linux/xarray.h
#define xa_marked(xa, mark) (((xa)->xa_flags & XA_FLAGS_MARK(mark)) != 0) // include/linux/xarray.h
#define xa_mk_value(v) ((void *)(((unsigned long)(v) << 1) | 1)) // A number as an entry. include/linux/xarray.h
#define xa_to_value(entry) ((unsigned long)(entry) >> 1) // include/linux/xarray.h
#define xa_is_value(entry) (((unsigned long)(entry) & 1) != 0) // include/linux/xarray.h
#define xa_is_err(entry) (xa_err(entry) != 0) // include/linux/xarray.h
#define xa_err(entry) (((unsigned long)(entry) & 3) == 2 && (unsigned long)(entry) >= (unsigned long)(-MAX_ERRNO * 4L + 2) ? (int)((long)(entry) >> 2) : 0) // The error that an entry is. include/linux/xarray.h
#define XA_LIMIT(_min, _max) (struct xa_limit){ .min = (_min), .max = (_max) } // include/linux/xarray.h
#define xa_limit_32b XA_LIMIT(0, UINT_MAX) // include/linux/xarray.h
#define xa_limit_31b XA_LIMIT(0, INT_MAX) // include/linux/xarray.h
#define xa_limit_16b XA_LIMIT(0, 0xffff) // include/linux/xarray.h
#define xa_alloc(xa, id, entry, limit, gfp) ({ struct xa_limit __limit = (limit); __xa_alloc_range(xa, id, entry, __limit.min, __limit.max, gfp); }) // Finds a free index for an entry: 0 and *id, or an error. include/linux/xarray.h
#define xa_for_each_range(xa, index, entry, start, last) for (index = (start), entry = xa_find(xa, &index, last, XA_PRESENT); entry; entry = xa_find_after(xa, &index, last, XA_PRESENT)) // include/linux/xarray.h
#define xa_for_each_start(xa, index, entry, start) xa_for_each_range(xa, index, entry, start, ULONG_MAX) // include/linux/xarray.h
#define xa_for_each(xa, index, entry) xa_for_each_start(xa, index, entry, 0) // Every entry, in the order of the indexes. include/linux/xarray.h
#define xa_for_each_marked(xa, index, entry, filter) for (index = 0, entry = xa_find(xa, &index, ULONG_MAX, filter); entry; entry = xa_find_after(xa, &index, ULONG_MAX, filter)) // include/linux/xarray.h
#define xa_lock(xa) spin_lock(&(xa)->xa_lock) // include/linux/xarray.h
#define xa_unlock(xa) spin_unlock(&(xa)->xa_lock) // include/linux/xarray.h
#define DEFINE_IDR(name) struct idr name = { .idr_rt = { .xa_flags = XA_FLAGS_ALLOC } } // Numbers for pointers. include/linux/idr.h
#define idr_is_empty(idr) ((idr)->idr_rt.xa_head == NULL) // include/linux/idr.h
#define idr_for_each_entry(idr, entry, id) for (id = 0; ((entry) = idr_get_next(idr, &(id))) != NULL; id += 1U) // Every pointer, by its number. include/linux/idr.h
#define kref_init(ref) refcount_set(&(ref)->refcount, 1) // The first reference of an object. include/linux/kref.h
#define kref_read(ref) refcount_read(&(ref)->refcount) // How many references there are. include/linux/kref.h
#define kref_get(ref) refcount_inc(&(ref)->refcount) // One reference more. include/linux/kref.h
#define kref_get_unless_zero(ref) refcount_inc_not_zero(&(ref)->refcount) // include/linux/kref.h
#define kref_put(ref, release) ({ struct kref *__counted = (ref); int __last = refcount_dec_and_test(&__counted->refcount); if (__last) (release)(__counted); __last; }) // Drops a reference; the last one has release called, and gives 1. include/linux/kref.h
#define rhashtable_walk_start(iter) ((void)rhashtable_walk_start_check(iter)) // Begins or goes on with a walk, in a section of rcu_read_lock(). include/linux/rhashtable.h
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
