/**
 * What the per-CPU allocator knows about the free areas of a block, which is a page of a chunk (or the chunk as a whole).
 *
 *     [left_free]...(scan_hint)....(contig_hint)...[right_free]       in units of PCPU_MIN_ALLOC_SIZE, 4 bytes
 *
 * contig_hint is the largest free area, scan_hint the largest known one before it, first_free where to look first.
 * Invariant: hints may be too small, never too large.
 * Source: Linux 6.1 mm/percpu.c: pcpu_block_update(), pcpu_block_refresh_hint(); mm/percpu-internal.h.
 */
import type { Int, PcpuBlockMd, PcpuChunk } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type Cell, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { ALIGN } from '../../include/linux/align.h.js';
import { __ffs } from '../../include/linux/bitops.h.js';
import { find_last_bit, find_next_bit, find_next_zero_bit } from '../../lib/find_bit.js';

export const PCPU_MIN_ALLOC_SIZE = 4;
/** A block is a page. */
export const PCPU_BITMAP_BLOCK_BITS = PAGE_SIZE / PCPU_MIN_ALLOC_SIZE;

// --- fields: a chunk may straddle frames -------------------------------------------------------------------------------

/** An `int` of a chunk or block. */
export function pcpu_get(k: Kernel, at: Cell, member: number): Int {
  const cell = k.plus(at, member);
  return k.words[cell]!;
}

export function pcpu_set(k: Kernel, at: Cell, member: number, value: Int): void {
  k.write(k.plus(at, member), value);
}

export const pcpu_ptr = (k: Kernel, chunk: PcpuChunk, member: number): Cell =>
  k.read_ptr(k.plus(chunk, member));

export const pcpu_va = (k: Kernel, chunk: PcpuChunk, member: number): VirtAddr =>
  k.read_va(k.plus(chunk, member));

export const pcpu_chunk_md = (k: Kernel, chunk: PcpuChunk): PcpuBlockMd =>
  k.plus(chunk, k.pcpu_chunk.chunk_md);

/** chunk->md_blocks + index */
export const pcpu_md_block = (k: Kernel, chunk: PcpuChunk, index: Int): PcpuBlockMd =>
  k.plus(pcpu_ptr(k, chunk, k.pcpu_chunk.md_blocks), index * k.stride.pcpu_block_md);

export const pcpu_chunk_nr_blocks = (k: Kernel, chunk: PcpuChunk): Int =>
  pcpu_get(k, chunk, k.pcpu_chunk.nr_pages);

export const pcpu_chunk_map_bits = (k: Kernel, chunk: PcpuChunk): Int =>
  pcpu_get(k, chunk, k.pcpu_chunk.nr_pages) * PCPU_BITMAP_BLOCK_BITS;

/** The part of chunk->alloc_map that belongs to a block. */
export const pcpu_index_alloc_map = (k: Kernel, chunk: PcpuChunk, index: Int): VirtAddr =>
  asVirt(pcpu_va(k, chunk, k.pcpu_chunk.alloc_map) + (index * PCPU_BITMAP_BLOCK_BITS) / 8);

export const pcpu_off_to_block_index = (off: Int): Int => Math.floor(off / PCPU_BITMAP_BLOCK_BITS);
export const pcpu_off_to_block_off = (off: Int): Int => off & (PCPU_BITMAP_BLOCK_BITS - 1);
export const pcpu_block_off_to_off = (index: Int, off: Int): Int =>
  index * PCPU_BITMAP_BLOCK_BITS + off;

// --- one block ---------------------------------------------------------------------------------------------------------

/** Takes notice of the free area [start, end) of a block; of equal ones the better aligned is remembered. */
export function pcpu_block_update(k: Kernel, block: PcpuBlockMd, start: Int, end: Int): void {
  const contig: Int = end - start;
  const contig_hint: Int = pcpu_get(k, block, k.pcpu_block_md.contig_hint);
  const contig_hint_start: Int = pcpu_get(k, block, k.pcpu_block_md.contig_hint_start);
  const scan_hint: Int = pcpu_get(k, block, k.pcpu_block_md.scan_hint);
  const scan_hint_start: Int = pcpu_get(k, block, k.pcpu_block_md.scan_hint_start);

  pcpu_set(
    k,
    block,
    k.pcpu_block_md.first_free,
    Math.min(pcpu_get(k, block, k.pcpu_block_md.first_free), start),
  );
  if (start === 0) pcpu_set(k, block, k.pcpu_block_md.left_free, contig);
  if (end === pcpu_get(k, block, k.pcpu_block_md.nr_bits))
    pcpu_set(k, block, k.pcpu_block_md.right_free, contig);

  if (contig > contig_hint) {
    // The old contig_hint becomes the scan_hint, if it lies before.
    if (start > contig_hint_start) {
      if (contig_hint > scan_hint) {
        pcpu_set(k, block, k.pcpu_block_md.scan_hint_start, contig_hint_start);
        pcpu_set(k, block, k.pcpu_block_md.scan_hint, contig_hint);
      } else if (start < scan_hint_start) {
        pcpu_set(k, block, k.pcpu_block_md.scan_hint, 0);
      }
    } else {
      pcpu_set(k, block, k.pcpu_block_md.scan_hint, 0);
    }
    pcpu_set(k, block, k.pcpu_block_md.contig_hint_start, start);
    pcpu_set(k, block, k.pcpu_block_md.contig_hint, contig);
  } else if (contig === contig_hint) {
    if (contig_hint_start !== 0 && (start === 0 || __ffs(start) > __ffs(contig_hint_start))) {
      pcpu_set(k, block, k.pcpu_block_md.contig_hint_start, start);
      if (start < scan_hint_start && contig_hint > scan_hint)
        pcpu_set(k, block, k.pcpu_block_md.scan_hint, 0);
    } else if (start > scan_hint_start || contig_hint > scan_hint) {
      pcpu_set(k, block, k.pcpu_block_md.scan_hint_start, start);
      pcpu_set(k, block, k.pcpu_block_md.scan_hint, contig);
    }
  } else if (
    start < contig_hint_start &&
    (contig > scan_hint || (contig === scan_hint && start > scan_hint_start))
  ) {
    pcpu_set(k, block, k.pcpu_block_md.scan_hint_start, start);
    pcpu_set(k, block, k.pcpu_block_md.scan_hint, contig);
  }
}

