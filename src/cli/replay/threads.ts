/**
 * Threads of a machine, and what a run changes that switched to another one and back: where work of the kernel is due, a worker
 * does it. The engine does such work where it is, so that none of this is its own: stacks and task_structs of the threads, what
 * a worker keeps about itself, and the data of scheduler, worker pools and RCU.
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import { per_cpu } from '../../engine/kernel/include/linux/percpu-defs.h.js';
import { asVirt, type VirtAddr } from '../../engine/memory/address.js';
import { sizeOf } from '../../engine/types/layout.js';
import { StructReader } from '../../engine/view/structReader.js';

/** Virtual memory, under a name. */
export interface Extent {
  readonly name: string;
  readonly start: VirtAddr;
  readonly sizeBytes: number;
}

/** THREAD_SIZE. Source: Linux 6.1 arch/x86/include/asm/page_32_types.h, page_64_types.h. */
export const threadSize = ({ profile }: KernelImage): number =>
  profile.pointerSize === 8 ? 16384 : 8192;

/** What memory management keeps in a task_struct: judged. */
const JUDGED_OF_TASK =
  'mm active_mm rss_stat maj_flt min_flt nr_dirtied reclaim_state capture_control task_frag kmap_ctrl pagefault_disabled'.split(
    ' ',
  );

/** More tasks than any recorded machine has. */
const MAX_TASKS = 1 << 12;
const GLOBALS = ['runqueues', 'cpu_worker_pools', 'rcu_ctrlblk', 'rcu_data', 'rcu_state'];

/** Every thread group leader, from the first task on: kernel threads are each their own. */
export function tasksOf(image: KernelImage): VirtAddr[] {
  const reader = new StructReader(image);
  const [first, list] = [reader.symbol('init_task'), reader.offset('task_struct', 'tasks')];
  const tasks: VirtAddr[] = [];
  if (first === undefined || list === undefined) return tasks;
  let task: VirtAddr | undefined = first;
  while (task !== undefined && tasks.length < MAX_TASKS) {
    tasks.push(task);
    const next = reader.pointer('task_struct', 'tasks.next', task);
    task = next === undefined || next - list === first ? undefined : asVirt(next - list);
  }
  return tasks;
}

export function stackOf(image: KernelImage, task: VirtAddr): VirtAddr {
  return new StructReader(image).pointer('task_struct', 'stack', task) ?? asVirt(0);
}

/** A task_struct without the members that are judged. */
export function taskParts({ profile }: KernelImage, task: VirtAddr): Omit<Extent, 'name'>[] {
  const type = profile.types.struct('task_struct');
  const judged = (type?.members ?? [])
    .filter(({ name }) => JUDGED_OF_TASK.includes(name))
    .map(({ offsetBits, type: member }) => [
      offsetBits / 8,
      offsetBits / 8 + sizeOf(member, profile.pointerSize),
    ])
    .sort(([a = 0], [b = 0]) => a - b);
  const parts: Omit<Extent, 'name'>[] = [];
  let from = 0;
  for (const [start = 0, end = 0] of [...judged, [type?.sizeBytes ?? 0]]) {
    if (start > from) parts.push({ start: asVirt(task + from), sizeBytes: start - from });
    from = Math.max(from, end);
  }
  return parts;
}

export function threadExtents(image: KernelImage): Extent[] {
  const { mm, profile } = image;
  const extents: Extent[] = [];
  const add = (name: string, start: VirtAddr | undefined, sizeBytes: number): void => {
    if (start !== undefined && start !== 0) extents.push({ name, start, sizeBytes });
  };
  for (const task of tasksOf(image)) {
    add('kernel stacks of other threads', stackOf(image, task), threadSize(image));
    for (const part of taskParts(image, task))
      add('task_structs of other threads', part.start, part.sizeBytes);
    add('workers', workerOf(image, task), profile.types.struct('worker')?.sizeBytes ?? 0);
  }
  for (const name of GLOBALS) {
    const symbol = profile.symbol(name);
    if (symbol === undefined) continue;
    for (let cpu = 0; cpu < (symbol.perCpu ? image.nrCpus : 1); cpu++)
      add('scheduler, worker pools, RCU', mm.va_of(per_cpu(mm, name, cpu)), symbol.sizeBytes);
  }
  return extents;
}

/** The struct worker of a kernel thread that is one: its data, which points back to the thread. */
function workerOf(image: KernelImage, task: VirtAddr): VirtAddr | undefined {
  const reader = new StructReader(image);
  const kthread = reader.pointer('task_struct', 'worker_private', task);
  if (kthread === undefined || kthread === 0) return undefined;
  const data = reader.pointer('kthread', 'data', kthread);
  if (data === undefined || data === 0) return undefined;
  return reader.pointer('worker', 'task', data) === task ? data : undefined;
}
