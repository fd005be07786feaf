/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What lib/maple_tree.c needs of a kernel, for a process of its own: objects from one array, callbacks in one queue, no locks.
 *
 * An object that is freed is the next one to be had, and neither touches what is in it: so all memory that the tree uses can be
 * compared, free objects and all.
 */
#ifndef MAPLE_SHIM_H
#define MAPLE_SHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENOMEM 12
#define EBUSY 16
#define EEXIST 17
#define EINVAL 22
#define ULONG_MAX (~0UL)
#define BITS_PER_LONG __BITS_PER_LONG
#if __BITS_PER_LONG == 64
#define CONFIG_64BIT 1
#endif

#define __rcu
#define __init
#define __always_unused __attribute__((unused))
#define __must_hold(x)
#define likely(x) (x)
#define unlikely(x) (x)
#define fallthrough __attribute__((__fallthrough__))
#define EXPORT_SYMBOL(x)
#define EXPORT_SYMBOL_GPL(x)
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define DIV_ROUND_UP(n, d) (((n) + (d) - 1) / (d))
#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) > (b) ? (a) : (b))
#define container_of(p, type, member) ((type *)((char *)(p) - offsetof(type, member)))
#define BUG_ON(x) do { if (x) { fprintf(stderr, "BUG: %s:%d: %s\n", __FILE__, __LINE__, #x); abort(); } } while (0)
#define WARN_ON(x) ({ int warned = !!(x); if (warned) fprintf(stderr, "WARNING: %s:%d: %s\n", __FILE__, __LINE__, #x); warned; })
#define WARN_ON_ONCE WARN_ON
#define smp_rmb() do { } while (0)
#define smp_wmb() do { } while (0)

#define trace_ma_op(a, b) do { } while (0)
#define trace_ma_read(a, b) do { } while (0)
#define trace_ma_write(a, b, c, d) do { } while (0)
#define tracepoint_string(x) (x)

/* locks */
typedef struct { int taken; } spinlock_t;
struct lockdep_map { int none; };
#define __SPIN_LOCK_UNLOCKED(x) { 0 }
#define spin_lock_init(x) do { (void)(x); } while (0)
#define spin_lock(x) do { (void)(x); } while (0)
#define spin_unlock(x) do { (void)(x); } while (0)
#define lockdep_is_held(x) 1
#define lock_is_held(x) 1

/* RCU */
struct rcu_head {
	struct rcu_head *next;
	void (*func)(struct rcu_head *head);
};
void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *head));
#define rcu_read_lock() do { } while (0)
#define rcu_read_unlock() do { } while (0)
#define rcu_dereference_check(p, c) (p)
#define rcu_dereference_protected(p, c) (p)
#define rcu_assign_pointer(p, v) ((p) = (__typeof__(p))(v))

/* slabs */
typedef unsigned int gfp_t;
#define GFP_KERNEL 1u
#define GFP_NOWAIT 0u
#define __GFP_NOWARN 0u
#define gfpflags_allow_blocking(g) ((g) & 1)
#define SLAB_PANIC 0
struct kmem_cache;
struct kmem_cache *kmem_cache_create(const char *name, unsigned int size, unsigned int align, unsigned int flags, void *ctor);
void *kmem_cache_alloc(struct kmem_cache *s, gfp_t gfp);
int kmem_cache_alloc_bulk(struct kmem_cache *s, gfp_t gfp, size_t size, void **p);
void kmem_cache_free(struct kmem_cache *s, void *x);
void kmem_cache_free_bulk(struct kmem_cache *s, size_t size, void **p);

/* entries, as arrays of any entries have them */
#define MAX_ERRNO 4095
static inline bool xa_is_internal(const void *entry) { return ((unsigned long)entry & 3) == 2; }
static inline void *xa_mk_internal(unsigned long v) { return (void *)((v << 2) | 2); }
static inline bool xa_is_node(const void *entry) { return xa_is_internal(entry) && (unsigned long)entry > 4096; }
static inline bool xa_is_zero(const void *entry) { return entry == xa_mk_internal(257); }
#define XA_ZERO_ENTRY xa_mk_internal(257)
static inline bool xa_is_advanced(const void *entry) { return xa_is_internal(entry) && (unsigned long)entry <= 4096; }
static inline bool xa_is_err(const void *entry)
{
	return xa_is_internal(entry) && (unsigned long)entry >= (unsigned long)xa_mk_internal(-MAX_ERRNO);
}
static inline int xa_err(void *entry) { return xa_is_err(entry) ? (long)entry >> 2 : 0; }

#endif
