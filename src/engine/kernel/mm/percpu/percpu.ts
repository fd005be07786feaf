/**
 * Dynamic per-CPU memory: the same area in the unit of every CPU. A chunk has a bitmap of the 4-byte pieces that are taken and
 * one of where areas begin and end; chunks stand on lists by the size of their largest free area.
 *
 *     pcpu_chunk_lists[slot]     slot grows with the largest free area; on pcpu_free_slot are chunks that are wholly free
 *
 * An area is named by its address in the first unit (SMP: relative to the kernel's own per-CPU data); per_cpu_ptr() leads to a
 * CPU's. Where there is one CPU they are the same.
 * Differs: on SMP no further chunk is made (that takes vmalloc space): when the first one is full, the allocation fails. The
 * work that keeps some pages populated is not scheduled.
 * Source: Linux 6.1 mm/percpu.c: pcpu_alloc(), free_percpu() and what they call.
 */
import {
  type Gfp,
  type Int,
  type ListHead,
  NULL,
  type PcpuChunk,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type VirtAddr } from '../../../memory/address.js';
import { ALIGN } from '../../include/linux/align.h.js';
import { fls } from '../../include/linux/bitops.h.js';
import { cpu_possible, nr_cpu_ids } from '../../include/linux/cpumask.h.js';
import { list_empty, list_move, list_move_tail, list_next } from '../../include/linux/list.h.js';
import { bitmap_clear, bitmap_set } from '../../lib/bitmap.js';
import { find_next_bit, find_next_zero_bit } from '../../lib/find_bit.js';
import {
  PCPU_BITMAP_BLOCK_BITS,
  pcpu_block_update_scan,
  pcpu_chunk_map_bits,
  pcpu_chunk_md,
  pcpu_get,
  PCPU_MIN_ALLOC_SIZE,
  pcpu_set,
  pcpu_va,
} from './block.js';
import { pcpu_chunk_addr_search, pcpu_create_chunk, pcpu_ptr_to_addr } from './chunk.js';
import { pcpu_find_block_fit, pcpu_find_zero_area } from './fit.js';
import {
  pcpu_block_update_hint_alloc,
  pcpu_block_update_hint_free,
  pcpu_clear_isolated,
  pcpu_is_isolated,
  pcpu_is_reserved,
} from './hints.js';

/** 1 to 31 bytes share a slot. */
const PCPU_SLOT_BASE_SHIFT = 5;
/** Chunks in slots below this are put aside when an allocation from them failed. */
const PCPU_SLOT_FAIL_THRESHOLD = 3;
/** The largest area that may be asked for. */
const PCPU_MIN_UNIT_SIZE = 32 << 10;

// --- the lists of chunks -----------------------------------------------------------------------------------------------

function pcpu_size_to_slot(k: Kernel, size: Int): Int {
  if (size === k.words[k.globals.pcpu_unit_size]!) return k.words[k.globals.pcpu_free_slot]!;
  return Math.max(fls(size) - PCPU_SLOT_BASE_SHIFT + 2, 1);
}

function pcpu_chunk_slot(k: Kernel, chunk: PcpuChunk): Int {
  const contig_hint: Int = pcpu_get(k, pcpu_chunk_md(k, chunk), k.pcpu_block_md.contig_hint);
  if (pcpu_get(k, chunk, k.pcpu_chunk.free_bytes) < PCPU_MIN_ALLOC_SIZE || contig_hint === 0)
    return 0;
  return pcpu_size_to_slot(k, contig_hint * PCPU_MIN_ALLOC_SIZE);
}

/** &pcpu_chunk_lists[slot] */
const pcpu_slot = (k: Kernel, slot: Int): ListHead =>
  k.plus(k.read_ptr(k.globals.pcpu_chunk_lists), slot * k.stride.list_head);

const chunk_list = (k: Kernel, chunk: PcpuChunk): ListHead => k.plus(chunk, k.pcpu_chunk.list);

function __pcpu_chunk_move(k: Kernel, chunk: PcpuChunk, slot: Int, move_front: boolean): void {
  if (pcpu_is_reserved(k, chunk)) return;
  if (move_front) list_move(k, chunk_list(k, chunk), pcpu_slot(k, slot));
  else list_move_tail(k, chunk_list(k, chunk), pcpu_slot(k, slot));
}

