/**
 * struct idr: small numbers for pointers.
 *
 * Source: Linux 6.1 include/linux/idr.h.
 */
import type { Pointer } from '../../../machine/ctypes.js';

export type Idr = Pointer<'struct idr'>;
