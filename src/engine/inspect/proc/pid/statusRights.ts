/**
 * What /proc/PID/status says of a task besides its memory: who it is, its signals, what it may, where it runs. Only kernels whose types
 * tell it have these lines; the bundled builds have numbers of users alone.
 *
 * Source: Linux 6.1 fs/proc/array.c: task_state(), task_sig(), collect_sigign_sigcatch(), task_cap(), task_seccomp(),
 * task_cpus_allowed(); kernel/cgroup/cpuset.c: cpuset_task_status_allowed(); lib/vsprintf.c: bitmap_string(), bitmap_list_string().
 */
import { asVirt, type VirtAddr } from '../../../memory/address.js';
import type { Inspected } from '../../inspected.js';

export function credentialLines(k: Inspected, task: VirtAddr): string[] {
  if (!k.has('task_struct', 'real_cred') || !k.has('cred', 'uid')) return [];
  const cred = k.pointer(task, 'task_struct', 'real_cred');
  if (cred === 0) return [];
  const ids = (kind: 'u' | 'g'): string =>
    ['', 'e', 's', 'fs'].map((which) => k.number(cred, 'cred', `${which}${kind}id`)).join('\t');
  return [
    `Uid:\t${ids('u')}`,
    `Gid:\t${ids('g')}`,
    ...(k.has('fdtable', 'max_fds') ? [`FDSize:\t${maxFds(k, task)}`] : []),
    ...(k.has('cred', 'group_info') ? [`Groups:\t${groups(k, cred)} `] : []),
  ];
}

function maxFds(k: Inspected, task: VirtAddr): number {
  const files = k.pointer(task, 'task_struct', 'files');
  return files === 0 ? 0 : k.number(k.pointer(files, 'files_struct', 'fdt'), 'fdtable', 'max_fds');
}

function groups(k: Inspected, cred: VirtAddr): string {
  const info = k.pointer(cred, 'cred', 'group_info');
  const nr = Math.min(k.number(info, 'group_info', 'ngroups'), 65536);
  const first = k.offset('group_info', 'gid');
  return Array.from({ length: nr }, (_, i) => k.space.u32(info, first + i * 4)).join(' ');
}

/** Its numbers in each namespace that it is in. */
export function namespaceLines(k: Inspected, task: VirtAddr): string[] {
  if (!k.has('pid', 'numbers') || !k.has('signal_struct', 'pids')) return [];
  const signal = k.pointer(task, 'task_struct', 'signal');
  if (signal === 0) return [];
  const own = k.pointer(task, 'task_struct', 'thread_pid');
  const level = own === 0 ? 0 : Math.min(k.number(own, 'pid', 'level'), 32);
  const ofSignal = (type: string): VirtAddr =>
    k.space.pointer(signal, k.offset('signal_struct', 'pids') + k.enumerator(type) * k.pointerSize);
  const line = (name: string, pid: VirtAddr): string =>
    `${name}:${Array.from({ length: level + 1 }, (_, i) => `\t${numberIn(k, pid, i)}`).join('')}`;
  return [
    line('NStgid', ofSignal('PIDTYPE_TGID')),
    line('NSpid', own),
    line('NSpgid', ofSignal('PIDTYPE_PGID')),
    line('NSsid', ofSignal('PIDTYPE_SID')),
  ];
}

function numberIn(k: Inspected, pid: VirtAddr, level: number): number {
  if (pid === 0 || level > k.number(pid, 'pid', 'level')) return 0;
  const at = k.offset('pid', 'numbers') + level * k.sizeof('upid') + k.offset('upid', 'nr');
  return k.space.i32(pid, at);
}

/** _NSIG, and RLIMIT_SIGPENDING. */
const NSIG = 64;
const RLIMIT_SIGPENDING = 11;
const SIG_DFL = 0;
const SIG_IGN = 1;

export function signalLines(k: Inspected, task: VirtAddr): string[] {
  const signal = k.pointer(task, 'task_struct', 'signal');
  if (signal === 0 || !k.has('signal_struct', 'nr_threads')) return [];
  const threads = `Threads:\t${k.number(signal, 'signal_struct', 'nr_threads')}`;
  if (!k.has('task_struct', 'pending') || !k.has('sighand_struct', 'action')) return [threads];
  const set = (at: VirtAddr, tag: string, member: string): bigint =>
    k.space.u64(at, k.offset(tag, member));
  const rlim = k.offset('signal_struct', 'rlim') + RLIMIT_SIGPENDING * k.sizeof('rlimit');
  const { ignored, caught } = handled(k, k.pointer(task, 'task_struct', 'sighand'));
  return [
    threads,
    `SigQ:\t${pendingSignals(k, task)}/${k.space.ulongBits(signal, rlim)}`,
    mask('SigPnd', set(task, 'task_struct', 'pending.signal')),
    mask('ShdPnd', set(signal, 'signal_struct', 'shared_pending.signal')),
    mask('SigBlk', set(task, 'task_struct', 'blocked')),
    mask('SigIgn', ignored),
    mask('SigCgt', caught),
  ];
}

