/**
 * What reclaim works in.
 *
 * Source: Linux 6.1 include/linux/swap.h.
 */

/** Least pages of a highmem zone's MIN mark. Source: include/linux/swap.h */
export const SWAP_CLUSTER_MAX = 32;
