/**
 * The size of a cache line.
 *
 * Source: Linux 6.1 include/linux/cache.h: cache_line_size(); arch/x86/include/asm/cache.h.
 */
import { constantNamed } from '../../../../../types/named.js';
import type { Int } from '../../../../../machine/ctypes.js';
import type { Kernel } from '../../../../../machine/kernel.js';

/** cache_line_size(): what the boot CPU reports. */
export function cache_line_size(k: Kernel): Int {
  const at = k.cpuinfo_x86.x86_cache_alignment;
  const cell = k.plus(k.globals.boot_cpu_data, at);
  // A machine that was rebuilt from dumps has no CPU's data: then what this build's recorded machine reported.
  return k.words[cell]! || constantNamed(k.profile, 'cache_line_size()');
}
