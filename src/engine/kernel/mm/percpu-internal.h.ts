/**
 * struct pcpu_chunk and struct pcpu_block_md: memory that each CPU has its own copy of, and what is known about its free areas.
 *
 *     pcpu_chunk     list          on pcpu_chunk_lists[slot]
 *                    chunk_md      a pcpu_block_md for the chunk as a whole
 *                    alloc_map     which 4-byte pieces are taken          bound_map     where areas begin and end
 *                    md_blocks[]   a pcpu_block_md for each page          populated     which pages there are
 *
 * Both may straddle frames: a member is at `k.plus(chunk, k.pcpu_chunk.member)`.
 *
 * Source: Linux 6.1 mm/percpu-internal.h.
 */
import type { Int, PcpuChunk } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { PAGE_SIZE } from '../../memory/address.js';
import { PCPU_MIN_ALLOC_SIZE } from '../include/linux/percpu.h.js';

/** A block is a page. */
export function pcpu_chunk_nr_blocks(k: Kernel, chunk: PcpuChunk): Int {
  return k.read_int(k.plus(chunk, k.pcpu_chunk.nr_pages));
}

export function pcpu_nr_pages_to_map_bits(pages: Int): Int {
  return (pages * PAGE_SIZE) / PCPU_MIN_ALLOC_SIZE;
}

export function pcpu_chunk_map_bits(k: Kernel, chunk: PcpuChunk): Int {
  return pcpu_nr_pages_to_map_bits(k.read_int(k.plus(chunk, k.pcpu_chunk.nr_pages)));
}
