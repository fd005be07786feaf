/**
 * Where in a chunk of per-CPU memory an area fits: first by the hints of its blocks, then by the bitmap.
 *
 * Source: Linux 6.1 mm/percpu.c: pcpu_is_populated() to pcpu_find_block_fit(),
 * pcpu_next_fit_region(), pcpu_find_zero_area().
 */
import type { Int, PcpuBlockMd, PcpuChunk, Out, ULong } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { ALIGN } from '../../include/linux/align.h.js';
import { __ffs } from '../../include/linux/bitops.h.js';
import { PCPU_BITMAP_BLOCK_BITS, PCPU_MIN_ALLOC_SIZE } from '../../include/linux/percpu.h.js';
import { find_next_bit, find_next_zero_bit } from '../../lib/find_bit.js';
import { pcpu_chunk_map_bits, pcpu_chunk_nr_blocks } from '../percpu-internal.h.js';
import {
  pcpu_block_off_to_off,
  pcpu_check_block_hint,
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
      if (bits.value >= alloc_bits) return;
      if (left_free === PCPU_BITMAP_BLOCK_BITS) continue;
    }

    const contig_hint: Int = k.read_int(k.plus(block, k.pcpu_block_md.contig_hint));
    const contig_hint_start: Int = k.read_int(k.plus(block, k.pcpu_block_md.contig_hint_start));
    bits.value = ALIGN(contig_hint_start, align) - contig_hint_start;
    // By the offset: not one that was tried before.
    if (
      contig_hint !== 0 &&
      contig_hint_start >= block_off &&
      contig_hint >= bits.value + alloc_bits
    ) {
      // The bitmap is searched from further ahead, where a smaller gap may do already. contig_hint is the place that is
      // sure, so `bits` reaches to the end that the area would have there.
      const start: Int = pcpu_next_hint(k, block, alloc_bits);
      bits.value += alloc_bits + contig_hint_start - start;
      bit_off.value = pcpu_block_off_to_off(i, start);
      return;
    }
    block_off = 0;

    // The end of the block, which may go on in the next one.
    bit_off.value = ALIGN(
      PCPU_BITMAP_BLOCK_BITS - k.read_int(k.plus(block, k.pcpu_block_md.right_free)),
      align,
    );
    bits.value = PCPU_BITMAP_BLOCK_BITS - bit_off.value;
    bit_off.value = pcpu_block_off_to_off(i, bit_off.value);
    if (bits.value >= alloc_bits) return;
  }
  bit_off.value = pcpu_chunk_map_bits(k, chunk);
}

/** Whether the pages of an area are all there; else `next_off` is where pages are again, in bits. */
function pcpu_is_populated(
  k: Kernel,
  chunk: PcpuChunk,
  bit_off: Int,
  bits: Int,
  next_off: Out<Int>,
): boolean {
  const populated: VirtAddr = k.va_of(k.plus(chunk, k.pcpu_chunk.populated));
  let start: Int = Math.floor((bit_off * PCPU_MIN_ALLOC_SIZE) / PAGE_SIZE);
  const end: Int = Math.ceil(((bit_off + bits) * PCPU_MIN_ALLOC_SIZE) / PAGE_SIZE);
  start = find_next_zero_bit(k, populated, end, start);
  if (start >= end) return true;
  const next: Int = find_next_bit(k, populated, end, start + 1);
  next_off.value = (next * PAGE_SIZE) / PCPU_MIN_ALLOC_SIZE;
  return false;
}

/**
 * Where to begin to look for an area, in bits; -1 when the hints know of no place.
 *
 * @param pop_only only where pages are there already
 */
export function pcpu_find_block_fit(
  k: Kernel,
  chunk: PcpuChunk,
  alloc_bits: Int,
  align: Int,
  pop_only: boolean,
): Int {
  const chunk_md: PcpuBlockMd = k.plus(chunk, k.pcpu_chunk.chunk_md);
  // A hint may be too small, so now and then a chunk is passed over that had room. To search each one to be sure
  // would cost more.
  if (!pcpu_check_block_hint(k, chunk_md, alloc_bits, align)) return -1;

  const bit_off: Out<Int> = { value: pcpu_next_hint(k, chunk_md, alloc_bits) };
  const bits: Out<Int> = { value: 0 };
  const next_off: Out<Int> = { value: 0 };
  // pcpu_for_each_fit_region()
  pcpu_next_fit_region(k, chunk, alloc_bits, align, bit_off, bits);
  while (bit_off.value < pcpu_chunk_map_bits(k, chunk)) {
    if (!pop_only || pcpu_is_populated(k, chunk, bit_off.value, bits.value, next_off)) break;
    bit_off.value = next_off.value;
    bits.value = 0;
    pcpu_next_fit_region(k, chunk, alloc_bits, align, bit_off, bits);
  }
  if (bit_off.value >= pcpu_chunk_map_bits(k, chunk)) return -1;
  return bit_off.value;
}

/**
 * Where `nr` zero bits are; beyond `size` when nowhere.
 *
 * @param largest_off with largest_bits: the largest free area that was passed over; 0 bits: none
 */
export function pcpu_find_zero_area(
  k: Kernel,
  map: VirtAddr,
  size: ULong,
  start: ULong,
  nr: ULong,
  align_mask: ULong,
  largest_off: Out<ULong>,
  largest_bits: Out<ULong>,
): ULong {
  again: for (;;) {
    let index: ULong = find_next_zero_bit(k, map, size, start);
    // Alignment may lead onto bits that are taken: find_next_bit() will tell.
    index = (index + align_mask) & ~align_mask;
    const area_off: ULong = index;
    const end: ULong = index + nr;
    if (end > size) return end;
    const i: ULong = find_next_bit(k, map, end, index);
    if (i < end) {
      const area_bits: ULong = i - area_off;
      // Kept as a hint: of equal ones that which begins at the rounder place.
      if (
        area_bits > largest_bits.value ||
        (area_bits === largest_bits.value &&
          largest_off.value !== 0 &&
          (area_off === 0 || __ffs(area_off) > __ffs(largest_off.value)))
      ) {
        largest_off.value = area_off;
        largest_bits.value = area_bits;
      }
      // Whatever begins before the taken bit would run into it.
      start = i + 1;
      continue again;
    }
    return index;
  }
}
