/**
 * The running CPU's control registers.
 *
 * Source: Linux 6.1 arch/x86/include/asm/special_insns.h; arch/x86/include/asm/processor.h: load_cr3(); arch/x86/include/asm/tlbflush.h:
 * native_write_cr4().
 */
import type { Pgd, ULong } from '../../../../../machine/ctypes.js';
import type { Kernel } from '../../../../../machine/kernel.js';
import { __pa } from './page.h.js';

export function native_read_cr0(k: Kernel): ULong {
  return k.machine.processor(k.cpu).registers.cr0;
}

export function native_read_cr2(k: Kernel): ULong {
  return k.machine.processor(k.cpu).registers.cr2;
}

export function __native_read_cr3(k: Kernel): ULong {
  return k.machine.processor(k.cpu).registers.cr3;
}

export function native_read_cr4(k: Kernel): ULong {
  return k.machine.processor(k.cpu).registers.cr4;
}

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
  native_write_cr3(k, __pa(k, pgdir));
}
