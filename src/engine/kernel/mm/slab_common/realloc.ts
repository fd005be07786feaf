/**
 * What is built on kmalloc(): arrays, whose size is checked, objects that grow, and objects whose contents nobody must find.
 *
 * Source: Linux 6.1 mm/slab_common.c: __do_krealloc(), krealloc(), kfree_sensitive(); include/linux/slab.h: kmalloc_array(),
 * kcalloc(), krealloc_array().
 */
import type { Gfp, ULong } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type VirtAddr } from '../../../memory/address.js';
import { ZERO_OR_NULL_PTR, ZERO_SIZE_PTR } from '../../include/linux/slab.h.js';
import { memcpy, memset } from '../../lib/string.js';
import { kfree, kmalloc, ksize } from './kmalloc.js';

/** check_mul_overflow(): whether a size_t does not hold the product. */
const productOverflows = (k: Kernel, n: ULong, size: ULong): boolean =>
  n * size >= 2 ** (k.ptr_words * 32);

/** Room for `n` elements of `size` bytes; 0 without memory, or if no number says how much that is. */
export function kmalloc_array(k: Kernel, n: ULong, size: ULong, flags: Gfp): VirtAddr {
  if (productOverflows(k, n, size)) return asVirt(0);
  return kmalloc(k, n * size, flags);
}

/** The same, zeroed. */
export function kcalloc(k: Kernel, n: ULong, size: ULong, flags: Gfp): VirtAddr {
  return kmalloc_array(k, n, size, flags | k.__GFP_ZERO);
}

/** Left out: kasan, kfence, init_on_alloc. */
function __do_krealloc(k: Kernel, p: VirtAddr, new_size: ULong, flags: Gfp): VirtAddr {
  const ks: ULong = ksize(k, p);
  // What the object has beyond its old size was the caller's anyway.
  if (ks >= new_size) return p;
  const ret: VirtAddr = kmalloc(k, new_size, flags);
  if (ret !== 0 && p !== 0) memcpy(k, ret, p, ks);
  return ret;
}

/** An object for `new_size` bytes with the old one's contents; the old one stays if there is no memory (0). */
export function krealloc(k: Kernel, p: VirtAddr, new_size: ULong, flags: Gfp): VirtAddr {
  if (new_size === 0) {
    kfree(k, p);
    return ZERO_SIZE_PTR;
  }
  const ret: VirtAddr = __do_krealloc(k, p, new_size, flags);
  if (ret !== 0 && p !== ret) kfree(k, p);
  return ret;
}

export function krealloc_array(
  k: Kernel,
  p: VirtAddr,
  new_n: ULong,
  new_size: ULong,
  flags: Gfp,
): VirtAddr {
  if (productOverflows(k, new_n, new_size)) return asVirt(0);
  return krealloc(k, p, new_n * new_size, flags);
}

/** Wipes all of the object, not only what was asked for, and frees it. */
export function kfree_sensitive(k: Kernel, p: VirtAddr): void {
  if (!ZERO_OR_NULL_PTR(p)) memset(k, p, 0, ksize(k, p));
  kfree(k, p);
}
