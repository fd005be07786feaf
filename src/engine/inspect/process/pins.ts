/**
 * Pins as the kernel counts them: how many are out, and which pages may have some.
 *
 * Source: Linux 6.1 mm/gup.c (NR_FOLL_PIN_ACQUIRED, NR_FOLL_PIN_RELEASED); include/linux/mm.h: page_maybe_dma_pinned(), with its false
 * positive: a page that has 1024 references.
 */
import { asVirt } from '../../memory/address.js';
import type { Inspected } from '../inspected.js';
import { memmapOf, maxPfnOf } from '../memmap.js';
import { nodesOf } from '../zones.js';
import { CountedPages, GUP_PIN_COUNTING_BIAS } from './pageCounts.js';
import { isDumpError } from '../inspected.js';

/** Since the machine came up, with what CPUs hold back. */
export function pinsOut(k: Inspected): { readonly acquired: number; readonly released: number } {
  const acquired = nodeCounter(k, 'NR_FOLL_PIN_ACQUIRED');
  return { acquired, released: nodeCounter(k, 'NR_FOLL_PIN_RELEASED') };
}

function nodeCounter(k: Inspected, name: string): number {
  const item = k.enumerator(name);
  const folded = k.space.long(k.global('vm_node_stat'), item * k.pointerSize);
  if (!k.has('per_cpu_nodestat', 'vm_node_stat_diff')) return folded;
  const offset = k.offset('per_cpu_nodestat', 'vm_node_stat_diff');
  let sum = folded;
  for (const { at } of nodesOf(k)) {
    const stats = k.pointer(at, 'pglist_data', 'per_cpu_nodestats');
    if (stats === 0) continue;
    for (const cpu of k.onlineCpus())
      sum += (k.space.u8(k.perCpu(stats, cpu), offset + item) << 24) >> 24;
  }
  return sum;
}

/** More are not listed. */
const MAX_FRAMES = 4096;

/** Heads and single pages that page_maybe_dma_pinned() is true of. What the dump lacks is passed over. */
export function suspectFrames(k: Inspected): number[] {
  const memmap = memmapOf(k);
  const refcount = k.offset('page', k.either('page', '_refcount', '_count'));
  const flags = k.offset('page', 'flags');
  const head = k.findEnumerator('PG_head') ?? -1;
  const counted = new CountedPages(k);
  const found: number[] = [];
  const end = maxPfnOf(k);
  for (let pfn = 0; pfn < end && found.length < MAX_FRAMES; pfn++) {
    const page = memmap.pfnToPage(pfn);
    if (page === undefined) continue;
    try {
      const refs = k.space.i32(page, refcount);
      const isHead = head >= 0 && ((k.space.u32(asVirt(page), flags) >>> head) & 1) !== 0;
      if (isHead ? (counted.of(pfn)?.pins ?? 0) > 0 : refs >= GUP_PIN_COUNTING_BIAS)
        found.push(pfn);
    } catch (error) {
      if (!isDumpError(error)) throw error;
    }
  }
  return found;
}
