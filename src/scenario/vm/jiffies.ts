/**
 * The kernel's clock, which a scenario moves: it goes on only when every task waits, to where the first of them is due.
 *
 * Source: Linux 6.1 kernel/time/jiffies.c; jiffies is the low part of jiffies_64.
 */
import type { Kernel } from '../../engine/machine/kernel.js';

/** The low 32 bits. */
const jiffiesOf = (k: Kernel): number => k.read_int(k.globals.jiffies) >>> 0;

/** Moves the clock on to the next time at which its low 32 bits are so. */
export function setJiffies(k: Kernel, until: number): void {
  const now = jiffiesOf(k);
  const wraps = until >>> 0 < now;
  k.write(k.globals.jiffies, until);
  // jiffies_64 has 64 bits on 32-bit machines, too.
  if (wraps) k.write(k.globals.jiffies + 1, k.read_int(k.globals.jiffies + 1) + 1);
}
