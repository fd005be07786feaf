/**
 * Where vmalloc space lies. On i386 it begins a fixed distance above the end of lowmem, which depends on the machine.
 *
 * Source: Linux 6.1 arch/x86/include/asm/pgtable_32_areas.h, pgtable_64_types.h.
 */
import type { Kernel } from '../../../../../machine/kernel.js';
import { asVirt, type VirtAddr } from '../../../../../memory/address.js';

export const VMALLOC_START = (k: Kernel): VirtAddr =>
  k.wide ? asVirt(k.VMALLOC_START) : asVirt(k.read_va(k.globals.high_memory) + k.VMALLOC_OFFSET);

export const VMALLOC_END = (k: Kernel): VirtAddr => asVirt(k.VMALLOC_END);
