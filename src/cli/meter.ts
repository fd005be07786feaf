/** Time and memory of this process, for benchmarks; and processes that measure one thing each. */
import { spawnSync } from 'node:child_process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Meter } from './bench/bench.js';
import { inlineWidely } from './inlining.js';

export const processMeter: Meter = {
  begins: inlineWidely,
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

/**
 * What the command line prints as JSON in a process that does nothing else.
 * @throws Error if it fails
 */
export function inProcessOfItsOwn(...args: readonly string[]): unknown {
  const program = [...process.execArgv, process.argv[1] ?? '', ...args];
  const { status, stdout } = spawnSync(process.execPath, program, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`mmscope ${args.join(' ')} failed`);
  return JSON.parse(stdout);
}
