/** Random numbers, the same in each run: where the generator stands is on the tape. */
import type { Kernel } from './kernel.js';

const SEED = 0x2545_f491;

/** get_random_u32(): xorshift32. */
export function nextRandom(k: Kernel): number {
  const state = k.machine.register('random');
  let x = k.read_int(state) || SEED;
  x ^= x << 13;
  x ^= x >>> 17;
  x ^= x << 5;
  k.write(state, x);
  // The lowest bits of such a generator repeat soon.
  return Math.imul(x, 0x9e37_79b1) >>> 0;
}
