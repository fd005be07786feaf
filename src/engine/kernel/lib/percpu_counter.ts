/**
 * Counters of which each CPU has a part that it may change without asking others: exact when all parts are added up.
 *
 *     count        what all agree on               counters, SMP   a CPU's part, as long as it is smaller than the batch
 *
 * A value is a number of at most 53 bits.
 * Left out: the counter's lock, the list of counters for CPUs that go.
 * Source: Linux 6.1 lib/percpu_counter.c, include/linux/percpu_counter.h.
 */
import type { Gfp, Int, Long, Pointer } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { asVirt, type Cell } from '../../memory/address.js';
import { num_online_cpus } from '../include/linux/cpumask.h.js';
import { ENOMEM } from '../include/linux/errno.h.js';
import { per_cpu_ptr } from '../include/linux/percpu-defs.h.js';
import { __alloc_percpu_gfp, free_percpu } from '../mm/percpu/percpu.js';

export type PercpuCounter = Pointer<'struct percpu_counter'>;

const WORD = 2 ** 32;

const countAt = (k: Kernel, fbc: PercpuCounter): Cell => k.plus(fbc, k.percpu_counter.count);

/** An s64, on 32 bit, too. */
const writeCount = (k: Kernel, fbc: PercpuCounter, count: Long): void => {
  k.write(countAt(k, fbc), count % WORD);
  k.write(k.plus(countAt(k, fbc), 1), Math.floor(count / WORD));
};

/** What all CPUs agree on. */
export function percpu_counter_read(k: Kernel, fbc: PercpuCounter): Long {
  return (k.read_int(countAt(k, fbc)) >>> 0) + k.read_int(k.plus(countAt(k, fbc), 1)) * WORD;
}

const partOf = (k: Kernel, fbc: PercpuCounter, cpu: Int): Cell =>
  per_cpu_ptr(k, k.plus(fbc, k.percpu_counter.counters), cpu);

/** compute_batch_value() */
const batchOf = (k: Kernel): Int => Math.max(32, num_online_cpus(k) * 2);

/** 0, or -ENOMEM. */
export function __percpu_counter_init(k: Kernel, fbc: PercpuCounter, amount: Long, gfp: Gfp): Int {
  writeCount(k, fbc, amount);
  if (!k.smp) return 0;
  const counters = __alloc_percpu_gfp(k, 4, 4, gfp);
  k.write_va(k.plus(fbc, k.percpu_counter.counters), counters);
  return counters === 0 ? -ENOMEM : 0;
}

export function percpu_counter_destroy(k: Kernel, fbc: PercpuCounter): void {
  if (!k.smp) return;
  const at = k.plus(fbc, k.percpu_counter.counters);
  const counters = k.read_va(at);
  if (counters === 0) return;
  free_percpu(k, counters);
  k.write_va(at, asVirt(0));
}

export function percpu_counter_set(k: Kernel, fbc: PercpuCounter, amount: Long): void {
  if (k.smp)
    for (let cpu: Int = 0; cpu < num_online_cpus(k); cpu++) k.write(partOf(k, fbc, cpu), 0);
  writeCount(k, fbc, amount);
}

export function percpu_counter_add_batch(
  k: Kernel,
  fbc: PercpuCounter,
  amount: Long,
  batch: Int,
): void {
  if (!k.smp) {
    writeCount(k, fbc, percpu_counter_read(k, fbc) + amount);
    return;
  }
  const part: Cell = partOf(k, fbc, k.cpu);
  const count: Long = k.read_int(part) + amount;
  if (Math.abs(count) >= batch) {
    writeCount(k, fbc, percpu_counter_read(k, fbc) + count);
    k.write(part, 0);
  } else k.write(part, count);
}

export function percpu_counter_add(k: Kernel, fbc: PercpuCounter, amount: Long): void {
  percpu_counter_add_batch(k, fbc, amount, batchOf(k));
}

/** The exact value: the parts of all CPUs as well. */
export function __percpu_counter_sum(k: Kernel, fbc: PercpuCounter): Long {
  let ret: Long = percpu_counter_read(k, fbc);
  if (k.smp)
    for (let cpu: Int = 0; cpu < num_online_cpus(k); cpu++) ret += k.read_int(partOf(k, fbc, cpu));
  return ret;
}

/** This CPU gives its part away. */
export function percpu_counter_sync(k: Kernel, fbc: PercpuCounter): void {
  if (!k.smp) return;
  const part: Cell = partOf(k, fbc, k.cpu);
  writeCount(k, fbc, percpu_counter_read(k, fbc) + k.read_int(part));
  k.write(part, 0);
}

/** 1, 0 or -1: as it is more, as much or less than `rhs`. Exact where a rough look does not tell. */
export function percpu_counter_compare(k: Kernel, fbc: PercpuCounter, rhs: Long): Int {
  const count: Long = percpu_counter_read(k, fbc);
  if (k.smp && Math.abs(count - rhs) > batchOf(k) * num_online_cpus(k)) return count > rhs ? 1 : -1;
  return Math.sign(__percpu_counter_sum(k, fbc) - rhs);
}
