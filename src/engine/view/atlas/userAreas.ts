/**
 * The mappings of a process by address, as /proc/PID/maps lists them.
 *
 * Source: Linux 6.1 include/linux/mm_types.h: struct mm_struct, struct vm_area_struct; fs/proc/task_mmu.c: show_map_vma().
 */
import { asVirt, type PhysAddr, type VirtAddr } from '../../memory/address.js';
import type { StructReader } from '../structReader.js';
import { mapleEntries } from './mapleTree.js';

export interface UserArea {
  readonly start: VirtAddr;
  readonly end: VirtAddr;
  /** `rw-p` */
  readonly rights: string;
  /** `[heap]`, `[stack]`, `a file` (its name is in structures that no profile has); '' of anonymous memory. */
  readonly name: string;
}

/** @param mm a struct mm_struct */
export function userAreas(reader: StructReader, mm: VirtAddr): readonly UserArea[] {
  const tree = reader.offset('mm_struct', 'mm_mt');
  if (tree === undefined) return [];
  return [...mapleEntries(reader, asVirt(mm + tree))].flatMap(({ entry: vma }) => {
    const start = reader.pointer('vm_area_struct', 'vm_start', vma);
    const end = reader.pointer('vm_area_struct', 'vm_end', vma);
    if (start === undefined || end === undefined || start >= end) return [];
    const flags = reader.uint('vm_area_struct', 'vm_flags', vma) ?? 0;
    return [
      { start, end, rights: rightsOf(reader, flags), name: nameOf(reader, mm, vma, start, end) },
    ];
  });
}

function rightsOf({ image: { profile } }: StructReader, flags: number): string {
  const has = (name: string): boolean => (flags & (profile.findConstant(name) ?? 0)) !== 0;
  return (
    (has('VM_READ') ? 'r' : '-') +
    (has('VM_WRITE') ? 'w' : '-') +
    (has('VM_EXEC') ? 'x' : '-') +
    (has('VM_SHARED') ? 's' : 'p')
  );
}

function nameOf(
  reader: StructReader,
  mm: VirtAddr,
  vma: VirtAddr,
  start: VirtAddr,
  end: VirtAddr,
): string {
  const file = reader.pointer('vm_area_struct', 'vm_file', vma);
  if (file !== undefined && file !== 0) return 'a file';
  const of = (member: string): number => reader.pointer('mm_struct', member, mm) ?? -1;
  if (start <= of('brk') && end > of('start_brk')) return '[heap]';
  const stack = of('start_stack');
  return start <= stack && end >= stack ? '[stack]' : '';
}

/** The struct mm_struct of the process whose top-level table lies at `root`. */
export function mmOfRoot(reader: StructReader, root: PhysAddr): VirtAddr | undefined {
  const init = reader.symbol('init_task');
  const tasks = reader.offset('task_struct', 'tasks');
  if (init === undefined || tasks === undefined) return undefined;
  let task = init;
  for (let i = 0; i < MAX_TASKS; i++) {
    const mm = reader.pointer('task_struct', 'mm', task);
    const pgd = mm ? reader.pointer('mm_struct', 'pgd', mm) : undefined;
    if (mm !== undefined && pgd && reader.image.mm.phys_of(pgd) === root) return mm;
    const next = reader.pointerAt(task + tasks);
    if (next === undefined || next === 0 || next - tasks === init) return undefined;
    task = asVirt(next - tasks);
  }
  return undefined;
}

/** A damaged list of tasks may have no end. */
const MAX_TASKS = 1 << 15;
