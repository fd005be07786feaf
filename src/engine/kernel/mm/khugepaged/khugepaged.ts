/**
 * Address spaces that khugepaged is to look for huge pages in: one that has an area for them is on its list until it ends. And what huge
 * pages ask of the reserves.
 *
 *     mm_slots_hash[hash_long(mm)] ─> mm_slot ─> mm      khugepaged_scan.mm_head ─> mm_slot->mm_node, in the order of looking
 *
 * Left out: the thread itself, which looks every ten seconds: no time passes here by itself (MADV_COLLAPSE does the same at once);
 * khugepaged_mm_lock, waking the thread up.
 * Source: Linux 6.1 mm/khugepaged.c: __khugepaged_enter() to __khugepaged_exit(), set_recommended_min_free_kbytes(); mm/mm_slot.h;
 * include/linux/khugepaged.h: khugepaged_fork(), khugepaged_exit().
 */
import {
  type Int,
  type KmemCache,
  type MmStruct,
  NULL,
  type ULong,
  type VmAreaStruct,
  type VmFlags,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, type Cell, PAGE_SHIFT, type VirtAddr } from '../../../memory/address.js';
import { clear_bit, test_and_set_bit, test_bit } from '../../arch/x86/include/asm/bitops.h.js';
import { mmdrop } from '../../kernel/fork/mmdrop.js';
import { gfp_zone } from '../../include/linux/gfp.h.js';
import { hash_long } from '../../include/linux/hash.h.js';
import { hugepage_flags_enabled } from '../../include/linux/huge_mm.h.js';
import {
  hlist_add_head,
  hlist_del_init,
  list_add_tail,
  list_del,
} from '../../include/linux/list.h.js';
import { MMF_VM_HUGEPAGE } from '../../include/linux/mm_types.h.js';
import { mmgrab } from '../../include/linux/sched/mm.h.js';
import { kmem_cache_free, kmem_cache_zalloc } from '../../include/linux/slab.h.js';
import { populated_zone, zone_idx } from '../../include/linux/mmzone.h.js';
import { hugepage_vma_check } from '../huge_memory/huge_memory.js';
import {
  calculate_min_free_kbytes,
  nr_free_buffer_pages,
  setup_per_zone_wmarks,
} from '../page_alloc/watermark_setup.js';

/** MM_SLOTS_HASH_BITS */
const MM_SLOTS_HASH_BITS = 10;

/** NULL: the machine was rebuilt from a state that does not tell where it is. */
const slotCache = (k: Kernel): KmemCache =>
  k.globals.mm_slot_cache === NULL || k.read_va(k.globals.mm_slot_cache) === 0
    ? NULL
    : k.read_ptr(k.globals.mm_slot_cache);

const bucketOf = (k: Kernel, mm: MmStruct): Cell => {
  const bucket: Int = hash_long(k, k.va_of(asCell(mm)), MM_SLOTS_HASH_BITS);
  return k.plus(k.globals.mm_slots_hash, bucket * k.ptr_words);
};

/** From here on khugepaged looks at the address space. It keeps the structure. */
export function __khugepaged_enter(k: Kernel, mm: MmStruct): void {
  const cache: KmemCache = slotCache(k);
  if (cache === NULL) return;
  const object: VirtAddr = kmem_cache_zalloc(k, cache, k.GFP_KERNEL);
  if (object === 0) return;
  // Both structures begin with the slot.
  const slot: Cell = k.cell_at(object);
  if (test_and_set_bit(k, MMF_VM_HUGEPAGE, k.plus(mm, k.mm_struct.flags))) {
    kmem_cache_free(k, cache, object);
    return;
  }
  // mm_slot_insert():
  k.write_ptr(slot + k.mm_slot.mm, mm);
  hlist_add_head(k, asCell(slot + k.mm_slot.hash), bucketOf(k, mm));
  // Behind all others: its areas are to settle down a little.
  const mm_head = k.globals.khugepaged_scan + k.khugepaged_scan.mm_head;
  list_add_tail(k, slot + k.mm_slot.mm_node, mm_head);
  mmgrab(k, mm);
}

export function khugepaged_enter_vma(k: Kernel, vma: VmAreaStruct, vm_flags: VmFlags): void {
  const mm: MmStruct = k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm));
  if (!hugepage_flags_enabled(k)) return;
  if (test_bit(k, MMF_VM_HUGEPAGE, k.plus(mm, k.mm_struct.flags))) return;
  if (hugepage_vma_check(k, vma, vm_flags, false, true)) __khugepaged_enter(k, mm);
}

/** The address space ends: khugepaged forgets it. Left out: waiting for a look that is under way. */
export function __khugepaged_exit(k: Kernel, mm: MmStruct): void {
  // mm_slot_lookup():
  let slot: Cell = k.read_ptr(bucketOf(k, mm));
  while (slot !== NULL && k.read_ptr(slot + k.mm_slot.mm) !== mm) slot = k.read_ptr(slot);
  if (slot === NULL) return;
  hlist_del_init(k, slot);
  list_del(k, slot + k.mm_slot.mm_node);
  clear_bit(k, MMF_VM_HUGEPAGE, k.plus(mm, k.mm_struct.flags));
  kmem_cache_free(k, slotCache(k), k.va_of(slot));
  mmdrop(k, mm);
}

/** A child has the areas of its parent. */
export function khugepaged_fork(k: Kernel, mm: MmStruct, oldmm: MmStruct): void {
  if (test_bit(k, MMF_VM_HUGEPAGE, k.plus(oldmm, k.mm_struct.flags))) __khugepaged_enter(k, mm);
}

export function khugepaged_exit(k: Kernel, mm: MmStruct): void {
  if (test_bit(k, MMF_VM_HUGEPAGE, k.plus(mm, k.mm_struct.flags))) __khugepaged_exit(k, mm);
}

// --- the reserves --------------------------------------------------------------------------------------------------------

/** With huge pages two pageblocks of each type are to be kept free, within 5 % of lowmem. */
export function set_recommended_min_free_kbytes(k: Kernel): void {
  update_wmarks: {
    if (!hugepage_flags_enabled(k)) {
      calculate_min_free_kbytes(k);
      break update_wmarks;
    }

    let nr_zones: Int = 0;
    for (const zone of k.zones) {
      // ZONE_MOVABLE has movable pages only: they cannot be fragmented for good.
      if (!populated_zone(k, zone) || zone_idx(k, zone) > gfp_zone(k, k.GFP_USER)) continue;
      nr_zones++;
    }

    // Two free pageblocks, so that none must be stolen,
    let recommended_min: ULong = k.pageblock_nr_pages * nr_zones * 2;
    // and two of each type that are almost free, for each type to fall back to.
    recommended_min += k.pageblock_nr_pages * nr_zones * k.MIGRATE_PCPTYPES * k.MIGRATE_PCPTYPES;
    recommended_min = Math.min(recommended_min, Math.floor(nr_free_buffer_pages(k) / 20));
    recommended_min *= 1 << (PAGE_SHIFT - 10);

    const min_free_kbytes = k.globals.min_free_kbytes;
    if (recommended_min > k.words[min_free_kbytes]!) k.write(min_free_kbytes, recommended_min);
  }
  // update_wmarks:
  setup_per_zone_wmarks(k);
}
