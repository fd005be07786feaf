/**
 * Giving areas of vmalloc space back, lazily: an unmapped area may still be in a TLB, so it waits until enough have gathered
 * that one flush is worth it. They are joined meanwhile, in a tree of their own.
 *
 * The purge is work for another thread (drain_vmap_work); it runs when the one that freed gives way: cond_resched().
 *
 * Left out: vmap_purge_lock; purge_fragmented_blocks_allcpus and what else belongs to vm_map_ram().
 *
 * Source: Linux 6.1 mm/vmalloc.c: lazy_max_pages() to free_unmap_vmap_area(), vm_unmap_aliases().
 */
import { type ListHead, NULL, type ULong, type VmapArea } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { ULONG_MAX, umax, umin } from '../../../machine/ulong.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { flush_tlb_kernel_range } from '../../arch/x86/mm/tlb.js';
import { fls } from '../../include/linux/bitops.h.js';
import { num_online_cpus } from '../../include/linux/cpumask.h.js';
import {
  list_empty,
  list_entry_is_head,
  list_first_entry,
  list_last_entry,
  list_next_entry,
  list_replace_init,
} from '../../include/linux/list.h.js';
import { schedule_work } from '../../kernel/workqueue.js';
import { vunmap_range_noflush } from './unmap.js';
import { va_size } from './vmap_area.js';
import { merge_or_add_vmap_area, merge_or_add_vmap_area_augment, unlink_va } from './vmap_tree.js';

/** 32 MiB for one CPU, 64 for two and three, 96 for four to seven: more CPUs free more, and their flushes cost more. */
function lazy_max_pages(k: Kernel): ULong {
  const log = fls(num_online_cpus(k));
  return log * ((32 * 1024 * 1024) / PAGE_SIZE);
}

/** Puts what was freed lazily back to the free areas. False: there was nothing. Left out: kasan, cond_resched_lock. */
function __purge_vmap_area_lazy(k: Kernel, start: VirtAddr, end: VirtAddr): boolean {
  const local_purge_list: ListHead = k.machine.register('local_purge_list');
  // All that waits is taken over at once: what is freed from here on begins a new tree.
  k.write_ptr(k.globals.purge_vmap_area_root, NULL);
  list_replace_init(k, k.globals.purge_vmap_area_list, local_purge_list);
  if (list_empty(k, local_purge_list)) return false;

  // One flush for all of them: the list is in the order of addresses, so its two ends span it.
  const first: VmapArea = list_first_entry(k, local_purge_list, k.vmap_area.list);
  start = asVirt(umin(start, k.read_va(first + k.vmap_area.va_start)));
  const last: VmapArea = list_last_entry(k, local_purge_list, k.vmap_area.list);
  end = asVirt(umax(end, k.read_va(last + k.vmap_area.va_end)));
  // It comes before any area is free: through a stale entry its next owner would reach the old pages.
  flush_tlb_kernel_range(k, start, end);

  let rounds = 0;
  for (
    let va: VmapArea = list_first_entry(k, local_purge_list, k.vmap_area.list),
      n_va: VmapArea = list_next_entry(k, va, k.vmap_area.list);
    !list_entry_is_head(k, va, local_purge_list, k.vmap_area.list);
    va = n_va, n_va = list_next_entry(k, n_va, k.vmap_area.list)
  ) {
    k.watchdog(++rounds);
    // Read before it is merged: afterwards it may be part of another, and its object somebody else's.
    const nr: ULong = va_size(k, va) / PAGE_SIZE;
    // It is in no tree any more, whatever its words say.
    const merged: VmapArea = merge_or_add_vmap_area_augment(
      k,
      va,
      k.globals.free_vmap_area_root,
      k.globals.free_vmap_area_list,
    );
    // It overlaps a free area: a bug, reported where it was found. Nothing was freed.
    if (merged === NULL) continue;
    k.add_long(k.globals.vmap_lazy_nr, -nr);
  }
  return true;
}

/** Now, because somebody needs the room. The empty range it begins with grows to what is freed. */
export function purge_vmap_area_lazy(k: Kernel): void {
  __purge_vmap_area_lazy(k, ULONG_MAX(k), asVirt(0));
}

/** The work of drain_vmap_work. */
export function drain_vmap_area_work(k: Kernel): void {
  let nr_lazy: ULong;
  do {
    __purge_vmap_area_lazy(k, ULONG_MAX(k), asVirt(0));
    // Others may have freed more meanwhile.
    nr_lazy = k.read_ulong(k.globals.vmap_lazy_nr);
  } while (nr_lazy > lazy_max_pages(k));
}

/** Frees an area that is unmapped already. */
export function free_vmap_area_noflush(k: Kernel, va: VmapArea): void {
  // Nobody finds it among the busy areas any more, and its addresses are not given out before a purge.
  unlink_va(k, va, k.globals.vmap_area_root);
  k.add_long(k.globals.vmap_lazy_nr, va_size(k, va) / PAGE_SIZE);
  const nr_lazy: ULong = k.read_ulong(k.globals.vmap_lazy_nr);
  // Neighbours are joined here already: the fewer pieces, the shorter the purge.
  merge_or_add_vmap_area(k, va, k.globals.purge_vmap_area_root, k.globals.purge_vmap_area_list);
  // From here on the area may be gone: a purge may run at any time.
  if (nr_lazy > lazy_max_pages(k)) schedule_work(k, 'drain_vmap_work');
}

/**
 * Unmaps an area and frees it lazily. Its pages may go right away: a stale TLB entry does no harm as long as nobody
 * uses the address.
 *
 * Left out: flush_cache_vunmap (x86's caches know physical addresses only), debug_pagealloc_enabled_static.
 */
export function free_unmap_vmap_area(k: Kernel, va: VmapArea): void {
  vunmap_range_noflush(k, k.read_va(va + k.vmap_area.va_start), k.read_va(va + k.vmap_area.va_end));
  free_vmap_area_noflush(k, va);
}

/** Afterwards nobody has a stale mapping of any page that was mapped in vmalloc space. */
export function vm_unmap_aliases(k: Kernel): void {
  __purge_vmap_area_lazy(k, ULONG_MAX(k), asVirt(0));
}
