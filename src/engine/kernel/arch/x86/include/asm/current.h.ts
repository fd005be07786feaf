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
  if (k.runningTask !== undefined) return k.runningTask();
  const task: TaskStruct = k.read_ptr(this_cpu_ptr(k, 'current_task'));
  return task === 0 ? k.globals.init_task : task;
};

/** `current->flags`, which are kept by themselves: a machine need not have a task. */
export const currentFlags = (k: Kernel): number => k.words[k.currentFlagsRegister]!;

export const setCurrentFlags = (k: Kernel, flags: number): void => {
  k.write(k.currentFlagsRegister, flags);
};

/** TASK_COMM_LEN */
const TASK_COMM_LEN = 16;

/** `current->comm`. A machine whose tasks nobody has written down has one process, its init. */
export const currentComm = (k: Kernel): string => {
  const task = current(k);
  let comm = '';
  for (let i = 0; task !== 0 && i < TASK_COMM_LEN; i++) {
    const at: number = k.task_struct.comm + i;
    const char: number = k.read8(k.plus(task, at >> 2), at & 3);
    if (char === 0) break;
    comm += String.fromCharCode(char);
  }
  return comm === '' ? 'init' : comm;
};

/** `current->pid`. */
export const currentPid = (k: Kernel): number => {
  const task = current(k);
  const pid: number = task === 0 ? 0 : k.read_int(k.plus(task, k.task_struct.pid));
  return pid === 0 ? 1 : pid;
};
