/**
 * Flags of a task.
 *
 * Source: Linux 6.1 include/linux/sched.h.
 */

/** The task helps to free memory, and may use all of it. */
export const PF_MEMALLOC = 0x800;

/** What is allocated meanwhile is to be pinned for long: not from where pages must be able to move. */
export const PF_MEMALLOC_PIN = 0x1000_0000;
