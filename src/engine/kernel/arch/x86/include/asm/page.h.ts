/**
 * Linear addresses, physical ones and pages. What is at an address of the direct map is a cell here.
 *
 * Source: Linux 6.1 arch/x86/include/asm/page.h.
 */
import type { Page } from '../../../../../machine/ctypes.js';
import type { Kernel } from '../../../../../machine/kernel.js';
import { asPhys, type Cell, type PhysAddr, type VirtAddr } from '../../../../../memory/address.js';

export const __pa = (k: Kernel, x: Cell): PhysAddr => k.memory.physOf(x);

/** NULL where there is no memory. */
export const __va = (k: Kernel, x: number): Cell => k.memory.cell(asPhys(x));

/** The page behind a linear address; NULL where there is none. */
export const virt_to_page = (k: Kernel, kaddr: VirtAddr): Page => k.virt_to_page(kaddr);
