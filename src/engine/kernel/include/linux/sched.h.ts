/**
 * Flags of a task.
 *
 * Source: Linux 6.1 include/linux/sched.h.
 */

/** A thread of the kernel: it has no address space of its own. */
export const PF_KTHREAD = 0x20_0000;

/** The task helps to free memory, and may use all of it. */
export const PF_MEMALLOC = 0x800;

/** Its allocations are GFP_NOFS. */
export const PF_MEMALLOC_NOFS = 0x4_0000;

/** Its allocations are GFP_NOIO. */
export const PF_MEMALLOC_NOIO = 0x8_0000;

/** Its allocations come from zones where a page may be pinned for long. */
export const PF_MEMALLOC_PIN = 0x1000_0000;
