/**
 * What boot makes of transparent huge pages: off where there is little memory, else as the command line says, or the build.
 *
 *     transparent_hugepage=always    in every area        madvise    where madvise(MADV_HUGEPAGE) was called        never
 *
 * Left out: has_transparent_hugepage() (every processor that runs these builds has large pages), files of sysfs, shrinkers; khugepaged's
 * cache of slots is made with all others (image/boot/growth.ts).
 * Source: Linux 6.1 mm/huge_memory.c: transparent_hugepage_flags, hugepage_init(), setup_transparent_hugepage().
 */
import type { ULong } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { PAGE_SHIFT } from '../../../memory/address.js';
import { constantNamed } from '../../../types/named.js';
import { clear_bit, set_bit } from '../../arch/x86/include/asm/bitops.h.js';
import { INIT_LIST_HEAD } from '../../include/linux/list.h.js';
import { totalram_pages } from '../../include/linux/mm.h.js';
import { set_recommended_min_free_kbytes } from '../khugepaged/khugepaged.js';

/** What the compiler has set: how huge pages are used is configured, and that a read may share the huge page of zeros. */
export function transparentHugepageData(k: Kernel): void {
  const { transparent_hugepage_flags, khugepaged_scan } = k.globals;
  if (khugepaged_scan !== 0) INIT_LIST_HEAD(k, khugepaged_scan + k.khugepaged_scan.mm_head);
  if (transparent_hugepage_flags === 0) return;
  const flag = (config: string, nr: number): ULong =>
    constantNamed(k.profile, config) === 1 ? 1 << nr : 0;
  k.write_long(
    transparent_hugepage_flags,
    flag('CONFIG_TRANSPARENT_HUGEPAGE_ALWAYS', k.TRANSPARENT_HUGEPAGE_FLAG) |
      flag('CONFIG_TRANSPARENT_HUGEPAGE_MADVISE', k.TRANSPARENT_HUGEPAGE_REQ_MADV_FLAG) |
      (1 << k.TRANSPARENT_HUGEPAGE_DEFRAG_REQ_MADV_FLAG) |
      (1 << k.TRANSPARENT_HUGEPAGE_DEFRAG_KHUGEPAGED_FLAG) |
      (1 << k.TRANSPARENT_HUGEPAGE_USE_ZERO_PAGE_FLAG),
  );
}

/** `transparent_hugepage=`. Other texts change nothing. */
export function setup_transparent_hugepage(k: Kernel, str: string): void {
  const flags = k.globals.transparent_hugepage_flags;
  if (flags === 0 || !['always', 'madvise', 'never'].includes(str)) return;
  const put = (nr: number, on: boolean): void => (on ? set_bit : clear_bit)(k, nr, flags);
  put(k.TRANSPARENT_HUGEPAGE_FLAG, str === 'always');
  put(k.TRANSPARENT_HUGEPAGE_REQ_MADV_FLAG, str === 'madvise');
}

export function hugepage_init(k: Kernel): void {
  // 512 MiB: with less, what huge pages waste would hurt more than they help.
  if (totalram_pages(k) < 512 << (20 - PAGE_SHIFT)) {
    if (k.globals.transparent_hugepage_flags !== 0)
      k.write_long(k.globals.transparent_hugepage_flags, 0);
    return;
  }
  // start_stop_khugepaged():
  set_recommended_min_free_kbytes(k);
}
