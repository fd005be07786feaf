/**
 * Top-level entries of the kernel's page tables that are there from the start, on 64 bit: a process copies the top level when it
 * begins, and would miss what comes later.
 *
 * Source: Linux 6.1 arch/x86/mm/init_64.c: preallocate_vmalloc_pages().
 */
import { NULL, type P4d } from '../../../../machine/ctypes.js';
import { KernelFault } from '../../../../machine/events.js';
import type { Kernel } from '../../../../machine/kernel.js';
import { asVirt, type VirtAddr } from '../../../../memory/address.js';
import { pgd_offset_k } from '../../../include/linux/pgtable.h.js';
import { p4d_alloc, pud_alloc } from '../../../mm/memory/memory.js';
import { VMALLOC_END, VMALLOC_START } from '../include/asm/pgtable_areas.h.js';
import { PGDIR_SIZE } from '../../../include/linux/pgtable.h.js';

/** The tables of vmalloc space: with four levels, those below the top one. Left out: five levels. */
export function preallocate_vmalloc_pages(k: Kernel): void {
  for (
    let addr: VirtAddr = VMALLOC_START(k);
    addr <= VMALLOC_END(k);
    addr = asVirt(addr + PGDIR_SIZE(k))
  ) {
    const p4d: P4d = p4d_alloc(k, k.globals.init_mm, pgd_offset_k(k, addr), addr);
    if (pud_alloc(k, k.globals.init_mm, p4d, addr) === NULL)
      throw new KernelFault(
        'Kernel panic - not syncing: Failed to pre-allocate pud pages for vmalloc area',
      );
  }
}
