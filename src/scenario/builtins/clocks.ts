/**
 * What time it is, and random numbers. Both are of each run the same: the clock goes on with jiffies alone, and the numbers come from a
 * generator whose state is on the tape.
 *
 * Source: Linux 6.1 kernel/time/timekeeping.c, include/linux/jiffies.h: INITIAL_JIFFIES; drivers/char/random.c.
 */
import { nextRandom } from '../../engine/machine/random.js';
import type { Value } from '../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinRow } from './builtin.js';
import type { BuiltinCall } from './call.js';

const NS_PER_SEC = 1_000_000_000;
const WORD = 2 ** 32;

/** What the clock of the machine said when it booted: the day of Linux 6.1, as there is no other date in a run. */
export const BOOT_SECONDS = 1_670_803_200;

/** A clock; `offset`: what it said at boot, in nanoseconds. */
const clock = (signature: string, doc: string, unit: number, offset = 0): BuiltinRow => ({
  signature,
  doc: `${doc} It goes on when all tasks wait.`,
  run: (call) => {
    const now = call.kernel.ktime_get(call.k);
    if (offset === 0) return Math.floor(now / unit);
    const time = (BigInt(now) + BigInt(offset)) / BigInt(unit);
    return time <= Number.MAX_SAFE_INTEGER ? Number(time) : time;
  },
});

const REAL = BOOT_SECONDS * NS_PER_SEC;
const WALL = 'since 1970: the machine has booted on 2022-12-12, in each run.';

const changes = true;

function fill(call: BuiltinCall, at: Value, length: Value): void {
  const bytes = new Uint8Array(Number(length));
  for (let i = 0; i < bytes.length; i++) bytes[i] = nextRandom(call.k) >>> 24;
  call.memory.writeBytes(at, bytes);
}

const numbers: readonly BuiltinRow[] = [
  {
    signature: 'u32 get_random_u32(void)',
    doc: 'A random number, the same in each run.',
    changes,
    run: ({ k }) => nextRandom(k),
  },
  {
    signature: 'u64 get_random_u64(void)',
    doc: 'A random number, the same in each run.',
    changes,
    run: (call) => (BigInt(nextRandom(call.k)) << 32n) | BigInt(nextRandom(call.k)),
  },
  {
    signature: 'u16 get_random_u16(void)',
    doc: 'A random number, the same in each run.',
    changes,
    run: (call) => nextRandom(call.k) >>> 16,
  },
  {
    signature: 'u8 get_random_u8(void)',
    doc: 'A random number, the same in each run.',
    changes,
    run: (call) => nextRandom(call.k) >>> 24,
  },
  {
    signature: 'void get_random_bytes(void *buf, size_t len)',
    doc: 'Fills memory with random bytes, the same in each run.',
    changes,
    run: (call, buf, len) => {
      fill(call, buf, len);
    },
  },
  {
    signature: 'u32 get_random_u32_below(u32 ceil)',
    doc: 'A random number below another one, the same in each run.',
    changes,
    run: (call, ceil) => Math.floor((nextRandom(call.k) / WORD) * (Number(ceil) >>> 0)),
  },
];

export const clocks: readonly Builtin[] = [
  ...group('task', 'kernel/time/timekeeping.c', [
    clock('ktime_t ktime_get(void)', 'Nanoseconds since the machine has booted.', 1),
    clock('u64 ktime_get_ns(void)', 'Nanoseconds since the machine has booted.', 1),
    clock('s64 ktime_get_seconds(void)', 'Seconds since the machine has booted.', NS_PER_SEC),
    clock('ktime_t ktime_get_real(void)', `Nanoseconds ${WALL}`, 1, REAL),
    clock('u64 ktime_get_real_ns(void)', `Nanoseconds ${WALL}`, 1, REAL),
    clock('s64 ktime_get_real_seconds(void)', `Seconds ${WALL}`, NS_PER_SEC, REAL),
  ]),
  ...group('number', 'drivers/char/random.c', numbers),
];
