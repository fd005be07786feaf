/**
 * The functions of a shrinker that is a scenario's: they get a struct shrink_control on the task's stack, and what scan_objects() leaves
 * there is read. A function that nobody runs, as those of the kernel's own shrinkers, has nothing to free.
 *
 * Source: Linux 6.1 include/linux/shrinker.h.
 */
import { asVirt, type Cell, type VirtAddr } from '../memory/address.js';
import type { Gfp, Int, Long, Pointer, ULong } from './ctypes.js';
import type { Kernel } from './kernel.js';

/** struct shrink_control. Left out: memcg. */
export interface ShrinkControl {
  gfp_mask: Gfp;
  nid: Int;
  nr_to_scan: ULong;
  nr_scanned: ULong;
}

type Shrinker = Pointer<'struct shrinker'>;

/** What one of them returns, as a long: ~0UL is -1. */
function call(k: Kernel, func: VirtAddr, shrinker: Shrinker, sc: ShrinkControl): Long | undefined {
  let control: Cell | undefined;
  const fill = (object: Cell): readonly number[] => {
    control = object;
    k.write(k.plus(object, k.shrink_control.gfp_mask), sc.gfp_mask);
    k.write(k.plus(object, k.shrink_control.nid), sc.nid);
    k.write_long(k.plus(object, k.shrink_control.nr_to_scan), sc.nr_to_scan);
    k.write_long(k.plus(object, k.shrink_control.nr_scanned), sc.nr_scanned);
    k.write_va(k.plus(object, k.shrink_control.memcg), asVirt(0));
    return [k.va_of(shrinker), k.va_of(object)];
  };
  const ret = k.callOut?.(func, fill, k.sizeof.shrink_control);
  if (control !== undefined)
    sc.nr_scanned = k.read_ulong(k.plus(control, k.shrink_control.nr_scanned));
  return ret === undefined || k.wide ? ret : ret | 0;
}

/** How many objects it could free; -2 (SHRINK_EMPTY): none. */
export const count_objects = (k: Kernel, shrinker: Shrinker, sc: ShrinkControl): Long =>
  call(k, k.read_va(k.plus(shrinker, k.shrinker.count_objects)), shrinker, sc) ?? 0;

/** How many objects it has freed; -1 (SHRINK_STOP): it cannot now. */
export const scan_objects = (k: Kernel, shrinker: Shrinker, sc: ShrinkControl): Long =>
  call(k, k.read_va(k.plus(shrinker, k.shrinker.scan_objects)), shrinker, sc) ?? -1;
