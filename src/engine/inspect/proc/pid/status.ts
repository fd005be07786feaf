/**
 * /proc/PID/status: a line for each thing that the types tell. The bundled builds have what memory management is about.
 *
 * Left out: Seccomp and speculation lines, SigQ's limit, Mems_allowed; NSpid and its like are told of the first namespace alone.
 * Source: Linux 6.1 fs/proc/array.c: proc_pid_status(), task_state(), task_sig(), task_cap(); fs/proc/task_mmu.c: task_mem();
 * mm/hugetlb.c: hugetlb_report_usage().
 */
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import type { Inspected, Problems } from '../../inspected.js';
import { kib, mmNumbers, rssOf } from '../../process/mmNumbers.js';
import { taskState } from '../../process/taskState.js';
import type { TaskView } from '../../tasks.js';

export function status(k: Inspected, task: TaskView, problems: Problems): string[] {
  const section = (name: string, read: () => string[]): string[] => problems.tried(name, read, []);
  return [
    `Name:\t${escaped(task.comm)}`,
    ...section('the state', () => stateLines(k, task)),
    ...section('credentials', () => credentialLines(k, task.at)),
    ...(task.mm === 0 ? [] : section('numbers of memory', () => memoryLines(k, task.mm))),
    ...section('signals', () => signalLines(k, task.at)),
    ...section('capabilities', () => capabilityLines(k, task.at)),
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
    ...(k.has('task_struct', 'numa_group') || k.has('task_struct', 'tgid') ? ['Ngid:\t0'] : []),
    `Pid:\t${pid}`,
    `PPid:\t${ppid}`,
    'TracerPid:\t0',
  ];
}

function credentialLines(k: Inspected, task: VirtAddr): string[] {
  if (!k.has('task_struct', 'real_cred') || !k.has('cred', 'uid')) return [];
  const cred = k.pointer(task, 'task_struct', 'real_cred');
  const ids = (kind: 'u' | 'g'): string =>
    ['', 'e', 's', 'fs'].map((which) => k.number(cred, 'cred', `${which}${kind}id`)).join('\t');
  return [`Uid:\t${ids('u')}`, `Gid:\t${ids('g')}`];
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

function signalLines(k: Inspected, task: VirtAddr): string[] {
  const signal = k.pointer(task, 'task_struct', 'signal');
  if (signal === 0 || !k.has('signal_struct', 'nr_threads')) return [];
  return [`Threads:\t${k.number(signal, 'signal_struct', 'nr_threads')}`];
}

function capabilityLines(k: Inspected, task: VirtAddr): string[] {
  if (!k.has('task_struct', 'real_cred') || !k.has('cred', 'cap_effective')) return [];
  const cred = k.pointer(task, 'task_struct', 'real_cred');
  const rows = [
    ['CapInh', 'cap_inheritable'],
    ['CapPrm', 'cap_permitted'],
    ['CapEff', 'cap_effective'],
    ['CapBnd', 'cap_bset'],
    ['CapAmb', 'cap_ambient'],
  ] as const;
  return rows.map(
    ([name, member]) =>
      `${name}:\t${k.space.u64(cred, k.offset('cred', member)).toString(16).padStart(16, '0')}`,
  );
}

function switchLines(k: Inspected, task: VirtAddr): string[] {
  if (!k.has('task_struct', 'nvcsw')) return [];
  return [
    `voluntary_ctxt_switches:\t${k.number(task, 'task_struct', 'nvcsw')}`,
    `nonvoluntary_ctxt_switches:\t${k.number(task, 'task_struct', 'nivcsw')}`,
  ];
}
