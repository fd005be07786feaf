/**
 * In which sizes the processor can map vmalloc space.
 *
 * Source: Linux 6.1 arch/x86/include/asm/vmalloc.h; arch/x86/mm/ioremap.c: arch_vmap_pud_supported(), arch_vmap_pmd_supported().
 */
import type { Kernel } from '../../../../../machine/kernel.js';

/** Left out: the protection, which only other architectures look at. */
export function arch_vmap_pud_supported(k: Kernel): boolean {
  return k.wide && k.machine.processor(k.cpu).features.pdpe1gb;
}

/** Left out: X86_FEATURE_PSE, which every processor here has. */
export function arch_vmap_pmd_supported(k: Kernel): boolean {
  return k.CONFIG_HAVE_ARCH_HUGE_VMAP === 1;
}
