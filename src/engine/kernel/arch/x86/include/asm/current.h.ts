/**
 * The task that runs, and members of its task_struct.
 *
 * Source: Linux 6.1 arch/x86/include/asm/current.h.
 */
import type { Kernel } from '../../../../../machine/kernel.js';
import { asVirt, type Cell, type VirtAddr } from '../../../../../memory/address.js';
import { this_cpu_ptr } from '../../../../include/linux/percpu-defs.h.js';

/**
 * `current`, a `struct task_struct *`. A machine that was not told who runs has the first task: its kernel's image says so.
 */
export function current(k: Kernel): VirtAddr {
  const task = k.read_va(this_cpu_ptr(k, 'current_task'));
  return task === 0 ? (k.profile.symbol('init_task')?.address ?? task) : task;
}

/**
 * &task->member. A task may straddle frames, which need not lie side by side in the pool, so each member is looked up by its
 * own address.
 */
export function task_member(k: Kernel, task: VirtAddr, member: number): Cell {
  return k.cell_of(asVirt(task + member * 4));
}

/** `current->flags` */
export const current_flags = (k: Kernel): number => k.words[k.machine.register('current_flags')]!;

/** `current->comm`. The one process of a machine without tasks is its init. */
export const current_comm = (): string => 'init';
