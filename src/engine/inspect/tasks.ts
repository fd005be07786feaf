/**
 * Tasks, threads among them, by rising pid; the areas of a process's memory.
 *
 * Source: Linux 6.1 include/linux/sched/signal.h: for_each_process_thread(); include/linux/mm.h: for_each_vma().
 */
import { type VirtAddr } from '../memory/address.js';
import type { Inspected, Problems } from './inspected.js';
import { listEntries } from './list.js';
import { mapleEntries } from './maple.js';

export interface TaskView {
  readonly pid: number;
  readonly tgid: number;
  readonly comm: string;
  readonly at: VirtAddr;
  /** `struct mm_struct *`; 0 for a kernel thread. */
  readonly mm: VirtAddr;
}

export interface VmaView {
  readonly at: VirtAddr;
  readonly start: VirtAddr;
  readonly end: VirtAddr;
  readonly flags: bigint;
  /** `struct file *`; 0 for anonymous memory. */
  readonly file: VirtAddr;
  readonly pgoff: number;
}

/** Without the idle tasks, whose pid is 0. */
export function tasksOf(k: Inspected, problems: Problems): TaskView[] {
  const tasks = new Map<number, TaskView>();
  problems.tried(
    'tasks',
    () => {
      const init = k.global('init_task');
      const link = k.offset('task_struct', 'tasks');
      // A machine that was booted here has no list: nothing runs in it but the scenario.
      if (k.dump.vmcoreinfo === undefined && k.space.pointer(init, link) === 0) return;
      for (const leader of listEntries(k, init, link, 'task_struct', 'tasks'))
        for (const task of threadsOf(k, leader)) tasks.set(task.at, task);
    },
    undefined,
  );
  problems.tried(
    'tasks of the scenario',
    () => {
      for (const at of k.toldTasks()) tasks.set(at, taskAt(k, at));
    },
    undefined,
  );
  return [...tasks.values()].filter(({ pid }) => pid !== 0).sort((a, b) => a.pid - b.pid);
}

/** Threads hang on signal->thread_head; until 6.7 (8e1f385104ac) tasks had a ring of their own as well. */
function* threadsOf(k: Inspected, leader: VirtAddr): Generator<TaskView> {
  // First of all itself: a task that mmscope's kernel made has no signals, or still its parent's.
  yield taskAt(k, leader);
  const signal = k.pointer(leader, 'task_struct', 'signal');
  if (signal === 0) return;
  const head = k.offset('signal_struct', 'thread_head');
  for (const at of listEntries(k, signal, head, 'task_struct', 'thread_node')) yield taskAt(k, at);
}

const taskAt = (k: Inspected, at: VirtAddr): TaskView => ({
  pid: k.number(at, 'task_struct', 'pid'),
  tgid: k.number(at, 'task_struct', 'tgid'),
  comm: k.space.text(at, k.offset('task_struct', 'comm'), 16),
  at,
  mm: k.pointer(at, 'task_struct', 'mm'),
});

/** By rising address: in a maple tree since 6.1 (524e00b36e8c), on a list before. */
export function vmasOf(k: Inspected, mm: VirtAddr, problems: Problems): VmaView[] {
  const vmas: VmaView[] = [];
  problems.tried(
    `areas of mm_struct ${k.hex(mm)}`,
    () => {
      for (const at of vmaPointers(k, mm)) vmas.push(vmaAt(k, at));
    },
    undefined,
  );
  return vmas;
}

function* vmaPointers(k: Inspected, mm: VirtAddr): Generator<VirtAddr> {
  if (k.has('mm_struct', 'mm_mt')) {
    yield* mapleEntries(k, mm, k.offset('mm_struct', 'mm_mt'));
    return;
  }
  const seen = new Set<number>();
  for (let at = k.pointer(mm, 'mm_struct', 'mmap'); at !== 0;) {
    if (seen.has(at)) return;
    seen.add(at);
    yield at;
    at = k.pointer(at, 'vm_area_struct', 'vm_next');
  }
}

export const vmaAt = (k: Inspected, at: VirtAddr): VmaView => ({
  at,
  start: k.pointer(at, 'vm_area_struct', 'vm_start'),
  end: k.pointer(at, 'vm_area_struct', 'vm_end'),
  flags: k.space.ulongBits(at, k.offset('vm_area_struct', 'vm_flags')),
  file: k.pointer(at, 'vm_area_struct', 'vm_file'),
  pgoff: k.number(at, 'vm_area_struct', 'vm_pgoff'),
});
