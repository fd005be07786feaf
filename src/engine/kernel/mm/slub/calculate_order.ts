/**
 * How many pages make a slab of a SLUB cache: more objects a slab cost fewer trips to the page allocator, but higher orders are
 * harder to get and waste more.
 *
 * Source: Linux 6.1 mm/slub.c: calc_slab_order(), calculate_order().
 */
import type { Int, Order } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { PAGE_SIZE } from '../../../memory/address.js';
import { get_order } from '../../include/asm-generic/getorder.h.js';
import { fls } from '../../include/linux/bitops.h.js';
import { ENOSYS } from '../../include/linux/errno.h.js';
import { order_objects } from './freelist.js';

/** `objects` of a slab is a field of 15 bits. */
const MAX_OBJS_PER_PAGE = 32767;

/** The smallest order with at least `min_objects` objects that wastes at most 1/fract_leftover; beyond max_order: none. */
function calc_slab_order(
  k: Kernel,
  size: Int,
  min_objects: Int,
  max_order: Order,
  fract_leftover: Int,
): Order {
  const min_order: Order = k.words[k.globals.slub_min_order]!;
  let order: Order;

  // Objects so small that even the least order has more of them than can be counted.
  if (order_objects(min_order, size) > MAX_OBJS_PER_PAGE)
    return get_order(k, size * MAX_OBJS_PER_PAGE) - 1;

  // From where the objects fit upwards: mostly the rest at the end becomes a smaller part of the slab.
  for (order = Math.max(min_order, get_order(k, min_objects * size)); order <= max_order; order++) {
    const slab_size: Int = PAGE_SIZE << order;
    const rem: Int = slab_size % size;
    if (rem <= Math.floor(slab_size / fract_leftover)) break;
  }
  return order;
}

/** As many CPUs as there can ever be; those that are present are no more here. */
const nrPossibleCpus = (k: Kernel): Int => (k.smp ? k.words[k.globals.nr_cpu_ids]! : 1);

/** The order of the slabs for objects of this size; -ENOSYS when no order holds even one. */
export function calculate_order(k: Kernel, size: Int): Order {
  let order: Order;
  let min_objects: Int = k.words[k.globals.slub_min_objects]!;
  const slub_max_order: Order = k.words[k.globals.slub_max_order]!;

  // The more CPUs take slabs for their own, the more objects a slab shall have. (Not in proportion: that would cost too much.)
  if (min_objects === 0) min_objects = 4 * (fls(nrPossibleCpus(k)) + 1);
  const max_objects: Int = order_objects(slub_max_order, size);
  min_objects = Math.min(min_objects, max_objects);

  // First more waste is accepted, from a sixteenth to a quarter, then fewer objects.
  while (min_objects > 1) {
    let fraction: Int = 16;
    while (fraction >= 4) {
      order = calc_slab_order(k, size, min_objects, slub_max_order, fraction);
      if (order <= slub_max_order) return order;
      fraction /= 2;
    }
    min_objects--;
  }

  // One object a slab, whatever is left over.
  order = calc_slab_order(k, size, 1, slub_max_order, 1);
  if (order <= slub_max_order) return order;

  // Larger than the order that slabs should have: then as large as it must be.
  order = calc_slab_order(k, size, 1, k.MAX_ORDER, 1);
  if (order < k.MAX_ORDER) return order;
  return -ENOSYS;
}
