/**
 * Taints: what has happened to this kernel that makes its later reports doubtful.
 *
 * Source: Linux 6.1 kernel/panic.c: add_taint().
 */
import type { Kernel } from '../../machine/kernel.js';

export function add_taint(k: Kernel, bit: number): void {
  const tainted_mask = k.findSymbol('tainted_mask');
  if (tainted_mask !== undefined) k.write(tainted_mask, k.words[tainted_mask]! | (1 << bit));
}
