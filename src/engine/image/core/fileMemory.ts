/**
 * Physical memory as the file has it: reading at physical addresses, and the rule that fills frames of an image from it at
 * their first touch. Nothing is ever copied whole.
 */
import type { Cell } from '../../memory/address.js';
import type { FrameRule } from '../../memory/physical.js';
import type { Segment } from './elf.js';
import { viewOf, type RandomAccess } from './randomAccess.js';

export class FileMemory {
  /** By rising start; overlapping ones have the same content. */
  private readonly segments: readonly Segment[];

  constructor(
    private readonly file: RandomAccess,
    segments: readonly Segment[],
  ) {
    this.segments = [...segments].sort((a, b) => a.startPhys - b.startPhys);
  }

  /** One past the last frame of any segment. */
  get endFrame(): number {
    return Math.max(
      ...this.segments.map((each) => Math.ceil((each.startPhys + each.memBytes) / 4096)),
    );
  }

  /** Whether some segment holds the frame, in whole or in part. */
  hasFrame(frame: number): boolean {
    return this.segmentsOver(frame * 4096, 4096).length > 0;
  }

  /** `sizeBytes` bytes; zeros where the core has none. */
  read(phys: number, sizeBytes: number): Uint8Array {
    const out = new Uint8Array(sizeBytes);
    for (const segment of this.segmentsOver(phys, sizeBytes)) {
      const from = Math.max(phys, segment.startPhys);
      const to = Math.min(phys + sizeBytes, segment.startPhys + segment.fileBytes);
      if (from >= to) continue;
      out.set(this.file.read(segment.offset + from - segment.startPhys, to - from), from - phys);
    }
    return out;
  }

  /** Whether every byte of the range lies in a segment. */
  covers(phys: number, sizeBytes: number): boolean {
    let at = phys;
    for (const segment of this.segmentsOver(phys, sizeBytes)) {
      if (segment.startPhys > at) return false;
      at = Math.max(at, segment.startPhys + segment.memBytes);
    }
    return at >= phys + sizeBytes;
  }

  word32(phys: number): number {
    return viewOf(this.read(phys, 4)).getUint32(0, true);
  }

  word64(phys: number): bigint {
    return viewOf(this.read(phys, 8)).getBigUint64(0, true);
  }

  rule(): FrameRule {
    return {
      startFrame: 0,
      endFrame: this.endFrame,
      fill: (frame: number, words: Int32Array, cell: Cell): void => {
        new Uint8Array(words.buffer, words.byteOffset + cell * 4, 4096).set(
          this.read(frame * 4096, 4096),
        );
      },
    };
  }

  private segmentsOver(phys: number, sizeBytes: number): readonly Segment[] {
    return this.segments.filter(
      (each) => each.startPhys < phys + sizeBytes && each.startPhys + each.memBytes > phys,
    );
  }
}
