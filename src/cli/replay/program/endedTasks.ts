/**
 * Tasks that have ended: each loses its stack when the scheduler has run another one, the stack goes at the end of a grace period, and its
 * structure when nobody asks for it any more. Tasks are named by the addresses of the recorded kernel, which has them at the same places.
 *
 * Source: Linux 6.1 kernel/sched/core.c: finish_task_switch(); kernel/fork.c: put_task_stack(), thread_stack_delayed_free(), free_task().
 */
import {
  free_task_struct,
  page_ref_count,
  put_task_stack,
  rcu_process_callbacks,
  virt_to_page,
} from '../../../engine/entry/functions.js';
import type { TaskStruct } from '../../../engine/machine/ctypes.js';
import type { Kernel } from '../../../engine/machine/kernel.js';
import { parseAddress } from '../../../engine/memory/address.js';

export class EndedTasks {
  /** Tasks that still have their stack, and those whose structure is all that is left. */
  private ended: readonly TaskStruct[] = [];
  private dead: readonly TaskStruct[] = [];
  /** First pages of stacks that are given back when a grace period ends. */
  private stacks: readonly number[] = [];
  /**
   * Tiny RCU: the switch to the thread that runs next was the end of a grace period. The stack that it puts in the name of the one before
   * waits for another one, even if it is that thread which calls what is ready.
   */
  private put: { readonly by: number; readonly task: string | undefined } | undefined;

  constructor(private readonly k: Kernel) {}

  /** What is not memory: to be put back when the memory is taken back. */
  save(): () => void {
    const { ended, dead, stacks, put } = this;
    return () => {
      Object.assign(this, { ended, dead, stacks, put });
    };
  }

  add(task: TaskStruct): void {
    this.ended = [...this.ended, task];
  }

  /** Stacks that the end of a grace period gives back. */
  get waiting(): readonly number[] {
    return this.stacks;
  }

  /** @param thread the number of the kernel's thread that does it; undefined: a process does */
  loseStack(task: string | undefined, thread: number | undefined): void {
    if (this.k.smp || thread === undefined) this.loseNow(task);
    else this.put = { by: thread, task };
  }

  /** What has been put queues up before somebody else acts. */
  settle(by?: number): void {
    const { put } = this;
    if (put === undefined || put.by === by) return;
    this.put = undefined;
    this.loseNow(put.task);
  }

  endGracePeriod(): void {
    rcu_process_callbacks(this.k);
    this.stacks = [];
    this.settle();
  }

  free(address: string | undefined): void {
    const task = this.find(this.dead, address);
    if (task === undefined) return;
    free_task_struct(this.k, task);
    this.dead = this.dead.filter((each) => each !== task);
  }

  private loseNow(address: string | undefined): void {
    const { k } = this;
    const process = this.find(this.ended, address);
    const task = process ?? this.threadAt(address);
    if (task === undefined) return;
    const stack = k.read_va(k.plus(task, k.task_struct.stack));
    this.stacks = [...this.stacks, k.page_to_pfn(virt_to_page(k, stack))];
    put_task_stack(k, task);
    this.ended = this.ended.filter((each) => each !== task);
    this.dead = [...this.dead, task];
  }

  /** A thread of the kernel that ran when the program began. Those that began later are not known. */
  private threadAt(address = ''): TaskStruct | undefined {
    const { k } = this;
    const va = parseAddress(`0x${address.slice(-k.ptr_words * 8)}`, k.profile.pointerSize);
    if (va === undefined || k.phys_of(va) === undefined) return undefined;
    const task: TaskStruct = k.cell_at(va);
    const stack = k.read_va(k.plus(task, k.task_struct.stack));
    if (stack === 0 || k.phys_of(stack) === undefined) return undefined;
    return page_ref_count(k, virt_to_page(k, stack)) === 1 ? task : undefined;
  }

  /** Without an address it is the one that has waited longest. */
  private find(list: readonly TaskStruct[], address: string | undefined): TaskStruct | undefined {
    const { k } = this;
    if (address === undefined) return list[0];
    return list.find((task) => address.endsWith(k.hex(k.va_of(task))));
  }
}
