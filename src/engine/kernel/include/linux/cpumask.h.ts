/**
 * Which CPUs are online, possible, in a mask.
 *
 * Source: Linux 6.1 include/linux/cpumask.h.
 */
import type { CpuMask, Int } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { clear_bit, set_bit, test_bit } from '../../arch/x86/include/asm/bitops.h.js';

export function cpumask_set_cpu(k: Kernel, cpu: Int, dstp: CpuMask): void {
  set_bit(k, cpu, dstp);
}

export function cpumask_clear_cpu(k: Kernel, cpu: Int, dstp: CpuMask): void {
  clear_bit(k, cpu, dstp);
}

export function cpumask_test_cpu(k: Kernel, cpu: Int, cpumask: CpuMask): boolean {
  return test_bit(k, cpu, cpumask);
}

// --- CPUs --------------------------------------------------------------------------------------------------------------

/** CPUs that this build can have. */
export const nr_cpu_ids = (k: Kernel): Int => (k.smp ? k.CONFIG_NR_CPUS : 1);

export function cpu_online(k: Kernel, cpu: Int): boolean {
  if (!k.smp) return cpu === 0;
  return cpumask_test_cpu(k, cpu, k.globals.__cpu_online_mask);
}

/** A CPU that has per-CPU data: all that were found at boot. */
export function cpu_possible(k: Kernel, cpu: Int): boolean {
  if (!k.smp) return cpu === 0;
  return cpumask_test_cpu(k, cpu, k.globals.__cpu_possible_mask);
}

export function num_online_cpus(k: Kernel): Int {
  let online: Int = 0;
  for (let cpu = 0; cpu < nr_cpu_ids(k); cpu++) if (cpu_online(k, cpu)) online++;
  return online;
}

export function num_possible_cpus(k: Kernel): Int {
  let possible: Int = 0;
  for (let cpu = 0; cpu < nr_cpu_ids(k); cpu++) if (cpu_possible(k, cpu)) possible++;
  return possible;
}
