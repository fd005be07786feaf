/**
 * What the per-CPU allocator knows about the free areas of a block, which is a page of a chunk (or the chunk as a whole).
 *
 *     [left_free]...(scan_hint)....(contig_hint)...[right_free]       in units of PCPU_MIN_ALLOC_SIZE, 4 bytes
 *
 * contig_hint is the largest free area, scan_hint the largest known one before it, first_free where to look first.
 * Invariant: hints may be too small, never too large.
 *
 * Source: Linux 6.1 mm/percpu.c: pcpu_index_alloc_map() to pcpu_next_hint(), pcpu_block_update(), pcpu_block_update_scan(),
 * pcpu_block_refresh_hint(), pcpu_init_md_block().
 */
import type { Int, PcpuBlockMd, PcpuChunk } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type VirtAddr } from '../../../memory/address.js';
import { ALIGN } from '../../include/linux/align.h.js';
import { __ffs } from '../../include/linux/bitops.h.js';
import { PCPU_BITMAP_BLOCK_BITS } from '../../include/linux/percpu.h.js';
import { find_last_bit, find_next_bit, find_next_zero_bit } from '../../lib/find_bit.js';

// --- bits, blocks ------------------------------------------------------------------------------------------------------

/** The part of chunk->alloc_map that belongs to a block. */
export function pcpu_index_alloc_map(k: Kernel, chunk: PcpuChunk, index: Int): VirtAddr {
  const alloc_map: VirtAddr = k.read_va(k.plus(chunk, k.pcpu_chunk.alloc_map));
  return asVirt(alloc_map + (index * PCPU_BITMAP_BLOCK_BITS) / 8);
}

/** Bits are numbered through the whole chunk; a block's hints count from the block's beginning. */
export function pcpu_off_to_block_index(off: Int): Int {
  return Math.floor(off / PCPU_BITMAP_BLOCK_BITS);
}

export function pcpu_off_to_block_off(off: Int): Int {
  return off & (PCPU_BITMAP_BLOCK_BITS - 1);
}

export function pcpu_block_off_to_off(index: Int, off: Int): Int {
  return index * PCPU_BITMAP_BLOCK_BITS + off;
}

// --- asking the hints --------------------------------------------------------------------------------------------------

/** Whether an area fits where the block's contig_hint is. A chunk's own hints (chunk_md) are asked the same way. */
export function pcpu_check_block_hint(
  k: Kernel,
  block: PcpuBlockMd,
  bits: Int,
  align: Int,
): boolean {
  const start: Int = k.read_int(k.plus(block, k.pcpu_block_md.contig_hint_start));
  // What alignment skips is lost to the area.
  const bit_off: Int = ALIGN(start, align) - start;
  return bit_off + bits <= k.read_int(k.plus(block, k.pcpu_block_md.contig_hint));
}

/** Where to begin to look in a block: at its first free bit, or behind a scan_hint that is known to be too small. */
export function pcpu_next_hint(k: Kernel, block: PcpuBlockMd, alloc_bits: Int): Int {
  const scan_hint: Int = k.read_int(k.plus(block, k.pcpu_block_md.scan_hint));
  const scan_hint_start: Int = k.read_int(k.plus(block, k.pcpu_block_md.scan_hint_start));
  // Before contig_hint nothing is larger than scan_hint, so a larger request can skip all up to its end. A scan_hint
  // that is as large as contig_hint may lie behind it, and then tells nothing of what is before.
  if (
    scan_hint !== 0 &&
    k.read_int(k.plus(block, k.pcpu_block_md.contig_hint_start)) > scan_hint_start &&
    alloc_bits > scan_hint
  )
    return scan_hint_start + scan_hint;
  return k.read_int(k.plus(block, k.pcpu_block_md.first_free));
}

// --- keeping them right ------------------------------------------------------------------------------------------------

