/**
 * The attributes of a SLUB cache, which the kernel's image has from the start: an array of them, and the group they are.
 *
 * Source: Linux 6.1 mm/slub.c: slab_attrs[], SLAB_ATTR(), SLAB_ATTR_RO(). Kernels without SLUB_STATS and the like.
 */
import type { Kernel } from '../machine/kernel.js';
import type { VirtAddr } from '../memory/address.js';

/** In the order of slab_attrs[]; `=`: can be written. */
const ATTRIBUTES = (
  'slab_size object_size objs_per_slab order min_partial= cpu_partial= objects objects_partial partial cpu_slabs ctor aliases ' +
  'align hwcache_align reclaim_account destroy_by_rcu shrink= slabs_cpu_partial total_objects slabs sanity_checks trace ' +
  'red_zone poison store_user validate= cache_dma usersize'
).split(' ');

/** Where they are put. */
interface Room {
  readonly take: (sizeBytes: number, align: number) => VirtAddr;
  /** A constant of the kernel. */
  readonly string: (text: string) => VirtAddr;
}

export function writeSlabAttributes(mm: Kernel, room: Room): void {
  const attrs = mm.symbol('slab_attrs');
  mm.write_ptr(mm.symbol('slab_attr_group') + mm.attribute_group.attrs, attrs);
  ATTRIBUTES.forEach((text, i) => {
    const name = text.replace('=', '');
    const attribute = mm.cell_at(room.take(mm.sizeof.attribute, 16));
    mm.write_va(attribute + mm.attribute.name, room.string(name));
    mm.write16(attribute, mm.attribute.mode, text === name ? 0o400 : 0o600);
    mm.write_ptr(mm.plus(attrs, i * mm.ptr_words), attribute);
  });
}
