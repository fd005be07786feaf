/**
 * The boot allocator: which physical ranges are RAM, and which of them are reserved. Allocation is first fit from the top.
 *
 *     memory    ████████████████████      ████████████
 *     reserved      ███    █        ██        ███
 *     free      ████   ████ ████████      ████   █████
 *
 * Invariant: both lists are sorted, and ranges in a list neither overlap nor touch.
 * Source: Linux 6.1 mm/memblock.c; mm/cma.c: cma_declare_contiguous_nid().
 */
import { PAGE_SIZE } from '../../memory/address.js';
import type { Profile } from '../../types/profile.js';
import { FOUR_GIB } from './e820.js';
import { ImageError } from '../kernelImage.js';

/** Physical bytes, end exclusive. */
export interface MemRange {
  readonly start: number;
  readonly end: number;
}

export class Memblock {
  memory: readonly MemRange[] = [];
  reserved: readonly MemRange[] = [];
  /** Allocations without an upper bound stay below it: what the kernel has mapped so far. */
  current_limit = Infinity;

  memblock_add(start: number, end: number): void {
    // memblock_trim_memory(): only whole pages are memory.
    const whole = {
      start: Math.ceil(start / PAGE_SIZE) * PAGE_SIZE,
      end: Math.floor(end / PAGE_SIZE) * PAGE_SIZE,
    };
    if (whole.start < whole.end) this.memory = union(this.memory, whole);
  }

  memblock_reserve(start: number, end: number): void {
    if (start < end) this.reserved = union(this.reserved, { start, end });
  }

  memblock_phys_free(start: number, end: number): void {
    this.reserved = subtract(this.reserved, [{ start, end }]);
  }

  memblock_start_of_DRAM(): number {
    return this.memory[0]?.start ?? 0;
  }

  memblock_end_of_DRAM(): number {
    return this.memory.at(-1)?.end ?? 0;
  }

  /** Whether every byte of the range is RAM. */
  memblock_is_region_memory(start: number, end: number): boolean {
    return this.memory.some((range) => range.start <= start && end <= range.end);
  }

  /** for_each_free_mem_range(), ascending. */
  freeRanges(): readonly MemRange[] {
    return subtract(this.memory, this.reserved);
  }

  /** Reserves the highest fitting range in [min, max), or the lowest when `bottomUp`; undefined when none fits. */
  memblock_phys_alloc_range(
    sizeBytes: number,
    align: number,
    min: number,
    max: number,
    bottomUp = false,
  ): number | undefined {
    // Page 0 is never given out: its address would look like failure.
    const low = Math.max(min, PAGE_SIZE);
    const free = this.freeRanges();
    for (const range of bottomUp ? free : [...free].reverse()) {
      const start = Math.max(range.start, low);
      const end = Math.min(range.end, max);
      const found = bottomUp
        ? Math.ceil(start / align) * align
        : Math.floor((end - sizeBytes) / align) * align;
      if (found < start || found + sizeBytes > end) continue;
      this.memblock_reserve(found, found + sizeBytes);
      return found;
    }
    return undefined;
  }

  /** memblock_alloc_try_nid(): at `min` or above if possible, else anywhere below the limit. The kernel cannot do without. */
  memblock_alloc(what: string, sizeBytes: number, align: number, min = 0): number {
    const max = this.current_limit;
    const found =
      this.memblock_phys_alloc_range(sizeBytes, align, min, max) ??
      this.memblock_phys_alloc_range(sizeBytes, align, 0, max);
    if (found === undefined)
      throw new ImageError(
        `The machine has too little memory to boot: no room for ${what} (${Math.ceil(sizeBytes / 1024)} KiB). Give it more RAM.`,
      );
    return found;
  }
}

/** cma_declare_contiguous_nid(): above 4 GiB from the bottom where there is room, else from the top. */
export function cma_declare_contiguous(
  memblock: Memblock,
  profile: Profile,
  sizeBytes: number,
  align: number,
): MemRange | undefined {
  const end = memblock.memblock_end_of_DRAM();
  const limit = Math.floor(Math.min(memblock.current_limit, end) / align) * align;
  const canBeHigh = profile.arch !== 'i386' && end >= FOUR_GIB + sizeBytes;
  const start =
    (canBeHigh
      ? memblock.memblock_phys_alloc_range(sizeBytes, align, FOUR_GIB, limit, true)
      : undefined) ?? memblock.memblock_phys_alloc_range(sizeBytes, align, 0, limit);
  return start === undefined ? undefined : { start, end: start + sizeBytes };
}

function union(ranges: readonly MemRange[], added: MemRange): MemRange[] {
  const touching = ranges.filter((range) => range.start <= added.end && range.end >= added.start);
  const apart = ranges.filter((range) => !touching.includes(range));
  const whole = {
    start: Math.min(added.start, ...touching.map((range) => range.start)),
    end: Math.max(added.end, ...touching.map((range) => range.end)),
  };
  return [...apart, whole].sort((a, b) => a.start - b.start);
}

function subtract(ranges: readonly MemRange[], taken: readonly MemRange[]): MemRange[] {
  let left = [...ranges];
  for (const hole of taken)
    left = left.flatMap((range) =>
      range.end <= hole.start || range.start >= hole.end
        ? [range]
        : [
            { start: range.start, end: Math.min(range.end, hole.start) },
            { start: Math.max(range.start, hole.end), end: range.end },
          ].filter((rest) => rest.start < rest.end),
    );
  return left;
}
