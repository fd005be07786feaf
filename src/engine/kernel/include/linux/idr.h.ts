/**
 * struct idr: small numbers for pointers, in a radix tree.
 *
 * Source: Linux 6.1 include/linux/idr.h, radix-tree.h.
 */
import { type Int, NULL, type Pointer } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';

export type Idr = Pointer<'struct idr'>;
/** struct radix_tree_root is another name of struct xarray. */
export type RadixTreeRoot = Pointer<'struct xarray'>;

/** IDR_RT_MARKER: that a tree is an idr's, and that there are free numbers. */
const IDR_RT_MARKER = (k: Kernel): Int => (k.__GFP_BITS_MASK + 1) | 4;

/** No number is taken. Left out: idr_base, which is 0. */
export function idr_init(k: Kernel, idr: Idr): void {
  k.write(idr + k.idr.idr_rt_xa_flags, IDR_RT_MARKER(k));
  k.write_ptr(idr + k.idr.idr_rt_xa_head, NULL);
  k.write(idr + k.idr.idr_next, 0);
}
