/**
 * What time it is, and random numbers. Both are of each run the same: the clock goes on with jiffies alone, and the numbers come from a
 * generator whose state is on the tape.
 *
 * Source: Linux 6.1 kernel/time/timekeeping.c, include/linux/jiffies.h: INITIAL_JIFFIES; drivers/char/random.c.
 */
import type { Value } from '../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinRow } from './builtin.js';
import type { BuiltinCall } from './call.js';

const NS_PER_SEC = 1_000_000_000;
const WORD = 2 ** 32;

/** Jiffies of a real kernel begin five minutes before they wrap. */
const initialJiffies = (hz: number): number => WORD - 300 * hz;

/** Nanoseconds since boot. */
function sinceBoot({ k }: BuiltinCall): number {
  const hz = k.CONFIG_HZ;
  const low = k.read_int(k.globals.jiffies) >>> 0;
  const high = k.read_int(k.globals.jiffies + 1) >>> 0;
  const jiffies = high * WORD + low;
  const initial = initialJiffies(hz);
  return (jiffies >= initial ? jiffies - initial : jiffies) * (NS_PER_SEC / hz);
}

const clock = (signature: string, doc: string, unit: number): BuiltinRow => ({
  signature,
  doc: `${doc} It goes on when all tasks wait.`,
  run: (call) => Math.floor(sinceBoot(call) / unit),
});

const SEED = 0x2545_f491;

/** xorshift32. */
function next({ k }: BuiltinCall): number {
  const state = k.machine.register('random');
  let x = k.read_int(state) || SEED;
  x ^= x << 13;
  x ^= x >>> 17;
  x ^= x << 5;
  k.write(state, x);
  // The lowest bits of such a generator repeat soon.
  return Math.imul(x, 0x9e37_79b1) >>> 0;
}

const changes = true;

function fill(call: BuiltinCall, at: Value, length: Value): void {
  const bytes = new Uint8Array(Number(length));
  for (let i = 0; i < bytes.length; i++) bytes[i] = next(call) >>> 24;
  call.memory.writeBytes(at, bytes);
}

const numbers: readonly BuiltinRow[] = [
  {
    signature: 'u32 get_random_u32(void)',
    doc: 'A random number, the same in each run.',
    changes,
    run: next,
  },
  {
    signature: 'u64 get_random_u64(void)',
    doc: 'A random number, the same in each run.',
    changes,
    run: (call) => (BigInt(next(call)) << 32n) | BigInt(next(call)),
  },
  {
    signature: 'u16 get_random_u16(void)',
    doc: 'A random number, the same in each run.',
    changes,
    run: (call) => next(call) >>> 16,
  },
  {
    signature: 'u8 get_random_u8(void)',
    doc: 'A random number, the same in each run.',
    changes,
    run: (call) => next(call) >>> 24,
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
    run: (call, ceil) => Math.floor((next(call) / WORD) * (Number(ceil) >>> 0)),
  },
];

export const clocks: readonly Builtin[] = [
  ...group('task', 'kernel/time/timekeeping.c', [
    clock('ktime_t ktime_get(void)', 'Nanoseconds since the machine has booted.', 1),
    clock('u64 ktime_get_ns(void)', 'Nanoseconds since the machine has booted.', 1),
    clock('s64 ktime_get_seconds(void)', 'Seconds since the machine has booted.', NS_PER_SEC),
  ]),
  ...group('number', 'drivers/char/random.c', numbers),
];
