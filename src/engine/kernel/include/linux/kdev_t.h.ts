/**
 * dev_t: the number of a device, as the kernel has it.
 *
 *     31 .. 20 major: whose driver │ 19 .. 0 minor: which of its devices
 *
 * Source: Linux 6.1 include/linux/kdev_t.h.
 */
import type { UInt } from '../../../machine/ctypes.js';

const MINORBITS = 20;
export const MINORMASK = (1 << MINORBITS) - 1;

export const MAJOR = (dev: UInt): UInt => dev >>> MINORBITS;
export const MINOR = (dev: UInt): UInt => dev & MINORMASK;
export const MKDEV = (ma: UInt, mi: UInt): UInt => ((ma << MINORBITS) | mi) >>> 0;
