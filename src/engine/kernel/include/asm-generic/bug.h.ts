/**
 * Warnings: the kernel says that something is not as it should be, and goes on.
 *
 * Source: Linux 6.1 include/asm-generic/bug.h; mm/internal.h: WARN_ON_ONCE_GFP().
 * Left out: the call trace and the registers (the debugger has better ones), the taint.
 */
import type { Gfp } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';

/** Warns each time. The condition. */
export const WARN = (k: Kernel, condition: boolean, text: string): boolean => {
  if (condition) k.emit({ kind: 'warn', text });
  return condition;
};

/** Warns the first time since boot; `text` says which warning it is. The condition. */
export const WARN_ON_ONCE = (k: Kernel, condition: boolean, text: string): boolean => {
  if (condition && k.machine.warnsFirst(text)) k.emit({ kind: 'warn', text });
  return condition;
};

/** As WARN_ON_ONCE(), but silent for requests that want no warning. */
export const WARN_ON_ONCE_GFP = (k: Kernel, condition: boolean, gfp: Gfp, text: string): boolean =>
  WARN_ON_ONCE(k, condition && (gfp & k.__GFP_NOWARN) === 0, text) || condition;
