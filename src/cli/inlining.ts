/**
 * How far V8 inlines. The kernel's functions are as small as Linux's, where `static inline` and macros cost nothing; V8 stops inlining
 * into a function when it has taken in 920 bytes of bytecode, which is about `rmqueue()` without what it calls. With more a pair of
 * alloc_pages() and __free_pages() of order 0 takes 0.6 of the time (`npm run bench`). There is a second bound, absolute, that has to
 * be as high.
 *
 * A function that is compiled already counts with all that it has taken in, so that what was compiled early, with rare calls in it, would
 * stay a call for ever: kmem_cache_alloc() and its free took 23 or 36 ns, as it came. So that counts for a tenth.
 *
 * V8 also leaves out a call that was rare when its function was compiled, and does not look again: where orders 0 to 3 came first, the
 * checks of each tail page stayed calls, and a pair of order 9 took 2.2 times as long. So a call counts however rare it was.
 *
 * Each process that is ours asks for it: the command line, and with it the adapter, but not the extension host.
 */
import { setFlagsFromString } from 'node:v8';

const BYTECODE_BYTES = 8000;

/** To be called before the engine runs: what V8 has compiled stays as it is. */
export function inlineWidely(): void {
  setFlagsFromString(`--max-inlined-bytecode-size-cumulative=${BYTECODE_BYTES}`);
  setFlagsFromString(`--max-inlined-bytecode-size-absolute=${BYTECODE_BYTES}`);
  setFlagsFromString('--reserve-inline-budget-scale-factor=0.1');
  setFlagsFromString('--min-inlining-frequency=0');
}
