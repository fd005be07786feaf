/**
 * How fast Linux's own memory management is on this machine: the figures that `npm run oracle -- native` measured, if they are of this
 * very machine. Without them there is nothing to compare with: figures of another processor say nothing here.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Native } from './bench/rows.js';

interface Machine {
  /** The processor, for people. */
  readonly cpu: string;
  /** Of the processor's model and flags and of the installation. */
  readonly fingerprint: string;
}

/** native.json, as far as it is read here. */
interface Figures {
  readonly kernel: string;
  /** The kernel that this machine runs, of which the rows of a process's memory are. */
  readonly userKernel?: string;
  readonly date: string;
  readonly machine: Machine;
  /** Nanoseconds of alloc_pages() and __free_pages(), by order; and of the other rows, by name. */
  readonly pairNs: Readonly<Record<string, number>>;
}

const HOW = '`npm run oracle -- native` measures them (some minutes the first time)';

export function thisMachine(): Machine {
  const cpuinfo = textOf('/proc/cpuinfo');
  const field = (name: string): string =>
    new RegExp(`^${name}\\s*:\\s*(.*)$`, 'm').exec(cpuinfo)?.[1] ?? '';
  const cpu = field('model name') || process.arch;
  const identity = [cpu, field('stepping'), field('flags'), textOf('/etc/machine-id')];
  const fingerprint = createHash('sha256').update(identity.join('\n')).digest('hex').slice(0, 16);
  return { cpu, fingerprint };
}

/** @param program the file that runs: the figures are looked for in the project that it is in */
export function nativeFigures(program: string): Native {
  const file = fileOf(program);
  if (file === undefined)
    return { pairNs: {}, note: `There are no figures of the native kernel; ${HOW}.` };
  const { kernel, userKernel, date, machine, pairNs } = JSON.parse(textOf(file)) as Figures;
  if (machine.fingerprint !== thisMachine().fingerprint)
    return {
      pairNs: {},
      note: `The figures of the native kernel are of another machine (${machine.cpu}); ${HOW}.`,
    };
  return {
    pairNs,
    note: `native: ${kernel}, measured on this machine (${machine.cpu}) on ${date}${ofUser(userKernel)}`,
  };
}

const ofUser = (kernel: string | undefined): string =>
  kernel === undefined ? '' : `; accesses of a process and fork(): this machine's own ${kernel}`;

/** In the oracle's output folder: the one that is named, or that of the project around a program. */
function fileOf(program: string): string | undefined {
  const named = process.env['MMSCOPE_ORACLE'];
  const folders = named ? [path.resolve(named)] : projectsAround(program);
  return folders.map((folder) => path.join(folder, 'native.json')).find((file) => existsSync(file));
}

function projectsAround(program: string): string[] {
  const folders: string[] = [];
  let inner = path.resolve(program);
  for (let folder = path.dirname(inner); folder !== inner; folder = path.dirname(folder)) {
    folders.push(path.join(folder, 'build', 'oracle'));
    inner = folder;
  }
  return folders;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
