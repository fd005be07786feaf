/**
 * Error numbers. A kernel function returns them negated.
 *
 * Source: Linux 6.1 include/uapi/asm-generic/errno-base.h, errno.h.
 */
export const ENOENT = 2;
export const E2BIG = 7;
export const ENOMEM = 12;
export const EBUSY = 16;
export const EEXIST = 17;
export const EINVAL = 22;
export const ENOSPC = 28;
export const ENOSYS = 38;