/** Takes notice of an area that a search skipped, with the free bits before it that alignment had skipped. */
export function pcpu_block_update_scan(k: Kernel, chunk: PcpuChunk, bit_off: Int, bits: Int): void {
  let s_off: Int = pcpu_off_to_block_off(bit_off);
  const e_off: Int = s_off + bits;
  if (e_off > PCPU_BITMAP_BLOCK_BITS) return;

  const s_index: Int = pcpu_off_to_block_index(bit_off);
  const l_bit: Int = find_last_bit(k, pcpu_index_alloc_map(k, chunk, s_index), s_off);
  s_off = s_off === l_bit ? 0 : l_bit + 1;
  pcpu_block_update(k, pcpu_md_block(k, chunk, s_index), s_off, e_off);
}

/** Looks through a block for its free areas, from behind the scan_hint or else from first_free on. */
export function pcpu_block_refresh_hint(k: Kernel, chunk: PcpuChunk, index: Int): void {
  const block: PcpuBlockMd = pcpu_md_block(k, chunk, index);
  const alloc_map: VirtAddr = pcpu_index_alloc_map(k, chunk, index);
  let start: Int = promote_scan_hint(k, block, pcpu_get(k, block, k.pcpu_block_md.scan_hint) !== 0);
  pcpu_set(k, block, k.pcpu_block_md.right_free, 0);

  for (;;) {
    start = find_next_zero_bit(k, alloc_map, PCPU_BITMAP_BLOCK_BITS, start);
    if (start >= PCPU_BITMAP_BLOCK_BITS) break;
    const end: Int = find_next_bit(k, alloc_map, PCPU_BITMAP_BLOCK_BITS, start + 1);
    pcpu_block_update(k, block, start, end);
    start = end + 1;
  }
}

/** A block has lost its contig_hint: the scan_hint takes its place, if there is one. Where to look for more. */
export function promote_scan_hint(k: Kernel, block: PcpuBlockMd, promote: boolean): Int {
  if (!promote) {
    pcpu_set(k, block, k.pcpu_block_md.contig_hint, 0);
    return pcpu_get(k, block, k.pcpu_block_md.first_free);
  }
  const scan_hint: Int = pcpu_get(k, block, k.pcpu_block_md.scan_hint);
  const scan_hint_start: Int = pcpu_get(k, block, k.pcpu_block_md.scan_hint_start);
  pcpu_set(k, block, k.pcpu_block_md.contig_hint_start, scan_hint_start);
  pcpu_set(k, block, k.pcpu_block_md.contig_hint, scan_hint);
  pcpu_set(k, block, k.pcpu_block_md.scan_hint, 0);
  return scan_hint_start + scan_hint;
}

/** A block of which everything is free. */
export function pcpu_init_md_block(k: Kernel, block: PcpuBlockMd, nr_bits: Int): void {
  for (const member of [k.pcpu_block_md.scan_hint, k.pcpu_block_md.first_free])
    pcpu_set(k, block, member, 0);
  for (const member of [
    k.pcpu_block_md.contig_hint,
    k.pcpu_block_md.left_free,
    k.pcpu_block_md.right_free,
    k.pcpu_block_md.nr_bits,
  ])
    pcpu_set(k, block, member, nr_bits);
}

/** Whether an area fits where the block's contig_hint is. */
export function pcpu_check_block_hint(
  k: Kernel,
  block: PcpuBlockMd,
  bits: Int,
  align: Int,
): boolean {
  const start: Int = pcpu_get(k, block, k.pcpu_block_md.contig_hint_start);
  const bit_off: Int = ALIGN(start, align) - start;
  return bit_off + bits <= pcpu_get(k, block, k.pcpu_block_md.contig_hint);
}

/** Where to begin to look in a block: behind a scan_hint that is known to be too small. */
export function pcpu_next_hint(k: Kernel, block: PcpuBlockMd, alloc_bits: Int): Int {
  const scan_hint: Int = pcpu_get(k, block, k.pcpu_block_md.scan_hint);
  const scan_hint_start: Int = pcpu_get(k, block, k.pcpu_block_md.scan_hint_start);
  const before = pcpu_get(k, block, k.pcpu_block_md.contig_hint_start) > scan_hint_start;
  if (scan_hint !== 0 && before && alloc_bits > scan_hint) return scan_hint_start + scan_hint;
  return pcpu_get(k, block, k.pcpu_block_md.first_free);
}
