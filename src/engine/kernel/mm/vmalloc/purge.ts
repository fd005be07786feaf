/**
 * Giving areas of vmalloc space back, lazily: an unmapped area may still be in a TLB, so it waits until enough have gathered
 * that one flush is worth it. They are joined meanwhile, in a tree of their own.
 *
 * The purge is work for another thread (drain_vmap_work); it runs when the one that freed gives way: cond_resched().
 *
 * Blocks of vm_map_ram() (vmap_block.ts) of which everything that was used is unmapped go along, though some of it was never used.
 *
 * Left out: vmap_purge_lock.
 *
 * Source: Linux 6.1 mm/vmalloc.c: lazy_max_pages() to free_unmap_vmap_area(), VMALLOC_SPACE to addr_to_vb_idx(), free_vmap_block() to
 * purge_fragmented_blocks_allcpus().
 */
import {
  type Int,
  type ListHead,
  NULL,
  type Pointer,
  type ULong,
  type VmapArea,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { ULONG_MAX, umax, umin } from '../../../machine/ulong.js';
import { asCell, asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { VMALLOC_START } from '../../arch/x86/include/asm/pgtable_areas.h.js';
import { flush_tlb_kernel_range } from '../../arch/x86/mm/tlb.js';
import { ALIGN_DOWN } from '../../include/linux/align.h.js';
import { fls } from '../../include/linux/bitops.h.js';
import { cpu_possible, nr_cpu_ids, num_online_cpus } from '../../include/linux/cpumask.h.js';
import {
  __list_del_entry,
  INIT_LIST_HEAD,
  list_add_tail,
  list_del,
  list_empty,
  list_entry_is_head,
  list_first_entry,
  list_last_entry,
  list_next_entry,
  list_replace_init,
} from '../../include/linux/list.h.js';
import { per_cpu } from '../../include/linux/percpu-defs.h.js';
import { call_rcu } from '../../kernel/rcu/tiny.js';
import { schedule_work } from '../../kernel/workqueue.js';
import { __xa_erase } from '../../lib/xarray/entries.js';
import { vunmap_range_noflush } from './unmap.js';
import { va_size } from './vmap_area.js';
import { merge_or_add_vmap_area, merge_or_add_vmap_area_augment, unlink_va } from './vmap_tree.js';

/** 32 MiB for one CPU, 64 for two and three, 96 for four to seven: more CPUs free more, and their flushes cost more. */
function lazy_max_pages(k: Kernel): ULong {
  const log = fls(num_online_cpus(k));
  return log * ((32 * 1024 * 1024) / PAGE_SIZE);
}

/** Puts what was freed lazily back to the free areas. False: there was nothing. Left out: kasan, cond_resched_lock. */
export function __purge_vmap_area_lazy(k: Kernel, start: VirtAddr, end: VirtAddr): boolean {
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
  purge_fragmented_blocks_allcpus(k);
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

// --- blocks of vm_map_ram() ------------------------------------------------------------------------------------------------

export type VmapBlock = Pointer<'struct vmap_block'>;

/** Pages in a block: a CPU is to find room for sixteen of them, in as much of vmalloc space as there is at least. */
export const VMAP_BBMAP_BITS = (k: Kernel): Int => {
  const VMALLOC_SPACE = 128 * 2 ** (k.wide ? 30 : 20);
  const cpus = 2 ** Math.ceil(Math.log2(k.smp ? k.CONFIG_NR_CPUS : 1));
  return Math.min(1024, Math.max(k.ptr_words * 64, VMALLOC_SPACE / PAGE_SIZE / cpus / 16));
};
export const VMAP_BLOCK_SIZE = (k: Kernel): ULong => VMAP_BBMAP_BITS(k) * PAGE_SIZE;

/** A block's place in vmap_blocks. */
export function addr_to_vb_idx(k: Kernel, addr: VirtAddr): ULong {
  const start: ULong = ALIGN_DOWN(VMALLOC_START(k), VMAP_BLOCK_SIZE(k));
  return Math.floor((addr - start) / VMAP_BLOCK_SIZE(k));
}

/** Its addresses go as those of any area; who looks for a block by RCU may still see it. */
export function free_vmap_block(k: Kernel, vb: VmapBlock): void {
  const va: VmapArea = k.read_ptr(k.plus(vb, k.vmap_block.va));
  __xa_erase(k, k.globals.vmap_blocks, addr_to_vb_idx(k, k.read_va(va + k.vmap_area.va_start)));
  free_vmap_area_noflush(k, va);
  // kfree_rcu(vb, rcu_head)
  call_rcu(k, k.plus(vb, k.vmap_block.callback_head), asVirt(k.vmap_block.callback_head * 4));
}

/** All that was used of it is unmapped, and something was never used. */
const isFragmented = (k: Kernel, vb: VmapBlock): boolean => {
  const free: ULong = k.read_ulong(k.plus(vb, k.vmap_block.free));
  const dirty: ULong = k.read_ulong(k.plus(vb, k.vmap_block.dirty));
  return free + dirty === VMAP_BBMAP_BITS(k) && dirty !== VMAP_BBMAP_BITS(k);
};

function purge_fragmented_blocks(k: Kernel, cpu: Int): void {
  const free: ListHead = asCell(per_cpu(k, 'vmap_block_queue', cpu) + k.vmap_block_queue.free);
  // A machine that was rebuilt from a recorded state has no queue yet.
  if (k.read_va(free) === 0) return;
  const purge: ListHead = k.machine.register('purge');
  INIT_LIST_HEAD(k, purge);
  let rounds = 0;
  for (
    let vb: VmapBlock = list_first_entry(k, free, k.vmap_block.free_list);
    !list_entry_is_head(k, vb, free, k.vmap_block.free_list);
    vb = list_next_entry(k, vb, k.vmap_block.free_list)
  ) {
    k.watchdog(++rounds);
    if (!isFragmented(k, vb)) continue;
    // Nobody takes pages of it any more, and all of it is to be flushed.
    k.write_long(k.plus(vb, k.vmap_block.free), 0);
    k.write_long(k.plus(vb, k.vmap_block.dirty), VMAP_BBMAP_BITS(k));
    k.write_long(k.plus(vb, k.vmap_block.dirty_min), 0);
    k.write_long(k.plus(vb, k.vmap_block.dirty_max), VMAP_BBMAP_BITS(k));
    // list_del_rcu(): who is on its way through the list goes on from it.
    __list_del_entry(k, k.plus(vb, k.vmap_block.free_list));
    k.write_words(
      k.plus(vb, k.vmap_block.free_list + k.list_head.prev),
      k.LIST_POISON2.low,
      k.LIST_POISON2.high,
    );
    list_add_tail(k, k.plus(vb, k.vmap_block.purge), purge);
  }
  for (
    let vb: VmapBlock = list_first_entry(k, purge, k.vmap_block.purge),
      n_vb: VmapBlock = list_next_entry(k, vb, k.vmap_block.purge);
    !list_entry_is_head(k, vb, purge, k.vmap_block.purge);
    vb = n_vb, n_vb = list_next_entry(k, n_vb, k.vmap_block.purge)
  ) {
    list_del(k, k.plus(vb, k.vmap_block.purge));
    free_vmap_block(k, vb);
  }
}

export function purge_fragmented_blocks_allcpus(k: Kernel): void {
  for (let cpu: Int = 0; cpu < nr_cpu_ids(k); cpu++)
    if (cpu_possible(k, cpu)) purge_fragmented_blocks(k, cpu);
}
