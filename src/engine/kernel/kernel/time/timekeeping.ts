/**
 * What time it is. Differs: there is no clock source; time is what jiffies say, and goes on with them alone.
 * Source: Linux 6.1 kernel/time/timekeeping.c: ktime_get(); include/linux/jiffies.h: INITIAL_JIFFIES.
 */
import type { Int, Long } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';

const NSEC_PER_SEC = 1_000_000_000;
const WORD = 2 ** 32;

/** Jiffies of a real kernel begin five minutes before they wrap. */
const initialJiffies = (hz: Int): Long => WORD - 300 * hz;

/** Nanoseconds since boot. */
export function ktime_get(k: Kernel): Long {
  const low: Long = k.read_int(k.globals.jiffies) >>> 0;
  const high: Long = k.read_int(k.globals.jiffies + 1) >>> 0;
  const jiffies_64: Long = high * WORD + low;
  const initial: Long = initialJiffies(k.CONFIG_HZ);
  const ticks: Long = jiffies_64 >= initial ? jiffies_64 - initial : jiffies_64;
  return ticks * (NSEC_PER_SEC / k.CONFIG_HZ);
}
