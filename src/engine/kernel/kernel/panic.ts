/**
 * Taints: what has happened to this kernel that makes its later reports doubtful.
 *
 * Source: Linux 6.1 kernel/panic.c: taint_flags[], print_tainted(), add_taint(); include/linux/panic.h; include/linux/debug_locks.h.
 */
import type { Kernel } from '../../machine/kernel.js';
import { pr_warn } from '../include/linux/printk.h.js';

export const TAINT_BAD_PAGE = 5;
export const TAINT_WARN = 9;

/** By bit, what stands for a taint that is there. Where it is not there: a blank, but for the first. */
const TAINT_FLAGS = 'PFSRMBUDAWCIOELKXTN';
const NOT_PROPRIETARY = 'G';

/** The taints in the form of reports: `Tainted: G    B   W         `. */
export const print_tainted = (k: Kernel): string => {
  const cell = k.findSymbol('tainted_mask');
  const mask = cell === undefined ? 0 : k.words[cell]!;
  if (mask === 0) return 'Not tainted';
  let letters = '';
  for (let bit = 0; bit < TAINT_FLAGS.length; bit++) {
    const unset = bit === 0 ? NOT_PROPRIETARY : ' ';
    letters += (mask & (1 << bit)) !== 0 ? TAINT_FLAGS.charAt(bit) : unset;
  }
  return `Tainted: ${letters}`;
};

/** Notes a taint. `lockdepOk`: LOCKDEP_STILL_OK, what the kernel knows of its locks can still be trusted. */
export function add_taint(k: Kernel, flag: number, lockdepOk: boolean): void {
  if (!lockdepOk && __debug_locks_off(k))
    pr_warn(k, 'Disabling lock debugging due to kernel taint');
  const tainted_mask = k.findSymbol('tainted_mask');
  if (tainted_mask !== undefined) k.write(tainted_mask, k.words[tainted_mask]! | (1 << flag));
}

/** Whether locks were debugged so far. From here on they are not. */
function __debug_locks_off(k: Kernel): boolean {
  const debug_locks = k.findSymbol('debug_locks');
  if (debug_locks === undefined || k.words[debug_locks] === 0) return false;
  k.write(debug_locks, 0);
  return true;
}
