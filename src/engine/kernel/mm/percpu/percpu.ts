/**
 * Dynamic per-CPU memory: the same area in the unit of every CPU. A chunk has a bitmap of the 4-byte pieces that are taken and
 * one of where areas begin and end; chunks stand on lists by the size of their largest free area.
 *
 * An area is named by its address in the first unit (SMP: relative to the kernel's own per-CPU data); per_cpu_ptr() leads to a
 * CPU's. Where there is one CPU they are the same.
 *
 * Left out: pcpu_lock, pcpu_alloc_mutex. The work that keeps some pages at hand and gives others back is in balance.ts.
 *
 * Source: Linux 6.1 mm/percpu.c: pcpu_alloc_area() to pcpu_free_area(), pcpu_alloc() to free_percpu().
 */
import {
  type Gfp,
  type Int,
  type ListHead,
  NULL,
  type PcpuBlockMd,
  type PcpuChunk,
  type Out,
  type ULong,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { ALIGN } from '../../include/linux/align.h.js';
import { cpu_possible, nr_cpu_ids } from '../../include/linux/cpumask.h.js';
import {
  list_empty,
  list_entry_is_head,
  list_first_entry,
  list_next_entry,
} from '../../include/linux/list.h.js';
import {
  PCPU_BITMAP_BLOCK_BITS,
  PCPU_MIN_ALLOC_SHIFT,
  PCPU_MIN_ALLOC_SIZE,
  PCPU_MIN_UNIT_SIZE,
} from '../../include/linux/percpu.h.js';
import { pr_warn } from '../../include/linux/printk.h.js';
import { current_gfp_context } from '../../include/linux/sched/mm.h.js';
import { bitmap_clear, bitmap_set } from '../../lib/bitmap.js';
import { find_next_bit, find_next_zero_bit } from '../../lib/find_bit.js';
import { memset } from '../../lib/string.js';
import { pcpu_chunk_map_bits } from '../percpu-internal.h.js';
import {
  atomicAllocationFailed,
  PCPU_EMPTY_POP_PAGES_LOW,
  pcpu_create_chunk,
  pcpu_populate_chunk,
  pcpu_schedule_balance_work,
  pcpu_should_reclaim_chunk,
} from './balance.js';
import { pcpu_block_update_scan } from './block.js';
import {
  __addr_to_pcpu_ptr,
  __pcpu_ptr_to_addr,
  pcpu_chunk_addr,
  pcpu_chunk_addr_search,
  pcpu_chunk_populated,
} from './chunk.js';
import {
  chunkList,
  pcpu_chunk_move,
  pcpu_chunk_relocate,
  pcpu_chunk_slot,
  pcpu_isolate_chunk,
  pcpu_reintegrate_chunk,
  pcpu_size_to_slot,
} from './chunk_hints.js';
import { pcpu_find_block_fit, pcpu_find_zero_area } from './fit.js';
import { pcpu_block_update_hint_alloc, pcpu_block_update_hint_free } from './hints.js';

/** Chunks in slots below this are put aside when an allocation from them failed. */
const PCPU_SLOT_FAIL_THRESHOLD = 3;

// --- areas -------------------------------------------------------------------------------------------------------------

/** Takes an area from a chunk, looking from bit `start` on. Its offset in bytes; -1 when none fits. */
function pcpu_alloc_area(
  k: Kernel,
  chunk: PcpuChunk,
  alloc_bits: Int,
  align: Int,
  start: Int,
): Int {
  const chunk_md: PcpuBlockMd = k.plus(chunk, k.pcpu_chunk.chunk_md);
  const alloc_map: VirtAddr = k.read_va(k.plus(chunk, k.pcpu_chunk.alloc_map));
  const bound_map: VirtAddr = k.read_va(k.plus(chunk, k.pcpu_chunk.bound_map));
  const align_mask: ULong = align !== 0 ? align - 1 : 0;
  const area_off: Out<ULong> = { value: 0 };
  const area_bits: Out<ULong> = { value: 0 };
  // Worked out before the hints change: it tells pcpu_chunk_relocate() where the chunk stands.
  const oslot: Int = pcpu_chunk_slot(k, chunk);

  // The hints may have been too small, but not by more than a block.
  const end: Int = Math.min(
    start + alloc_bits + PCPU_BITMAP_BLOCK_BITS,
    pcpu_chunk_map_bits(k, chunk),
  );
  const bit_off: Int = pcpu_find_zero_area(
    k,
    alloc_map,
    end,
    start,
    alloc_bits,
    align_mask,
    area_off,
    area_bits,
  );
  if (bit_off >= end) return -1;
  // A gap that was too small for this request may do for the next one.
  if (area_bits.value !== 0) pcpu_block_update_scan(k, chunk, area_off.value, area_bits.value);

  bitmap_set(k, alloc_map, bit_off, alloc_bits);
  // One bit where it begins, one where it ends: that is how its size is found when it is freed.
  bitmap_set(k, bound_map, bit_off, 1);
  bitmap_clear(k, bound_map, bit_off + 1, alloc_bits - 1);
  bitmap_set(k, bound_map, bit_off + alloc_bits, 1);

  const free_bytes = k.plus(chunk, k.pcpu_chunk.free_bytes);
  k.write(free_bytes, k.words[free_bytes]! - alloc_bits * PCPU_MIN_ALLOC_SIZE);
  // The chunk's first_free is kept here, those of its blocks together with their other hints.
  if (bit_off === k.read_int(k.plus(chunk_md, k.pcpu_block_md.first_free)))
    k.write(
      k.plus(chunk_md, k.pcpu_block_md.first_free),
      find_next_zero_bit(k, alloc_map, pcpu_chunk_map_bits(k, chunk), bit_off + alloc_bits),
    );
  pcpu_block_update_hint_alloc(k, chunk, bit_off, alloc_bits);
  pcpu_chunk_relocate(k, chunk, oslot);
  return bit_off * PCPU_MIN_ALLOC_SIZE;
}

/** Gives back the area at `off`, whose end bound_map tells. How many bytes it had. */
function pcpu_free_area(k: Kernel, chunk: PcpuChunk, off: Int): Int {
  const chunk_md: PcpuBlockMd = k.plus(chunk, k.pcpu_chunk.chunk_md);
  const oslot: Int = pcpu_chunk_slot(k, chunk);
  const bit_off: Int = off / PCPU_MIN_ALLOC_SIZE;
  const bound_map: VirtAddr = k.read_va(k.plus(chunk, k.pcpu_chunk.bound_map));
  // The bounds are not cleared: the next area that comes to lie here clears those inside it.
  const end: Int = find_next_bit(k, bound_map, pcpu_chunk_map_bits(k, chunk), bit_off + 1);
  const bits: Int = end - bit_off;
  bitmap_clear(k, k.read_va(k.plus(chunk, k.pcpu_chunk.alloc_map)), bit_off, bits);

  const freed: Int = bits * PCPU_MIN_ALLOC_SIZE;
  const free_bytes = k.plus(chunk, k.pcpu_chunk.free_bytes);
  k.write(free_bytes, k.words[free_bytes]! + freed);
  const first_free: Int = k.read_int(k.plus(chunk_md, k.pcpu_block_md.first_free));
  k.write(k.plus(chunk_md, k.pcpu_block_md.first_free), Math.min(first_free, bit_off));
  pcpu_block_update_hint_free(k, chunk, bit_off, bits);
  pcpu_chunk_relocate(k, chunk, oslot);
  return freed;
}

// --- allocating, freeing -----------------------------------------------------------------------------------------------

/** The failure is said, unless nobody wants to hear of it. */
function allocationFailed(k: Kernel, size: Int, align: Int, gfp: Gfp, err: string): VirtAddr {
  if ((gfp & k.__GFP_NOWARN) === 0)
    pr_warn(k, `percpu: allocation failed, size=${size} align=${align} atomic=0, ${err}`);
  return asVirt(0);
}

/**
 * An area for every CPU; 0 when there is no room.
 *
 * Left out: memcg, the reserved chunk, kmemleak, dump_stack.
 */
function pcpu_alloc(k: Kernel, size: Int, align: Int, gfp: Gfp): VirtAddr {
  gfp = current_gfp_context(k, gfp);
  // Only these go on to a new chunk: its memory serves later requests as well.
  const pcpu_gfp: Gfp = gfp & (k.GFP_KERNEL | k.__GFP_NORETRY | k.__GFP_NOWARN);
  const is_atomic: boolean = (gfp & k.__GFP_DIRECT_RECLAIM) === 0;
  // A bit of the maps stands for PCPU_MIN_ALLOC_SIZE bytes: nothing finer can be recorded.
  if (align < PCPU_MIN_ALLOC_SIZE) align = PCPU_MIN_ALLOC_SIZE;
  size = ALIGN(size, PCPU_MIN_ALLOC_SIZE);
  const bits: Int = size >> PCPU_MIN_ALLOC_SHIFT;
  const bit_align: Int = align >> PCPU_MIN_ALLOC_SHIFT;
  if (size === 0 || size > PCPU_MIN_UNIT_SIZE || align > PAGE_SIZE || (align & (align - 1)) !== 0) {
    const text = `illegal size (${size}) or align (${align}) for percpu allocation`;
    k.emit({ kind: 'warn', text });
    return asVirt(0);
  }

  let chunk: PcpuChunk;
  let off: Int;
  area_found: {
    // restart:
    for (;;) {
      // The chunks with the smallest sufficient area first, so that large ones stay whole.
      for (
        let slot: Int = pcpu_size_to_slot(k, size);
        slot <= k.read_int(k.globals.pcpu_free_slot);
        slot++
      ) {
        const head: ListHead = chunkList(k, slot);
        for (
          let pos: PcpuChunk = list_first_entry(k, head, k.pcpu_chunk.list),
            next: PcpuChunk = list_next_entry(k, pos, k.pcpu_chunk.list);
          !list_entry_is_head(k, pos, head, k.pcpu_chunk.list);
          pos = next, next = list_next_entry(k, next, k.pcpu_chunk.list)
        ) {
          // `next` is known already: the chunk may leave this list below.
          chunk = pos;
          off = pcpu_find_block_fit(k, chunk, bits, bit_align, is_atomic);
          if (off < 0) {
            // It would fail again and again: put aside until something of it is freed.
            if (slot < PCPU_SLOT_FAIL_THRESHOLD) pcpu_chunk_move(k, chunk, 0);
            continue;
          }
          off = pcpu_alloc_area(k, chunk, bits, bit_align, off);
          // Negative when the bitmap does not hold what the hints promised: on to the next chunk.
          if (off >= 0) {
            pcpu_reintegrate_chunk(k, chunk);
            break area_found;
          }
        }
      }

      const free_slot: ListHead = chunkList(k, k.read_int(k.globals.pcpu_free_slot));
      // A caller that must not wait takes what is there. The next one is to find more.
      if (is_atomic) {
        atomicAllocationFailed(k);
        return asVirt(0);
      }
      // None of the kind that would do, whatever is asked for.
      if (list_empty(k, free_slot)) {
        chunk = pcpu_create_chunk(k, pcpu_gfp);
        if (chunk === NULL)
          return allocationFailed(k, size, align, gfp, 'failed to allocate new chunk');
        // It stands on no list yet. The search begins again, and finds it there.
        pcpu_chunk_relocate(k, chunk, -1);
      }
    }
  }
  // area_found:
  // Pages of the area that are not there yet, in every unit.
  if (!is_atomic) {
    const populated: VirtAddr = k.va_of(k.plus(chunk, k.pcpu_chunk.populated));
    const page_end: Int = Math.ceil((off + size) / PAGE_SIZE);
    let rs: Int = find_next_zero_bit(k, populated, page_end, Math.floor(off / PAGE_SIZE));
    while (rs < page_end) {
      const re: Int = find_next_bit(k, populated, page_end, rs);
      if (pcpu_populate_chunk(k, chunk, rs, re, pcpu_gfp) !== 0) {
        pcpu_free_area(k, chunk, off);
        return allocationFailed(k, size, align, gfp, 'failed to populate');
      }
      pcpu_chunk_populated(k, chunk, rs, re);
      rs = find_next_zero_bit(k, populated, page_end, re);
    }
  }
  if (k.read_int(k.globals.pcpu_nr_empty_pop_pages) < PCPU_EMPTY_POP_PAGES_LOW)
    pcpu_schedule_balance_work(k);
  // In the units of all CPUs that may ever come: one that starts later finds zeros too.
  for (let cpu: Int = 0; cpu < nr_cpu_ids(k); cpu++)
    if (cpu_possible(k, cpu)) memset(k, asVirt(pcpu_chunk_addr(k, chunk, cpu, 0) + off), 0, size);
  return __addr_to_pcpu_ptr(k, asVirt(k.read_va(k.plus(chunk, k.pcpu_chunk.base_addr)) + off));
}

/** Zeroed memory for every CPU; what it returns is good for per_cpu_ptr() and free_percpu(). */
export function __alloc_percpu(k: Kernel, size: Int, align: Int): VirtAddr {
  return pcpu_alloc(k, size, align, k.GFP_KERNEL);
}

/** The same with flags of the caller's. */
export function __alloc_percpu_gfp(k: Kernel, size: Int, align: Int, gfp: Gfp): VirtAddr {
  return pcpu_alloc(k, size, align, gfp);
}

/** Gives an area back, for all CPUs at once. Left out: memcg. */
export function free_percpu(k: Kernel, ptr: VirtAddr): void {
  if (ptr === 0) return;
  const addr: VirtAddr = __pcpu_ptr_to_addr(k, ptr);
  const chunk: PcpuChunk = pcpu_chunk_addr_search(k, addr);
  const off: Int = addr - k.read_va(k.plus(chunk, k.pcpu_chunk.base_addr));
  pcpu_free_area(k, chunk, off);

  let need_balance = false;
  const isFree: boolean =
    k.read_int(k.plus(chunk, k.pcpu_chunk.free_bytes)) === k.read_int(k.globals.pcpu_unit_size);
  if (!k.read_bool(chunk, k.pcpu_chunk.isolated) && isFree) {
    // One chunk that is wholly free is kept, the others go.
    const free_slot: ListHead = chunkList(k, k.read_int(k.globals.pcpu_free_slot));
    for (
      let pos: PcpuChunk = list_first_entry(k, free_slot, k.pcpu_chunk.list);
      !list_entry_is_head(k, pos, free_slot, k.pcpu_chunk.list);
      pos = list_next_entry(k, pos, k.pcpu_chunk.list)
    )
      if (pos !== chunk) {
        need_balance = true;
        break;
      }
  } else if (pcpu_should_reclaim_chunk(k, chunk)) {
    pcpu_isolate_chunk(k, chunk);
    need_balance = true;
  }
  if (need_balance) pcpu_schedule_balance_work(k);
}
