/**
 * Units of dynamic per-CPU memory: a bit of a chunk's bitmaps stands for 4 bytes, a block of them for a page.
 *
 * Source: Linux 6.1 include/linux/percpu.h.
 */
import { PAGE_SIZE } from '../../../memory/address.js';

/** The largest area that may be asked for. */
export const PCPU_MIN_UNIT_SIZE = 32 << 10;
export const PCPU_MIN_ALLOC_SHIFT = 2;
export const PCPU_MIN_ALLOC_SIZE = 1 << PCPU_MIN_ALLOC_SHIFT;
export const PCPU_BITMAP_BLOCK_BITS = PAGE_SIZE >> PCPU_MIN_ALLOC_SHIFT;
