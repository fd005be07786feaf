/**
 * A process on a machine that was rebuilt from the dumps of a trace, which tell of its pages and not of its structures: caches for
 * these, a task that runs, and an address space with a stack and a heap. What is made for it lies in lent memory.
 */
import {
  INIT_LIST_HEAD,
  kmem_cache_alloc,
  startProcess,
  this_cpu_ptr,
} from '../../../engine/entry/functions.js';
import { kernelRegisters } from '../../../engine/image/boot/registers.js';
import type { KernelImage } from '../../../engine/image/kernelImage.js';
import { freshCaches } from '../../../engine/image/state/index.js';
import { folio_lruvec } from '../../../engine/kernel/mm/swap/lruvec.js';
import type { TaskStruct } from '../../../engine/machine/ctypes.js';
import { NULL } from '../../../engine/machine/ctypes.js';
import type { Kernel } from '../../../engine/machine/kernel.js';
import { asCell, asPhys } from '../../../engine/memory/address.js';
import { onLentMemory } from './lentMemory.js';

/** @param prepare what else is made in lent memory; gives the pages that were lent */
export function makeProcess(image: KernelImage, prepare: () => void): ReadonlySet<number> {
  const k = image.mm;
  const lruvec = folio_lruvec(k);
  for (let lru = 0; lru < k.NR_LRU_LISTS; lru++) {
    const head = asCell(lruvec + k.lruvec.lists + lru * k.stride.list_head);
    if (k.read_ptr(head) === NULL) INIT_LIST_HEAD(k, head);
  }
  INIT_LIST_HEAD(k, k.globals.pgd_list);
  const root = k.profile.symbol(k.wide ? 'init_top_pgt' : 'swapper_pg_dir')?.address;
  const cr3 = root === undefined ? undefined : k.phys_of(root);
  k.machine.processor(k.cpu).setRegisters(kernelRegisters(image.profile.arch, cr3 ?? asPhys(0)));
  return onLentMemory(image, () => {
    freshCaches(k);
    k.write_ptr(this_cpu_ptr(k, 'current_task'), newTask(k));
    if (!startProcess(k)) throw new Error('no memory for a process');
    prepare();
  });
}

function newTask(k: Kernel): TaskStruct {
  const cache = k.read_ptr(k.globals.task_struct_cachep);
  const task: TaskStruct = k.cell_at(kmem_cache_alloc(k, cache, k.GFP_KERNEL));
  for (let i = 0; i < k.sizeof.task_struct / 4; i++) k.write(k.plus(task, i), 0);
  k.write(k.plus(task, k.task_struct.pid), 1);
  k.write(k.plus(task, k.task_struct.tgid), 1);
  return task;
}
