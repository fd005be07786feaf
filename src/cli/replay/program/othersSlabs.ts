/**
 * Slabs of mm/slab.c whose objects were all others': their frees are not recorded, but that the last one took the slab along is. It goes
 * as if its objects had come back.
 */
import { list_del, page_address, test_bit } from '../../../engine/entry/functions.js';
import { __free_one, cpu_cache_get, entryAt } from '../../../engine/kernel/mm/slab/array_cache.js';
import { get_node } from '../../../engine/kernel/mm/slab.h.js';
import { drain_freelist } from '../../../engine/kernel/mm/slab/grow.js';
import { list_add_tail } from '../../../engine/kernel/include/linux/list.h.js';
import type { KmemCache, Slab } from '../../../engine/machine/ctypes.js';
import type { Kernel } from '../../../engine/machine/kernel.js';
import { asCell, asPfn, asVirt, PAGE_SIZE } from '../../../engine/memory/address.js';

export function isSlab(k: Kernel, pfn: number, order: number): boolean {
  if (k.CONFIG_SLAB === 0 || Number.isNaN(pfn)) return false;
  const slab = k.pfn_to_page(asPfn(pfn)) as Slab;
  if (!test_bit(k, k.PG_slab, asCell(slab + k.page.flags))) return false;
  const cachep: KmemCache = k.read_ptr(slab + k.slab.slab_cache);
  return k.words[cachep + k.kmem_cache.gfporder] === order;
}

export function giveSlabBack(k: Kernel, pfn: number, order: number): void {
  const slab = k.pfn_to_page(asPfn(pfn)) as Slab;
  const cachep: KmemCache = k.read_ptr(slab + k.slab.slab_cache);
  forgetObjects(k, cachep, pfn, order);
  const n = get_node(k, cachep);
  const of = k.kmem_cache_node;
  const active = k.words[slab + k.slab.active] ?? 0;
  list_del(k, slab + k.slab.slab_list);
  list_add_tail(k, slab + k.slab.slab_list, n + of.slabs_free);
  if (active > 0) k.add_long(n + of.free_slabs, 1);
  k.add_long(n + of.free_objects, active);
  drain_freelist(k, cachep, n, 1);
}

/** Those of its objects that the CPU keeps are not to be had any more. */
function forgetObjects(k: Kernel, cachep: KmemCache, pfn: number, order: number): void {
  const ac = cpu_cache_get(k, cachep);
  const start = page_address(k, k.pfn_to_page(asPfn(pfn)));
  const end = asVirt(start + PAGE_SIZE * (1 << order));
  const avail = k.words[k.plus(ac, k.array_cache.avail)] ?? 0;
  const kept = Array.from({ length: avail }, (_, i) => k.read_va(entryAt(k, ac, i))).filter(
    (object) => object < start || object >= end,
  );
  if (kept.length === avail) return;
  k.write(k.plus(ac, k.array_cache.avail), 0);
  for (const object of kept) __free_one(k, ac, object);
}
