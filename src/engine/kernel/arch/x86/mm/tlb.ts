/**
 * Dropping what the running CPU's TLB holds. An entry of a table may be changed at any time; the processor goes on with what it has
 * cached of it until it is told.
 *
 * Left out: interrupts by which other CPUs are told: theirs is dropped at once, of address spaces; of the kernel's own addresses this CPU's
 * alone; PCIDs, page-table isolation's second set.
 *
 * Source: Linux 6.1 arch/x86/mm/tlb.c: flush_tlb_mm_range(), switch_mm(), get_flush_tlb_info(), do_kernel_range_flush(), flush_tlb_kernel_range(),
 * flush_tlb_one_kernel(), native_flush_tlb_one_user(), native_flush_tlb_local(), __flush_tlb_all();
 * arch/x86/include/asm/tlbflush.h: flush_tlb_page(), flush_tlb_mm().
 */
import {
  type Int,
  type MmStruct,
  NULL,
  type Pgd,
  type ULong,
  type VmAreaStruct,
} from '../../../../machine/ctypes.js';
import type { Kernel } from '../../../../machine/kernel.js';
import { asPhys, asVirt, type Cell, PAGE_SIZE, type VirtAddr } from '../../../../memory/address.js';
import { num_online_cpus } from '../../../include/linux/cpumask.h.js';
import { this_cpu_ptr } from '../../../include/linux/percpu-defs.h.js';
import { __pa } from '../include/asm/page.h.js';
import { __native_read_cr3, load_cr3, native_write_cr3 } from '../include/asm/special_insns.h.js';

/** tlb_single_page_flush_ceiling: to drop more pages than these one by one costs more than to fill the TLB anew. */
export const TLB_SINGLE_PAGE_FLUSH_CEILING = 33;

/** INVLPG: one page, global or not. */
export function native_flush_tlb_one_user(k: Kernel, addr: VirtAddr): void {
  k.machine.processor(k.cpu).invlpg(addr);
}

/** Loads cr3 anew: what is global stays. */
export function native_flush_tlb_local(k: Kernel): void {
  native_write_cr3(k, __native_read_cr3(k));
}

/** Everything, global pages too. */
export function __flush_tlb_all(k: Kernel): void {
  k.machine.processor(k.cpu).tlb.flush();
}

/** Everything, on every CPU. */
export function flush_tlb_all(k: Kernel): void {
  for (let cpu: Int = 0; cpu < (k.smp ? num_online_cpus(k) : 1); cpu++)
    k.machine.processor(cpu).tlb.flush();
}

/** A page of the kernel, whose own mappings are global. */
export function flush_tlb_one_kernel(k: Kernel, addr: VirtAddr): void {
  native_flush_tlb_one_user(k, addr);
}

/** What the CPUs are told: of no address space, page by page. It stays where it was written. */
function get_flush_tlb_info(k: Kernel, start: VirtAddr, end: VirtAddr): Cell {
  const info: Cell = this_cpu_ptr(k, 'flush_tlb_info');
  k.write_va(info + k.flush_tlb_info.start, start);
  k.write_va(info + k.flush_tlb_info.end, end);
  k.write_ptr(info + k.flush_tlb_info.mm, 0);
  k.write(info + k.flush_tlb_info.new_tlb_gen, 0);
  k.write(info + k.flush_tlb_info.new_tlb_gen + 1, 0);
  k.write(info + k.flush_tlb_info.initiating_cpu, k.cpu);
  k.write8(info, k.flush_tlb_info.stride_shift, 0);
  k.write8(info, k.flush_tlb_info.freed_tables, 0);
  k.write8(info, k.flush_tlb_info.trim_cpumask, 0);
  return info;
}

/** What each CPU does: page by page, so that the rest of its TLB stays. */
function do_kernel_range_flush(k: Kernel, start: VirtAddr, end: VirtAddr): void {
  for (let addr: VirtAddr = start; addr < end; addr = asVirt(addr + PAGE_SIZE))
    flush_tlb_one_kernel(k, addr);
}

