/**
 * An error number in place of a pointer: the highest 4095 addresses are none that memory has.
 *
 * A negative number stands for such an address here, in a cell as in a VirtAddr.
 * Source: Linux 6.1 include/linux/err.h.
 */
import type { Int } from '../../../machine/ctypes.js';
import type { Cell } from '../../../memory/address.js';

const MAX_ERRNO = 4095;

export const ERR_PTR = (error: Int): Cell => error as Cell;
export const PTR_ERR = (ptr: number): Int => ptr;
export const IS_ERR = (ptr: number): boolean => ptr < 0 && ptr >= -MAX_ERRNO;
export const IS_ERR_OR_NULL = (ptr: number): boolean => ptr === 0 || IS_ERR(ptr);
