/**
 * Which huge pages an x86 kernel can have: those of an entry of the pmds, and on 64 bit those of an entry of the puds, too.
 *
 * Source: Linux 6.1 arch/x86/mm/hugetlbpage.c: arch_hugetlb_valid_size(), gigantic_pages_init(); include/linux/hugetlb.h: arch_hugetlb_valid_size() of 32 bit.
 */
import type { ULong } from '../../../../../machine/ctypes.js';
import type { Kernel } from '../../../../../machine/kernel.js';
import { PAGE_SHIFT } from '../../../../../memory/address.js';
import {
  hugetlb_add_hstate,
  type HugepageParameters,
} from '../../../../mm/hugetlb/hugetlb_init.js';

/** X86_FEATURE_GBPAGES: every processor of 64 bit that runs these machines has it. */
const hasGigabytePages = (k: Kernel): boolean => k.wide;

export function arch_hugetlb_valid_size(k: Kernel, size: ULong): boolean {
  if (size === 2 ** k.PMD_SHIFT) return true;
  return size === 2 ** k.PUD_SHIFT && hasGigabytePages(k);
}

/** A pool of gigantic pages exists even where nobody asks for any: it can be filled later. */
export function gigantic_pages_init(k: Kernel, parameters: HugepageParameters): void {
  if (hasGigabytePages(k)) hugetlb_add_hstate(k, k.PUD_SHIFT - PAGE_SHIFT, parameters);
}
