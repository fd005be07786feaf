/**
 * The end of a task: its address space goes, and it stays as a zombie until its parent has asked for its exit code.
 *
 * Left out: everything that is not memory (files, signals, timers, namespaces), threads that are reaped by themselves, ptrace.
 * Source: Linux 6.1 kernel/exit.c: do_exit(), exit_notify(), make_task_dead(), release_task(); kernel/sched/core.c: do_task_dead(). exit_mm() is with fork().
 */
import type { Int, TaskStruct } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { current } from '../arch/x86/include/asm/current.h.js';
import { exit_mm, free_task_struct } from './fork/fork.js';
import { PF_KTHREAD } from '../include/linux/sched.h.js';
import { TASK_DEAD } from './sched/core/context_switch.js';

/** task->exit_state. Source: Linux 6.1 include/linux/sched.h. */
export const EXIT_DEAD = 0x10;
export const EXIT_ZOMBIE = 0x20;

/**
 * The parent may wait for it from here on; nobody waits for a thread beside the first one of its process, nor for one of the kernel's.
 * Left out: SIGCHLD, children that get another parent.
 */
function exit_notify(k: Kernel, tsk: TaskStruct): void {
  const isLeader = k.ptr_is(k.plus(tsk, k.task_struct.group_leader), tsk);
  const isKernels = (k.read_int(k.plus(tsk, k.task_struct.flags)) & PF_KTHREAD) !== 0;
  const autoreap = !isLeader || isKernels;
  k.write(k.plus(tsk, k.task_struct.exit_state), autoreap ? EXIT_DEAD : EXIT_ZOMBIE);
}

/** The running task does not run again. */
export function do_task_dead(k: Kernel): void {
  k.write(k.plus(current(k), k.task_struct.__state), TASK_DEAD);
}

/** A task that the kernel has killed for what it did: it is over. Differs: what it had stays, to be looked at. */
export function make_task_dead(k: Kernel): void {
  exit_notify(k, current(k));
  do_task_dead(k);
}

/**
 * The running task ends: it runs on until another one does, on the tables that it had.
 * @param code as wait() tells it: the number of a signal, or what was given to exit() in the byte above
 */
export function do_exit(k: Kernel, code: Int): void {
  const tsk: TaskStruct = current(k);
  k.write(k.plus(tsk, k.task_struct.exit_code), code);
  exit_mm(k, tsk);
  exit_notify(k, tsk);
  do_task_dead(k);
}

/** Nobody asks for a zombie any more. Differs: its structure goes at once, not after a grace period. */
export function release_task(k: Kernel, p: TaskStruct): void {
  k.write(k.plus(p, k.task_struct.exit_state), EXIT_DEAD);
  free_task_struct(k, p);
}
