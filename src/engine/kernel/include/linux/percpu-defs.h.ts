/**
 * Per-CPU variables by name, and the task that runs.
 *
 * Source: Linux 6.1 include/linux/percpu-defs.h; arch/x86/include/asm/current.h.
 */
import type { Int } from '../../../machine/ctypes.js';
import type { Mm } from '../../../machine/mm.js';
import type { Cell } from '../../../memory/address.js';

/** &per_cpu(name, cpu): a build without SMP has one copy, at the symbol's own address. */
export function per_cpu(k: Mm, name: string, cpu: Int): Cell {
  const symbol = k.profile.symbol(name);
  if (symbol?.perCpu !== true) return k.symbol(name);
  return k.read_ptr_plus(k.per_cpu_offset + cpu * k.ptr_words, symbol.address);
}

/** this_cpu_ptr(&name) */
export const this_cpu_ptr = (k: Mm, name: string): Cell => per_cpu(k, name, k.cpu);
