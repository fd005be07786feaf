/**
 * Flags of a task.
 *
 * Source: Linux 6.1 include/linux/sched.h.
 */

/** The task helps to free memory, and may use all of it. */
export const PF_MEMALLOC = 0x800;
