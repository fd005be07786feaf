/**
 * The running CPU's registers and TLB, as the kernel names what it does with them.
 *
 * Source: Linux 6.1 arch/x86/include/asm/special_insns.h, tlbflush.h; arch/x86/mm/tlb.c: flush_tlb_one_kernel(),
 * __flush_tlb_all(), flush_tlb_kernel_range(), get_flush_tlb_info().
 */
import type { Pgd, ULong } from '../../../../machine/ctypes.js';
import type { Kernel } from '../../../../machine/kernel.js';
import { asVirt, type Cell, PAGE_SIZE, type VirtAddr } from '../../../../memory/address.js';
import { this_cpu_ptr } from '../../../include/linux/percpu-defs.h.js';

export const native_read_cr0 = (k: Kernel): ULong => k.machine.processor(k.cpu).registers.cr0;
export const native_read_cr2 = (k: Kernel): ULong => k.machine.processor(k.cpu).registers.cr2;
export const native_read_cr3 = (k: Kernel): ULong => k.machine.processor(k.cpu).registers.cr3;
export const native_read_cr4 = (k: Kernel): ULong => k.machine.processor(k.cpu).registers.cr4;

export function native_write_cr0(k: Kernel, val: ULong): void {
  k.machine.processor(k.cpu).writeControl('cr0', val);
}

export function native_write_cr3(k: Kernel, val: ULong): void {
  k.machine.processor(k.cpu).writeCr3(val);
}

export function native_write_cr4(k: Kernel, val: ULong): void {
  k.machine.processor(k.cpu).writeControl('cr4', val);
}

/** Makes a top-level table the CPU's. */
export function load_cr3(k: Kernel, pgdir: Pgd): void {
  native_write_cr3(k, k.memory.physOf(pgdir));
}

/** INVLPG: one page, global or not. */
export function __flush_tlb_one(k: Kernel, addr: VirtAddr): void {
  k.machine.processor(k.cpu).invlpg(addr);
}

/** Loads cr3 anew: what is global stays. */
export function __flush_tlb_local(k: Kernel): void {
  native_write_cr3(k, native_read_cr3(k));
}

/** Everything, global pages too. */
export function __flush_tlb_all(k: Kernel): void {
  k.machine.processor(k.cpu).tlb.flush();
}

/** A page of the kernel, whose own mappings are global. */
export function flush_tlb_one_kernel(k: Kernel, addr: VirtAddr): void {
  __flush_tlb_one(k, addr);
}

/** tlb_single_page_flush_ceiling: from more pages than these on, all is flushed at once. */
const TLB_SINGLE_PAGE_FLUSH_CEILING = 33;

/** `end` is not included; a range that ends below its start is everything. */
export function flush_tlb_kernel_range(k: Kernel, start: VirtAddr, end: VirtAddr): void {
  const size = end - start;
  if (size < 0 || size > TLB_SINGLE_PAGE_FLUSH_CEILING * PAGE_SIZE) {
    __flush_tlb_all(k);
    return;
  }
  get_flush_tlb_info(k, start, end);
  for (let addr: number = start; addr < end; addr += PAGE_SIZE)
    flush_tlb_one_kernel(k, asVirt(addr));
}

/** What the other CPUs would be told: of no address space, page by page. It stays where it was written. */
function get_flush_tlb_info(k: Kernel, start: VirtAddr, end: VirtAddr): void {
  if (k.profile.symbol('flush_tlb_info') === undefined) return;
  const info: Cell = this_cpu_ptr(k, 'flush_tlb_info');
  k.write_long(info + k.flush_tlb_info.start, start);
  k.write_long(info + k.flush_tlb_info.end, end);
  k.write_words(info + k.flush_tlb_info.mm, 0, 0);
  k.write(info + k.flush_tlb_info.new_tlb_gen, 0);
  k.write(info + k.flush_tlb_info.new_tlb_gen + 1, 0);
  k.write(info + k.flush_tlb_info.initiating_cpu, k.cpu);
  k.write8(info, k.flush_tlb_info.stride_shift, 0);
  k.write8(info, k.flush_tlb_info.freed_tables, 0);
  k.write8(info, k.flush_tlb_info.trim_cpumask, 0);
}
