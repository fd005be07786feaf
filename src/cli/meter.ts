/** Time and memory of this process, for benchmarks. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Meter } from './bench/bench.js';

export const processMeter: Meter = {
  nowMs: () => performance.now(),
  heldBytes: () => {
    collectGarbage();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  },
};

/**
 * Node has the function only behind a flag, which can also be set when it runs. Twice: the first collection finds dead typed
 * arrays, but their memory is given back behind it.
 */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  gc();
  gc();
}
