/**
 * Frames for what a dump does not place: mem_map, page sets, section tables. A state says of every frame what its
 * `struct page` looks like, but not what lies in it; so these objects are put where Linux would have them: into memory that
 * boot reserved, from the top down, below the end of lowmem and above the kernel image.
 *
 * Invariant: a frame is handed out once, and only if its page has PG_reserved alone and a reference count of one. A
 * reserved stretch that ends at a hole is the firmware's and is passed over.
 */
import { ImageError } from '../kernelImage.js';
import type { MemmapRuns } from './memmapDump.js';

interface Stretch {
  startFrame: number;
  /** Exclusive. */
  endFrame: number;
}

export class ReservedFrames {
  /** Ascending. */
  private stretches: Stretch[];

  /**
   * @param reservedMask `1 << PG_reserved`
   * @param flagsMask the bits of the low flags word that are flags (not the zone)
   * @param taken frames of which more is known: not handed out
   */
  constructor(
    memmap: MemmapRuns,
    reservedMask: number,
    flagsMask: number,
    private readonly startFrame: number,
    private readonly endFrame: number,
    taken: Iterable<number> = [],
  ) {
    this.stretches = [];
    for (let i = 0; i < memmap.length; i++) {
      const plain =
        ((memmap.flagsLow[i] ?? 0) & flagsMask) === reservedMask && memmap.refcount[i] === 1;
      if (plain) this.add(memmap.startPfn[i] ?? 0, memmap.count[i] ?? 0);
    }
    this.stretches = this.stretches.filter(
      ({ endFrame: end }) => end === memmap.endPfn || end === endFrame || memmap.find(end) >= 0,
    );
    for (const frame of taken) this.cut(frame, 1);
  }

  /** The first of `nrFrames` adjacent frames, a multiple of `align`, as high as there are any. */
  take(nrFrames: number, align: number, purpose: string): number {
    for (let i = this.stretches.length - 1; i >= 0; i--) {
      const stretch = this.stretches[i];
      if (stretch === undefined) break;
      const first = Math.floor((stretch.endFrame - nrFrames) / align) * align;
      if (first < stretch.startFrame) continue;
      // What lies above an aligned piece stays for smaller ones.
      return this.cut(first, nrFrames);
    }
    throw new ImageError(
      `The state cannot be rebuilt: no ${nrFrames} adjacent reserved frames for ${purpose}.`,
    );
  }

  private cut(first: number, nrFrames: number): number {
    const end = first + nrFrames;
    const rest = this.stretches.flatMap((stretch) => [
      { startFrame: stretch.startFrame, endFrame: Math.min(stretch.endFrame, first) },
      { startFrame: Math.max(stretch.startFrame, end), endFrame: stretch.endFrame },
    ]);
    this.stretches = rest.filter((stretch) => stretch.startFrame < stretch.endFrame);
    return first;
  }

  private add(pfn: number, count: number): void {
    const start = Math.max(pfn, this.startFrame);
    const end = Math.min(pfn + count, this.endFrame);
    if (start >= end) return;
    const last = this.stretches[this.stretches.length - 1];
    if (last?.endFrame === start) last.endFrame = end;
    else this.stretches.push({ startFrame: start, endFrame: end });
  }
}
