/**
 * The hints of a chunk of per-CPU memory and of its blocks, kept right when an area is taken or given back.
 *
 *     s_block               blocks between               e_block
 *     |....[s_off           |                            |        e_off)....|
 *
 * Source: Linux 6.1 mm/percpu.c: pcpu_region_overlap(), pcpu_block_update_hint_alloc(), pcpu_block_update_hint_free().
 */
import type { Int, PcpuBlockMd, PcpuChunk } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { PCPU_BITMAP_BLOCK_BITS } from '../../include/linux/percpu.h.js';
import { find_last_bit, find_next_bit, find_next_zero_bit } from '../../lib/find_bit.js';
import {
  pcpu_block_off_to_off,
  pcpu_block_refresh_hint,
  pcpu_block_update,
  pcpu_index_alloc_map,
  pcpu_off_to_block_index,
  pcpu_off_to_block_off,
} from './block.js';
import { pcpu_chunk_refresh_hint, pcpu_update_empty_pages } from './chunk_hints.js';

/** Whether [a, b) and [x, y) have anything in common. */
function pcpu_region_overlap(a: Int, b: Int, x: Int, y: Int): boolean {
  return a < y && x < b;
}

/** Takes the area [bit_off, bit_off + bits), just marked as taken, out of the hints. */
export function pcpu_block_update_hint_alloc(
  k: Kernel,
  chunk: PcpuChunk,
  bit_off: Int,
  bits: Int,
): void {
  const chunk_md: PcpuBlockMd = k.plus(chunk, k.pcpu_chunk.chunk_md);
  let nr_empty_pages: Int = 0;
  // The last bit is looked at, not the one behind it, so that e_index is the block that has it.
  const s_index: Int = pcpu_off_to_block_index(bit_off);
  const e_index: Int = pcpu_off_to_block_index(bit_off + bits - 1);
  const s_off: Int = pcpu_off_to_block_off(bit_off);
  const e_off: Int = pcpu_off_to_block_off(bit_off + bits - 1) + 1;
  const s_block: PcpuBlockMd = k.plus(
    k.read_ptr(k.plus(chunk, k.pcpu_chunk.md_blocks)),
    s_index * k.stride.pcpu_block_md,
  );
  let e_block_index: Int = e_index;
  const e_block: PcpuBlockMd = k.plus(
    k.read_ptr(k.plus(chunk, k.pcpu_chunk.md_blocks)),
    e_index * k.stride.pcpu_block_md,
  );

  // A page that was wholly free is not any more.
  if (k.read_int(k.plus(s_block, k.pcpu_block_md.contig_hint)) === PCPU_BITMAP_BLOCK_BITS)
    nr_empty_pages++;

  // Before first_free everything is taken, so it moves on only if the area begins there.
  if (s_off === k.read_int(k.plus(s_block, k.pcpu_block_md.first_free)))
    k.write(
      k.plus(s_block, k.pcpu_block_md.first_free),
      find_next_zero_bit(
        k,
        pcpu_index_alloc_map(k, chunk, s_index),
        PCPU_BITMAP_BLOCK_BITS,
        s_off + bits,
      ),
    );

  // scan_hint is let go when it is hit: without one a search takes longer, and is not wrong.
  let hint_start: Int = k.read_int(k.plus(s_block, k.pcpu_block_md.scan_hint_start));
  let hint_end: Int = hint_start + k.read_int(k.plus(s_block, k.pcpu_block_md.scan_hint));
  if (pcpu_region_overlap(hint_start, hint_end, s_off, s_off + bits))
    k.write(k.plus(s_block, k.pcpu_block_md.scan_hint), 0);

  hint_start = k.read_int(k.plus(s_block, k.pcpu_block_md.contig_hint_start));
  hint_end = hint_start + k.read_int(k.plus(s_block, k.pcpu_block_md.contig_hint));
  if (pcpu_region_overlap(hint_start, hint_end, s_off, s_off + bits)) {
    // The contig_hint is broken: the block is looked through for another.
    // Written here: pcpu_block_refresh_hint() looks only behind the area, and would leave it.
    if (s_off === 0) k.write(k.plus(s_block, k.pcpu_block_md.left_free), 0);
    pcpu_block_refresh_hint(k, chunk, s_index);
  } else {
    // Only the areas at the two ends can have become smaller.
    const left_free: Int = k.read_int(k.plus(s_block, k.pcpu_block_md.left_free));
    k.write(k.plus(s_block, k.pcpu_block_md.left_free), Math.min(left_free, s_off));
    const right_free: Int = k.read_int(k.plus(s_block, k.pcpu_block_md.right_free));
    if (s_index === e_index)
      k.write(
        k.plus(s_block, k.pcpu_block_md.right_free),
        Math.min(right_free, PCPU_BITMAP_BLOCK_BITS - e_off),
      );
    else k.write(k.plus(s_block, k.pcpu_block_md.right_free), 0);
  }

  if (s_index !== e_index) {
    if (k.read_int(k.plus(e_block, k.pcpu_block_md.contig_hint)) === PCPU_BITMAP_BLOCK_BITS)
      nr_empty_pages++;

    // Of the last block the beginning is taken.
    k.write(
      k.plus(e_block, k.pcpu_block_md.first_free),
      find_next_zero_bit(k, pcpu_index_alloc_map(k, chunk, e_index), PCPU_BITMAP_BLOCK_BITS, e_off),
    );
    if (e_off === PCPU_BITMAP_BLOCK_BITS) {
      // All of it is taken: reset with those in between.
      e_block_index++;
    } else {
      // Here the area starts at the block's beginning: it overlaps what begins before its end.
      if (e_off > k.read_int(k.plus(e_block, k.pcpu_block_md.scan_hint_start)))
        k.write(k.plus(e_block, k.pcpu_block_md.scan_hint), 0);
      k.write(k.plus(e_block, k.pcpu_block_md.left_free), 0);
      if (e_off > k.read_int(k.plus(e_block, k.pcpu_block_md.contig_hint_start))) {
        pcpu_block_refresh_hint(k, chunk, e_index);
      } else {
        const right_free: Int = k.read_int(k.plus(e_block, k.pcpu_block_md.right_free));
        k.write(
          k.plus(e_block, k.pcpu_block_md.right_free),
          Math.min(right_free, PCPU_BITMAP_BLOCK_BITS - e_off),
        );
      }
    }

    // Those in between were wholly free, or the area would not have fitted.
    nr_empty_pages += e_index - s_index - 1;
    for (let i: Int = s_index + 1; i < e_block_index; i++) {
      const block: PcpuBlockMd = k.plus(
        k.read_ptr(k.plus(chunk, k.pcpu_chunk.md_blocks)),
        i * k.stride.pcpu_block_md,
      );
      k.write(k.plus(block, k.pcpu_block_md.scan_hint), 0);
      k.write(k.plus(block, k.pcpu_block_md.contig_hint), 0);
      k.write(k.plus(block, k.pcpu_block_md.left_free), 0);
      k.write(k.plus(block, k.pcpu_block_md.right_free), 0);
    }
  }

  if (nr_empty_pages !== 0) pcpu_update_empty_pages(k, chunk, -nr_empty_pages);

  // Now the same for the chunk as a whole.
  hint_start = k.read_int(k.plus(chunk_md, k.pcpu_block_md.scan_hint_start));
  hint_end = hint_start + k.read_int(k.plus(chunk_md, k.pcpu_block_md.scan_hint));
  if (pcpu_region_overlap(hint_start, hint_end, bit_off, bit_off + bits))
    k.write(k.plus(chunk_md, k.pcpu_block_md.scan_hint), 0);

  // All blocks are looked through only if the largest area is broken: otherwise it still is the largest.
  hint_start = k.read_int(k.plus(chunk_md, k.pcpu_block_md.contig_hint_start));
  hint_end = hint_start + k.read_int(k.plus(chunk_md, k.pcpu_block_md.contig_hint));
  if (pcpu_region_overlap(hint_start, hint_end, bit_off, bit_off + bits))
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
  const s_block: PcpuBlockMd = k.plus(
    k.read_ptr(k.plus(chunk, k.pcpu_chunk.md_blocks)),
    s_index * k.stride.pcpu_block_md,
  );
  const e_block: PcpuBlockMd = k.plus(
    k.read_ptr(k.plus(chunk, k.pcpu_chunk.md_blocks)),
    e_index * k.stride.pcpu_block_md,
  );

  // How far the free area goes in its first block and in its last: as a hint says, else as the map does.
  let start: Int = s_off;
  const s_hint_start: Int = k.read_int(k.plus(s_block, k.pcpu_block_md.contig_hint_start));
  if (s_off === k.read_int(k.plus(s_block, k.pcpu_block_md.contig_hint)) + s_hint_start) {
    start = s_hint_start;
  } else {
    // No bit set: free from the block's beginning.
    const l_bit: Int = find_last_bit(k, pcpu_index_alloc_map(k, chunk, s_index), start);
    start = start === l_bit ? 0 : l_bit + 1;
  }
  let end: Int = e_off;
  const e_hint_start: Int = k.read_int(k.plus(e_block, k.pcpu_block_md.contig_hint_start));
  if (e_off === e_hint_start)
    end = e_hint_start + k.read_int(k.plus(e_block, k.pcpu_block_md.contig_hint));
  else end = find_next_bit(k, pcpu_index_alloc_map(k, chunk, e_index), PCPU_BITMAP_BLOCK_BITS, end);

  // In one block the free area ends at `end`; otherwise the first block is free to its own end.
  e_off = s_index === e_index ? end : PCPU_BITMAP_BLOCK_BITS;
  // Counted once: until now the page held at least this area.
  if (start === 0 && e_off === PCPU_BITMAP_BLOCK_BITS) nr_empty_pages++;
  pcpu_block_update(k, s_block, start, e_off);

  if (s_index !== e_index) {
    if (end === PCPU_BITMAP_BLOCK_BITS) nr_empty_pages++;
    pcpu_block_update(k, e_block, 0, end);

    // Those in between are wholly free.
    nr_empty_pages += e_index - s_index - 1;
    for (let i: Int = s_index + 1; i < e_index; i++) {
      const block: PcpuBlockMd = k.plus(
        k.read_ptr(k.plus(chunk, k.pcpu_chunk.md_blocks)),
        i * k.stride.pcpu_block_md,
      );
      k.write(k.plus(block, k.pcpu_block_md.first_free), 0);
      k.write(k.plus(block, k.pcpu_block_md.scan_hint), 0);
      k.write(k.plus(block, k.pcpu_block_md.contig_hint_start), 0);
      k.write(k.plus(block, k.pcpu_block_md.contig_hint), PCPU_BITMAP_BLOCK_BITS);
      k.write(k.plus(block, k.pcpu_block_md.left_free), PCPU_BITMAP_BLOCK_BITS);
      k.write(k.plus(block, k.pcpu_block_md.right_free), PCPU_BITMAP_BLOCK_BITS);
    }
  }

  if (nr_empty_pages !== 0) pcpu_update_empty_pages(k, chunk, nr_empty_pages);

  // An area that fills a block may join others; one inside a block cannot.
  if (end - start >= PCPU_BITMAP_BLOCK_BITS || s_index !== e_index)
    pcpu_chunk_refresh_hint(k, chunk, true);
  // `end` counts from the block's start, as in the kernel: right in the first block, too small in others.
  else
    pcpu_block_update(
      k,
      k.plus(chunk, k.pcpu_chunk.chunk_md),
      pcpu_block_off_to_off(s_index, start),
      end,
    );
}