/** Puts a chunk on the list it belongs to after its largest free area changed. */
function pcpu_chunk_relocate(k: Kernel, chunk: PcpuChunk, oslot: Int): void {
  const nslot: Int = pcpu_chunk_slot(k, chunk);
  if (pcpu_is_isolated(k, chunk)) return;
  if (oslot !== nslot) __pcpu_chunk_move(k, chunk, nslot, oslot < nslot);
}

function pcpu_reintegrate_chunk(k: Kernel, chunk: PcpuChunk): void {
  if (pcpu_clear_isolated(k, chunk)) pcpu_chunk_relocate(k, chunk, -1);
}

// --- areas -------------------------------------------------------------------------------------------------------------

/** Takes an area from a chunk, looking from bit `start` on. Its offset in bytes; -1 when none fits. */
function pcpu_alloc_area(
  k: Kernel,
  chunk: PcpuChunk,
  alloc_bits: Int,
  align: Int,
  start: Int,
): Int {
  const chunk_md = pcpu_chunk_md(k, chunk);
  const oslot: Int = pcpu_chunk_slot(k, chunk);
  const alloc_map: VirtAddr = pcpu_va(k, chunk, k.pcpu_chunk.alloc_map);
  const map_bits: Int = pcpu_chunk_map_bits(k, chunk);
  const end: Int = Math.min(start + alloc_bits + PCPU_BITMAP_BLOCK_BITS, map_bits);
  const found = pcpu_find_zero_area(k, alloc_map, end, start, alloc_bits, align - 1);
  const bit_off: Int = found.index;
  if (bit_off >= end) return -1;
  if (found.largest_bits !== 0)
    pcpu_block_update_scan(k, chunk, found.largest_off, found.largest_bits);

  bitmap_set(k, alloc_map, bit_off, alloc_bits);
  const bound_map: VirtAddr = pcpu_va(k, chunk, k.pcpu_chunk.bound_map);
  bitmap_set(k, bound_map, bit_off, 1);
  bitmap_clear(k, bound_map, bit_off + 1, alloc_bits - 1);
  bitmap_set(k, bound_map, bit_off + alloc_bits, 1);

  add_free_bytes(k, chunk, -alloc_bits * PCPU_MIN_ALLOC_SIZE);
  if (bit_off === pcpu_get(k, chunk_md, k.pcpu_block_md.first_free)) {
    const first_free: Int = find_next_zero_bit(k, alloc_map, map_bits, bit_off + alloc_bits);
    pcpu_set(k, chunk_md, k.pcpu_block_md.first_free, first_free);
  }
  pcpu_block_update_hint_alloc(k, chunk, bit_off, alloc_bits);
  pcpu_chunk_relocate(k, chunk, oslot);
  return bit_off * PCPU_MIN_ALLOC_SIZE;
}

/** Gives back the area at `off`, whose end bound_map tells. */
function pcpu_free_area(k: Kernel, chunk: PcpuChunk, off: Int): void {
  const chunk_md = pcpu_chunk_md(k, chunk);
  const oslot: Int = pcpu_chunk_slot(k, chunk);
  const bit_off: Int = off / PCPU_MIN_ALLOC_SIZE;
  const bound_map: VirtAddr = pcpu_va(k, chunk, k.pcpu_chunk.bound_map);
  const end: Int = find_next_bit(k, bound_map, pcpu_chunk_map_bits(k, chunk), bit_off + 1);
  const bits: Int = end - bit_off;
  bitmap_clear(k, pcpu_va(k, chunk, k.pcpu_chunk.alloc_map), bit_off, bits);

  add_free_bytes(k, chunk, bits * PCPU_MIN_ALLOC_SIZE);
  const first_free: Int = Math.min(pcpu_get(k, chunk_md, k.pcpu_block_md.first_free), bit_off);
  pcpu_set(k, chunk_md, k.pcpu_block_md.first_free, first_free);
  pcpu_block_update_hint_free(k, chunk, bit_off, bits);
  pcpu_chunk_relocate(k, chunk, oslot);
}

function add_free_bytes(k: Kernel, chunk: PcpuChunk, bytes: Int): void {
  pcpu_set(k, chunk, k.pcpu_chunk.free_bytes, pcpu_get(k, chunk, k.pcpu_chunk.free_bytes) + bytes);
}

