/**
 * The mappings of a process by address, as /proc/PID/maps lists them.
 *
 * Source: Linux 6.1 include/linux/mm_types.h: struct mm_struct, struct vm_area_struct; fs/proc/task_mmu.c: show_map_vma().
 */
import { inspectedOf } from '../../image/dump/inspectedOf.js';
import type { KernelImage } from '../../image/kernelImage.js';
import { Problems, type Inspected } from '../../inspect/inspected.js';
import { rightsText } from '../../inspect/process/areaFlags.js';
import { areaName } from '../../inspect/process/areaName.js';
import { pagingOfMm } from '../../inspect/process/entries.js';
import { rootOf } from '../../inspect/process/filePath.js';
import { tasksOf, vmasOf, type TaskView } from '../../inspect/tasks.js';
import type { PhysAddr, VirtAddr } from '../../memory/address.js';

export interface UserArea {
  readonly start: VirtAddr;
  readonly end: VirtAddr;
  /** `rw-p` */
  readonly rights: string;
  /** `[heap]`, `/bin/prog`; '' of anonymous memory, and where the machine does not have the name. */
  readonly name: string;
}

/** Those of the process whose top-level table lies at `root`; none where no task has it. */
export function userAreas(image: KernelImage, root: PhysAddr): readonly UserArea[] {
  const task = taskOfRoot(image, root);
  return task === undefined ? [] : areasOf(inspectedOf(image), task, new Problems());
}

/** The first task that has the tables. */
export function taskOfRoot(image: KernelImage, root: PhysAddr): TaskView | undefined {
  const k = inspectedOf(image);
  return tasksOf(k, new Problems()).find(({ mm }) => mm !== 0 && rootOfMm(k, mm) === root);
}

function areasOf(k: Inspected, task: TaskView, problems: Problems): readonly UserArea[] {
  const fs = problems.tried('fs', () => rootOf(k, task.at), undefined);
  return vmasOf(k, task.mm, problems)
    .filter(({ start, end }) => start < end)
    .map((vma) => ({
      start: vma.start,
      end: vma.end,
      rights: rightsText(vma.flags),
      name: problems.tried('name', () => areaName(k, task.mm, vma, fs), ''),
    }));
}

function rootOfMm(k: Inspected, mm: VirtAddr): number | undefined {
  return new Problems().tried('pgd', () => pagingOfMm(k, mm)?.rootPhys, undefined);
}
