/**
 * The hints of a chunk of per-CPU memory and of its blocks, kept right when an area is taken or given back.
 *
 * Source: Linux 6.1 mm/percpu.c: pcpu_block_update_hint_alloc(), pcpu_block_update_hint_free(), pcpu_chunk_refresh_hint().
 */
import type { Int, PcpuBlockMd, PcpuChunk } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { VirtAddr } from '../../../memory/address.js';
import { find_last_bit, find_next_bit, find_next_zero_bit } from '../../lib/find_bit.js';
import {
  PCPU_BITMAP_BLOCK_BITS,
  pcpu_block_off_to_off,
  pcpu_block_refresh_hint,
  pcpu_block_update,
  pcpu_chunk_map_bits,
  pcpu_chunk_md,
  pcpu_chunk_nr_blocks,
  pcpu_get,
  pcpu_index_alloc_map,
  pcpu_md_block,
  pcpu_off_to_block_index,
  pcpu_off_to_block_off,
  pcpu_set,
  promote_scan_hint,
} from './block.js';

/** The next free area that a block's hints tell, together with what joins it in the blocks behind. */
function pcpu_next_md_free_region(k: Kernel, chunk: PcpuChunk, bit_off: Int): readonly [Int, Int] {
  let block_off: Int = pcpu_off_to_block_off(bit_off);
  let bits: Int = 0;
  for (let i = pcpu_off_to_block_index(bit_off); i < pcpu_chunk_nr_blocks(k, chunk); i++) {
    const block: PcpuBlockMd = pcpu_md_block(k, chunk, i);
    if (bits !== 0) {
      const left_free: Int = pcpu_get(k, block, k.pcpu_block_md.left_free);
      bits += left_free;
      if (left_free === PCPU_BITMAP_BLOCK_BITS) continue;
      return [bit_off, bits];
    }
    // Not one that was seen before, and not one that goes on in the next block.
    bits = pcpu_get(k, block, k.pcpu_block_md.contig_hint);
    const contig_hint_start: Int = pcpu_get(k, block, k.pcpu_block_md.contig_hint_start);
    if (
      bits !== 0 &&
      contig_hint_start >= block_off &&
      bits + contig_hint_start < PCPU_BITMAP_BLOCK_BITS
    )
      return [pcpu_block_off_to_off(i, contig_hint_start), bits];
    block_off = 0;
    bits = pcpu_get(k, block, k.pcpu_block_md.right_free);
    bit_off = (i + 1) * PCPU_BITMAP_BLOCK_BITS - bits;
  }
  return [bit_off, bits];
}

/** Finds the chunk's hints anew from those of its blocks. */
function pcpu_chunk_refresh_hint(k: Kernel, chunk: PcpuChunk, full_scan: boolean): void {
  const chunk_md: PcpuBlockMd = pcpu_chunk_md(k, chunk);
  const promote = !full_scan && pcpu_get(k, chunk_md, k.pcpu_block_md.scan_hint) !== 0;
  let bit_off: Int = promote_scan_hint(k, chunk_md, promote);
  for (;;) {
    const [start, bits] = pcpu_next_md_free_region(k, chunk, bit_off);
    if (start >= pcpu_chunk_map_bits(k, chunk)) return;
    pcpu_block_update(k, chunk_md, start, start + bits);
    bit_off = start + bits + 1;
  }
}

/** Counts pages of a chunk that became empty, or no longer are. */
export function pcpu_update_empty_pages(k: Kernel, chunk: PcpuChunk, nr: Int): void {
  const nr_empty_pop_pages = k.pcpu_chunk.nr_empty_pop_pages;
  const pcpu_nr_empty_pop_pages = k.globals.pcpu_nr_empty_pop_pages;
  pcpu_set(k, chunk, nr_empty_pop_pages, pcpu_get(k, chunk, nr_empty_pop_pages) + nr);
  if (!pcpu_is_reserved(k, chunk) && !pcpu_is_isolated(k, chunk))
    k.write(pcpu_nr_empty_pop_pages, k.words[pcpu_nr_empty_pop_pages]! + nr);
}

/** A chunk that was about to be depopulated is in use again. Whether it was. */
export function pcpu_clear_isolated(k: Kernel, chunk: PcpuChunk): boolean {
  if (!pcpu_is_isolated(k, chunk)) return false;
  const isolated_bytes = k.pcpu_chunk.isolated;
  const nr_empty_pop_pages = k.pcpu_chunk.nr_empty_pop_pages;
  const pcpu_nr_empty_pop_pages = k.globals.pcpu_nr_empty_pop_pages;
  k.write8(k.plus(chunk, isolated_bytes >> 2), isolated_bytes & 3, 0);
  const nr: Int = pcpu_get(k, chunk, nr_empty_pop_pages);
  k.write(pcpu_nr_empty_pop_pages, k.words[pcpu_nr_empty_pop_pages]! + nr);
  return true;
}

