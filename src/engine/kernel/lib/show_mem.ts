/**
 * show_mem(): the state of all memory in the kernel log.
 *
 * Source: Linux 6.1 lib/show_mem.c.
 */
import type { ZoneType } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { print, show_mem_lines } from '../mm/page_alloc/warn_alloc.js';

/** __show_mem(): zones up to `max_zone_idx`. */
export function show_mem(k: Kernel, max_zone_idx: ZoneType): void {
  for (const text of show_mem_lines(k, max_zone_idx)) print(k, text);
}
