/** A stretch of memory at a virtual address: what typed reading needs, and no more. */
import type { VirtAddr } from '../../src/engine/memory/address.js';
import type { TypedMemory } from '../../src/engine/types/access.js';

export class FlatMemory implements TypedMemory {
  private readonly bytes: Uint8Array;

  constructor(
    readonly pointerSize: 4 | 8,
    private readonly start: VirtAddr,
    sizeBytes: number,
  ) {
    this.bytes = new Uint8Array(sizeBytes);
  }

  readBytes(va: VirtAddr, sizeBytes: number): Uint8Array {
    const offset = va - this.start;
    return offset < 0 ? new Uint8Array(0) : this.bytes.slice(offset, offset + sizeBytes);
  }

  write(va: VirtAddr, bytes: Uint8Array | undefined): void {
    if (bytes === undefined) throw new Error('nothing to write');
    this.bytes.set(bytes, va - this.start);
  }
}
