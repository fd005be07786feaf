/**
 * Kernel stacks that a trace begins with. Whose they are, no dump of it tells; that one is given back meanwhile (kswapd has been stopped, and
 * its stack waits for the end of a grace period), an event does.
 *
 * Source: Linux 6.1 kernel/fork.c: alloc_thread_stack_node(); THREAD_SIZE_ORDER.
 */
import type { MemmapRuns } from '../../../engine/image/state/index.js';

/** log2 of the pages of a kernel stack. */
export const stackOrder = (isWide: boolean): number => (isWide ? 2 : 1);

/**
 * First pages of what looks like a stack: a block that is not compound and has no flags, of which the first page alone is counted.
 * @param noFlags the bits of a page's flags that say something about it
 */
export function stacksIn(
  runs: MemmapRuns,
  order: number,
  noFlags: number,
  isFree: (pfn: number) => boolean,
): number[] {
  const size = 1 << order;
  const isPlain = (run: number, count: number): boolean =>
    ((runs.flagsLow[run] ?? 0) & noFlags) === 0 &&
    runs.refcount[run] === count &&
    runs.mapcount[run] === -1;
  const stacks: number[] = [];
  for (let run = 1; run < runs.length; run++) {
    const start = (runs.startPfn[run] ?? 0) - 1;
    if (start % size !== 0 || start !== endOf(runs, run - 1) - 1) continue;
    if (!isPlain(run - 1, 1) || !isPlain(run, 0) || (runs.count[run] ?? 0) < size - 1) continue;
    if (!isFree(start + 1)) stacks.push(start);
  }
  return stacks;
}

const endOf = (runs: MemmapRuns, run: number): number =>
  (runs.startPfn[run] ?? 0) + (runs.count[run] ?? 0);
