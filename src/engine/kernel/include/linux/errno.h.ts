/**
 * Error numbers. A kernel function returns them negated.
 *
 * Source: Linux 6.1 include/uapi/asm-generic/errno-base.h, errno.h.
 */
export const EPERM = 1;
export const ENOENT = 2;
export const ESRCH = 3;
export const EIO = 5;
export const ENXIO = 6;
export const E2BIG = 7;
export const EBADF = 9;
export const EINTR = 4;
export const EAGAIN = 11;
export const ENOMEM = 12;
export const EACCES = 13;
export const EFAULT = 14;
export const EBUSY = 16;
export const EEXIST = 17;
export const ENODEV = 19;
export const EISDIR = 21;
export const EINVAL = 22;
export const ENOTTY = 25;
export const ENOSPC = 28;
export const ESPIPE = 29;
export const EMLINK = 31;
export const ENOSYS = 38;
export const ETIME = 62;
export const EOVERFLOW = 75;
export const EOPNOTSUPP = 95;
/** Not for users: a call that a signal has interrupted is made again behind its handler. */
export const ERESTARTSYS = 512;
/** Not for users: a driver's probe() wants to be called again later. */
export const EPROBE_DEFER = 517;
