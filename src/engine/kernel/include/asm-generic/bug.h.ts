/**
 * Warnings: the kernel says that something is not as it should be, and goes on.
 *
 * Source: Linux 6.1 include/asm-generic/bug.h; mm/internal.h: WARN_ON_ONCE_GFP(); kernel/panic.c: __warn().
 * Left out: the call trace and the registers (the debugger has better ones).
 */
import type { Gfp } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { add_taint, TAINT_WARN } from '../../kernel/panic.js';

const __warn = (k: Kernel, text: string): void => {
  k.emit({ kind: 'warn', text });
  add_taint(k, TAINT_WARN, true);
};

/** Warns each time. The condition. */
export const WARN = (k: Kernel, condition: boolean, text: string): boolean => {
  if (condition) __warn(k, text);
  return condition;
};

/** As WARN(), but the first time since boot only. */
export const WARN_ONCE = (k: Kernel, condition: boolean, text: string): boolean => {
  if (condition && k.machine.warnsFirst(text)) __warn(k, text);
  return condition;
};

/** Warns the first time since boot; `text` says which warning it is. The condition. */
export const WARN_ON_ONCE = (k: Kernel, condition: boolean, text: string): boolean => {
  if (condition && k.machine.warnsFirst(text)) __warn(k, text);
  return condition;
};

/** As WARN_ON_ONCE(), but silent for requests that want no warning. */
export const WARN_ON_ONCE_GFP = (k: Kernel, condition: boolean, gfp: Gfp, text: string): boolean =>
  WARN_ON_ONCE(k, condition && (gfp & k.__GFP_NOWARN) === 0, text) || condition;
