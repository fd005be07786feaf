/** Which functions of the kernel hand out memory that the counters of the page allocator need not tell of. */
import type { Builtin } from './builtin.js';
import { findBuiltin } from './table.js';

const HANDING: ReadonlySet<Builtin['category']> = new Set(['slab', 'vmalloc', 'DMA', 'per-CPU']);

/** Ranges of frames. */
const RANGES: ReadonlySet<string> = new Set([
  'cma_alloc',
  'dma_alloc_from_contiguous',
  'alloc_contig_range',
  'alloc_contig_pages',
]);

/** Those that free or ask apart: they have no memory as their result. */
export const handsOut = ({ changes, category, name, signature }: Builtin): boolean =>
  changes &&
  (RANGES.has(name) ||
    (HANDING.has(category) && (name.includes('alloc') || /\*\s*\w+\(/.test(signature))));

/** Whether a function of the kernel that has this name hands out such memory. */
export function isAllocator(name: string): boolean {
  const builtin = findBuiltin(name);
  return builtin !== undefined && handsOut(builtin);
}
