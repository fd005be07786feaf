/** Times as numbers of nanoseconds, random numbers, and lists that readers follow under rcu_read_lock(). */
const KTIME = 'include/linux/ktime.h';

const rcuLists = (
  [
    ['list_add_rcu(new, head)', 'list_add(new, head)', 'Adds an entry that readers may come by.'],
    ['list_add_tail_rcu(new, head)', 'list_add_tail(new, head)', 'Adds an entry at the end.'],
    ['list_replace_rcu(old, new)', 'list_replace(old, new)', 'Readers find the one or the other.'],
    ['hlist_add_head_rcu(n, h)', 'hlist_add_head(n, h)', 'Adds an entry that readers may come by.'],
  ] as const
)
  .map(([macro, body, doc]) => `#define ${macro} ${body} // ${doc} include/linux/rculist.h`)
  .join('\n');

export const TIME = String.raw`
#define NSEC_PER_SEC 1000000000L // include/vdso/time64.h
#define NSEC_PER_MSEC 1000000L // include/vdso/time64.h
#define NSEC_PER_USEC 1000L // include/vdso/time64.h
#define USEC_PER_SEC 1000000L // include/vdso/time64.h
#define USEC_PER_MSEC 1000L // include/vdso/time64.h
#define MSEC_PER_SEC 1000L // include/vdso/time64.h
#define KTIME_MAX ((s64)~((u64)1 << 63)) // ${KTIME}
#define ktime_set(secs, nsecs) ((ktime_t)((s64)(secs) * NSEC_PER_SEC + (s64)(nsecs))) // ${KTIME}
#define ktime_add(lhs, rhs) ((ktime_t)((lhs) + (rhs))) // ${KTIME}
#define ktime_sub(lhs, rhs) ((ktime_t)((lhs) - (rhs))) // ${KTIME}
#define ktime_add_ns(kt, nsval) ((ktime_t)((kt) + (s64)(nsval))) // ${KTIME}
#define ktime_sub_ns(kt, nsval) ((ktime_t)((kt) - (s64)(nsval))) // ${KTIME}
#define ktime_add_us(kt, usec) ktime_add_ns(kt, (s64)(usec) * NSEC_PER_USEC) // ${KTIME}
#define ktime_add_ms(kt, msec) ktime_add_ns(kt, (s64)(msec) * NSEC_PER_MSEC) // ${KTIME}
#define ktime_to_ns(kt) ((s64)(kt)) // ${KTIME}
#define ktime_to_us(kt) ((s64)(kt) / NSEC_PER_USEC) // ${KTIME}
#define ktime_to_ms(kt) ((s64)(kt) / NSEC_PER_MSEC) // ${KTIME}
#define ns_to_ktime(ns) ((ktime_t)(ns)) // ${KTIME}
#define ms_to_ktime(ms) ((ktime_t)((s64)(ms) * NSEC_PER_MSEC)) // ${KTIME}
#define ktime_compare(cmp1, cmp2) ((cmp1) < (cmp2) ? -1 : (cmp1) > (cmp2)) // ${KTIME}
#define ktime_after(cmp1, cmp2) ((cmp1) > (cmp2)) // ${KTIME}
#define ktime_before(cmp1, cmp2) ((cmp1) < (cmp2)) // ${KTIME}
#define ktime_us_delta(later, earlier) ktime_to_us(ktime_sub(later, earlier)) // ${KTIME}
#define ktime_ms_delta(later, earlier) ktime_to_ms(ktime_sub(later, earlier)) // ${KTIME}
#define ktime_get_raw() ktime_get() // include/linux/timekeeping.h
#define ktime_get_raw_ns() ktime_get_ns() // include/linux/timekeeping.h
#define ktime_get_coarse() ktime_get() // include/linux/timekeeping.h
#define ktime_get_coarse_ns() ktime_get_ns() // include/linux/timekeeping.h
#define ktime_get_mono_fast_ns() ktime_get_ns() // include/linux/timekeeping.h
#define ns_to_timespec64(nsec) ({ s64 __ns = (nsec); struct timespec64 __ts = { .tv_sec = __ns / NSEC_PER_SEC, .tv_nsec = (long)(__ns % NSEC_PER_SEC) }; __ts; }) // include/linux/time64.h
#define timespec64_to_ns(ts) ({ const struct timespec64 *__of = (ts); (s64)__of->tv_sec * NSEC_PER_SEC + __of->tv_nsec; }) // include/linux/time64.h
#define timespec64_sub(lhs, rhs) ({ struct timespec64 __lhs = (lhs), __rhs = (rhs); ns_to_timespec64(timespec64_to_ns(&__lhs) - timespec64_to_ns(&__rhs)); }) // include/linux/time64.h
#define ktime_to_timespec64(kt) ns_to_timespec64(kt) // ${KTIME}
#define timespec64_to_ktime(ts) ({ struct timespec64 __ts = (ts); (ktime_t)timespec64_to_ns(&__ts); }) // ${KTIME}
#define ktime_get_ts64(ts) do { *(ts) = ns_to_timespec64(ktime_get_ns()); } while (0) // include/linux/timekeeping.h
#define ktime_get_boottime_ts64(ts) ktime_get_ts64(ts) // include/linux/timekeeping.h
#define ktime_get_real_ts64(ts) do { *(ts) = ns_to_timespec64((s64)ktime_get_real_ns()); } while (0) // Seconds and nanoseconds since 1970. include/linux/timekeeping.h
#define ktime_get_coarse_real_ts64(ts) ktime_get_real_ts64(ts) // include/linux/timekeeping.h
#define CLOCK_REALTIME 0 // include/uapi/linux/time.h
#define CLOCK_MONOTONIC 1 // include/uapi/linux/time.h
#define CLOCK_MONOTONIC_RAW 4 // include/uapi/linux/time.h
#define CLOCK_REALTIME_COARSE 5 // include/uapi/linux/time.h
#define CLOCK_MONOTONIC_COARSE 6 // include/uapi/linux/time.h
#define CLOCK_BOOTTIME 7 // include/uapi/linux/time.h
#define HRTIMER_MODE_ABS 0 // include/linux/hrtimer.h
#define HRTIMER_MODE_REL 1 // include/linux/hrtimer.h
#define HRTIMER_MODE_PINNED 2 // include/linux/hrtimer.h
#define HRTIMER_MODE_ABS_PINNED 2 // include/linux/hrtimer.h
#define HRTIMER_MODE_REL_PINNED 3 // include/linux/hrtimer.h
#define HRTIMER_MODE_SOFT 4 // include/linux/hrtimer.h
#define HRTIMER_MODE_REL_SOFT 5 // include/linux/hrtimer.h
#define HRTIMER_NORESTART 0 // What the function of an hrtimer returns: it is done. include/linux/hrtimer.h
#define HRTIMER_RESTART 1 // What the function of an hrtimer returns: it waits again. include/linux/hrtimer.h
#define hrtimer_start(timer, tim, mode) hrtimer_start_range_ns(timer, tim, 0, mode) // Has the function of a timer called at a time. include/linux/hrtimer.h
#define hrtimer_restart(timer) hrtimer_start_range_ns(timer, (timer)->node.expires, 0, HRTIMER_MODE_ABS) // include/linux/hrtimer.h
#define hrtimer_forward_now(timer, interval) hrtimer_forward(timer, ktime_get(), interval) // include/linux/hrtimer.h
#define hrtimer_get_expires(timer) ((timer)->node.expires) // include/linux/hrtimer.h
#define hrtimer_set_expires(timer, time) do { struct hrtimer *__of = (timer); __of->node.expires = __of->_softexpires = (time); } while (0) // include/linux/hrtimer.h
#define hrtimer_is_queued(timer) (((timer)->state & 1) != 0) // Whether a timer waits. include/linux/hrtimer.h
#define hrtimer_cb_get_time(timer) ktime_get() // include/linux/hrtimer.h
#define ktime_get_boottime() ktime_get() // The machine never sleeps. include/linux/timekeeping.h
#define ktime_get_boottime_ns() ktime_get_ns() // include/linux/timekeeping.h
#define local_clock() ktime_get_ns() // include/linux/sched/clock.h
#define sched_clock() ktime_get_ns() // include/linux/sched/clock.h
#define fsleep(usecs) usleep_range(usecs, 2 * (usecs)) // Sleeps for at least so many microseconds. include/linux/delay.h
#define get_random_long() ((unsigned long)(sizeof(long) == 8 ? get_random_u64() : get_random_u32())) // A random number, the same in each run. include/linux/random.h
#define prandom_u32_max(ep_ro) get_random_u32_below(ep_ro) // A random number below another one. include/linux/prandom.h
${rcuLists}
#define list_del_rcu(entry) do { struct list_head *__removed = (entry); __removed->next->prev = __removed->prev; __removed->prev->next = __removed->next; __removed->prev = LIST_POISON2; } while (0) // Takes an entry out; readers that stand at it go on. include/linux/rculist.h
#define hlist_del_rcu(n) do { struct hlist_node *__removed = (n); *__removed->pprev = __removed->next; if (__removed->next) __removed->next->pprev = __removed->pprev; __removed->pprev = LIST_POISON2; } while (0) // include/linux/rculist.h
#define list_for_each_entry_rcu(pos, head, member, ...) list_for_each_entry(pos, head, member) // Every entry, under rcu_read_lock(). include/linux/rculist.h
#define list_entry_rcu(ptr, type, member) list_entry(ptr, type, member) // include/linux/rculist.h
#define list_first_or_null_rcu(ptr, type, member) list_first_entry_or_null(ptr, type, member) // include/linux/rculist.h
#define hlist_for_each_entry_rcu(pos, head, member, ...) hlist_for_each_entry(pos, head, member) // include/linux/rculist.h
#define rcu_read_lock_bh() rcu_read_lock() // include/linux/rcupdate.h
#define rcu_read_unlock_bh() rcu_read_unlock() // include/linux/rcupdate.h
#define synchronize_rcu_expedited() synchronize_rcu() // include/linux/rcupdate.h
#define synchronize_net() synchronize_rcu() // include/linux/netdevice.h
#define DECLARE_PER_CPU(type, name) // A variable is declared where DEFINE_PER_CPU() is. include/linux/percpu-defs.h
#define mutex_lock_nested(lock, subclass) mutex_lock(lock) // include/linux/mutex.h
#define mutex_lock_interruptible_nested(lock, subclass) mutex_lock_interruptible(lock) // include/linux/mutex.h
#define lockdep_assert_held(l) ((void)0) // Checked by kernels with lockdep only. include/linux/lockdep.h
#define vfree_atomic(addr) vfree(addr) // Where none may sleep; here, at once. include/linux/vmalloc.h
#define KMEM_CACHE_USERCOPY(__struct, __flags, __field) kmem_cache_create_usercopy(#__struct, sizeof(struct __struct), __alignof__(struct __struct), (__flags), offsetof(struct __struct, __field), sizeof_field(struct __struct, __field), NULL) // A cache of whose objects one member may go to a process. include/linux/slab.h
#define kmap_local_folio(folio, offset) ((void *)((char *)kmap_local_page(folio_page(folio, (offset) / PAGE_SIZE)) + offset_in_page(offset))) // include/linux/highmem.h
#define memmove_page(dst_page, dst_off, src_page, src_off, len) do { char *__to = kmap_local_page(dst_page), *__from = kmap_local_page(src_page); memmove(__to + (dst_off), __from + (src_off), (len)); kunmap_local(__from); kunmap_local(__to); } while (0) // include/linux/highmem.h
`;
