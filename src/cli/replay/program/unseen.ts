/**
 * What the recorded machine did where the recorder did not look: with events off, other threads take pages for objects of their
 * caches, and the worker of mm/vmstat.c folds the CPU's counters into the sums. A dump tells of it: the acts after which ours
 * is the kernel's are performed. They are few, or the dump differs.
 */
import { refresh_cpu_vm_stats } from '../../../engine/entry/functions.js';
import type { Kernel } from '../../../engine/machine/kernel.js';
import type { ToldPages } from './toldPages.js';

/** As much as may have happened unseen in front of one dump. */
const MAX_ACTS = 3;

type Act = (k: Kernel, told: ToldPages) => void;

const pageOf =
  (gfp: string): Act =>
  (k, told) => {
    told.take(k, gfp, 0);
  };

const ACTS: readonly Act[] = [
  (k) => void refresh_cpu_vm_stats(k),
  // Pages of caches whose objects can be reclaimed, and of others: of mm/slab.c, then of mm/slub.c.
  pageOf('40cd0'),
  pageOf('40cc0'),
];

/** How many acts it took until `isSame`; undefined: none of them lead there, and nothing has been done. */
export function performUnseen(
  k: Kernel,
  told: ToldPages,
  isSame: () => boolean,
): number | undefined {
  for (let nr = 1; nr <= MAX_ACTS; nr++) if (tried(k, told, isSame, nr, 0)) return nr;
  return undefined;
}

/** Acts from the `first` on, `nr` of them, in order: an act may be repeated. */
function tried(
  k: Kernel,
  told: ToldPages,
  isSame: () => boolean,
  nr: number,
  first: number,
): boolean {
  if (nr === 0) return isSame();
  const start = k.tape.cursor;
  const restore = told.save();
  for (let i = first; i < ACTS.length; i++) {
    ACTS[i]?.(k, told);
    if (tried(k, told, isSame, nr - 1, i)) return true;
    k.tape.seek(start);
    k.tape.cut();
    restore();
  }
  return false;
}