/** Counted for the user: UCOUNT_RLIMIT_SIGPENDING. */
function pendingSignals(k: Inspected, task: VirtAddr): number {
  const item =
    k.findEnumerator('UCOUNT_RLIMIT_SIGPENDING') ?? k.findEnumerator('UCOUNT_SIGPENDING');
  const ucounts = k.pointer(k.pointer(task, 'task_struct', 'real_cred'), 'cred', 'ucounts');
  if (item === undefined || ucounts === 0) return 0;
  // 6.1 has limits of resources apart, counted from 0.
  if (k.has('ucounts', 'rlimit')) return k.number(ucounts, 'ucounts', `rlimit[${item}]`);
  return k.number(ucounts, 'ucounts', `ucount[${item}]`);
}

function handled(k: Inspected, sighand: VirtAddr): { ignored: bigint; caught: bigint } {
  let ignored = 0n;
  let caught = 0n;
  for (let i = 0; i < NSIG && sighand !== 0; i++) {
    const at = k.offset('sighand_struct', 'action') + i * k.sizeof('k_sigaction');
    const handler = k.space.ulong(sighand, at + k.offset('k_sigaction', 'sa.sa_handler'));
    if (handler === SIG_IGN) ignored |= 1n << BigInt(i);
    else if (handler !== SIG_DFL) caught |= 1n << BigInt(i);
  }
  return { ignored, caught };
}

const mask = (name: string, bits: bigint): string =>
  `${name}:\t${bits.toString(16).padStart(16, '0')}`;

export function capabilityLines(k: Inspected, task: VirtAddr): string[] {
  if (!k.has('task_struct', 'real_cred') || !k.has('cred', 'cap_effective')) return [];
  const cred = k.pointer(task, 'task_struct', 'real_cred');
  const rows = [
    ['CapInh', 'cap_inheritable'],
    ['CapPrm', 'cap_permitted'],
    ['CapEff', 'cap_effective'],
    ['CapBnd', 'cap_bset'],
    ['CapAmb', 'cap_ambient'],
  ] as const;
  return [
    ...rows.map(([name, member]) => mask(name, k.space.u64(cred, k.offset('cred', member)))),
    ...(k.has('task_struct', 'atomic_flags')
      ? [`NoNewPrivs:\t${k.number(task, 'task_struct', 'atomic_flags') & 1}`]
      : []),
    ...(k.has('task_struct', 'seccomp.mode')
      ? [`Seccomp:\t${k.number(task, 'task_struct', 'seccomp.mode')}`]
      : []),
    ...(k.has('task_struct', 'seccomp.filter_count')
      ? [`Seccomp_filters:\t${k.number(task, 'task_struct', 'seccomp.filter_count')}`]
      : []),
  ];
}

/** Which CPUs and nodes it may use. */
export function placementLines(k: Inspected, task: VirtAddr): string[] {
  const cpus = k.findPlace('task_struct', 'cpus_mask');
  if (cpus === undefined) return [];
  const allowed = k.bits(task, k.nrCpuIds(), cpus.offsetBits / 8);
  const mems = k.findPlace('task_struct', 'mems_allowed');
  const nrNodes = mems === undefined ? 0 : nodeBits(k);
  const nodes = mems === undefined ? [] : k.bits(task, nrNodes, mems.offsetBits / 8);
  return [
    `Cpus_allowed:\t${bitmapText(allowed, k.nrCpuIds())}`,
    `Cpus_allowed_list:\t${listText(allowed)}`,
    ...(mems === undefined
      ? []
      : [`Mems_allowed:\t${bitmapText(nodes, nrNodes)}`, `Mems_allowed_list:\t${listText(nodes)}`]),
  ];
}

/** MAX_NUMNODES: as many as the mask has room for. */
function nodeBits(k: Inspected): number {
  const type = k.dump.types.typedef('nodemask_t');
  const target = type?.target;
  return target?.kind === 'struct' ? Math.min(target.sizeBytes * 8, 1024) : 64;
}

/** %*pb: words of 32 bits, the highest first. */
function bitmapText(bits: readonly number[], nrBits: number): string {
  const set = new Set(bits);
  const words: string[] = [];
  for (let first = Math.floor((nrBits - 1) / 32) * 32; first >= 0; first -= 32) {
    const width = Math.min(32, nrBits - first);
    let word = 0;
    for (let i = 0; i < width; i++) if (set.has(first + i)) word += 2 ** i;
    words.push(word.toString(16).padStart(Math.ceil(width / 4), '0'));
  }
  return words.join(',');
}

/** %*pbl: `0-3,7` */
function listText(bits: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const bit of bits) {
    const last = runs.at(-1);
    if (last?.[1] === bit - 1) last[1] = bit;
    else runs.push([bit, bit]);
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}

/** Whether its memory is being written to a core file. */
export function coreDumpingLine(k: Inspected, task: VirtAddr): string[] {
  if (!k.has('signal_struct', 'core_state')) return [];
  const signal = k.pointer(task, 'task_struct', 'signal');
  if (signal === 0) return [];
  return [
    `CoreDumping:\t${k.pointer(asVirt(signal), 'signal_struct', 'core_state') === 0 ? 0 : 1}`,
  ];
}
