/**
 * What the kernel log says when an allocation fails: the request, and the state of memory.
 *
 * The kernel prints at most one such report in ten seconds; no time passes here, so each failure is reported.
 * Source: Linux 6.1 mm/page_alloc.c: warn_alloc().
 */
import type { Gfp } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { currentComm } from '../../arch/x86/include/asm/current.h.js';
import { gfp_zone } from '../../include/linux/gfp.h.js';
import { managed_zone } from '../../include/linux/mmzone.h.js';
import { pr_warn } from '../../include/linux/printk.h.js';
import { __show_mem } from '../../lib/show_mem.js';
import { gfpText } from '../../lib/vsprintf.js';

/** Left out: show_mem_node_skip, nodemask (one node); cpuset_print_current_mems_allowed, dump_stack; the rate limit (no time passes). */
export function warn_alloc(k: Kernel, gfp_mask: Gfp, message: string): void {
  if ((gfp_mask & k.__GFP_NOWARN) !== 0) return;
  // A machine without such memory fails each request for it: nothing to worry about.
  if ((gfp_mask & k.__GFP_DMA) !== 0 && !managed_zone(k, k.zones[k.ZONE_DMA]!)) return;

  const mode = `mode:0x${(gfp_mask >>> 0).toString(16)}(${gfpText(k, gfp_mask)})`;
  pr_warn(k, `${currentComm(k)}: ${message}, ${mode}, nodemask=(null)`);
  __show_mem(k, gfp_zone(k, gfp_mask));
}