/** `end` is not included; a range that ends below its start is everything. */
export function flush_tlb_kernel_range(k: Kernel, start: VirtAddr, end: VirtAddr): void {
  const size: ULong = end - start;
  if (size < 0 || size > TLB_SINGLE_PAGE_FLUSH_CEILING * PAGE_SIZE) {
    __flush_tlb_all(k);
  } else {
    // A build for one CPU may have nobody to tell.
    if (k.profile.symbol('flush_tlb_info') !== undefined) get_flush_tlb_info(k, start, end);
    do_kernel_range_flush(k, start, end);
  }
}

// --- address spaces ------------------------------------------------------------------------------------------------------

/** Whether this CPU walks the tables of an address space. */
const isLoaded = (k: Kernel, mm: MmStruct): boolean =>
  __native_read_cr3(k) === __pa(k, k.read_ptr(k.plus(mm, k.mm_struct.pgd)));

/** Whether another one does. */
const isLoadedOn = (k: Kernel, mm: MmStruct, cpu: Int): boolean =>
  k.machine.processor(cpu).cr3 === __pa(k, k.read_ptr(k.plus(mm, k.mm_struct.pgd)));

/** How many CPUs are told: on_each_cpu_mask(). */
const nrCpus = (k: Kernel): Int => (k.smp ? num_online_cpus(k) : 1);

/** Where the tables are that each CPU may have loaded. */
const initTables = (k: Kernel): Pgd =>
  k.globals.init_mm === NULL ? NULL : k.read_ptr(k.globals.init_mm + k.mm_struct.pgd);

/**
 * What one of them does: flush_tlb_func(). One that still has the tables of an address space that nobody uses is lazy, and takes init_mm's
 * instead: those are about to be freed, and others may lie in their place soon.
 */
const flushOn = (k: Kernel, mm: MmStruct, cpu: Int, start: VirtAddr, end: VirtAddr): void => {
  const processor = k.machine.processor(cpu);
  const isLazy = k.read_int(k.plus(mm, k.mm_struct.mm_users)) === 0;
  if (isLazy && initTables(k) !== NULL) processor.writeCr3(asPhys(__pa(k, initTables(k))));
  else if (end - start > TLB_SINGLE_PAGE_FLUSH_CEILING * PAGE_SIZE)
    processor.writeCr3(processor.cr3);
  else
    for (let addr: VirtAddr = start; addr < end; addr = asVirt(addr + PAGE_SIZE))
      processor.invlpg(addr);
};

/**
 * What changed of [start, end) of an address space is dropped. Left out: the generations by which CPUs that are lazy find out
 * (mm->context.tlb_gen): a CPU that does not have it loaded drops everything when it loads it.
 */
export function flush_tlb_mm_range(k: Kernel, mm: MmStruct, start: VirtAddr, end: VirtAddr): void {
  for (let cpu: Int = 0; cpu < nrCpus(k); cpu++)
    if (isLoadedOn(k, mm, cpu)) flushOn(k, mm, cpu, start, end);
}

export function flush_tlb_page(k: Kernel, vma: VmAreaStruct, a: VirtAddr): void {
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  flush_tlb_mm_range(k, mm, a, asVirt(a + PAGE_SIZE));
}

/** All of an address space. */
export function flush_tlb_mm(k: Kernel, mm: MmStruct): void {
  flush_tlb_mm_range(k, mm, asVirt(0), asVirt(k.TASK_SIZE));
}

/** This CPU goes over to another address space. Left out: PCIDs, cpu_tlbstate, the LDT, membarrier. */
export function switch_mm(k: Kernel, next: MmStruct): void {
  if (!isLoaded(k, next)) load_cr3(k, k.read_ptr(k.plus(next, k.mm_struct.pgd)));
}
