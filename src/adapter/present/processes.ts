/**
 * Processes as variables, of any image: each task with its numbers, the areas of its memory, their pages as they are asked for,
 * its page tables, and its files of /proc. What the dump lacks is told in place of what it would be.
 */
import { inspectedOf } from '../../engine/image/dump/inspectedOf.js';
import { Problems, type Inspected } from '../../engine/inspect/inspected.js';
import { pidFileNames, pidLines } from '../../engine/inspect/proc/pid/files.js';
import { areaFlagNames, rightsText } from '../../engine/inspect/process/areaFlags.js';
import { areaName } from '../../engine/inspect/process/areaName.js';
import { userEntries } from '../../engine/inspect/process/entries.js';
import { rootOf, type PathView } from '../../engine/inspect/process/filePath.js';
import { kib, mmNumbers, rssOf, type MmNumbers } from '../../engine/inspect/process/mmNumbers.js';
import { taskState } from '../../engine/inspect/process/taskState.js';
import { tasksOf, vmasOf, type TaskView, type VmaView } from '../../engine/inspect/tasks.js';
import { PAGE_SIZE, type VirtAddr } from '../../engine/memory/address.js';
import { placeAt } from '../../engine/types/access.js';
import { counted } from '../../engine/view/counted.js';
import type { MachineContext } from './context.js';
import { entryShown, userTables } from './processPages.js';
import { fact, group, type Shown } from './shown.js';
import { showPlace } from './typedValue.js';

/** Undefined where no task is known: a machine rebuilt from a state without contents. */
export function processes(context: MachineContext): Shown | undefined {
  const k = inspectedOf(context.image);
  const problems = new Problems();
  const tasks = tasksOf(k, problems);
  if (tasks.length === 0 && context.image.dumped === undefined) return undefined;
  const user = tasks.filter(({ mm }) => mm !== 0).length;
  const own = `${user} with memory of ${user === 1 ? 'its' : 'their'} own`;
  return group('Processes', `${counted(tasks.length, 'task')}, ${own}`, {
    named: () => [
      ...tasks.map((task) => showTask(context, k, task)),
      ...problems.found.map((text) => fact('(problem)', text)),
    ],
  });
}

/** What `read` shows, and what it could not read. */
function tried(what: string, read: (problems: Problems) => readonly Shown[]): readonly Shown[] {
  const problems = new Problems();
  const shown = problems.tried(what, () => read(problems), []);
  return [...shown, ...problems.found.map((text) => fact('(problem)', text))];
}

function showTask(context: MachineContext, k: Inspected, task: TaskView): Shown {
  const { pid, tgid, comm, mm } = task;
  const state = new Problems().tried(comm, () => taskState(k, task.at), '?');
  const numbers =
    mm === 0 ? undefined : new Problems().tried(comm, () => mmNumbers(k, mm), undefined);
  const memory =
    mm === 0
      ? 'kernel thread'
      : numbers === undefined
        ? 'memory not in the dump'
        : `rss ${kib(rssOf(numbers))} KiB of ${kib(numbers.total_vm)} KiB`;
  return {
    ...group(`${mm === 0 ? `[${comm}]` : comm} (pid ${pid})`, `${state}, ${memory}`, {
      named: () => [
        fact('state', state),
        ...(tgid === pid ? [] : [fact('thread of', `pid ${tgid}`)]),
        ...(mm === 0 ? [] : memoryOf(context, k, task, numbers)),
        ...struct(context, 'task_struct', task.at),
      ],
    }),
    memory: task.at,
  };
}

function memoryOf(
  context: MachineContext,
  k: Inspected,
  task: TaskView,
  numbers: MmNumbers | undefined,
): readonly Shown[] {
  return [
    ...(numbers === undefined ? [] : [showNumbers(numbers)]),
    group('areas', numbers === undefined ? '' : counted(numbers.map_count, 'area'), {
      named: () =>
        tried(task.comm, (problems) => {
          const root = problems.tried('fs', () => rootOf(k, task.at), undefined);
          return vmasOf(k, task.mm, problems).map((vma) => showArea(context, k, task, vma, root));
        }),
    }),
    ...userTables(context, k, task),
    group('/proc', `/proc/${task.pid}: as the kernel would print it`, {
      named: () => pidFileNames.map((name) => showFile(k, task, name)),
    }),
    ...struct(context, 'mm_struct', task.mm),
  ];
}

