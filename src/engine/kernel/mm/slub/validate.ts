/**
 * Looking at every object of a debug cache: when somebody asks for it, and at the end of a cache that still has some.
 *
 * Source: Linux 6.1 mm/slub.c: __fill_map(), list_slab_objects(), validate_slab() to validate_slab_cache();
 * include/linux/slub_def.h: __obj_to_index().
 */
import type {
  Int,
  KmemCache,
  KmemCacheNode,
  ListHead,
  Slab,
  UInt,
  ULong,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type VirtAddr } from '../../../memory/address.js';
import { ENOMEM } from '../../include/linux/errno.h.js';
import {
  list_entry_is_head,
  list_first_entry,
  list_next_entry,
} from '../../include/linux/list.h.js';
import { SLUB_RED_ACTIVE, SLUB_RED_INACTIVE } from '../../include/linux/poison.h.js';
import { pr_err } from '../../include/linux/printk.h.js';
import { bitmap_clear, bitmap_set } from '../../lib/bitmap.js';
import { find_next_bit } from '../../lib/find_bit.js';
import { stringAt } from '../../lib/string.js';
import { pointer } from '../../lib/vsprintf.js';
import { get_node } from '../slab.h.js';
import { kfree, kmalloc } from '../slab_common/kmalloc.js';
import { check_object, check_slab, on_freelist } from './check_object.js';
import { flush_all } from './deactivate.js';
import { fixup_red_left, get_freepointer, oo_objects } from './freelist.js';
import { restore_red_left, slab_address } from './object_layout.js';
import { print_tracking, slab_err } from './object_report.js';

/** Which object of its slab an address is. */
const __obj_to_index = (k: Kernel, s: KmemCache, addr: VirtAddr, obj: VirtAddr): UInt =>
  Math.floor((restore_red_left(k, s, obj) - addr) / k.words[s + k.kmem_cache.size]!);

/** Behind the last object of a slab. */
const objectsEnd = (k: Kernel, s: KmemCache, slab: Slab, addr: VirtAddr): VirtAddr =>
  asVirt(addr + k.read_bits(slab, k.slab.objects) * k.words[s + k.kmem_cache.size]!);

/** One bit for each free object. */
function __fill_map(k: Kernel, obj_map: VirtAddr, s: KmemCache, slab: Slab): void {
  const addr: VirtAddr = slab_address(k, slab);
  const objects: Int = k.read_bits(slab, k.slab.objects);
  const BITS_PER_LONG = k.ptr_words * 32;
  bitmap_clear(k, obj_map, 0, Math.ceil(objects / BITS_PER_LONG) * BITS_PER_LONG);
  let p: VirtAddr = k.read_va(slab + k.slab.freelist);
  let rounds = 0;
  while (p !== 0) {
    k.watchdog(++rounds);
    bitmap_set(k, obj_map, __obj_to_index(k, s, addr, p), 1);
    p = get_freepointer(k, s, p);
  }
}

const isFree = (
  k: Kernel,
  s: KmemCache,
  obj_map: VirtAddr,
  addr: VirtAddr,
  p: VirtAddr,
): boolean => {
  const index: UInt = __obj_to_index(k, s, addr, p);
  return find_next_bit(k, obj_map, index + 1, index) === index;
};

/** Reports a slab that has objects when it must have none: which they are. */
export function list_slab_objects(k: Kernel, s: KmemCache, slab: Slab, text: string): void {
  const addr: VirtAddr = slab_address(k, slab);
  const object_map: VirtAddr = k.va_of(k.globals.object_map);
  slab_err(k, s, slab, text);
  __fill_map(k, object_map, s, slab);
  const size: UInt = k.words[s + k.kmem_cache.size]!;
  const end: VirtAddr = objectsEnd(k, s, slab, addr);
  for (let p = fixup_red_left(k, s, addr); p < end; p = asVirt(p + size)) {
    if (isFree(k, s, object_map, addr, p)) continue;
    pr_err(k, `Object 0x${pointer(k, p)} @offset=${p - addr}`);
    print_tracking(k, s, p);
  }
}

function validate_slab(k: Kernel, s: KmemCache, slab: Slab, obj_map: VirtAddr): void {
  const addr: VirtAddr = slab_address(k, slab);
  if (!check_slab(k, s, slab) || !on_freelist(k, s, slab, asVirt(0))) return;
  // From here on its freelist is known to be sound.
  __fill_map(k, obj_map, s, slab);
  const size: UInt = k.words[s + k.kmem_cache.size]!;
  const end: VirtAddr = objectsEnd(k, s, slab, addr);
  for (let p = fixup_red_left(k, s, addr); p < end; p = asVirt(p + size)) {
    const val: Int = isFree(k, s, obj_map, addr, p) ? SLUB_RED_INACTIVE : SLUB_RED_ACTIVE;
    if (!check_object(k, s, slab, p, val)) break;
  }
}

function validate_slab_node(k: Kernel, s: KmemCache, n: KmemCacheNode, obj_map: VirtAddr): ULong {
  let count: ULong = 0;
  const name = stringAt(k, k.read_va(s + k.kmem_cache.name));

  const partial = (n + k.kmem_cache_node.partial) as ListHead;
  for (
    let slab: Slab = list_first_entry(k, partial, k.slab.slab_list);
    !list_entry_is_head(k, slab, partial, k.slab.slab_list);
    slab = list_next_entry(k, slab, k.slab.slab_list)
  ) {
    validate_slab(k, s, slab, obj_map);
    count++;
  }
  const nr_partial: ULong = k.read_ulong(n + k.kmem_cache_node.nr_partial);
  if (count !== nr_partial) {
    const text = `SLUB ${name}: ${count} partial slabs counted but counter=${nr_partial}`;
    k.emit({ kind: 'slab-corruption', cache: k.va_of(s), text });
    pr_err(k, text);
  }

  if ((k.words[s + k.kmem_cache.flags]! & k.SLAB_STORE_USER) === 0) return count;

  const full = (n + k.kmem_cache_node.full) as ListHead;
  for (
    let slab: Slab = list_first_entry(k, full, k.slab.slab_list);
    !list_entry_is_head(k, slab, full, k.slab.slab_list);
    slab = list_next_entry(k, slab, k.slab.slab_list)
  ) {
    validate_slab(k, s, slab, obj_map);
    count++;
  }
  const nr_slabs: ULong = k.read_ulong(n + k.kmem_cache_node.nr_slabs);
  if (count !== nr_slabs) {
    const text = `SLUB: ${name} ${count} slabs counted but counter=${nr_slabs}`;
    k.emit({ kind: 'slab-corruption', cache: k.va_of(s), text });
    pr_err(k, text);
  }
  return count;
}

/** Checks every slab that is on a list: how many there are, or -ENOMEM. */
export function validate_slab_cache(k: Kernel, s: KmemCache): Int {
  const objects: Int = oo_objects(k.words[s + k.kmem_cache.oo]!);
  const longs = Math.ceil(objects / (k.ptr_words * 32));
  const obj_map: VirtAddr = kmalloc(k, longs * k.ptr_words * 4, k.GFP_KERNEL);
  if (obj_map === 0) return -ENOMEM;

  flush_all(k, s);
  const count: ULong = validate_slab_node(k, s, get_node(k, s), obj_map);
  kfree(k, obj_map);
  return count;
}
