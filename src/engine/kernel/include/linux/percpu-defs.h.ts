/**
 * Per-CPU variables: of each CPU's own by name or by pointer.
 *
 * Source: Linux 6.1 include/linux/percpu-defs.h.
 */
import type { Int } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { Cell } from '../../../memory/address.js';

/** &per_cpu(name, cpu): a build without SMP has one copy, at the symbol's own address. */
export function per_cpu(k: Kernel, name: string, cpu: Int): Cell {
  const symbol = k.smp ? k.profile.symbol(name) : undefined;
  if (symbol?.perCpu !== true) return k.symbol(name);
  return k.read_ptr_plus(k.globals.__per_cpu_offset + cpu * k.ptr_words, symbol.address);
}

/** per_cpu_ptr(*at, cpu): on SMP the pointer stored at `at` is an offset from the CPU's base, else an address. */
export function per_cpu_ptr(k: Kernel, at: Cell | number, cpu: Int): Cell {
  if (!k.smp) return k.read_ptr_to_read(at, 0);
  return k.read_ptr_sum(at, k.globals.__per_cpu_offset + cpu * k.ptr_words);
}

/** this_cpu_ptr(&name): the variable of this CPU. */
export const this_cpu_ptr = (k: Kernel, name: string): Cell => per_cpu(k, name, k.cpu);

/** this_cpu_ptr(*at), raw_cpu_ptr(*at): this CPU's copy of what the pointer stored at `at` points to. */
export const raw_cpu_ptr = (k: Kernel, at: Cell | number): Cell => per_cpu_ptr(k, at, k.cpu);
