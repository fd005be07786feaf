/**
 * init_mm: the kernel's own address space.
 *
 * Source: Linux 6.1 mm/init-mm.c.
 */
import type { MmStruct } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';

export const init_mm = (k: Kernel): MmStruct => k.globals.init_mm;
