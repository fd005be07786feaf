/** Writes a file a chunk at a time; chunks of zeros become holes. */
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';

/** Gives the size. */
export function writeChunks(path: string, chunks: Iterable<Uint8Array>): number {
  const descriptor = openSync(path, 'w', 0o600);
  try {
    let size = 0;
    for (const chunk of chunks) {
      if (chunk.some((byte) => byte !== 0)) writeSync(descriptor, chunk, 0, chunk.length, size);
      size += chunk.length;
    }
    ftruncateSync(descriptor, size);
    return size;
  } finally {
    closeSync(descriptor);
  }
}
