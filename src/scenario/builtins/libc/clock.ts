/**
 * Clocks as programs read them: the machine's, which goes on with jiffies alone (clocks.ts).
 *
 * Left out: clocks of a process's own time. Source: POSIX.1-2017, time.h; Linux 6.1 kernel/time/posix-timers.c, kernel/time/time.c.
 */
import type { Value } from '../../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinRow } from '../builtin.js';
import type { BuiltinCall } from '../call.js';
import { BOOT_SECONDS } from '../clocks.js';
import { libc } from '../user/libc.js';

const EINVAL = 22;
const NS_PER_SEC = 1_000_000_000;
const NS_PER_USEC = 1000;
/** CLOCK_REALTIME and CLOCK_REALTIME_COARSE; CLOCK_MONOTONIC, its _RAW and _COARSE, CLOCK_BOOTTIME. */
const REAL: ReadonlySet<number> = new Set([0, 5]);
const MONOTONIC: ReadonlySet<number> = new Set([1, 4, 6, 7]);

/** Two longs, as struct timespec and struct timeval are. */
function store(call: BuiltinCall, at: Value, seconds: number, rest: number): void {
  const size = call.profile.pointerSize;
  call.memory.store(at, size, seconds);
  call.memory.store(call.offset(at, size), size, rest);
}

/** Seconds and nanoseconds since the machine booted. */
function sinceBoot({ k, kernel }: BuiltinCall): { readonly seconds: number; readonly ns: number } {
  const now = kernel.ktime_get(k);
  return { seconds: Math.floor(now / NS_PER_SEC), ns: now % NS_PER_SEC };
}

const rows: readonly BuiltinRow[] = [
  {
    signature: 'int clock_gettime(clockid_t clockid, void *tp)',
    doc: 'What a clock says, in a struct timespec: CLOCK_REALTIME, CLOCK_MONOTONIC and their like; 0, or -1 and EINVAL. It goes on when all tasks wait.',
    changes: true,
    run: (call, clockid, tp) => {
      const id = Number(clockid);
      const isReal = REAL.has(id);
      if (!isReal && !MONOTONIC.has(id)) return libc(call, -EINVAL);
      const { seconds, ns } = sinceBoot(call);
      store(call, tp, seconds + (isReal ? BOOT_SECONDS : 0), ns);
      return 0;
    },
  },
  {
    signature: 'int gettimeofday(void *tv, void *tz)',
    doc: 'The seconds and microseconds since 1970, in a struct timeval; 0. It goes on when all tasks wait.',
    changes: true,
    run: (call, tv) => {
      const { seconds, ns } = sinceBoot(call);
      if (tv !== 0) store(call, tv, seconds + BOOT_SECONDS, Math.floor(ns / NS_PER_USEC));
      return 0;
    },
  },
];

export const programClocks: readonly Builtin[] = group('process', '', rows);
