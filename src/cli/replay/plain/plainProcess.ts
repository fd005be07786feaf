/**
 * A process on a machine that was rebuilt from the dumps of a trace, which tell of its pages and not of its structures: caches for
 * these, a task that runs, and the guest's program as it lies in memory. What is made for it lies in lent memory; its pages get the
 * frames that the trace shows.
 */
import {
  current,
  do_user_addr_fault,
  INIT_LIST_HEAD,
  kmem_cache_alloc,
  startProcess,
  this_cpu_ptr,
  X86_PF_USER,
  X86_PF_WRITE,
} from '../../../engine/entry/functions.js';
import { kernelRegisters } from '../../../engine/image/boot/registers.js';
import type { KernelImage } from '../../../engine/image/kernelImage.js';
import { freshCaches } from '../../../engine/image/state/index.js';
import { vm_get_page_prot } from '../../../engine/kernel/arch/x86/include/asm/pgtable_types.h.js';
import { native_set_pte } from '../../../engine/kernel/arch/x86/include/asm/pgtable.h.js';
import { MA_STATE } from '../../../engine/kernel/include/linux/maple_tree.h.js';
import { VM_ACCOUNT, VM_DATA_DEFAULT_FLAGS, VM_WRITE } from '../../../engine/kernel/include/linux/mm_types.h.js';
import { mmTree } from '../../../engine/kernel/mm/mmap/find_vma.js';
import { vm_area_alloc, vma_mas_store } from '../../../engine/kernel/mm/mmap/link.js';
import { folio_lruvec } from '../../../engine/kernel/mm/swap/lruvec.js';
import type { MmStruct, TaskStruct } from '../../../engine/machine/ctypes.js';
import { NULL } from '../../../engine/machine/ctypes.js';
import type { Kernel } from '../../../engine/machine/kernel.js';
import { asCell, asPhys, asVirt, PAGE_SIZE } from '../../../engine/memory/address.js';
import type { Guest, GuestArea } from './guest.js';
import { giveNext, onLentMemory } from './lentMemory.js';

/**
 * Gives the pages that were lent.
 * @param frames of the program's pages, in the order of {@link Guest.pages}; undefined: nobody knows, it lies in lent memory
 * @param prepare what else is made
 */
export function makeProcess(
  image: KernelImage,
  guest: Guest,
  frames: readonly number[] | undefined,
  prepare: () => void,
): ReadonlySet<number> {
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
    const stack = guest.pages.findIndex((va) => va >= k.TASK_SIZE - PAGE_SIZE);
    if (frames !== undefined) giveNext(k, [frames[stack] ?? 0]);
    if (!startProcess(k)) throw new Error('no memory for a process');
    const mm: MmStruct = k.read_ptr(k.plus(current(k), k.task_struct.mm));
    for (const area of guest.areas) mapArea(k, mm, area);
    k.write_va(k.plus(mm, k.mm_struct.start_brk), asVirt(guest.brk));
    k.write_va(k.plus(mm, k.mm_struct.brk), asVirt(guest.brk));
    if (frames !== undefined) giveNext(k, frames.filter((_, i) => i !== stack));
    for (const [i, va] of guest.pages.entries())
      if (i !== stack) do_user_addr_fault(k, mm, X86_PF_USER | X86_PF_WRITE, asVirt(va));
    for (const va of guest.mapped) do_user_addr_fault(k, mm, X86_PF_USER, asVirt(va));
    prepare();
  });
}

/** As execve() and mmap() left it: neighbours are not merged. */
function mapArea(k: Kernel, mm: MmStruct, { start, end, isWritable }: GuestArea): void {
  const vma = vm_area_alloc(k, mm);
  const of = k.vm_area_struct;
  const flags = VM_DATA_DEFAULT_FLAGS | VM_ACCOUNT;
  k.write_va(k.plus(vma, of.vm_start), asVirt(start));
  k.write_va(k.plus(vma, of.vm_end), asVirt(end));
  k.write_long(k.plus(vma, of.vm_flags), isWritable ? flags : flags & ~VM_WRITE);
  k.write_long(k.plus(vma, of.vm_pgoff), start / PAGE_SIZE);
  native_set_pte(k, asCell(k.plus(vma, of.vm_page_prot)), vm_get_page_prot(k, flags));
  vma_mas_store(k, vma, MA_STATE(mmTree(k, mm), asVirt(start), asVirt(end - 1)));
}

function newTask(k: Kernel): TaskStruct {
  const cache = k.read_ptr(k.globals.task_struct_cachep);
  const task: TaskStruct = k.cell_at(kmem_cache_alloc(k, cache, k.GFP_KERNEL));
  for (let i = 0; i < k.sizeof.task_struct / 4; i++) k.write(k.plus(task, i), 0);
  k.write(k.plus(task, k.task_struct.pid), 1);
  k.write(k.plus(task, k.task_struct.tgid), 1);
  return task;
}

/** The numbers of the running process as `umm` prints them: what its program has done until then is not performed. */
export function setNumbers(k: Kernel, text: string): void {
  const mm: MmStruct = k.read_ptr(k.plus(current(k), k.task_struct.mm));
  const value = (name: string, radix: number): number =>
    parseInt(new RegExp(` ${name}=([0-9a-f]+)`).exec(text)?.[1] ?? '0', radix);
  const of = k.mm_struct;
  for (const [name, member] of [
    ['total_vm', of.total_vm],
    ['locked', of.locked_vm],
    ['data', of.data_vm],
    ['stack', of.stack_vm],
    ['rss_file', of.rss_stat + k.MM_FILEPAGES * k.ptr_words],
    ['rss_anon', of.rss_stat + k.MM_ANONPAGES * k.ptr_words],
    ['pgtables', of.pgtables_bytes],
  ] as const)
    k.write_long(k.plus(mm, member), value(name, 16));
  k.write(k.plus(mm, of.map_count), value('map_count', 10));
}
