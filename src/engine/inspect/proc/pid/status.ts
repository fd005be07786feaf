/**
 * /proc/PID/status: a line for each thing that the types tell. The bundled builds have what memory management is about.
 *
 * Left out: what protects against speculation, a tracer, NUMA groups, x86's features of threads (6.6).
 * Source: Linux 6.1 fs/proc/array.c: proc_pid_status(), task_state(), task_thp_status(); fs/proc/task_mmu.c: task_mem();
 * mm/hugetlb.c: hugetlb_report_usage().
 */
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import type { Inspected, Problems } from '../../inspected.js';
import { kib, mmNumbers, rssOf } from '../../process/mmNumbers.js';
import { taskState } from '../../process/taskState.js';
import type { TaskView } from '../../tasks.js';
import {
  capabilityLines,
  coreDumpingLine,
  credentialLines,
  namespaceLines,
  placementLines,
  signalLines,
} from './statusRights.js';

export function status(k: Inspected, task: TaskView, problems: Problems): string[] {
  const section = (name: string, read: () => string[]): string[] => problems.tried(name, read, []);
  return [
    `Name:\t${escaped(task.comm)}`,
    ...section('the state', () => stateLines(k, task)),
    ...section('credentials', () => credentialLines(k, task.at)),
    ...section('namespaces', () => namespaceLines(k, task.at)),
    ...(task.mm === 0
      ? []
      : section('numbers of memory', () => [
          ...memoryLines(k, task.mm),
          ...coreDumpingLine(k, task.at),
          ...thpLine(k, task.mm),
        ])),
    ...section('signals', () => signalLines(k, task.at)),
    ...section('capabilities', () => capabilityLines(k, task.at)),
    ...section('CPUs', () => placementLines(k, task.at)),
    ...section('switches', () => switchLines(k, task.at)),
  ];
}

const escaped = (comm: string): string => comm.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');

function stateLines(k: Inspected, { at, pid, tgid }: TaskView): string[] {
  const parent = k.pointer(at, 'task_struct', 'real_parent');
  const ppid = parent === 0 ? 0 : k.number(parent, 'task_struct', 'tgid');
  const fs = k.has('task_struct', 'fs') ? k.pointer(at, 'task_struct', 'fs') : asVirt(0);
  const umask = fs === 0 ? undefined : k.number(fs, 'fs_struct', 'umask');
  return [
    ...(umask === undefined ? [] : [`Umask:\t${`0${umask.toString(8)}`.padStart(4, '0')}`]),
    `State:\t${taskState(k, at)}`,
    `Tgid:\t${tgid}`,
    'Ngid:\t0',
    `Pid:\t${pid}`,
    `PPid:\t${ppid}`,
    'TracerPid:\t0',
  ];
}

/** ` kB` behind a number of eight places. */
const kb = (name: string, value: number): string => `${name}:\t${String(value).padStart(8)} kB`;

function memoryLines(k: Inspected, mm: VirtAddr): string[] {
  const numbers = mmNumbers(k, mm);
  const rss = rssOf(numbers);
  const codeStart = numbers.start_code - (numbers.start_code % PAGE_SIZE);
  const codeEnd = Math.ceil(numbers.end_code / PAGE_SIZE) * PAGE_SIZE;
  const exec = numbers.exec_vm * PAGE_SIZE;
  const text = Math.min(codeEnd - codeStart, exec);
  return [
    kb('VmPeak', kib(Math.max(numbers.hiwater_vm, numbers.total_vm))),
    kb('VmSize', kib(numbers.total_vm)),
    kb('VmLck', kib(numbers.locked_vm)),
    kb('VmPin', kib(numbers.pinned_vm)),
    kb('VmHWM', kib(Math.max(numbers.hiwater_rss, rss))),
    kb('VmRSS', kib(rss)),
    kb('RssAnon', kib(numbers.rssAnon)),
    kb('RssFile', kib(numbers.rssFile)),
    kb('RssShmem', kib(numbers.rssShmem)),
    kb('VmData', kib(numbers.data_vm)),
    kb('VmStk', kib(numbers.stack_vm)),
    kb('VmExe', Math.floor(text / 1024)),
    kb('VmLib', Math.floor((exec - text) / 1024)),
    kb('VmPTE', Math.floor(numbers.pgtables_bytes / 1024)),
    kb('VmSwap', kib(numbers.swapEntries)),
    ...(k.has('mm_struct', 'hugetlb_usage')
      ? [kb('HugetlbPages', kib(numbers.hugetlb_usage))]
      : []),
  ];
}

/** MMF_DISABLE_THP */
const DISABLE_THP = 24n;

function thpLine(k: Inspected, mm: VirtAddr): string[] {
  if (k.findGlobal('transparent_hugepage_flags') === undefined) return [];
  const flags = k.space.ulongBits(mm, k.offset('mm_struct', 'flags'));
  return [`THP_enabled:\t${((flags >> DISABLE_THP) & 1n) === 0n ? 1 : 0}`];
}

function switchLines(k: Inspected, task: VirtAddr): string[] {
  if (!k.has('task_struct', 'nvcsw')) return [];
  return [
    `voluntary_ctxt_switches:\t${k.number(task, 'task_struct', 'nvcsw')}`,
    `nonvoluntary_ctxt_switches:\t${k.number(task, 'task_struct', 'nivcsw')}`,
  ];
}
