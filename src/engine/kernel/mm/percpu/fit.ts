/**
 * Where in a chunk of per-CPU memory an area fits: first by the hints of its blocks, then by the bitmap.
 *
 * Source: Linux 6.1 mm/percpu.c: pcpu_find_block_fit(), pcpu_next_fit_region(), pcpu_find_zero_area().
 */
import type { Int, PcpuBlockMd, PcpuChunk } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { VirtAddr } from '../../../memory/address.js';
import { ALIGN } from '../../include/linux/align.h.js';
import { __ffs } from '../../include/linux/bitops.h.js';
import { find_next_bit, find_next_zero_bit } from '../../lib/find_bit.js';
import {
  PCPU_BITMAP_BLOCK_BITS,
  pcpu_block_off_to_off,
  pcpu_check_block_hint,
  pcpu_chunk_map_bits,
  pcpu_chunk_md,
  pcpu_chunk_nr_blocks,
  pcpu_get,
  pcpu_md_block,
  pcpu_next_hint,
  pcpu_off_to_block_index,
  pcpu_off_to_block_off,
} from './block.js';

/** The next place, from `bit_off` on, where the hints say that the area fits; the end of the map when there is none. */
function pcpu_next_fit_region(
  k: Kernel,
  chunk: PcpuChunk,
  alloc_bits: Int,
  align: Int,
  bit_off: Int,
): Int {
  let block_off: Int = pcpu_off_to_block_off(bit_off);
  let bits: Int = 0;
  for (let i = pcpu_off_to_block_index(bit_off); i < pcpu_chunk_nr_blocks(k, chunk); i++) {
    const block: PcpuBlockMd = pcpu_md_block(k, chunk, i);
    // An area that began in a block before goes on.
    if (bits !== 0) {
      const left_free: Int = pcpu_get(k, block, k.pcpu_block_md.left_free);
      bits += left_free;
      if (bits >= alloc_bits) return bit_off;
      if (left_free === PCPU_BITMAP_BLOCK_BITS) continue;
    }
    const contig_hint: Int = pcpu_get(k, block, k.pcpu_block_md.contig_hint);
    const contig_hint_start: Int = pcpu_get(k, block, k.pcpu_block_md.contig_hint_start);
    bits = ALIGN(contig_hint_start, align) - contig_hint_start;
    if (contig_hint !== 0 && contig_hint_start >= block_off && contig_hint >= bits + alloc_bits)
      return pcpu_block_off_to_off(i, pcpu_next_hint(k, block, alloc_bits));
    block_off = 0;
    bit_off = ALIGN(PCPU_BITMAP_BLOCK_BITS - pcpu_get(k, block, k.pcpu_block_md.right_free), align);
    bits = PCPU_BITMAP_BLOCK_BITS - bit_off;
    bit_off = pcpu_block_off_to_off(i, bit_off);
    if (bits >= alloc_bits) return bit_off;
  }
  return pcpu_chunk_map_bits(k, chunk);
}

/** Where to begin to look for an area, in bits; -1 when the hints know of no place. */
export function pcpu_find_block_fit(k: Kernel, chunk: PcpuChunk, alloc_bits: Int, align: Int): Int {
  const chunk_md: PcpuBlockMd = pcpu_chunk_md(k, chunk);
  if (!pcpu_check_block_hint(k, chunk_md, alloc_bits, align)) return -1;
  const start: Int = pcpu_next_hint(k, chunk_md, alloc_bits);
  const bit_off: Int = pcpu_next_fit_region(k, chunk, alloc_bits, align, start);
  return bit_off === pcpu_chunk_map_bits(k, chunk) ? -1 : bit_off;
}

export interface ZeroArea {
  /** Where `nr` zero bits are; at or beyond `size` when nowhere. */
  readonly index: Int;
  /** The largest free area that was passed over; 0 bits: none. */
  readonly largest_off: Int;
  readonly largest_bits: Int;
}

export function pcpu_find_zero_area(
  k: Kernel,
  map: VirtAddr,
  size: Int,
  start: Int,
  nr: Int,
  align_mask: Int,
): ZeroArea {
  let largest_off: Int = 0;
  let largest_bits: Int = 0;
  for (;;) {
    const zero: Int = find_next_zero_bit(k, map, size, start);
    const index: Int = (zero + align_mask) & ~align_mask;
    const end: Int = index + nr;
    if (end > size) return { index: end, largest_off, largest_bits };
    const i: Int = find_next_bit(k, map, end, index);
    if (i >= end) return { index, largest_off, largest_bits };
    const area_bits: Int = i - index;
    const better_aligned = index === 0 || __ffs(index) > __ffs(largest_off);
    if (
      area_bits > largest_bits ||
      (area_bits === largest_bits && largest_off !== 0 && better_aligned)
    ) {
      largest_off = index;
      largest_bits = area_bits;
    }
    start = i + 1;
  }
}
