/** The bytes of a file that was unpacked, in chunks; a chunk of zeros is not kept. */
import type { OpenedFile } from '../engine/image/openMachine.js';

const CHUNK_BYTES = 1 << 16;
const ZEROS = Buffer.alloc(CHUNK_BYTES);

export class Unpacked {
  private readonly chunks: (Buffer | undefined)[] = [];
  private open = Buffer.alloc(CHUNK_BYTES);
  private filled = 0;
  private size = 0;

  add(data: Uint8Array): void {
    this.size += data.length;
    for (let from = 0; from < data.length;) {
      const part = data.subarray(from, from + CHUNK_BYTES - this.filled);
      this.open.set(part, this.filled);
      from += part.length;
      this.filled += part.length;
      if (this.filled === CHUNK_BYTES) this.closeChunk();
    }
  }

  private closeChunk(): void {
    this.filled = 0;
    if (this.open.equals(ZEROS)) {
      this.chunks.push(undefined);
      return;
    }
    this.chunks.push(this.open);
    this.open = Buffer.alloc(CHUNK_BYTES);
  }

  finished(): OpenedFile {
    if (this.filled > 0) this.closeChunk();
    const { chunks, size } = this;
    return {
      size,
      read(offset, length) {
        const out = Buffer.alloc(Math.max(0, Math.min(length, size - offset)));
        for (let done = 0; done < out.length;) {
          const within = (offset + done) % CHUNK_BYTES;
          const bytes = Math.min(out.length - done, CHUNK_BYTES - within);
          chunks[Math.floor((offset + done) / CHUNK_BYTES)]?.copy(
            out,
            done,
            within,
            within + bytes,
          );
          done += bytes;
        }
        return out;
      },
      close: () => {
        chunks.length = 0;
      },
    };
  }
}
