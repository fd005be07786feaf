/**
 * Sizes as orders.
 *
 * Source: Linux 6.1 include/asm-generic/getorder.h.
 */
import type { Order, ULong } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { PAGE_SHIFT, PAGE_SIZE } from '../../../memory/address.js';

/** The smallest order whose block holds `size` bytes. For 0 it is not defined: what comes out is that of all the address space. */
export function get_order(k: Kernel, size: ULong): Order {
  // On 64 bit a negative number stands for more than half of the address space.
  if (size <= 0) return (k.wide ? 64 : 32) - PAGE_SHIFT;
  // (size - 1) >> PAGE_SHIFT, and fls64() of it
  const pages: ULong = Math.ceil(size / PAGE_SIZE) - 1;
  const high: ULong = Math.floor(pages / 0x1_0000_0000);
  return high > 0 ? 64 - Math.clz32(high) : 32 - Math.clz32(pages);
}
