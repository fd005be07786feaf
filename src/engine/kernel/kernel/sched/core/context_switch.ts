/**
 * From one task to the next: its address space is loaded, unless it has none. A thread of the kernel goes on with the tables of the one
 * before it, whose structure it keeps for as long (`active_mm`).
 *
 *     kernel ─> kernel   active_mm goes over        user ─> kernel   and is kept: mmgrab()
 *     kernel ─> user     is let go: mmdrop()        user ─> user     the tables alone
 *
 * Left out: run queues and who is next, registers and stacks, perf, kmap_local_sched_out().
 * Source: Linux 6.1 kernel/sched/core.c: sched_fork(), prepare_task(), finish_task(), context_switch(), finish_task_switch(); include/linux/sched.h.
 */
import { type MmStruct, NULL, type TaskStruct } from '../../../../machine/ctypes.js';
import type { Kernel } from '../../../../machine/kernel.js';
import { currentFlags, setCurrentFlags } from '../../../arch/x86/include/asm/current.h.js';
import { switch_mm } from '../../../arch/x86/mm/tlb.js';
import { this_cpu_ptr } from '../../../include/linux/percpu-defs.h.js';
import {
  PF_MEMALLOC,
  PF_MEMALLOC_NOFS,
  PF_MEMALLOC_NOIO,
  PF_MEMALLOC_PIN,
} from '../../../include/linux/sched.h.js';
import { mmgrab } from '../../../include/linux/sched/mm.h.js';
import { put_task_stack } from '../../fork/fork.js';
import { mmdrop } from '../../fork/mmdrop.js';

/** task->__state of a task that does not run again. Source: Linux 6.1 include/linux/sched.h. */
export const TASK_DEAD = 0x80;

/** The flags that are kept by themselves while a task runs: current.h. */
const SCOPES = PF_MEMALLOC | PF_MEMALLOC_NOFS | PF_MEMALLOC_NOIO | PF_MEMALLOC_PIN;

/** The scopes that the task is in go with it. */
const switchFlags = (k: Kernel, prev: TaskStruct, next: TaskStruct): void => {
  const before = k.plus(prev, k.task_struct.flags);
  k.write(before, (k.read_int(before) & ~SCOPES) | (currentFlags(k) & SCOPES));
  setCurrentFlags(
    k,
    (currentFlags(k) & ~SCOPES) | (k.read_int(k.plus(next, k.task_struct.flags)) & SCOPES),
  );
};

/** A new task, a copy of another, runs nowhere yet. Left out: priorities, classes. */
export function sched_fork(k: Kernel, p: TaskStruct): void {
  if (k.smp) k.write(k.plus(p, k.task_struct.on_cpu), 0);
}

/** The task is on its CPU: others that would take it off must wait. Differs: a CPU is chosen for it here. */
export function prepare_task(k: Kernel, next: TaskStruct): void {
  if (!k.smp) return;
  k.write(k.plus(next, k.task_struct.thread_info_cpu), k.cpu);
  k.write(k.plus(next, k.task_struct.on_cpu), 1);
}

function finish_task(k: Kernel, prev: TaskStruct): void {
  if (k.smp) k.write(k.plus(prev, k.task_struct.on_cpu), 0);
}

/** What is left to do for the task before, now that another one runs. Left out: put_task_struct_rcu_user() of a dead one: release_task(). */
function finish_task_switch(k: Kernel, prev: TaskStruct, prev_mm: MmStruct): void {
  finish_task(k, prev);
  if (prev_mm !== NULL) mmdrop(k, prev_mm);
  const isDead = k.read_int(k.plus(prev, k.task_struct.__state)) === TASK_DEAD;
  // A task that was not made by fork() has no stack of the kernel's.
  if (isDead && k.read_va(k.plus(prev, k.task_struct.stack)) !== 0) put_task_stack(k, prev);
}

/** `next` runs on this CPU from here on. Left out: the run queue. */
export function context_switch(k: Kernel, prev: TaskStruct, next: TaskStruct): void {
  prepare_task(k, next);
  const mm: MmStruct = k.read_ptr(k.plus(next, k.task_struct.mm));
  const prev_mm: MmStruct = k.read_ptr(k.plus(prev, k.task_struct.mm));
  const oldmm: MmStruct = k.read_ptr(k.plus(prev, k.task_struct.active_mm));
  let drop: MmStruct = NULL;
  if (mm === NULL) {
    // to kernel: whatever is mapped below it does not matter
    k.write_ptr(k.plus(next, k.task_struct.active_mm), oldmm);
    if (prev_mm !== NULL) mmgrab(k, oldmm);
    else k.write_ptr(k.plus(prev, k.task_struct.active_mm), NULL);
  } else {
    // to user
    switch_mm(k, mm);
    if (prev_mm === NULL) {
      drop = oldmm;
      k.write_ptr(k.plus(prev, k.task_struct.active_mm), NULL);
    }
  }
  switchFlags(k, prev, next);
  // switch_to():
  k.write_ptr(this_cpu_ptr(k, 'current_task'), next);
  finish_task_switch(k, prev, drop);
}
