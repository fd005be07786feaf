/**
 * What is known about a chunk of per-CPU memory as a whole: its largest free area, how many of its pages are empty, and the list
 * that it therefore stands on.
 *
 *     pcpu_chunk_lists[slot]     slot grows with the largest free area; on pcpu_free_slot are chunks that are wholly free
 *
 * Source: Linux 6.1 mm/percpu.c: __pcpu_size_to_slot() to pcpu_chunk_slot(), pcpu_next_md_free_region(), __pcpu_chunk_move() to
 * pcpu_update_empty_pages(), pcpu_chunk_refresh_hint().
 */
import type { Int, ListHead, PcpuBlockMd, PcpuChunk, Out } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { fls } from '../../include/linux/bitops.h.js';
import { list_move, list_move_tail } from '../../include/linux/list.h.js';
import { PCPU_BITMAP_BLOCK_BITS, PCPU_MIN_ALLOC_SIZE } from '../../include/linux/percpu.h.js';
import { pcpu_chunk_map_bits, pcpu_chunk_nr_blocks } from '../percpu-internal.h.js';
import {
  pcpu_block_off_to_off,
  pcpu_block_update,
  pcpu_off_to_block_index,
  pcpu_off_to_block_off,
} from './block.js';

/** 1 to 31 bytes share a slot. */
const PCPU_SLOT_BASE_SHIFT = 5;

// --- the lists of chunks -----------------------------------------------------------------------------------------------

/** One slot for each power of two. Slot 0 is kept for chunks with nothing to give. */
export function __pcpu_size_to_slot(size: Int): Int {
  const highbit: Int = fls(size);
  return Math.max(highbit - PCPU_SLOT_BASE_SHIFT + 2, 1);
}

/** A whole unit has a slot to itself, the last: of wholly free chunks Linux keeps one and gives the others up. */
export function pcpu_size_to_slot(k: Kernel, size: Int): Int {
  if (size === k.read_int(k.globals.pcpu_unit_size)) return k.read_int(k.globals.pcpu_free_slot);
  return __pcpu_size_to_slot(size);
}

export function pcpu_chunk_slot(k: Kernel, chunk: PcpuChunk): Int {
  const chunk_md: PcpuBlockMd = k.plus(chunk, k.pcpu_chunk.chunk_md);
  const contig_hint: Int = k.read_int(k.plus(chunk_md, k.pcpu_block_md.contig_hint));
  // A chunk that has nothing to give.
  if (k.read_int(k.plus(chunk, k.pcpu_chunk.free_bytes)) < PCPU_MIN_ALLOC_SIZE || contig_hint === 0)
    return 0;
  return pcpu_size_to_slot(k, contig_hint * PCPU_MIN_ALLOC_SIZE);
}

/** The chunk for modules' static per-CPU data serves nothing else, so it stands on no list. */
function __pcpu_chunk_move(k: Kernel, chunk: PcpuChunk, slot: Int, move_front: boolean): void {
  if (!k.ptr_is(k.globals.pcpu_reserved_chunk, chunk)) {
    if (move_front) list_move(k, k.plus(chunk, k.pcpu_chunk.list), chunkList(k, slot));
    else list_move_tail(k, k.plus(chunk, k.pcpu_chunk.list), chunkList(k, slot));
  }
}

export function pcpu_chunk_move(k: Kernel, chunk: PcpuChunk, slot: Int): void {
  __pcpu_chunk_move(k, chunk, slot, true);
}

/** Puts a chunk on the list it belongs to after its largest free area changed. One that grew is tried first. */
export function pcpu_chunk_relocate(k: Kernel, chunk: PcpuChunk, oslot: Int): void {
  const nslot: Int = pcpu_chunk_slot(k, chunk);
  // It is about to give its pages back, and stays where it was put for that.
  if (k.read_bool(chunk, k.pcpu_chunk.isolated)) return;
  if (oslot !== nslot) __pcpu_chunk_move(k, chunk, nslot, oslot < nslot);
}

/** A chunk that was about to give its pages back is in use again. */
export function pcpu_reintegrate_chunk(k: Kernel, chunk: PcpuChunk): void {
  if (k.read_bool(chunk, k.pcpu_chunk.isolated)) {
    k.write_bool(chunk, k.pcpu_chunk.isolated, false);
    // When it was isolated, its empty pages were taken off the total.
    const nr: Int = k.read_int(k.plus(chunk, k.pcpu_chunk.nr_empty_pop_pages));
    k.write(k.globals.pcpu_nr_empty_pop_pages, k.read_int(k.globals.pcpu_nr_empty_pop_pages) + nr);
    // -1: whatever its slot, it does not stand there yet.
    pcpu_chunk_relocate(k, chunk, -1);
  }
}

/** It is about to give its empty pages back: nobody counts on them any more, and it is asked last. */
export function pcpu_isolate_chunk(k: Kernel, chunk: PcpuChunk): void {
  if (!k.read_bool(chunk, k.pcpu_chunk.isolated)) {
    k.write_bool(chunk, k.pcpu_chunk.isolated, true);
    const nr: Int = k.read_int(k.plus(chunk, k.pcpu_chunk.nr_empty_pop_pages));
    k.write(k.globals.pcpu_nr_empty_pop_pages, k.read_int(k.globals.pcpu_nr_empty_pop_pages) - nr);
  }
  const slot: Int = k.read_int(k.globals.pcpu_to_depopulate_slot);
  list_move(k, k.plus(chunk, k.pcpu_chunk.list), chunkList(k, slot));
}

