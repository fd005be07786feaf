/** What the maps of the first per-CPU chunk say, without the hints. */
import type { Mm } from '../../src/engine/machine/mm.js';

export interface FreeRuns {
  /** Pieces of the largest free area, as the chunk's hint has it. */
  readonly contigHint: number;
  /** As the bitmap has it. */
  readonly largest: number;
  readonly freeBytes: number;
}

export function freeRuns(k: Mm): FreeRuns {
  const { percpu } = k;
  const chunk = percpu.pcpu_first_chunk;
  const map = k.read_ptr(k.plus(chunk, percpu.alloc_map));
  const nrBits = (k.words[k.plus(chunk, percpu.nr_pages)] ?? 0) * 1024;
  let largest = 0;
  let run = 0;
  for (let bit = 0; bit < nrBits; bit++) {
    const taken = ((k.words[k.plus(map, bit >> 5)] ?? 0) >>> (bit & 31)) & 1;
    run = taken === 1 ? 0 : run + 1;
    largest = Math.max(largest, run);
  }
  return {
    contigHint: k.words[k.plus(chunk, percpu.chunk_md + percpu.contig_hint)] ?? 0,
    largest,
    freeBytes: k.words[k.plus(chunk, percpu.free_bytes)] ?? 0,
  };
}
