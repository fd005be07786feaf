/**
 * vm.drop_caches: what is kept only to be had quickly goes.
 *
 * Differs: a number, not text.
 * Left out: 1, the pages of files on disks (there are none; those of tmpfs have no other place, but for holes that were read, which stay).
 * Source: Linux 6.1 fs/drop_caches.c: drop_caches_sysctl_handler().
 */
import type { Int } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import type { Cell } from '../../memory/address.js';
import { currentComm, currentPid } from '../arch/x86/include/asm/current.h.js';
import { EINVAL } from '../include/linux/errno.h.js';
import { pr_info } from '../include/linux/printk.h.js';
import { __count_vm_events } from '../include/linux/vmstat.h.js';
import { drop_slab } from '../mm/vmscan/shrink_slab.js';

/** What was written last, or an error. @param value undefined: it is only looked at */
export function drop_caches_sysctl_handler(k: Kernel, value: Int | undefined): Int {
  const sysctl_drop_caches = k.globals.sysctl_drop_caches;
  if (value === undefined) return k.read_int(sysctl_drop_caches);
  if (value < 1 || value > 4) return -EINVAL;
  k.write(sysctl_drop_caches, value);
  if ((value & 1) !== 0) __count_vm_events(k, k.DROP_PAGECACHE, 1);
  if ((value & 2) !== 0) {
    drop_slab(k);
    __count_vm_events(k, k.DROP_SLAB, 1);
  }
  const stfu: Cell = k.machine.register('stfu');
  if (k.read_int(stfu) === 0)
    pr_info(k, `${currentComm(k)} (${currentPid(k)}): drop_caches: ${value}`);
  k.write(stfu, k.read_int(stfu) | (value & 4));
  return value;
}
