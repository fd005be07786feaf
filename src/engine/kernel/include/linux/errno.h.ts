/**
 * Error numbers. A kernel function returns them negated.
 *
 * Source: Linux 6.1 include/uapi/asm-generic/errno-base.h.
 */

/** include/uapi/asm-generic/errno-base.h */
export const EBUSY = 16;

/** include/uapi/asm-generic/errno-base.h */
export const ENOMEM = 12;

export const EINVAL = 22;
export const E2BIG = 7;
