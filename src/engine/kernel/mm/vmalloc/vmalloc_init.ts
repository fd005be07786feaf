/**
 * How vmalloc space comes up: one free area, which is nearly all of the address space.
 *
 * What lies outside of [VMALLOC_START, VMALLOC_END) is never found: each request names its bounds.
 * Source: Linux 6.1 mm/vmalloc.c: vmap_init_free_space(), vmalloc_init(). vmlist is empty: x86 registers no area early.
 */
import { asCell, type VirtAddr } from '../../../memory/address.js';
import { NULL, type VmapArea } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { cpu_possible, nr_cpu_ids } from '../../include/linux/cpumask.h.js';
import { INIT_LIST_HEAD } from '../../include/linux/list.h.js';
import { per_cpu } from '../../include/linux/percpu-defs.h.js';
import { kmem_cache_zalloc } from '../../include/linux/slab.h.js';
import { writeByte } from '../../lib/string.js';
import { kmem_cache_create } from '../slab_common/slab_common.js';
import { insert_vmap_area_augment } from './vmap_tree.js';

/** Left out: areas of boot, around which it would be cut. */
export function vmap_init_free_space(k: Kernel): void {
  const cachep = k.read_ptr(k.globals.vmap_area_cachep);
  const object: VirtAddr = kmem_cache_zalloc(k, cachep, k.GFP_NOWAIT);
  if (object === 0) return;
  const free: VmapArea = k.cell_at(object);
  k.write_long(free + k.vmap_area.va_start, 1);
  // ULONG_MAX
  k.write_long(free + k.vmap_area.va_end, -1);
  insert_vmap_area_augment(
    k,
    free,
    NULL,
    k.globals.free_vmap_area_root,
    k.globals.free_vmap_area_list,
  );
}

export function vmalloc_init(k: Kernel): void {
  // KMEM_CACHE(vmap_area, SLAB_PANIC): aligned as its longest member.
  const name: VirtAddr = k.machine.literal('vmap_area');
  k.write_ptr(
    k.globals.vmap_area_cachep,
    kmem_cache_create(k, name, k.sizeof.vmap_area, k.ptr_words * 4, k.SLAB_PANIC),
  );

  for (let i = 0; i < nr_cpu_ids(k); i++) {
    if (!cpu_possible(k, i)) continue;
    // Blocks of vm_map_ram(): none yet. Left out: vfree_deferred, which vfree_atomic() needs.
    INIT_LIST_HEAD(k, asCell(per_cpu(k, 'vmap_block_queue', i) + k.vmap_block_queue.free));
  }

  vmap_init_free_space(k);
  const vmap_initialized = k.profile.symbol('vmap_initialized')?.address;
  if (vmap_initialized !== undefined) writeByte(k, vmap_initialized, 1);
}