/** The chunk that serves modules' static per-CPU data, and nothing else. */
export const pcpu_is_reserved = (k: Kernel, chunk: PcpuChunk): boolean =>
  k.ptr_is(k.globals.pcpu_reserved_chunk, chunk);

/** chunk->isolated */
export function pcpu_is_isolated(k: Kernel, chunk: PcpuChunk): boolean {
  const isolated_bytes = k.pcpu_chunk.isolated;
  return k.read8(k.plus(chunk, isolated_bytes >> 2), isolated_bytes & 3) !== 0;
}

const pcpu_region_overlap = (a: Int, b: Int, x: Int, y: Int): boolean => a < y && x < b;

/** Whether [start, end) touches a hint, which begins at one member and is as long as another says. */
function overlaps_hint(
  k: Kernel,
  block: PcpuBlockMd,
  hint_start: number,
  hint: number,
  start: Int,
  end: Int,
): boolean {
  const first: Int = pcpu_get(k, block, hint_start);
  return pcpu_region_overlap(first, first + pcpu_get(k, block, hint), start, end);
}

/** Takes the area [bit_off, bit_off + bits), just marked as taken, out of the hints. */
export function pcpu_block_update_hint_alloc(
  k: Kernel,
  chunk: PcpuChunk,
  bit_off: Int,
  bits: Int,
): void {
  const chunk_md: PcpuBlockMd = pcpu_chunk_md(k, chunk);
  let nr_empty_pages: Int = 0;
  const s_index: Int = pcpu_off_to_block_index(bit_off);
  const e_index: Int = pcpu_off_to_block_index(bit_off + bits - 1);
  const s_off: Int = pcpu_off_to_block_off(bit_off);
  const e_off: Int = pcpu_off_to_block_off(bit_off + bits - 1) + 1;
  const s_block: PcpuBlockMd = pcpu_md_block(k, chunk, s_index);
  const e_block: PcpuBlockMd = pcpu_md_block(k, chunk, e_index);

  if (pcpu_get(k, s_block, k.pcpu_block_md.contig_hint) === PCPU_BITMAP_BLOCK_BITS)
    nr_empty_pages++;

  if (s_off === pcpu_get(k, s_block, k.pcpu_block_md.first_free)) {
    const map: VirtAddr = pcpu_index_alloc_map(k, chunk, s_index);
    const first_free: Int = find_next_zero_bit(k, map, PCPU_BITMAP_BLOCK_BITS, s_off + bits);
    pcpu_set(k, s_block, k.pcpu_block_md.first_free, first_free);
  }
  if (
    overlaps_hint(
      k,
      s_block,
      k.pcpu_block_md.scan_hint_start,
      k.pcpu_block_md.scan_hint,
      s_off,
      s_off + bits,
    )
  )
    pcpu_set(k, s_block, k.pcpu_block_md.scan_hint, 0);
  if (
    overlaps_hint(
      k,
      s_block,
      k.pcpu_block_md.contig_hint_start,
      k.pcpu_block_md.contig_hint,
      s_off,
      s_off + bits,
    )
  ) {
    // The contig_hint is broken: the block is looked through for another.
    if (s_off === 0) pcpu_set(k, s_block, k.pcpu_block_md.left_free, 0);
    pcpu_block_refresh_hint(k, chunk, s_index);
  } else {
    pcpu_set(
      k,
      s_block,
      k.pcpu_block_md.left_free,
      Math.min(pcpu_get(k, s_block, k.pcpu_block_md.left_free), s_off),
    );
    const right_free: Int = s_index === e_index ? PCPU_BITMAP_BLOCK_BITS - e_off : 0;
    pcpu_set(
      k,
      s_block,
      k.pcpu_block_md.right_free,
      Math.min(pcpu_get(k, s_block, k.pcpu_block_md.right_free), right_free),
    );
  }

  if (s_index !== e_index) {
    if (pcpu_get(k, e_block, k.pcpu_block_md.contig_hint) === PCPU_BITMAP_BLOCK_BITS)
      nr_empty_pages++;
    const map: VirtAddr = pcpu_index_alloc_map(k, chunk, e_index);
    const first_free: Int = find_next_zero_bit(k, map, PCPU_BITMAP_BLOCK_BITS, e_off);
    pcpu_set(k, e_block, k.pcpu_block_md.first_free, first_free);
    let end_index: Int = e_index;
    if (e_off === PCPU_BITMAP_BLOCK_BITS) {
      // All of it is taken: reset with those in between.
      end_index++;
    } else {
      if (e_off > pcpu_get(k, e_block, k.pcpu_block_md.scan_hint_start))
        pcpu_set(k, e_block, k.pcpu_block_md.scan_hint, 0);
      pcpu_set(k, e_block, k.pcpu_block_md.left_free, 0);
      if (e_off > pcpu_get(k, e_block, k.pcpu_block_md.contig_hint_start)) {
        pcpu_block_refresh_hint(k, chunk, e_index);
      } else {
        const right_free: Int = PCPU_BITMAP_BLOCK_BITS - e_off;
        pcpu_set(
          k,
          e_block,
          k.pcpu_block_md.right_free,
          Math.min(pcpu_get(k, e_block, k.pcpu_block_md.right_free), right_free),
        );
      }
    }
    nr_empty_pages += e_index - s_index - 1;
    for (let i = s_index + 1; i < end_index; i++) {
      const block: PcpuBlockMd = pcpu_md_block(k, chunk, i);
      for (const member of [
        k.pcpu_block_md.scan_hint,
        k.pcpu_block_md.contig_hint,
        k.pcpu_block_md.left_free,
        k.pcpu_block_md.right_free,
      ])
        pcpu_set(k, block, member, 0);
    }
  }

  if (nr_empty_pages !== 0) pcpu_update_empty_pages(k, chunk, -nr_empty_pages);

  if (
    overlaps_hint(
      k,
      chunk_md,
      k.pcpu_block_md.scan_hint_start,
      k.pcpu_block_md.scan_hint,
      bit_off,
      bit_off + bits,
    )
  )
    pcpu_set(k, chunk_md, k.pcpu_block_md.scan_hint, 0);
  if (
    overlaps_hint(
      k,
      chunk_md,
      k.pcpu_block_md.contig_hint_start,
      k.pcpu_block_md.contig_hint,
      bit_off,
      bit_off + bits,
    )
  )
    pcpu_chunk_refresh_hint(k, chunk, false);
}

