/**
 * Physical memory as the image of a kernel that runs needs it: all of it is there. Where the dump has nothing (free pages that
 * were left out, holes), it reads as zeros.
 */
import type { Cell } from '../../memory/address.js';
import type { FrameRule } from '../../memory/physical.js';
import type { DumpMemory } from '../dump/dumpMemory.js';
import { viewOf } from './randomAccess.js';

export class FileMemory {
  constructor(private readonly memory: DumpMemory) {}

  /** One past the last frame of the dump. */
  get endFrame(): number {
    return this.memory.endFrame;
  }

  /** Whether the dump holds the frame, in whole or in part. */
  hasFrame(frame: number): boolean {
    return this.memory.hasFrame(frame);
  }

  /** `sizeBytes` bytes; zeros where the dump has none. */
  read(phys: number, sizeBytes: number): Uint8Array {
    const out = new Uint8Array(sizeBytes);
    for (let done = 0; done < sizeBytes;) {
      const bytes = this.memory.read(phys + done, sizeBytes - done);
      out.set(bytes, done);
      // What is behind a hole inside of a page is looked for word by word.
      done += bytes.length > 0 ? bytes.length : 4 - ((phys + done) & 3);
    }
    return out;
  }

  /** Whether the dump has every byte of the range. */
  covers(phys: number, sizeBytes: number): boolean {
    return this.memory.read(phys, sizeBytes).length >= sizeBytes;
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
        if (!this.hasFrame(frame)) return;
        new Uint8Array(words.buffer, words.byteOffset + cell * 4, 4096).set(
          this.read(frame * 4096, 4096),
        );
      },
    };
  }
}
