/**
 * Giving areas of vmalloc space back, lazily: an unmapped area may still be in a TLB, so it waits until enough have gathered
 * that one flush is worth it. They are joined meanwhile, in a tree of their own.
 *
 * The purge is work for another thread (drain_vmap_work); it runs when the one that freed gives way: cond_resched().
 * Differs: there are no blocks of vm_map_ram() to purge.
 *
 * Source: Linux 6.1 mm/vmalloc.c: lazy_max_pages() to free_unmap_vmap_area(), vm_unmap_aliases().
 */
import { type ListHead, NULL, type ULong, type VmapArea } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { ULONG_MAX, umax, umin } from '../../../machine/ulong.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { flush_tlb_kernel_range } from '../../arch/x86/mm/tlb.js';
import { num_online_cpus } from '../../include/linux/cpumask.h.js';
import { list_empty, list_last, list_next, list_replace_init } from '../../include/linux/list.h.js';
import { schedule_work } from '../../kernel/workqueue.js';
import { list_va, va_end, va_size, va_start } from './area.js';
import { vunmap_range_noflush } from './range.js';
import { merge_or_add_vmap_area, merge_or_add_vmap_area_augment, unlink_va } from './tree.js';

/** 32 MiB for one CPU, 64 for two and three, 96 for four to seven. */
function lazy_max_pages(k: Kernel): ULong {
  const log = 32 - Math.clz32(num_online_cpus(k));
  return log * ((32 * 1024 * 1024) / PAGE_SIZE);
}

/** Puts what was freed lazily back to the free areas. False: there was nothing. */
function __purge_vmap_area_lazy(k: Kernel, start: VirtAddr, end: VirtAddr): boolean {
  const purge_vmap_area_list = k.globals.purge_vmap_area_list;
  const purge_vmap_area_root = k.globals.purge_vmap_area_root;
  const vmap_lazy_nr = k.globals.vmap_lazy_nr;
  const free_vmap_area_list = k.globals.free_vmap_area_list;
  const free_vmap_area_root = k.globals.free_vmap_area_root;
  const local_purge_list: ListHead = k.machine.register('local_purge_list');
  k.write_ptr(purge_vmap_area_root, NULL);
  list_replace_init(k, purge_vmap_area_list, local_purge_list);
  if (list_empty(k, local_purge_list)) return false;

  start = asVirt(umin(start, va_start(k, list_va(k, list_next(k, local_purge_list)))));
  end = asVirt(umax(end, va_end(k, list_va(k, list_last(k, local_purge_list)))));
  flush_tlb_kernel_range(k, start, end);

  let next: ListHead;
  for (let list = list_next(k, local_purge_list); list !== local_purge_list; list = next) {
    // Read before it is merged: then its links are another list's, or its object somebody else's.
    next = list_next(k, list);
    const va: VmapArea = list_va(k, list);
    const nr: ULong = va_size(k, va) / PAGE_SIZE;
    // It is in no tree any more, whatever its words say.
    const merged: VmapArea = merge_or_add_vmap_area_augment(
      k,
      va,
      free_vmap_area_root,
      free_vmap_area_list,
    );
    if (merged === NULL) continue;
    k.add_long(vmap_lazy_nr, -nr);
  }
  return true;
}

/** Now, because somebody needs the room. */
export function purge_vmap_area_lazy(k: Kernel): void {
  __purge_vmap_area_lazy(k, ULONG_MAX(k), asVirt(0));
}

/** The work of drain_vmap_work. */
export function drain_vmap_area_work(k: Kernel): void {
  let nr_lazy: ULong;
  do {
    __purge_vmap_area_lazy(k, ULONG_MAX(k), asVirt(0));
    nr_lazy = k.read_ulong(k.globals.vmap_lazy_nr);
  } while (nr_lazy > lazy_max_pages(k));
}

/** Frees an area that is unmapped already. */
export function free_vmap_area_noflush(k: Kernel, va: VmapArea): void {
  const vmap_area_root = k.globals.vmap_area_root;
  const vmap_lazy_nr = k.globals.vmap_lazy_nr;
  const purge_vmap_area_root = k.globals.purge_vmap_area_root;
  const purge_vmap_area_list = k.globals.purge_vmap_area_list;
  unlink_va(k, va, vmap_area_root);
  k.add_long(vmap_lazy_nr, va_size(k, va) / PAGE_SIZE);
  const nr_lazy: ULong = k.read_ulong(vmap_lazy_nr);
  merge_or_add_vmap_area(k, va, purge_vmap_area_root, purge_vmap_area_list);
  if (nr_lazy > lazy_max_pages(k)) schedule_work(k, 'drain_vmap_work');
}

export function free_unmap_vmap_area(k: Kernel, va: VmapArea): void {
  vunmap_range_noflush(k, va_start(k, va), va_end(k, va));
  free_vmap_area_noflush(k, va);
}

/** vm_unmap_aliases(): afterwards nobody has a stale mapping of any page that was mapped in vmalloc space. */
export function vm_unmap_aliases(k: Kernel): void {
  __purge_vmap_area_lazy(k, ULONG_MAX(k), asVirt(0));
}
