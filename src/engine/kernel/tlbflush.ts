/**
 * The running CPU's registers and TLB, as the kernel names what it does with them.
 *
 * Source: Linux 6.1 arch/x86/include/asm/special_insns.h, tlbflush.h; arch/x86/mm/tlb.c: flush_tlb_one_kernel(),
 * __flush_tlb_all().
 */
import type { VirtAddr } from '../memory/address.js';
import type { Mm } from './mm.js';
import type { Pgd, ULong } from './types.js';

export const native_read_cr0 = (k: Mm): ULong => k.processor(k.cpu).registers.cr0;
export const native_read_cr2 = (k: Mm): ULong => k.processor(k.cpu).registers.cr2;
export const native_read_cr3 = (k: Mm): ULong => k.processor(k.cpu).registers.cr3;
export const native_read_cr4 = (k: Mm): ULong => k.processor(k.cpu).registers.cr4;

export function native_write_cr0(k: Mm, val: ULong): void {
  k.processor(k.cpu).writeControl('cr0', val);
}

export function native_write_cr3(k: Mm, val: ULong): void {
  k.processor(k.cpu).writeCr3(val);
}

export function native_write_cr4(k: Mm, val: ULong): void {
  k.processor(k.cpu).writeControl('cr4', val);
}

/** Makes a top-level table the CPU's. */
export function load_cr3(k: Mm, pgdir: Pgd): void {
  native_write_cr3(k, k.memory.physOf(pgdir));
}

/** INVLPG: one page, global or not. */
export function __flush_tlb_one(k: Mm, addr: VirtAddr): void {
  k.processor(k.cpu).invlpg(addr);
}

/** Loads cr3 anew: what is global stays. */
export function __flush_tlb_local(k: Mm): void {
  native_write_cr3(k, native_read_cr3(k));
}

/** Everything, global pages too. */
export function __flush_tlb_all(k: Mm): void {
  k.processor(k.cpu).tlb.flush();
}
