/**
 * What reclaim works in.
 *
 * Source: Linux 6.1 include/linux/swap.h.
 */

/** Pages that reclaim takes in one go; also the least MIN mark of a highmem zone. */
export const SWAP_CLUSTER_MAX = 32;
