/**
 * current->reclaim_state: while a task reclaims, the pages of slabs that become free are counted for it. Kept in a register: 0 while
 * nobody reclaims, else one more than there are.
 *
 * Source: Linux 6.1 mm/vmscan.c: set_task_reclaim_state(); include/linux/swap.h: struct reclaim_state.
 */
import type { Kernel } from '../../../machine/kernel.js';

/** From here on they are counted, from 0. */
export const beginReclaim = (k: Kernel): void => {
  k.write(k.machine.register('reclaim_state'), 1);
};

export const endReclaim = (k: Kernel): void => {
  k.write(k.machine.register('reclaim_state'), 0);
};

/** reclaim_state->reclaimed_slab */
export const reclaimedSlab = (k: Kernel): number =>
  k.read_int(k.machine.register('reclaim_state')) - 1;

/** A slab of so many pages is free: current->reclaim_state->reclaimed_slab. */
export const countReclaimedSlab = (k: Kernel, pages: number): void => {
  const at = k.machine.register('reclaim_state');
  const counted = k.read_int(at);
  if (counted !== 0) k.write(at, counted + pages);
};
