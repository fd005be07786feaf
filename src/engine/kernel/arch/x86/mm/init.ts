/**
 * How the memory types of page_cache_mode are written in an entry without PAT: there are four, chosen by two bits.
 *
 *     PCD PWT
 *      0   0      WB                       ioremap_cache()
 *      0   1      WT                       ioremap_wt()
 *      1   0      UC-                      ioremap(); ioremap_wc(), whose type has no place of its own
 *      1   1      UC                       ioremap_uc()
 *
 * Source: Linux 6.1 arch/x86/mm/init.c: cachemode2protval(); arch/x86/mm/pat/memtype.c: what pat_init() makes of its table.
 */
import type { Int } from '../../../../machine/ctypes.js';
import { _PAGE_PCD, _PAGE_PWT } from '../include/asm/pgtable_types.h.js';

/** By page_cache_mode. */
const __cachemode2pte_tbl: readonly Int[] = [
  0, // _PAGE_CACHE_MODE_WB
  _PAGE_PCD, // _PAGE_CACHE_MODE_WC
  _PAGE_PCD, // _PAGE_CACHE_MODE_UC_MINUS
  _PAGE_PWT | _PAGE_PCD, // _PAGE_CACHE_MODE_UC
  _PAGE_PWT, // _PAGE_CACHE_MODE_WT
];

/** These two bits are at the same place in entries of every size, unlike PAT's. */
export function cachemode2protval(pcm: Int): Int {
  return __cachemode2pte_tbl[pcm]!;
}
