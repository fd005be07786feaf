/**
 * Threads of the kernel: made asleep, told to stop by a flag that they look at, and waited for.
 *
 *     kthread_create()   a task without an address space; task->worker_private is its struct kthread
 *     kthread_stop()     KTHREAD_SHOULD_STOP, wake_up_process(), wait_for_completion(&kthread->exited), kthread->result
 *
 * Differs: the caller makes the thread, where Linux asks kthreadd for it.
 * Left out: parking, workers of kthreads, freezing, affinity, block cgroups.
 * Source: Linux 6.1 kernel/kthread.c.
 */
import { type Int, type Kthread, NULL, type TaskStruct } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { asVirt, type VirtAddr } from '../../memory/address.js';
import { current } from '../arch/x86/include/asm/current.h.js';
import { set_bit, test_bit } from '../arch/x86/include/asm/bitops.h.js';
import { EINTR } from '../include/linux/errno.h.js';
import { PF_KTHREAD } from '../include/linux/sched.h.js';
import { kfree, kmalloc } from '../mm/slab_common/kmalloc.js';
import { do_exit } from './exit.js';
import { dup_task_struct, free_task_struct, put_task_stack } from './fork/fork.js';
import { MAX_SCHEDULE_TIMEOUT } from './locking/semaphore.js';
import { complete, init_completion, wait_for_common } from './sched/completion.js';
import { sched_fork } from './sched/core/context_switch.js';
import { TASK_UNINTERRUPTIBLE, wake_up_process } from './sched/core/wakeup.js';
import { ignore_signals } from './signal/signal.js';

/** Bits of kthread->flags. */
const KTHREAD_SHOULD_STOP = 1;
const COMM_BYTES = 16;

/** NULL of a task that is not one of these. */
const to_kthread = (k: Kernel, p: TaskStruct): Kthread =>
  k.read_ptr(k.plus(p, k.task_struct.worker_private));

/** False without memory. */
export function set_kthread_struct(k: Kernel, p: TaskStruct): boolean {
  const object: VirtAddr = kmalloc(k, k.sizeof.kthread, k.GFP_KERNEL | k.__GFP_ZERO);
  if (object === 0) return false;
  const kthread: Kthread = k.cell_at(object);
  init_completion(k, k.plus(kthread, k.kthread.exited));
  init_completion(k, k.plus(kthread, k.kthread.parked));
  k.write_ptr(k.plus(p, k.task_struct.worker_private), kthread);
  return true;
}

function free_kthread_struct(k: Kernel, p: TaskStruct): void {
  const kthread: Kthread = to_kthread(k, p);
  k.write_ptr(k.plus(p, k.task_struct.worker_private), NULL);
  if (kthread !== NULL) kfree(k, k.va_of(kthread));
}

/** What a copy of a task must not have of it. */
const clearTask = (k: Kernel, tsk: TaskStruct, comm: readonly number[]): void => {
  k.write(k.plus(tsk, k.task_struct.flags), PF_KTHREAD);
  k.write(k.plus(tsk, k.task_struct.__state), TASK_UNINTERRUPTIBLE);
  k.write(k.plus(tsk, k.task_struct.exit_state), 0);
  k.write(k.plus(tsk, k.task_struct.usage), 1);
  k.write_long(k.plus(tsk, k.task_struct.mm), 0);
  k.write_long(k.plus(tsk, k.task_struct.active_mm), 0);
  k.write_long(k.plus(tsk, k.task_struct.min_flt), 0);
  k.write_long(k.plus(tsk, k.task_struct.maj_flt), 0);
  k.write_long(k.plus(tsk, k.task_struct.worker_private), 0);
  for (let i = 0; i < COMM_BYTES; i++) {
    const at: Int = k.task_struct.comm + i;
    k.write8(k.plus(tsk, at >> 2), at & 3, comm[i] ?? 0);
  }
  k.write_ptr(k.plus(tsk, k.task_struct.group_leader), tsk);
  ignore_signals(k, tsk);
};

/** A thread that is to run a function, asleep until somebody wakes it; NULL without memory. @param comm its name, as bytes */
export function kthread_create_on_node(
  k: Kernel,
  threadfn: VirtAddr,
  data: VirtAddr,
  comm: readonly number[],
): TaskStruct {
  const tsk: TaskStruct = dup_task_struct(k, current(k));
  if (tsk === NULL) return NULL;
  sched_fork(k, tsk);
  clearTask(k, tsk, comm.slice(0, COMM_BYTES - 1));
  if (!set_kthread_struct(k, tsk)) {
    put_task_stack(k, tsk);
    free_task_struct(k, tsk);
    return NULL;
  }
  const kthread: Kthread = to_kthread(k, tsk);
  k.write_va(k.plus(kthread, k.kthread.threadfn), threadfn);
  k.write_va(k.plus(kthread, k.kthread.data), data);
  return tsk;
}

export function kthread_should_stop(k: Kernel): boolean {
  const self: Kthread = k.read_ptr_to_read(k.plus(current(k), k.task_struct.worker_private), 0);
  return test_bit(k, KTHREAD_SHOULD_STOP, k.plus(self, k.kthread.flags));
}

/** What a thread was created with. */
export function kthread_data(k: Kernel, task: TaskStruct): VirtAddr {
  const kthread: Kthread = to_kthread(k, task);
  return kthread === NULL ? asVirt(0) : k.read_va(k.plus(kthread, k.kthread.data));
}

/** Tells a thread to stop and waits until it has: what its function returned; -EINTR: it never began. */
export function kthread_stop(k: Kernel, tsk: TaskStruct): Int {
  const kthread: Kthread = k.read_ptr_to_write(k.plus(tsk, k.task_struct.worker_private), 0);
  set_bit(k, KTHREAD_SHOULD_STOP, k.plus(kthread, k.kthread.flags));
  wake_up_process(k, tsk);
  k.shows(() => {
    set_bit(k, KTHREAD_SHOULD_STOP, k.plus(kthread, k.kthread.flags));
    wake_up_process(k, tsk);
  });
  const exited = k.plus(kthread, k.kthread.exited);
  wait_for_common(k, exited, MAX_SCHEDULE_TIMEOUT, TASK_UNINTERRUPTIBLE);
  return k.read_int(k.plus(kthread, k.kthread.result));
}

/** Whether a thread that is woken for the first time is to run its function at all; if not, it ends with -EINTR. */
export const mayBegin = (k: Kernel, tsk: TaskStruct): boolean =>
  !test_bit(k, KTHREAD_SHOULD_STOP, k.plus(to_kthread(k, tsk), k.kthread.flags));

export const NEVER_BEGAN = -EINTR;

/** The running thread ends. */
export function kthread_exit(k: Kernel, result: Int): void {
  const kthread: Kthread = to_kthread(k, current(k));
  k.write(k.plus(kthread, k.kthread.result), result);
  // task->vfork_done:
  complete(k, k.plus(kthread, k.kthread.exited));
  do_exit(k, 0);
}

/** Nobody has a pointer to a thread that has ended: what is left of it goes. */
export const freeKthread = (k: Kernel, tsk: TaskStruct): void => {
  free_kthread_struct(k, tsk);
  free_task_struct(k, tsk);
};
