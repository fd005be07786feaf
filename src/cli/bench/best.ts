/**
 * The best of many short rounds: noise only ever adds, and on a machine that does other things some rounds fall between them. V8
 * compiles beside the run, and on such a machine late: so there is a least time, and no end while rounds still get better.
 */
import type { Meter } from './bench.js';

const LEAST_MS = 700;
const MOST_MS = 8000;
/** So many rounds in a row that are not better end it. */
const ENOUGH = 60;
/** What is better, and not by chance. */
const BETTER = 0.995;

/** @param round gives what it measured */
export function bestOf(meter: Meter, round: () => number): number {
  const begin = meter.nowMs();
  let best = Infinity;
  let lastBetter = Infinity;
  for (let since = 1; ; since++) {
    best = Math.min(best, round());
    if (best < lastBetter * BETTER) {
      lastBetter = best;
      since = 0;
    }
    const passed = meter.nowMs() - begin;
    if (passed > MOST_MS || (passed > LEAST_MS && since >= ENOUGH)) return best;
  }
}
