/**
 * Per-CPU variables by name, and the task that runs.
 *
 * Source: Linux 6.1 include/linux/percpu-defs.h; arch/x86/include/asm/current.h.
 */
import { asCell, asVirt, fromWords, type Cell, type VirtAddr } from '../memory/address.js';
import type { Mm } from './mm.js';
import type { Int } from './types.js';

/** &per_cpu(name, cpu): a build without SMP has one copy, at the symbol's own address. */
export function per_cpu(k: Mm, name: string, cpu: Int): Cell {
  const symbol = k.profile.symbol(name);
  if (symbol?.perCpu !== true) return k.symbol(name);
  return k.read_ptr_plus(k.per_cpu_offset + cpu * k.ptr_words, symbol.address);
}

/** this_cpu_ptr(&name) */
export const this_cpu_ptr = (k: Mm, name: string): Cell => per_cpu(k, name, k.cpu);

/**
 * `current`, a `struct task_struct *`. A machine that was not told who runs has the first task: its kernel's image says so.
 */
export function current(k: Mm): VirtAddr {
  const at = this_cpu_ptr(k, 'current_task');
  const task = address_at(k, at);
  return task === 0 ? (k.profile.symbol('init_task')?.address ?? task) : task;
}

/**
 * &task->member. A task may straddle frames, which need not lie side by side in the pool, so each member is looked up by its
 * own address.
 */
export function task_member(k: Mm, task: VirtAddr, member: string): Cell {
  return k.cell_of(asVirt(task + k.byteOffset('task_struct', member)));
}

/** The pointer stored at a cell, as an address: for pointers to what need not be in the linear maps. */
export function address_at(k: Mm, at: Cell): VirtAddr {
  const low = k.words[at]!;
  return k.wide ? fromWords(low, k.words[asCell(at + 1)]!) : asVirt(low >>> 0);
}