// --- allocating, freeing -----------------------------------------------------------------------------------------------

/** Searches the chunks, those with the smallest sufficient area first. */
function pcpu_alloc_from_chunks(
  k: Kernel,
  size: Int,
  bits: Int,
  bit_align: Int,
): { readonly chunk: PcpuChunk; readonly off: Int } | undefined {
  for (let slot = pcpu_size_to_slot(k, size); slot <= k.words[k.globals.pcpu_free_slot]!; slot++) {
    const head: ListHead = pcpu_slot(k, slot);
    let next: ListHead;
    for (let entry: ListHead = list_next(k, head); entry !== head; entry = next) {
      next = list_next(k, entry);
      const chunk: PcpuChunk = k.plus(entry, -k.pcpu_chunk.list);
      const start: Int = pcpu_find_block_fit(k, chunk, bits, bit_align);
      if (start < 0) {
        if (slot < PCPU_SLOT_FAIL_THRESHOLD) __pcpu_chunk_move(k, chunk, 0, true);
        continue;
      }
      const off: Int = pcpu_alloc_area(k, chunk, bits, bit_align, start);
      if (off < 0) continue;
      pcpu_reintegrate_chunk(k, chunk);
      return { chunk, off };
    }
  }
  return undefined;
}

/** The per-CPU allocator. 0 when there is no room. */
function pcpu_alloc(k: Kernel, size: Int, align: Int, gfp: Gfp): VirtAddr {
  align = Math.max(align, PCPU_MIN_ALLOC_SIZE);
  size = ALIGN(size, PCPU_MIN_ALLOC_SIZE);
  const bits: Int = size / PCPU_MIN_ALLOC_SIZE;
  const bit_align: Int = align / PCPU_MIN_ALLOC_SIZE;
  if (size === 0 || size > PCPU_MIN_UNIT_SIZE) {
    k.emit({
      kind: 'warn',
      text: `illegal size (${size}) or align (${align}) for percpu allocation`,
    });
    return asVirt(0);
  }

  let found = pcpu_alloc_from_chunks(k, size, bits, bit_align);
  while (found === undefined) {
    if (list_empty(k, pcpu_slot(k, k.words[k.globals.pcpu_free_slot]!))) {
      const chunk: PcpuChunk = pcpu_create_chunk(k, gfp);
      if (chunk === NULL) return asVirt(0);
      pcpu_chunk_relocate(k, chunk, -1);
    }
    found = pcpu_alloc_from_chunks(k, size, bits, bit_align);
  }

  const { chunk, off } = found;
  const area: VirtAddr = asVirt(pcpu_va(k, chunk, k.pcpu_chunk.base_addr) + off);
  for (let cpu = 0; cpu < nr_cpu_ids(k); cpu++)
    if (cpu_possible(k, cpu)) clear_area(k, asVirt(area + pcpu_unit_offset(k, cpu)), size);
  return pcpu_ptr_to_addr(k, area, -1);
}

/** memset(area, 0, size) */
function clear_area(k: Kernel, area: VirtAddr, size: Int): void {
  for (let at = 0; at < size; at += 4) k.write(k.cell_at(asVirt(area + at)), 0);
}

/** pcpu_unit_offsets[cpu] */
function pcpu_unit_offset(k: Kernel, cpu: Int): Int {
  if (!k.smp) return 0;
  return k.read_ulong(k.plus(k.read_ptr(k.globals.pcpu_unit_offsets), cpu * k.ptr_words));
}

/** Zeroed memory for every CPU; what it returns is good for per_cpu_ptr() and free_percpu(). */
export function __alloc_percpu(k: Kernel, size: Int, align: Int): VirtAddr {
  return pcpu_alloc(k, size, align, k.GFP_KERNEL);
}

export function free_percpu(k: Kernel, ptr: VirtAddr): void {
  if (ptr === 0) return;
  const addr: VirtAddr = pcpu_ptr_to_addr(k, ptr, 1);
  const chunk: PcpuChunk = pcpu_chunk_addr_search(k, addr);
  pcpu_free_area(k, chunk, addr - pcpu_va(k, chunk, k.pcpu_chunk.base_addr));
}
