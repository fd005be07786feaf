/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Performs changes of a maple tree with Linux's own lib/maple_tree.c, and tells after each what memory holds: a line in, a line out.
 *
 *   t FLAGS              a tree with these ma_flags (as mm_struct has it: 303); the old one is destroyed, and a grace period ends
 *   s FIRST LAST E       mas_store_gfp() of entry E (0: NULL)         x ... N  the same, and but N requests have memory at first
 *   p FIRST LAST E       mas_preallocate(), mas_store_prealloc()      e INDEX mas_erase()
 *   r MIN MAX SIZE E     mas_empty_area_rev(), and a store there      a ...   mas_empty_area()
 *   b N M START LEN GAP  mas_expected_entries(N), then M stores in order by one state, mas_destroy()
 *   f INDEX MAX          mas_find() five times, mas_prev() three times, mas_next()
 *   w INDEX              mas_walk()
 *   g                    a grace period ends
 *
 * Out: results in hexadecimal, `=`, and a hash of the hashes of all objects' words, of the tree, of the order of free objects, and of the queue
 * of callbacks. What is an address counts as its distance from what it lies in. With the argument `words`, the words themselves follow.
 */
#include "lib/maple_tree.c"
#include <sys/mman.h>

#define NODES 2048
#define ENTRIES 4096

/* Beyond all indices: a pointer of which a byte was overwritten can be told from them, too. */
#define ARENA_BYTES (NODES * 256)
static unsigned char *arena;
static unsigned long entries[ENTRIES] __attribute__((aligned(4096)));
static struct maple_tree tree __attribute__((aligned(64)));
static void *free_objects[NODES];
static unsigned int nr_free, nr_used;
/* How many allocations that must not wait succeed from now on; -1: all. */
static int nr_nowait = -1;
static struct rcu_head *queue, **queue_tail = &queue;
static bool prints_words;

/* --- what the tree asks for --- */

struct kmem_cache *kmem_cache_create(const char *name, unsigned int size, unsigned int align, unsigned int flags, void *ctor)
{
	return NULL;
}

void *kmem_cache_alloc(struct kmem_cache *s, gfp_t gfp)
{
	if (!gfpflags_allow_blocking(gfp) && nr_nowait >= 0 && nr_nowait-- == 0) {
		nr_nowait = 0;
		return NULL;
	}
	if (nr_free)
		return free_objects[--nr_free];
	BUG_ON(nr_used == NODES);
	return arena + nr_used++ * 256;
}

int kmem_cache_alloc_bulk(struct kmem_cache *s, gfp_t gfp, size_t size, void **p)
{
	if (!gfpflags_allow_blocking(gfp) && nr_nowait >= 0 && nr_nowait-- == 0) {
		nr_nowait = 0;
		return 0;
	}
	for (size_t i = 0; i < size; i++)
		p[i] = kmem_cache_alloc(s, GFP_KERNEL);
	return size;
}

void kmem_cache_free(struct kmem_cache *s, void *x)
{
	free_objects[nr_free++] = x;
}

void kmem_cache_free_bulk(struct kmem_cache *s, size_t size, void **p)
{
	for (size_t i = 0; i < size; i++)
		kmem_cache_free(s, p[i]);
}

void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *head))
{
	head->func = func;
	head->next = NULL;
	*queue_tail = head;
	queue_tail = &head->next;
}

static void grace_period(void)
{
	struct rcu_head *head = queue;

	queue = NULL;
	queue_tail = &queue;
	while (head) {
		struct rcu_head *next = head->next;
		void (*func)(struct rcu_head *) = head->func;

		head->func = NULL;
		func(head);
		head = next;
	}
}

/* --- what memory holds --- */

static uint32_t hash;

static void add(uint32_t word)
{
	hash = (hash ^ word) * 0x01000193u;
}

static unsigned long known(unsigned long v)
{
	if (v - (unsigned long)arena < ARENA_BYTES)
		return v - (unsigned long)arena + 0x40000000;
	if (v - (unsigned long)entries < sizeof(entries))
		return (v - (unsigned long)entries) / sizeof(long) * 8 + 0x20000000;
	if (v - (unsigned long)&tree < sizeof(tree))
		return v - (unsigned long)&tree + 0x30000000;
	if (v == (unsigned long)mt_free_rcu)
		return 0x10000001;
	if (v == (unsigned long)mt_free_walk)
		return 0x10000002;
	return v;
}

static unsigned long half(uint32_t v)
{
	return v - (uint32_t)(unsigned long)arena < ARENA_BYTES ? v - (uint32_t)(unsigned long)arena + 0x40000000 : v;
}

static void add_long(unsigned long v)
{
	v = known(v);
	if (prints_words)
		printf(" %lx", v);
	add(v);
	if (sizeof(long) == 8)
		add((uint64_t)v >> 32);
}

