/**
 * Sizes as orders.
 *
 * Source: Linux 6.1 include/asm-generic/getorder.h.
 */
import type { Order } from '../../../machine/ctypes.js';
import { PAGE_SIZE } from '../../../memory/address.js';

// --- exact sizes -------------------------------------------------------------------------------------------------------

/** The smallest order whose block holds `size` bytes. */
export function get_order(size: number): Order {
  const pages = Math.ceil(size / PAGE_SIZE);
  return pages <= 1 ? 0 : Math.ceil(Math.log2(pages));
}
