/**
 * Numbers of inodes of file systems that have none of their own: each CPU hands out a batch that it took for itself.
 *
 * Source: Linux 6.1 fs/inode.c: get_next_ino().
 */
import type { Int, UInt } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { this_cpu_ptr } from '../../include/linux/percpu-defs.h.js';

const LAST_INO_BATCH = 1024;

export function get_next_ino(k: Kernel): UInt {
  const p = this_cpu_ptr(k, 'last_ino');
  let res: UInt = k.words[p]! >>> 0;
  if (k.smp && res % LAST_INO_BATCH === 0) {
    const next: Int = k.words[k.globals.shared_last_ino]! + LAST_INO_BATCH;
    k.write(k.globals.shared_last_ino, next);
    res = next - LAST_INO_BATCH;
  }
  res = (res + 1) >>> 0;
  // Nothing has the number 0.
  if (res === 0) res++;
  k.write(p, res);
  return res;
}