const pages = (nr: number): string => `${counted(nr, 'page')} (${kib(nr)} KiB)`;

function showNumbers(numbers: MmNumbers): Shown {
  const { rssAnon, rssFile, rssShmem, swapEntries } = numbers;
  const summary = `rss ${rssOf(numbers)}, total_vm ${numbers.total_vm}, pinned_vm ${counted(numbers.pinned_vm, 'page')}`;
  return group('numbers', summary, {
    named: () => [
      fact('rss', pages(rssOf(numbers))),
      fact('MM_ANONPAGES', pages(rssAnon)),
      fact('MM_FILEPAGES', pages(rssFile)),
      fact('MM_SHMEMPAGES', pages(rssShmem)),
      fact('MM_SWAPENTS', `${swapEntries}`),
      ...(['total_vm', 'locked_vm', 'pinned_vm', 'data_vm', 'exec_vm', 'stack_vm'] as const).map(
        (name) => fact(name, pages(numbers[name])),
      ),
      fact('pgtables_bytes', `${numbers.pgtables_bytes}`),
      fact('map_count', `${numbers.map_count}`),
      fact('mm_users', `${numbers.mm_users}`),
      fact('mm_count', `${numbers.mm_count}`),
    ],
  });
}

function showArea(
  context: MachineContext,
  k: Inspected,
  task: TaskView,
  vma: VmaView,
  root: PathView | undefined,
): Shown {
  const name = new Problems().tried('name', () => areaName(k, task.mm, vma, root), '?');
  const nrPages = (vma.end - vma.start) / PAGE_SIZE;
  const what = name === '' ? 'anonymous' : name;
  return {
    ...group(
      `${k.hex(vma.start)}-${k.hex(vma.end)}`,
      `${rightsText(vma.flags)} ${what}, ${counted(nrPages, 'page')}`,
      {
        named: () =>
          tried(what, () => [
            fact('vm_flags', areaFlagNames(vma.flags).join(' | ')),
            ...(vma.file === 0
              ? []
              : [fact('file', `${name}, from byte 0x${(vma.pgoff * PAGE_SIZE).toString(16)} on`)]),
            fact('anon_vma', anonVmaText(k, vma.at)),
            showPages(context, k, task, vma),
            ...struct(context, 'vm_area_struct', vma.at),
          ]),
      },
    ),
    memory: vma.at,
  };
}

function anonVmaText(k: Inspected, vma: VirtAddr): string {
  const at = k.pointer(vma, 'vm_area_struct', 'anon_vma');
  return at === 0 ? 'none: no page of its own yet' : k.hex(at);
}

/** Entries of the page tables that are not zero, as many as are asked for. */
function showPages(context: MachineContext, k: Inspected, task: TaskView, vma: VmaView): Shown {
  const entries = [...userEntries(k, task.mm, vma)];
  const there = entries.reduce((sum, { sizeBytes }) => sum + sizeBytes / PAGE_SIZE, 0);
  const nrPages = (vma.end - vma.start) / PAGE_SIZE;
  return group('pages', `${there} of ${nrPages} have an entry`, {
    nrIndexed: entries.length,
    indexed: (start, count) =>
      entries
        .slice(start, start + count)
        .map((entry, i) => entryShown(context, k, `[${start + i}]`, entry)),
  });
}

function showFile(k: Inspected, task: TaskView, name: string): Shown {
  return group(name, '', {
    named: () =>
      tried(name, () =>
        (pidLines(k, `${task.pid}/${name}`, undefined) ?? []).map((line, i) =>
          fact(`${i + 1}`, line),
        ),
      ),
  });
}

/** A structure by its address: all members, as the build's own types have them. */
function struct(context: MachineContext, tag: string, at: VirtAddr): Shown[] {
  const type = context.profile.types.struct(tag);
  if (type === undefined || at === 0) return [];
  const address = context.image.mm.hex(at);
  return [
    {
      name: `struct ${tag}`,
      value: `0x${address}`,
      kind: 'virtual',
      readOnly: true,
      memory: at,
      children: {
        named: (format) => [
          showPlace(
            context,
            'members',
            placeAt(at, type),
            `(*(struct ${tag} *)0x${address})`,
            format,
          ),
        ],
      },
    },
  ];
}
