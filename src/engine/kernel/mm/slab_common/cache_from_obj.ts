/**
 * The cache of an object that is freed: the one that was named, or where debugging is on the one that it is of.
 *
 * Source: Linux 6.1 mm/slab.h: virt_to_cache(), cache_from_obj(), which print.
 */
import { type KmemCache, NULL, type Slab } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type VirtAddr } from '../../../memory/address.js';
import { WARN, WARN_ONCE } from '../../include/asm-generic/bug.h.js';
import { stringAt } from '../../lib/string.js';
import { kmem_cache_debug_flags, virt_to_slab } from '../slab.h.js';
import { print_tracking } from '../slub/object_report.js';

function virt_to_cache(k: Kernel, obj: VirtAddr): KmemCache {
  const slab: Slab = virt_to_slab(k, obj);
  const text = 'virt_to_cache: Object is not a Slab page!';
  if (slab === NULL) k.emit({ kind: 'slab-corruption', cache: asVirt(0), text });
  if (WARN_ONCE(k, slab === NULL, text)) return NULL;
  return k.read_ptr(slab + k.slab.slab_cache);
}

/** Left out: CONFIG_SLAB_FREELIST_HARDENED. */
export function cache_from_obj(k: Kernel, s: KmemCache, x: VirtAddr): KmemCache {
  if (!kmem_cache_debug_flags(k, s, k.SLAB_CONSISTENCY_CHECKS)) return s;

  const cachep: KmemCache = virt_to_cache(k, x);
  const name = (cache: KmemCache): string => stringAt(k, k.read_va(cache + k.kmem_cache.name));
  if (cachep !== NULL && cachep !== s) {
    const text = `cache_from_obj: Wrong slab cache. ${name(s)} but object is from ${name(cachep)}`;
    k.emit({ kind: 'slab-corruption', cache: k.va_of(s), text });
    WARN(k, true, text);
    print_tracking(k, cachep, x);
  }
  return cachep;
}
