/**
 * /proc/PID/maps: the areas of a process by rising address.
 *
 * Source: Linux 6.1 fs/proc/task_mmu.c: show_map_vma(), show_vma_header_prefix(); arch/x86/entry/vsyscall/vsyscall_64.c: get_gate_vma().
 */
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import type { Inspected, Problems } from '../../inspected.js';
import { rightsText } from '../../process/areaFlags.js';
import { areaName } from '../../process/areaName.js';
import { fileDevice, rootOf, type PathView } from '../../process/filePath.js';
import { vmasOf, type TaskView, type VmaView } from '../../tasks.js';

export function maps(k: Inspected, task: TaskView, problems: Problems): string[] {
  if (task.mm === 0) return [];
  const root = problems.tried('the root of the file system', () => rootOf(k, task.at), undefined);
  return [
    ...vmasOf(k, task.mm, problems).map((vma) => mapLine(k, task.mm, vma, root, problems)),
    ...gateLines(k),
  ];
}

/** @param root where paths begin */
export function mapLine(
  k: Inspected,
  mm: VirtAddr,
  vma: VmaView,
  root: PathView | undefined,
  problems: Problems,
): string {
  const device = { major: 0, minor: 0, ino: 0 };
  const { major, minor, ino } =
    vma.file === 0 ? device : problems.tried('the device', () => fileDevice(k, vma.file), device);
  const pgoff = vma.file === 0 ? 0 : vma.pgoff * PAGE_SIZE;
  const start = prefix(k, vma, pgoff, `${hex(major, 2)}:${hex(minor, 2)} ${ino}`);
  const name = problems.tried('its name', () => areaName(k, mm, vma, root), '');
  return name === '' ? start : padded(k, start) + name;
}

const hex = (value: number, width: number): string => value.toString(16).padStart(width, '0');

const prefix = (
  k: Inspected,
  { start, end, flags }: Pick<VmaView, 'start' | 'end' | 'flags'>,
  pgoff: number,
  device: string,
): string =>
  `${address(k, start)}-${address(k, end)} ${rightsText(flags)} ${hex(pgoff, 8)} ${device} `;

/** At least eight digits, whatever the size of a pointer. */
const address = ({ pointerSize }: Inspected, va: VirtAddr): string =>
  BigInt.asUintN(pointerSize * 8, BigInt(va))
    .toString(16)
    .padStart(8, '0');

/** seq_pad(): up to the column of names, and one space more. */
const padded = ({ pointerSize }: Inspected, text: string): string =>
  `${text.padEnd(25 + pointerSize * 6 - 1)} `;

/** enum { EMULATE, XONLY, NONE } vsyscall_mode. */
const EMULATE = 0;
const NONE = 2;
const VSYSCALL_ADDR = asVirt(-0xa00000);
const VM_READ = 1n;
const VM_EXEC = 4n;

/** The area that every process has beyond its own: that of old system calls, on 64 bit where it is switched on. */
function gateLines(k: Inspected): string[] {
  const at = k.pointerSize === 8 ? k.findGlobal('vsyscall_mode') : undefined;
  if (at === undefined) return [];
  const mode = k.space.u32(at);
  if (mode === NONE) return [];
  const flags = mode === EMULATE ? VM_READ | VM_EXEC : VM_EXEC;
  const vma = { start: VSYSCALL_ADDR, end: asVirt(VSYSCALL_ADDR + PAGE_SIZE), flags };
  return [`${padded(k, prefix(k, vma, 0, '00:00 0'))}[vsyscall]`];
}
