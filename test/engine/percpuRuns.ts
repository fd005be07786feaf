/** What the maps of the first per-CPU chunk say, without the hints. */
import type { Kernel } from '../../src/engine/machine/kernel.js';

export interface FreeRuns {
  /** Pieces of the largest free area, as the chunk's hint has it. */
  readonly contigHint: number;
  /** As the bitmap has it. */
  readonly largest: number;
  readonly freeBytes: number;
}

export function freeRuns(k: Kernel): FreeRuns {
  const chunk = k.read_ptr(k.globals.pcpu_first_chunk);
  const map = k.read_ptr(k.plus(chunk, k.pcpu_chunk.alloc_map));
  const nrBits = (k.words[k.plus(chunk, k.pcpu_chunk.nr_pages)] ?? 0) * 1024;
  let largest = 0;
  let run = 0;
  for (let bit = 0; bit < nrBits; bit++) {
    const taken = ((k.words[k.plus(map, bit >> 5)] ?? 0) >>> (bit & 31)) & 1;
    run = taken === 1 ? 0 : run + 1;
    largest = Math.max(largest, run);
  }
  return {
    contigHint: k.words[k.plus(chunk, k.pcpu_chunk.chunk_md + k.pcpu_block_md.contig_hint)] ?? 0,
    largest,
    freeBytes: k.words[k.plus(chunk, k.pcpu_chunk.free_bytes)] ?? 0,
  };
}
