/**
 * Variables of page allocation that the compiler initialises, as this build has them: Linux has them in its image from the start.
 *
 * Source: Linux 6.1 mm/page_alloc.c.
 */
import type { Kernel } from '../../machine/kernel.js';
import { constantNamed } from '../../types/named.js';

export function writeStaticData(mm: Kernel): void {
  const GFP_BOOT_MASK =
    mm.__GFP_BITS_MASK &
    ~(mm.__GFP_DIRECT_RECLAIM | mm.__GFP_KSWAPD_RECLAIM | mm.__GFP_IO | mm.__GFP_FS);
  mm.write(mm.globals.gfp_allowed_mask, GFP_BOOT_MASK);
  mm.write(mm.globals.min_free_kbytes, 1024);
  mm.write(mm.globals.debug_locks, 1);
  for (const name of ['watermark_boost_factor', 'watermark_scale_factor', 'user_min_free_kbytes'])
    mm.write(mm.symbol(name), constantNamed(mm.profile, name));
  const ratios = mm.globals.sysctl_lowmem_reserve_ratio;
  for (let i = 0; i < mm.MAX_NR_ZONES; i++)
    mm.write(ratios + i, constantNamed(mm.profile, `sysctl_lowmem_reserve_ratio[${i}]`));
}
