/**
 * `unsigned long` over the whole range, as a VirtAddr has it: the signed number of the same bits on 64 bit, the number itself on
 * 32 bit. The kernel's addresses and distances between them are exact that way; only the order takes care.
 */
import { asVirt, type VirtAddr } from '../memory/address.js';
import type { ULong } from './ctypes.js';
import type { Kernel } from './kernel.js';

export const ULONG_MAX = (k: Kernel): VirtAddr => asVirt(k.wide ? -1 : 0xffff_ffff);

/** The result of an addition or subtraction, modulo the width. */
export const ulong = (k: Kernel, value: number): VirtAddr => asVirt(k.wide ? value : value >>> 0);

/** a < b, unsigned. */
export const ult = (a: ULong, b: ULong): boolean => (a < 0 === b < 0 ? a < b : b < 0);
/** a <= b, unsigned. */
export const ule = (a: ULong, b: ULong): boolean => !ult(b, a);
export const umin = (a: ULong, b: ULong): ULong => (ult(b, a) ? b : a);
export const umax = (a: ULong, b: ULong): ULong => (ult(a, b) ? b : a);
