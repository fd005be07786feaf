/**
 * The works in the kernel's list; and what a flush waits for: a workqueue, and the color that works must have, or an older one. Both are one
 * address, as in work->data: the workqueue's own, with a mark and the color in the bits that are free.
 */
import { firstWork, nextWork } from '../../engine/entry/functions.js';
import { NULL } from '../../engine/machine/ctypes.js';
import type { Kernel } from '../../engine/machine/kernel.js';
import { asVirt, type Cell, type VirtAddr } from '../../engine/memory/address.js';

/** Oldest first; whoever looks may take the one off that it is given. */
export function* worksThatWait(k: Kernel): Generator<Cell> {
  for (let work: Cell = firstWork(k), next: Cell; work !== NULL; work = next) {
    next = nextWork(k, work);
    yield work;
  }
}

const OF_COLOR = 1;
const COLOR_SHIFT = 4;
const FREE_BITS = 255;

export const flushing = (k: Kernel, wq: Cell, color: number): VirtAddr =>
  asVirt(k.va_of(wq) + (OF_COLOR | (color << COLOR_SHIFT)));

/** @param address of a workqueue: all its works; or as {@link flushing} makes it */
export function flushedOf(
  k: Kernel,
  address: VirtAddr,
): { readonly wq: Cell; readonly color?: number } {
  const bits = address & FREE_BITS;
  const wq = k.cell_of(asVirt(address - bits));
  return (bits & OF_COLOR) === 0 ? { wq } : { wq, color: bits >> COLOR_SHIFT };
}