static void state(void)
{
	hash = 0x811c9dc5u;
	if (prints_words)
		printf("\n root");
	add_long((unsigned long)tree.ma_root);
	add(tree.ma_flags);
	for (unsigned int i = 0; i < nr_used; i++) {
		if (prints_words)
			printf("\n %x:", i);
		uint32_t outer = hash;

		hash = 0x811c9dc5u;
		for (unsigned int j = 0; j < 256; j += sizeof(long)) {
			unsigned long v = *(unsigned long *)(arena + i * 256 + j);

			/* On 64 bit node_count and request_count overwrite a byte and the upper half of an address. */
			add_long(j == 8 && v <= UINT32_MAX ? half(v) : v);
		}
		outer = (outer ^ hash) * 0x01000193u;
		hash = outer;
	}
	if (prints_words)
		printf("\n free");
	for (unsigned int i = 0; i < nr_free; i++)
		add_long((unsigned long)free_objects[i]);
	if (prints_words)
		printf("\n queue");
	for (struct rcu_head *head = queue; head; head = head->next)
		add_long((unsigned long)head);
	printf(" = %08x\n", hash);
}

/* --- what is done --- */

static void *entry_of(unsigned long i)
{
	return i ? &entries[i] : NULL;
}

static void show(const struct ma_state *mas, void *entry)
{
	printf(" %lx %lx %lx", mas->index, mas->last, entry ? (unsigned long)((unsigned long *)entry - entries) : 0);
}

static void find(unsigned long index, unsigned long most)
{
	MA_STATE(mas, &tree, index, index);

	for (int i = 0; i < 5; i++)
		show(&mas, mas_find(&mas, most));
	for (int i = 0; i < 3; i++)
		show(&mas, mas_prev(&mas, 0));
	show(&mas, mas_next(&mas, ULONG_MAX));
}

static void bulk(unsigned long n, unsigned long m, unsigned long start, unsigned long len, unsigned long gap)
{
	unsigned int flags = tree.ma_flags;
	MA_STATE(mas, &tree, 0, 0);

	tree.ma_flags &= ~MT_FLAGS_USE_RCU;
	printf(" %d", mas_expected_entries(&mas, n));
	for (unsigned long i = 0; i < m; i++) {
		mas.index = start + i * (len + gap);
		mas.last = mas.index + len - 1;
		mas_store(&mas, entry_of(i + 1));
		BUG_ON(mas_is_err(&mas));
	}
	mas_destroy(&mas);
	tree.ma_flags |= flags & MT_FLAGS_USE_RCU;
}

int main(int argc, char **argv)
{
	char line[256], op;
	unsigned long v[5];

	arena = mmap((void *)(sizeof(long) == 8 ? 0x10a0000000ull : 0xa0000000ull), ARENA_BYTES, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	if (arena == MAP_FAILED)
		return 1;
	setvbuf(stdout, NULL, _IOLBF, 0);
	prints_words = argc > 1;
	while (fgets(line, sizeof(line), stdin)) {
		int ret = 0;

		memset(v, 0, sizeof(v));
		sscanf(line, "%c %lx %lx %lx %lx %lx", &op, v, v + 1, v + 2, v + 3, v + 4);
		MA_STATE(mas, &tree, v[0], v[1]);
		switch (op) {
		case 't':
			__mt_destroy(&tree);
			grace_period();
			mt_init_flags(&tree, v[0]);
			break;
		case 'x':
			nr_nowait = v[3];
			fallthrough;
		case 's':
			ret = mas_store_gfp(&mas, entry_of(v[2]), GFP_KERNEL);
			nr_nowait = -1;
			printf(" %d %lx %lx", ret, mas.index, mas.last);
			break;
		case 'p':
			printf(" %d", mas_preallocate(&mas, NULL, GFP_KERNEL));
			mas_store_prealloc(&mas, entry_of(v[2]));
			break;
		case 'e':
			show(&mas, mas_erase(&mas));
			break;
		case 'r':
		case 'a':
			mas.index = mas.last = 0;
			ret = op == 'r' ? mas_empty_area_rev(&mas, v[0], v[1], v[2]) : mas_empty_area(&mas, v[0], v[1], v[2]);
			printf(" %d", ret);
			if (ret)
				break;
			printf(" %lx %lx", mas.index, mas.last);
			mas_set_range(&mas, mas.index, mas.last);
			mas_store_gfp(&mas, entry_of(v[3]), GFP_KERNEL);
			break;
		case 'b':
			bulk(v[0], v[1], v[2], v[3], v[4]);
			break;
		case 'f':
			find(v[0], v[1]);
			break;
		case 'w':
			mas.last = mas.index;
			show(&mas, mas_walk(&mas));
			break;
		case 'g':
			grace_period();
			break;
		}
		state();
	}
	return 0;
}
