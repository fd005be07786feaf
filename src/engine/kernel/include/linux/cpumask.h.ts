/**
 * Which CPUs are online, possible, in a mask.
 *
 * Source: Linux 6.1 include/linux/cpumask.h.
 */
import type { CpuMask, Int } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';

/** cpumask_set_cpu(), cpumask_clear_cpu() */
export function cpumask_assign(k: Kernel, cpu: Int, mask: CpuMask, set: boolean): void {
  const word = mask + (cpu >> 5);
  const bit = 1 << (cpu & 31);
  k.write(word, set ? k.words[word]! | bit : k.words[word]! & ~bit);
}

// --- CPUs --------------------------------------------------------------------------------------------------------------

/** CPUs that this build can have. */
export const nr_cpu_ids = (k: Kernel): Int => (k.smp ? k.CONFIG_NR_CPUS : 1);

export function cpu_online(k: Kernel, cpu: Int): boolean {
  if (!k.smp) return cpu === 0;
  const mask = k.globals.__cpu_online_mask;
  return ((k.words[mask + (cpu >> 5)]! >>> (cpu & 31)) & 1) !== 0;
}

/** A CPU that has per-CPU data: all that were found at boot. */
export function cpu_possible(k: Kernel, cpu: Int): boolean {
  if (!k.smp) return cpu === 0;
  const mask = k.globals.__cpu_possible_mask;
  return ((k.words[mask + (cpu >> 5)]! >>> (cpu & 31)) & 1) !== 0;
}

export function num_online_cpus(k: Kernel): Int {
  let online: Int = 0;
  for (let cpu = 0; cpu < nr_cpu_ids(k); cpu++) if (cpu_online(k, cpu)) online++;
  return online;
}
