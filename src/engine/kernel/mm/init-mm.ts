/**
 * init_mm: the kernel's own address space.
 *
 * Source: Linux 6.1 mm/init-mm.c.
 */
import type { MmStruct } from '../../machine/ctypes.js';
import type { Mm } from '../../machine/mm.js';

export const init_mm = (k: Mm): MmStruct => k.symbol('init_mm');