/** &pcpu_chunk_lists[slot] */
export const chunkList = (k: Kernel, slot: Int): ListHead =>
  k.plus(k.read_ptr(k.globals.pcpu_chunk_lists), slot * k.stride.list_head);

// --- hints -------------------------------------------------------------------------------------------------------------

/** Counts pages of a chunk that became empty, or no longer are. */
export function pcpu_update_empty_pages(k: Kernel, chunk: PcpuChunk, nr: Int): void {
  const nr_empty_pop_pages = k.plus(chunk, k.pcpu_chunk.nr_empty_pop_pages);
  k.write(nr_empty_pop_pages, k.words[nr_empty_pop_pages]! + nr);
  // What the allocator may count on: neither modules' chunk, nor one that is about to go.
  if (!k.ptr_is(k.globals.pcpu_reserved_chunk, chunk) && !k.read_bool(chunk, k.pcpu_chunk.isolated))
    k.write(k.globals.pcpu_nr_empty_pop_pages, k.read_int(k.globals.pcpu_nr_empty_pop_pages) + nr);
}

/** The next free area that the blocks' hints tell from `bit_off` on, together with what joins it in the blocks behind. */
function pcpu_next_md_free_region(
  k: Kernel,
  chunk: PcpuChunk,
  bit_off: Out<Int>,
  bits: Out<Int>,
): void {
  let block_off: Int = pcpu_off_to_block_off(bit_off.value);
  bits.value = 0;
  for (
    let i: Int = pcpu_off_to_block_index(bit_off.value);
    i < pcpu_chunk_nr_blocks(k, chunk);
    i++
  ) {
    const block: PcpuBlockMd = k.plus(
      k.read_ptr(k.plus(chunk, k.pcpu_chunk.md_blocks)),
      i * k.stride.pcpu_block_md,
    );
    // An area that began in a block before goes on.
    if (bits.value !== 0) {
      const left_free: Int = k.read_int(k.plus(block, k.pcpu_block_md.left_free));
      bits.value += left_free;
      // A block that is wholly free passes the area on; in any other it ends.
      if (left_free === PCPU_BITMAP_BLOCK_BITS) continue;
      return;
    }
    // Not one that was seen before, and not one that goes on in the next block.
    bits.value = k.read_int(k.plus(block, k.pcpu_block_md.contig_hint));
    const contig_hint_start: Int = k.read_int(k.plus(block, k.pcpu_block_md.contig_hint_start));
    if (
      bits.value !== 0 &&
      contig_hint_start >= block_off &&
      bits.value + contig_hint_start < PCPU_BITMAP_BLOCK_BITS
    ) {
      bit_off.value = pcpu_block_off_to_off(i, contig_hint_start);
      return;
    }
    // In the next block nothing was seen yet. The free end of this one may begin an area that goes on there; with none,
    // `bits` is 0 and the next block is looked at for itself.
    block_off = 0;
    bits.value = k.read_int(k.plus(block, k.pcpu_block_md.right_free));
    bit_off.value = (i + 1) * PCPU_BITMAP_BLOCK_BITS - bits.value;
  }
}

/**
 * Finds the chunk's hints anew from those of its blocks.
 *
 * @param full_scan from first_free on: after a free something larger may have come up before the scan_hint
 */
export function pcpu_chunk_refresh_hint(k: Kernel, chunk: PcpuChunk, full_scan: boolean): void {
  const chunk_md: PcpuBlockMd = k.plus(chunk, k.pcpu_chunk.chunk_md);
  const bit_off: Out<Int> = { value: 0 };
  const bits: Out<Int> = { value: 0 };
  const scan_hint: Int = k.read_int(k.plus(chunk_md, k.pcpu_block_md.scan_hint));
  if (!full_scan && scan_hint !== 0) {
    // As in pcpu_block_refresh_hint().
    const scan_hint_start: Int = k.read_int(k.plus(chunk_md, k.pcpu_block_md.scan_hint_start));
    bit_off.value = scan_hint_start + scan_hint;
    k.write(k.plus(chunk_md, k.pcpu_block_md.contig_hint_start), scan_hint_start);
    k.write(k.plus(chunk_md, k.pcpu_block_md.contig_hint), scan_hint);
    k.write(k.plus(chunk_md, k.pcpu_block_md.scan_hint), 0);
  } else {
    bit_off.value = k.read_int(k.plus(chunk_md, k.pcpu_block_md.first_free));
    k.write(k.plus(chunk_md, k.pcpu_block_md.contig_hint), 0);
  }

  // pcpu_for_each_md_free_region()
  pcpu_next_md_free_region(k, chunk, bit_off, bits);
  while (bit_off.value < pcpu_chunk_map_bits(k, chunk)) {
    pcpu_block_update(k, chunk_md, bit_off.value, bit_off.value + bits.value);
    // The bit behind an area is taken.
    bit_off.value += bits.value + 1;
    pcpu_next_md_free_region(k, chunk, bit_off, bits);
  }
}
