/**
 * How many entries of page tables mean one slot of a swap file.
 *
 * Left out: counts above SWAP_MAP_MAX, which go on elsewhere.
 * Source: Linux 6.1 mm/swapfile.c: swp_swapcount(); include/linux/swap.h: struct swap_info_struct.
 */
import { asVirt } from '../../memory/address.js';
import { isDumpError, type Inspected } from '../inspected.js';

/** Without SWAP_HAS_CACHE and COUNT_CONTINUED. */
const COUNT_MASK = 0x3f;

/** 1 where it cannot be told. */
export function swapCount(k: Inspected, type: number, offset: number): number {
  try {
    const info = k.space.pointer(k.global('swap_info'), type * k.pointerSize);
    if (info === 0) return 1;
    const map = k.pointer(asVirt(info), 'swap_info_struct', 'swap_map');
    return map === 0 ? 1 : k.space.u8(map, offset) & COUNT_MASK;
  } catch (error) {
    if (isDumpError(error)) return 1;
    throw error;
  }
}