/** Takes notice of the free area [start, end) of a block; of equal ones the better aligned is remembered. */
export function pcpu_block_update(k: Kernel, block: PcpuBlockMd, start: Int, end: Int): void {
  const contig: Int = end - start;
  const contig_hint: Int = k.read_int(k.plus(block, k.pcpu_block_md.contig_hint));
  const contig_hint_start: Int = k.read_int(k.plus(block, k.pcpu_block_md.contig_hint_start));
  const scan_hint: Int = k.read_int(k.plus(block, k.pcpu_block_md.scan_hint));
  const scan_hint_start: Int = k.read_int(k.plus(block, k.pcpu_block_md.scan_hint_start));
  const first_free: Int = k.read_int(k.plus(block, k.pcpu_block_md.first_free));

  k.write(k.plus(block, k.pcpu_block_md.first_free), Math.min(first_free, start));
  // What touches an edge may go on in the next block: the chunk's hints are put together from these two.
  if (start === 0) k.write(k.plus(block, k.pcpu_block_md.left_free), contig);
  if (end === k.read_int(k.plus(block, k.pcpu_block_md.nr_bits)))
    k.write(k.plus(block, k.pcpu_block_md.right_free), contig);

  if (contig > contig_hint) {
    // The old contig_hint becomes the scan_hint, if it lies before.
    if (start > contig_hint_start) {
      if (contig_hint > scan_hint) {
        k.write(k.plus(block, k.pcpu_block_md.scan_hint_start), contig_hint_start);
        k.write(k.plus(block, k.pcpu_block_md.scan_hint), contig_hint);
      } else if (start < scan_hint_start) {
        // As large as the old contig_hint, but now behind the new one: a scan_hint must lie before it.
        k.write(k.plus(block, k.pcpu_block_md.scan_hint), 0);
      }
    } else {
      // It lies before the old one, and perhaps before scan_hint too: neither is sure to lie before it.
      k.write(k.plus(block, k.pcpu_block_md.scan_hint), 0);
    }
    k.write(k.plus(block, k.pcpu_block_md.contig_hint_start), start);
    k.write(k.plus(block, k.pcpu_block_md.contig_hint), contig);
  } else if (contig === contig_hint) {
    if (contig_hint_start !== 0 && (start === 0 || __ffs(start) > __ffs(contig_hint_start))) {
      // It begins at a rounder place.
      k.write(k.plus(block, k.pcpu_block_md.contig_hint_start), start);
      // Only a scan_hint that is as large may stay behind contig_hint.
      if (start < scan_hint_start && contig_hint > scan_hint)
        k.write(k.plus(block, k.pcpu_block_md.scan_hint), 0);
    } else if (start > scan_hint_start || contig_hint > scan_hint) {
      // The further or the larger a scan_hint, the more a search can skip.
      k.write(k.plus(block, k.pcpu_block_md.scan_hint_start), start);
      k.write(k.plus(block, k.pcpu_block_md.scan_hint), contig);
    }
  } else if (
    start < contig_hint_start &&
    (contig > scan_hint || (contig === scan_hint && start > scan_hint_start))
  ) {
    // Smaller than contig_hint: good for a scan_hint if it lies before, and is larger or further than the last one.
    k.write(k.plus(block, k.pcpu_block_md.scan_hint_start), start);
    k.write(k.plus(block, k.pcpu_block_md.scan_hint), contig);
  }
}

/** Takes notice of an area that a search skipped, with the free bits before it that alignment had skipped. */
export function pcpu_block_update_scan(k: Kernel, chunk: PcpuChunk, bit_off: Int, bits: Int): void {
  let s_off: Int = pcpu_off_to_block_off(bit_off);
  const e_off: Int = s_off + bits;
  // One that goes on in the next block is not a hint of either.
  if (e_off > PCPU_BITMAP_BLOCK_BITS) return;

  const s_index: Int = pcpu_off_to_block_index(bit_off);
  const block: PcpuBlockMd = k.plus(
    k.read_ptr(k.plus(chunk, k.pcpu_chunk.md_blocks)),
    s_index * k.stride.pcpu_block_md,
  );
  // With no bit set the answer is the limit, s_off: then all is free from the block's beginning.
  const l_bit: Int = find_last_bit(k, pcpu_index_alloc_map(k, chunk, s_index), s_off);
  s_off = s_off === l_bit ? 0 : l_bit + 1;
  pcpu_block_update(k, block, s_off, e_off);
}

/** Looks through a block for its free areas, from behind the scan_hint or else from first_free on. */
export function pcpu_block_refresh_hint(k: Kernel, chunk: PcpuChunk, index: Int): void {
  const block: PcpuBlockMd = k.plus(
    k.read_ptr(k.plus(chunk, k.pcpu_chunk.md_blocks)),
    index * k.stride.pcpu_block_md,
  );
  const alloc_map: VirtAddr = pcpu_index_alloc_map(k, chunk, index);
  let start: Int;
  const scan_hint: Int = k.read_int(k.plus(block, k.pcpu_block_md.scan_hint));
  if (scan_hint !== 0) {
    // Nothing before it is larger: it takes the place of the contig_hint until more is found.
    const scan_hint_start: Int = k.read_int(k.plus(block, k.pcpu_block_md.scan_hint_start));
    start = scan_hint_start + scan_hint;
    k.write(k.plus(block, k.pcpu_block_md.contig_hint_start), scan_hint_start);
    k.write(k.plus(block, k.pcpu_block_md.contig_hint), scan_hint);
    k.write(k.plus(block, k.pcpu_block_md.scan_hint), 0);
  } else {
    start = k.read_int(k.plus(block, k.pcpu_block_md.first_free));
    k.write(k.plus(block, k.pcpu_block_md.contig_hint), 0);
  }
  // Set again when the last area turns out to reach the block's end.
  k.write(k.plus(block, k.pcpu_block_md.right_free), 0);

  // for_each_clear_bitrange_from()
  for (;;) {
    start = find_next_zero_bit(k, alloc_map, PCPU_BITMAP_BLOCK_BITS, start);
    if (start >= PCPU_BITMAP_BLOCK_BITS) break;
    const end: Int = find_next_bit(k, alloc_map, PCPU_BITMAP_BLOCK_BITS, start + 1);
    pcpu_block_update(k, block, start, end);
    // The bit at `end` is taken.
    start = end + 1;
  }
}

/** A block of which everything is free. */
export function pcpu_init_md_block(k: Kernel, block: PcpuBlockMd, nr_bits: Int): void {
  k.write(k.plus(block, k.pcpu_block_md.scan_hint), 0);
  k.write(k.plus(block, k.pcpu_block_md.contig_hint), nr_bits);
  k.write(k.plus(block, k.pcpu_block_md.left_free), nr_bits);
  k.write(k.plus(block, k.pcpu_block_md.right_free), nr_bits);
  k.write(k.plus(block, k.pcpu_block_md.first_free), 0);
  // contig_hint_start and scan_hint_start are zero already, as all of the memory they lie in.
  k.write(k.plus(block, k.pcpu_block_md.nr_bits), nr_bits);
}
