/**
 * Memory that a file holds in plain ranges: ELF segments, LiME ranges, a raw image.
 *
 * Ranges may overlap (kdump lists the kernel's text apart, with the same content): the lower one answers for what both have.
 */
import { NO_BYTES, type DumpMemory, type MemoryRange } from '../dumpMemory.js';
import { readAt, type RandomAccess } from '../../core/randomAccess.js';

const PAGE_BYTES = 4096;

export class RangeMemory implements DumpMemory {
  /** Disjoint, by rising start. */
  private readonly ranges: readonly MemoryRange[];
  readonly endFrame: number;

  constructor(
    private readonly file: RandomAccess,
    ranges: readonly MemoryRange[],
    /** Where memory ends that the file says there is, though it does not hold it. */
    endPhys = 0,
  ) {
    this.ranges = disjoint(ranges);
    const last = this.ranges.at(-1);
    const end = last === undefined ? 0 : last.startPhys + last.sizeBytes;
    this.endFrame = Math.ceil(Math.max(end, endPhys) / PAGE_BYTES);
  }

  hasFrame(frame: number): boolean {
    const phys = frame * PAGE_BYTES;
    const range = this.ranges[this.firstEndingAbove(phys)];
    return range !== undefined && range.startPhys < phys + PAGE_BYTES;
  }

  read(phys: number, sizeBytes: number): Uint8Array {
    let index = this.firstEndingAbove(phys);
    const range = this.ranges[index];
    if (range === undefined || range.startPhys > phys) return NO_BYTES;
    const inRange = range.startPhys + range.sizeBytes - phys;
    const first = readAt(
      this.file,
      range.offset,
      phys - range.startPhys,
      Math.min(sizeBytes, inRange),
    );
    if (sizeBytes <= inRange || first.length < inRange) return first;
    const out = new Uint8Array(sizeBytes);
    out.set(first);
    let done = first.length;
    while (done < sizeBytes) {
      const next = this.ranges[++index];
      if (next?.startPhys !== phys + done) break;
      const asked = Math.min(sizeBytes - done, next.sizeBytes);
      const bytes = readAt(this.file, next.offset, 0, asked);
      out.set(bytes, done);
      done += bytes.length;
      if (bytes.length < asked) break;
    }
    return out.subarray(0, done);
  }

  /** Index of the first range that ends above an address. */
  private firstEndingAbove(phys: number): number {
    let low = 0;
    let high = this.ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const range = this.ranges[middle] as MemoryRange;
      if (range.startPhys + range.sizeBytes > phys) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

function disjoint(ranges: readonly MemoryRange[]): readonly MemoryRange[] {
  const sorted = ranges
    .filter(({ sizeBytes }) => sizeBytes > 0)
    .sort((a, b) => a.startPhys - b.startPhys);
  const kept: MemoryRange[] = [];
  let end = 0;
  for (const range of sorted) {
    const taken = Math.max(0, end - range.startPhys);
    if (taken >= range.sizeBytes) continue;
    kept.push({
      startPhys: range.startPhys + taken,
      sizeBytes: range.sizeBytes - taken,
      offset: range.offset + taken,
    });
    end = range.startPhys + range.sizeBytes;
  }
  return kept;
}
