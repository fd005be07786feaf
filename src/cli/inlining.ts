/**
 * How far V8 inlines, and when it compiles. The kernel's functions are as small as Linux's, where `static inline` and macros cost nothing; V8 stops inlining
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
 * 350 ms instead of 140). Even what V8 does of itself is too much there: it compiles beside the boot, which waits for it in vain. So a
 * process that boots one machine has V8 compile late and take in little until that has booted, and asks for the other then: a boot takes
 * two thirds of the time. A process that works for long asks for it from its start.
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
  'interrupt-budget': 67584,
} as const;

type Flags = Readonly<Record<keyof typeof WIDELY, number>>;

/** What V8 has of itself. */
const AS_USUAL: Flags = {
  'max-inlined-bytecode-size-cumulative': 920,
  'max-inlined-bytecode-size-absolute': 4600,
  'reserve-inline-budget-scale-factor': 1.2,
  'min-inlining-frequency': 0.15,
  'interrupt-budget': 67584,
};

/** `interrupt-budget`: bytes of bytecode that run between two looks at whether a function is worth compiling. */
const SPARINGLY: Flags = {
  ...AS_USUAL,
  'max-inlined-bytecode-size-cumulative': 300,
  'interrupt-budget': 200_000,
};

function set(flags: Flags): void {
  for (const [name, value] of Object.entries(flags)) setFlagsFromString(`--${name}=${value}`);
}

let atStart = AS_USUAL;

/** Before anything is compiled: a process that works for long, or one that boots a machine. */
export function beginFor(work: 'long' | 'boot'): void {
  atStart = work === 'long' ? WIDELY : SPARINGLY;
  set(atStart);
}

/** What V8 has compiled stays as it is. */
export const inlineWidely = (): void => set(WIDELY);

/** As the process began: what V8 gives to be kept is for processes that begin so. */
export const inlineAsAtStart = (): void => set(atStart);
