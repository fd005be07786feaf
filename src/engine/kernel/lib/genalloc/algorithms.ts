/**
 * Who finds the place of what is asked of a pool: the first that is large enough, the one that fits best, one that is aligned, a fixed one;
 * or a function of a scenario's.
 *
 * Differs: no recorded build has this file, so its functions have no addresses. pool->algo is a small number that stands for one (a
 * scenario's gen_pool_best_fit is that number), and NULL for gen_pool_first_fit().
 * Source: Linux 6.1 lib/genalloc.c: gen_pool_first_fit() to gen_pool_best_fit(); include/linux/genalloc.h.
 */
import type { Int, Pointer, ULong } from '../../../machine/ctypes.js';
import { KernelFault } from '../../../machine/events.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { VirtAddr } from '../../../memory/address.js';
import { roundup_pow_of_two } from '../../include/linux/log2.h.js';
import { bitmap_find_next_zero_area_off } from '../bitmap.js';
import { find_next_bit } from '../find_bit.js';

export type GenPool = Pointer<'struct gen_pool'>;

const FIRST_FIT_ALIGN = 1;
const FIXED_ALLOC = 2;
const FIRST_FIT_ORDER_ALIGN = 3;
const BEST_FIT = 4;

const orderOf = (k: Kernel, pool: GenPool): Int =>
  k.read_int(k.plus(pool, k.gen_pool.min_alloc_order));

/** pool->data: of an algorithm that is told more. */
const dataOf = (k: Kernel, pool: GenPool): VirtAddr => k.read_va(k.plus(pool, k.gen_pool.data));

/** @param start_addr of the chunk, which the alignment counts from */
function gen_pool_first_fit_align(
  k: Kernel,
  pool: GenPool,
  map: VirtAddr,
  size: ULong,
  start: ULong,
  nr: ULong,
  start_addr: VirtAddr,
): ULong {
  // struct genpool_data_align: align
  const align: Int = k.read_int(k.cell_at(dataOf(k, pool)));
  const unit: ULong = 2 ** orderOf(k, pool);
  const align_mask: ULong = Math.floor((align + unit - 1) / unit) - 1;
  const align_off: ULong = Math.floor((start_addr & (align - 1)) / unit);
  return bitmap_find_next_zero_area_off(k, map, size, start, nr, align_mask, align_off);
}

/** At pool->data->offset, or nowhere. */
function gen_pool_fixed_alloc(
  k: Kernel,
  pool: GenPool,
  map: VirtAddr,
  size: ULong,
  start: ULong,
  nr: ULong,
): ULong {
  // struct genpool_data_fixed: offset
  const offset: ULong = k.read_ulong(k.cell_at(dataOf(k, pool)));
  const offset_bit: ULong = Math.floor(offset / 2 ** orderOf(k, pool));
  const found: ULong = bitmap_find_next_zero_area_off(k, map, size, start + offset_bit, nr, 0, 0);
  return found === offset_bit ? found : size;
}

function gen_pool_best_fit(k: Kernel, map: VirtAddr, size: ULong, start: ULong, nr: ULong): ULong {
  let start_bit: ULong = size;
  let len: ULong = size + 1;
  let index: ULong = bitmap_find_next_zero_area_off(k, map, size, start, nr, 0, 0);
  let rounds = 0;
  while (index < size) {
    k.watchdog(++rounds);
    const next_bit: ULong = find_next_bit(k, map, size, index + nr);
    if (next_bit - index < len) {
      len = next_bit - index;
      start_bit = index;
      if (len === nr) return start_bit;
    }
    index = bitmap_find_next_zero_area_off(k, map, size, next_bit + 1, nr, 0, 0);
  }
  return start_bit;
}

/** pool->algo(...): where so many bits are free; from `size` on: nowhere. */
export const callAlgo = (
  k: Kernel,
  pool: GenPool,
  map: VirtAddr,
  start_addr: VirtAddr,
  size: ULong,
  start: ULong,
  nr: ULong,
): ULong => {
  const algo: VirtAddr = k.read_va(k.plus(pool, k.gen_pool.algo));
  switch (algo as number) {
    case 0:
      return bitmap_find_next_zero_area_off(k, map, size, start, nr, 0, 0);
    case FIRST_FIT_ALIGN:
      return gen_pool_first_fit_align(k, pool, map, size, start, nr, start_addr);
    case FIXED_ALLOC:
      return gen_pool_fixed_alloc(k, pool, map, size, start, nr);
    case FIRST_FIT_ORDER_ALIGN: {
      const align_mask: ULong = roundup_pow_of_two(nr) - 1;
      return bitmap_find_next_zero_area_off(k, map, size, start, nr, align_mask, 0);
    }
    case BEST_FIT:
      return gen_pool_best_fit(k, map, size, start, nr);
  }
  const args = [map, size, start, nr, dataOf(k, pool), k.va_of(pool), start_addr];
  const found = k.callOut?.(algo, args);
  if (found === undefined)
    throw new KernelFault(`unable to handle page fault for address: ${k.hex(algo)}`);
  return found;
};
