/** ps, vm: tasks, and the memory of one. */
import { asVirt } from '../../../memory/address.js';
import { Problems, type Inspected } from '../../inspected.js';
import { tasksOf, vmasOf, type TaskView, type VmaView } from '../../tasks.js';
import { ulongOf } from '../../words.js';
import { hexOf, taskByPid, Unanswerable, type Json } from '../answer.js';
import { walkInTask } from '../walk.js';
import { countArgument } from './arguments.js';
import type { Command } from './command.js';

export const ps: Command = {
  usage: 'ps',
  summary: 'tasks: pid, thread group, task_struct, mm_struct, name',
  c: () => 'list_for_each_entry(task, &init_task.tasks, tasks)',
  run: ({ k }) => {
    const tasks = tasksOf(k, new Problems());
    const lines = tasks.map(
      ({ pid, tgid, at, mm, comm }) =>
        `${String(pid).padStart(7)} ${String(tgid).padStart(7)} ${k.hex(at)} ${mm === 0 ? '-'.padStart(18) : k.hex(mm)} ${comm}`,
    );
    const data = tasks.map(({ pid, tgid, comm, at, mm }) => ({
      pid,
      tgid,
      comm,
      task: address(k, at),
      mm: address(k, mm),
    }));
    return { text: lines.join('\n'), data };
  },
};

export const vm: Command = {
  usage: 'vm [-p] [PID]',
  summary: "the areas of a task's memory; with -p their pages",
  c: (args) => `init_task /* pid ${args.find((arg) => arg !== '-p') ?? 'PID'} */ .mm->mm_mt`,
  run: (asked, args) => {
    const { k } = asked;
    const pid = args.find((arg) => arg !== '-p');
    const task = pid === undefined ? asked.task : taskByPid(k, countArgument(pid, 0));
    if (task === undefined) throw new Unanswerable('Give a pid: vm PID.');
    if (task.mm === 0) throw new Unanswerable(`${task.comm} (pid ${task.pid}) is a kernel thread.`);
    const problems = new Problems();
    const withPages = args.includes('-p');
    const areas = vmasOf(k, task.mm, problems).map((vma) => ({
      vma,
      pages: withPages ? pagesIn(k, task, vma) : undefined,
    }));
    const lines = areas.flatMap(({ vma, pages }) => [
      areaText(k, vma),
      ...(pages?.map(([va, pfn]) => `  ${k.hex(asVirt(va))} pfn 0x${pfn.toString(16)}`) ?? []),
    ]);
    const data = areas.map(({ vma, pages }): Json => ({
      vma: address(k, vma.at),
      start: address(k, vma.start),
      end: address(k, vma.end),
      flags: rights(k, vma),
      file: address(k, vma.file),
      pgoff: vma.pgoff,
      ...(pages && { pages: pages.map(([va, pfn]) => [address(k, asVirt(va)), pfn]) }),
    }));
    return { text: [...lines, ...problems.found].join('\n'), data };
  },
};

const address = (k: Inspected, va: TaskView['at']): string => hexOf(ulongOf(va, k.pointerSize));

const areaText = (k: Inspected, vma: VmaView): string =>
  `${k.hex(vma.start)}-${k.hex(vma.end)} ${rights(k, vma)} ${vma.file === 0 ? 'anonymous' : `file ${k.hex(vma.file)}, page ${vma.pgoff}`}`;

/** As /proc/PID/maps has them. Source: Linux 6.1 include/linux/mm.h: VM_READ, VM_WRITE, VM_EXEC, VM_MAYSHARE. */
function rights(_k: Inspected, { flags }: VmaView): string {
  const has = (bit: bigint): boolean => (flags & bit) !== 0n;
  return `${has(1n) ? 'r' : '-'}${has(2n) ? 'w' : '-'}${has(4n) ? 'x' : '-'}${has(0x80n) ? 's' : 'p'}`;
}

const MAX_PAGES = 1 << 20;

/** The pages of an area that are there: address and frame. */
function pagesIn(k: Inspected, task: TaskView, vma: VmaView): [number, number][] {
  const pages: [number, number][] = [];
  for (let va = vma.start as number; va < vma.end && pages.length < MAX_PAGES;) {
    const walk = walkInTask(k, task, asVirt(va));
    const page = walk.page;
    if (page !== undefined) pages.push([va, Math.floor(page.phys / 4096)]);
    // Nothing is below an entry that is not there: on to the next of its level.
    const size = page === undefined ? 2 ** (walk.steps.at(-1)?.level.shift ?? 12) : 4096;
    va = Math.floor(va / size + 1) * size;
  }
  return pages;
}
