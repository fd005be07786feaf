/**
 * struct idr: small numbers for pointers, in a radix tree.
 *
 * Source: Linux 6.1 include/linux/idr.h, radix-tree.h.
 */
import type { Pointer } from '../../../machine/ctypes.js';

export type Idr = Pointer<'struct idr'>;
/** struct radix_tree_root is another name of struct xarray. */
export type RadixTreeRoot = Pointer<'struct xarray'>;
