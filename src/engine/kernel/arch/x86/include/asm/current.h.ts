/**
 * The task that runs. A task_struct may straddle frames: its members are read by `k.plus(current(k), k.task_struct.member)`.
 *
 * Source: Linux 6.1 arch/x86/include/asm/current.h.
 */
import type { TaskStruct } from '../../../../../machine/ctypes.js';
import type { Kernel } from '../../../../../machine/kernel.js';
import { this_cpu_ptr } from '../../../../include/linux/percpu-defs.h.js';

/** A machine that was not told who runs has the first task: its kernel's image says so. */
export const current = (k: Kernel): TaskStruct => {
  const task: TaskStruct = k.read_ptr(this_cpu_ptr(k, 'current_task'));
  return task === 0 ? k.globals.init_task : task;
};

/** `current->flags`, which are kept by themselves: a machine need not have a task. */
export const currentFlags = (k: Kernel): number => k.words[k.currentFlagsRegister]!;

export const setCurrentFlags = (k: Kernel, flags: number): void => {
  k.write(k.currentFlagsRegister, flags);
};

/** `current->comm`. The one process of a machine without tasks is its init. */
export const currentComm = (): string => 'init';

/** `current->pid`. */
export const currentPid = (): number => 1;
