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
 * While a machine boots it costs more than it gives: much is called a few times, and V8 takes in what is around it (a first boot takes
 * 350 ms instead of 140). So a process that boots one machine asks for it when that has booted; one that works for long, from its start.
 *
 * Each process that is ours asks for it: the command line, and with it the adapter, but not the extension host.
 */
import { setFlagsFromString } from 'node:v8';

const BYTECODE_BYTES = 8000;

const WIDELY = {
  'max-inlined-bytecode-size-cumulative': BYTECODE_BYTES,
  'max-inlined-bytecode-size-absolute': BYTECODE_BYTES,
  'reserve-inline-budget-scale-factor': 0.1,
  'min-inlining-frequency': 0,
} as const;

/** What V8 has of itself. */
const AS_USUAL: Readonly<Record<keyof typeof WIDELY, number>> = {
  'max-inlined-bytecode-size-cumulative': 920,
  'max-inlined-bytecode-size-absolute': 4600,
  'reserve-inline-budget-scale-factor': 1.2,
  'min-inlining-frequency': 0.15,
};

function set(flags: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(flags)) setFlagsFromString(`--${name}=${value}`);
}

/** What V8 has compiled stays as it is. */
export const inlineWidely = (): void => set(WIDELY);

/** As before {@link inlineWidely}: what V8 gives to be kept is for processes that begin so. */
export const inlineAsUsual = (): void => set(AS_USUAL);