/** Puts the area [bit_off, bit_off + bits), just marked as free, into the hints. */
export function pcpu_block_update_hint_free(
  k: Kernel,
  chunk: PcpuChunk,
  bit_off: Int,
  bits: Int,
): void {
  let nr_empty_pages: Int = 0;
  const s_index: Int = pcpu_off_to_block_index(bit_off);
  const e_index: Int = pcpu_off_to_block_index(bit_off + bits - 1);
  const s_off: Int = pcpu_off_to_block_off(bit_off);
  let e_off: Int = pcpu_off_to_block_off(bit_off + bits - 1) + 1;
  const s_block: PcpuBlockMd = pcpu_md_block(k, chunk, s_index);
  const e_block: PcpuBlockMd = pcpu_md_block(k, chunk, e_index);

  // How far the free area goes in its first and its last block: as a hint says, else as the map does.
  let start: Int = s_off;
  const hint_start: Int = pcpu_get(k, s_block, k.pcpu_block_md.contig_hint_start);
  if (s_off === pcpu_get(k, s_block, k.pcpu_block_md.contig_hint) + hint_start) {
    start = hint_start;
  } else {
    const l_bit: Int = find_last_bit(k, pcpu_index_alloc_map(k, chunk, s_index), start);
    start = start === l_bit ? 0 : l_bit + 1;
  }
  const e_hint_start: Int = pcpu_get(k, e_block, k.pcpu_block_md.contig_hint_start);
  const e_map: VirtAddr = pcpu_index_alloc_map(k, chunk, e_index);
  const end: Int =
    e_off === e_hint_start
      ? e_hint_start + pcpu_get(k, e_block, k.pcpu_block_md.contig_hint)
      : find_next_bit(k, e_map, PCPU_BITMAP_BLOCK_BITS, e_off);

  e_off = s_index === e_index ? end : PCPU_BITMAP_BLOCK_BITS;
  if (start === 0 && e_off === PCPU_BITMAP_BLOCK_BITS) nr_empty_pages++;
  pcpu_block_update(k, s_block, start, e_off);

  if (s_index !== e_index) {
    if (end === PCPU_BITMAP_BLOCK_BITS) nr_empty_pages++;
    pcpu_block_update(k, e_block, 0, end);
    nr_empty_pages += e_index - s_index - 1;
    for (let i = s_index + 1; i < e_index; i++) pcpu_empty_block(k, pcpu_md_block(k, chunk, i));
  }

  if (nr_empty_pages !== 0) pcpu_update_empty_pages(k, chunk, nr_empty_pages);

  if (end - start >= PCPU_BITMAP_BLOCK_BITS || s_index !== e_index)
    pcpu_chunk_refresh_hint(k, chunk, true);
  // `end` counts from the block's start, as in the kernel: right in the first block, too small in others.
  else pcpu_block_update(k, pcpu_chunk_md(k, chunk), pcpu_block_off_to_off(s_index, start), end);
}

function pcpu_empty_block(k: Kernel, block: PcpuBlockMd): void {
  for (const member of [
    k.pcpu_block_md.first_free,
    k.pcpu_block_md.scan_hint,
    k.pcpu_block_md.contig_hint_start,
  ])
    pcpu_set(k, block, member, 0);
  for (const member of [
    k.pcpu_block_md.contig_hint,
    k.pcpu_block_md.left_free,
    k.pcpu_block_md.right_free,
  ])
    pcpu_set(k, block, member, PCPU_BITMAP_BLOCK_BITS);
}
