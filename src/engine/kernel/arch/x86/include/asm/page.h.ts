/**
 * Linear addresses and pages.
 *
 * Source: Linux 6.1 arch/x86/include/asm/page.h: virt_to_page().
 */
import { NULL, type Page } from '../../../../../machine/ctypes.js';
import type { Kernel } from '../../../../../machine/kernel.js';
import { phys_to_pfn, type VirtAddr } from '../../../../../memory/address.js';

// --- by address --------------------------------------------------------------------------------------------------------

/** The page behind a linear address; NULL if it is none. */
export function virt_to_page(k: Kernel, addr: VirtAddr): Page {
  const phys = k.phys_of(addr);
  return phys === undefined ? NULL : k.pfn_to_page(phys_to_pfn(phys));
}
