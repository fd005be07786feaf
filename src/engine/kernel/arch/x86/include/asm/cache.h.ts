/**
 * The size of a cache line.
 *
 * Source: Linux 6.1 include/linux/cache.h: cache_line_size(); arch/x86/include/asm/cache.h.
 */
import type { Int } from '../../../../../machine/ctypes.js';
import type { Mm } from '../../../../../machine/mm.js';

/** cache_line_size(): what the boot CPU reports. */
export function cache_line_size(k: Mm): Int {
  const at = k.byteOffset('cpuinfo_x86', 'x86_cache_alignment');
  const cell = k.plus(k.symbol('boot_cpu_data'), at >> 2);
  // A machine that was rebuilt from dumps has no CPU's data: then what this build's recorded machine reported.
  return k.words[cell]! || k.constant('cache_line_size()');
}
