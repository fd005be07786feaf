/** Time and memory of this process, for benchmarks. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Meter } from './bench/bench.js';

export const processMeter: Meter = {
  nowMs: () => performance.now(),
  heldBytes: () => {
    // One collection finds dead typed arrays, a later one gives their memory back.
    for (let before = Infinity; ;) {
      collectGarbage();
      const held = heldNow();
      if (held >= before) return held;
      before = held;
    }
  },
};

function heldNow(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Node has the function only behind a flag, which can also be set when it runs. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}
