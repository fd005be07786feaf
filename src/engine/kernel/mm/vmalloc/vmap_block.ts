/**
 * vm_map_ram(): a few pages mapped for a short time. Each CPU cuts its mappings off one block of vmalloc space, one behind the other, and
 * unmaps them without giving addresses back; when all of a block has been used and unmapped, the block goes.
 *
 *     block   | used, unmapped (dirty) | used | ... | free |      VMAP_BBMAP_BITS pages, aligned to its size
 *     vmap_block_queue (per CPU): blocks with something free      vmap_blocks: every block by its address
 *
 * More than VMAP_MAX_ALLOC pages get an area of their own.
 *
 * Left out: locks, kasan, flush_cache_vunmap (x86's caches know physical addresses only), debug_pagealloc_enabled_static.
 * Source: Linux 6.1 mm/vmalloc.c: addr_to_vb_idx() to vm_map_ram().
 */
import {
  type Gfp,
  type Int,
  type ListHead,
  NULL,
  type Order,
  type Page,
  type ULong,
  type VmapArea,
} from '../../../machine/ctypes.js';
import { KernelFault } from '../../../machine/events.js';
import type { Kernel } from '../../../machine/kernel.js';
import { ULONG_MAX, umax, umin } from '../../../machine/ulong.js';
import { asCell, asVirt, PAGE_SHIFT, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { PAGE_KERNEL } from '../../arch/x86/include/asm/pgtable_types.h.js';
import { VMALLOC_END, VMALLOC_START } from '../../arch/x86/include/asm/pgtable_areas.h.js';
import { flush_tlb_kernel_range } from '../../arch/x86/mm/tlb.js';
import { get_order } from '../../include/asm-generic/getorder.h.js';
import { WARN_ON_ONCE } from '../../include/asm-generic/bug.h.js';
import { cpu_possible, nr_cpu_ids } from '../../include/linux/cpumask.h.js';
import {
  INIT_LIST_HEAD,
  list_add_tail,
  list_del,
  list_entry_is_head,
  list_first_entry,
  list_next_entry,
} from '../../include/linux/list.h.js';
import { per_cpu, this_cpu_ptr } from '../../include/linux/percpu-defs.h.js';
import { __xa_insert } from '../../lib/xarray/entries.js';
import { xa_load } from '../../lib/xarray/xarray.js';
import { GFP_RECLAIM_MASK } from '../internal.h.js';
import { kfree, kmalloc } from '../slab_common/kmalloc.js';
import { alloc_vmap_area } from './alloc.js';
import { vmap_pages_range } from './map_pages.js';
import {
  __purge_vmap_area_lazy,
  addr_to_vb_idx,
  free_unmap_vmap_area,
  free_vmap_area_noflush,
  free_vmap_block,
  purge_fragmented_blocks_allcpus,
  VMAP_BBMAP_BITS,
  VMAP_BLOCK_SIZE,
  type VmapBlock,
} from './purge.js';
import { vunmap_range_noflush } from './unmap.js';
import { find_vmap_area } from './vmap_area.js';

/** Pages that one mapping may have in a block: BITS_PER_LONG. */
const VMAP_MAX_ALLOC = (k: Kernel): Int => k.ptr_words * 32;

const bugOn = (condition: boolean): void => {
  if (condition) throw new KernelFault('kernel BUG at mm/vmalloc.c!');
};

/** &this_cpu->vmap_block_queue.free. A machine that was rebuilt from a recorded state has no queue yet. */
const queueOf = (k: Kernel): ListHead => {
  const free: ListHead = asCell(this_cpu_ptr(k, 'vmap_block_queue') + k.vmap_block_queue.free);
  if (k.read_va(free) === 0) INIT_LIST_HEAD(k, free);
  return free;
};

function vmap_block_vaddr(k: Kernel, va_start: VirtAddr, pages_off: ULong): VirtAddr {
  const addr = asVirt(va_start + pages_off * PAGE_SIZE);
  bugOn(addr_to_vb_idx(k, addr) !== addr_to_vb_idx(k, va_start));
  return addr;
}

/** A block, and its first pages taken: where they are; 0: no room, or no memory. Left out: the errno, of which the caller makes NULL. */
function new_vmap_block(k: Kernel, order: Order, gfp_mask: Gfp): VirtAddr {
  const object: VirtAddr = kmalloc(k, k.sizeof.vmap_block, gfp_mask & GFP_RECLAIM_MASK(k));
  if (object === 0) return asVirt(0);
  const vb: VmapBlock = k.cell_at(object);
  const size: ULong = VMAP_BLOCK_SIZE(k);
  const va: VmapArea = alloc_vmap_area(k, size, size, VMALLOC_START(k), VMALLOC_END(k), gfp_mask);
  if (va === NULL) {
    kfree(k, object);
    return asVirt(0);
  }
  const va_start: VirtAddr = k.read_va(va + k.vmap_area.va_start);
  const vaddr: VirtAddr = vmap_block_vaddr(k, va_start, 0);
  if (k.smp) k.write(vb, 0);
  k.write_ptr(k.plus(vb, k.vmap_block.va), va);
  bugOn(VMAP_BBMAP_BITS(k) <= 1 << order);
  k.write_long(k.plus(vb, k.vmap_block.free), VMAP_BBMAP_BITS(k) - (1 << order));
  k.write_long(k.plus(vb, k.vmap_block.dirty), 0);
  // No range: it grows with the first that is unmapped.
  k.write_long(k.plus(vb, k.vmap_block.dirty_min), VMAP_BBMAP_BITS(k));
  k.write_long(k.plus(vb, k.vmap_block.dirty_max), 0);
  INIT_LIST_HEAD(k, k.plus(vb, k.vmap_block.free_list));

  const vb_idx: ULong = addr_to_vb_idx(k, va_start);
  if (__xa_insert(k, k.globals.vmap_blocks, vb_idx, object) !== 0) {
    kfree(k, object);
    free_vmap_area_noflush(k, va);
    return asVirt(0);
  }
  list_add_tail(k, k.plus(vb, k.vmap_block.free_list), queueOf(k));
  return vaddr;
}

/** The next pages of a block that has enough of them, else the first of a new one. */
function vb_alloc(k: Kernel, size: ULong, gfp_mask: Gfp): VirtAddr {
  bugOn(size > PAGE_SIZE * VMAP_MAX_ALLOC(k));
  if (WARN_ON_ONCE(k, size === 0, 'mm/vmalloc.c: vb_alloc: size == 0')) return asVirt(0);
  const order: Order = get_order(k, size);
  const free: ListHead = queueOf(k);
  let rounds = 0;
  for (
    let vb: VmapBlock = list_first_entry(k, free, k.vmap_block.free_list);
    !list_entry_is_head(k, vb, free, k.vmap_block.free_list);
    vb = list_next_entry(k, vb, k.vmap_block.free_list)
  ) {
    k.watchdog(++rounds);
    const left: ULong = k.read_ulong(k.plus(vb, k.vmap_block.free));
    if (left < 1 << order) continue;
    const pages_off: ULong = VMAP_BBMAP_BITS(k) - left;
    const va: VmapArea = k.read_ptr(k.plus(vb, k.vmap_block.va));
    const vaddr: VirtAddr = vmap_block_vaddr(k, k.read_va(va + k.vmap_area.va_start), pages_off);
    k.add_long(k.plus(vb, k.vmap_block.free), -(1 << order));
    // Nothing is left of it: the next search need not look.
    if (k.read_ulong(k.plus(vb, k.vmap_block.free)) === 0)
      list_del(k, k.plus(vb, k.vmap_block.free_list));
    return vaddr;
  }
  return new_vmap_block(k, order, gfp_mask);
}

/** Unmaps, and says which part of the block may still be in a TLB. */
function vb_free(k: Kernel, addr: VirtAddr, size: ULong): void {
  bugOn(size > PAGE_SIZE * VMAP_MAX_ALLOC(k));
  const order: Order = get_order(k, size);
  const index: ULong = addr_to_vb_idx(k, addr);
  const block: VirtAddr = xa_load(k, k.globals.vmap_blocks, index);
  vunmap_range_noflush(k, addr, asVirt(addr + size));

  const vb: VmapBlock = k.deref(block === 0 ? NULL : k.cell_at(block), k.vmap_block.dirty_min);
  const va: VmapArea = k.read_ptr(k.plus(vb, k.vmap_block.va));
  const offset: ULong = (addr - k.read_va(va + k.vmap_area.va_start)) / PAGE_SIZE;
  const dirty_min = k.plus(vb, k.vmap_block.dirty_min);
  const dirty_max = k.plus(vb, k.vmap_block.dirty_max);
  k.write_long(dirty_min, Math.min(k.read_ulong(dirty_min), offset));
  k.write_long(dirty_max, Math.max(k.read_ulong(dirty_max), offset + (1 << order)));
  k.add_long(k.plus(vb, k.vmap_block.dirty), 1 << order);
  if (k.read_ulong(k.plus(vb, k.vmap_block.dirty)) !== VMAP_BBMAP_BITS(k)) return;
  bugOn(k.read_ulong(k.plus(vb, k.vmap_block.free)) !== 0);
  free_vmap_block(k, vb);
}

/**
 * Gives back what was freed lazily, and flushes what was unmapped in blocks.
 *
 * @param start with `end` a range that is to be flushed at least; a start above its end: none
 */
function _vm_unmap_aliases(k: Kernel, start: ULong, end: ULong, flush: boolean): void {
  for (let cpu: Int = 0; cpu < nr_cpu_ids(k); cpu++) {
    if (!cpu_possible(k, cpu)) continue;
    const free: ListHead = asCell(per_cpu(k, 'vmap_block_queue', cpu) + k.vmap_block_queue.free);
    if (k.read_va(free) === 0) continue;
    let rounds = 0;
    for (
      let vb: VmapBlock = list_first_entry(k, free, k.vmap_block.free_list);
      !list_entry_is_head(k, vb, free, k.vmap_block.free_list);
      vb = list_next_entry(k, vb, k.vmap_block.free_list)
    ) {
      k.watchdog(++rounds);
      const dirty: ULong = k.read_ulong(k.plus(vb, k.vmap_block.dirty));
      if (dirty === 0 || dirty === VMAP_BBMAP_BITS(k)) continue;
      const va: VmapArea = k.read_ptr(k.plus(vb, k.vmap_block.va));
      const va_start: VirtAddr = k.read_va(va + k.vmap_area.va_start);
      const dirty_min: ULong = k.read_ulong(k.plus(vb, k.vmap_block.dirty_min));
      const dirty_max: ULong = k.read_ulong(k.plus(vb, k.vmap_block.dirty_max));
      start = umin(start, va_start + dirty_min * PAGE_SIZE);
      end = umax(end, va_start + dirty_max * PAGE_SIZE);
      flush = true;
    }
  }
  purge_fragmented_blocks_allcpus(k);
  if (!__purge_vmap_area_lazy(k, asVirt(start), asVirt(end)) && flush)
    flush_tlb_kernel_range(k, asVirt(start), asVirt(end));
}

/** Afterwards nobody has a stale mapping of any page that was mapped in vmalloc space. */
export function vm_unmap_aliases(k: Kernel): void {
  _vm_unmap_aliases(k, ULONG_MAX(k), 0, false);
}

/** @param count what vm_map_ram() was given: there is no other account of it */
export function vm_unmap_ram(k: Kernel, mem: VirtAddr, count: Int): void {
  const addr: VirtAddr = mem;
  const inSpace = umin(umax(addr, VMALLOC_START(k)), VMALLOC_END(k)) === addr;
  bugOn(addr === 0 || !inSpace || addr % PAGE_SIZE !== 0);
  if (count <= VMAP_MAX_ALLOC(k)) {
    vb_free(k, addr, count * 2 ** PAGE_SHIFT);
    return;
  }
  const va: VmapArea = find_vmap_area(k, addr);
  bugOn(va === NULL);
  free_unmap_vmap_area(k, va);
}

/** The pages side by side; 0: no room, or no memory. */
export function vm_map_ram(k: Kernel, pages: readonly Page[], count: Int): VirtAddr {
  const size: ULong = count * PAGE_SIZE;
  let addr: VirtAddr;
  if (count <= VMAP_MAX_ALLOC(k)) {
    addr = vb_alloc(k, size, k.GFP_KERNEL);
    if (addr === 0) return asVirt(0);
  } else {
    const va: VmapArea = alloc_vmap_area(
      k,
      size,
      PAGE_SIZE,
      VMALLOC_START(k),
      VMALLOC_END(k),
      k.GFP_KERNEL,
    );
    if (va === NULL) return asVirt(0);
    addr = k.read_va(va + k.vmap_area.va_start);
  }
  const end = asVirt(addr + size);
  if (vmap_pages_range(k, addr, end, PAGE_KERNEL(k), pages, PAGE_SHIFT) < 0) {
    vm_unmap_ram(k, addr, count);
    return asVirt(0);
  }
  return addr;
}
