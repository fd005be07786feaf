/** Writes a file a chunk at a time; chunks of zeros become holes. */
import { closeSync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs';

/** A file that is being written. Only its owner may read it: it may hold somebody's memory. */
export interface Written {
  readonly add: (chunk: Uint8Array) => void;
  /** Ends it; gives its size in bytes. */
  readonly close: () => number;
  /** It is not wanted after all. */
  readonly discard: () => void;
}

export function createFile(path: string): Written {
  const descriptor = openSync(path, 'w', 0o600);
  let size = 0;
  return {
    add(chunk) {
      if (chunk.some((byte) => byte !== 0)) writeSync(descriptor, chunk, 0, chunk.length, size);
      size += chunk.length;
    },
    close() {
      ftruncateSync(descriptor, size);
      closeSync(descriptor);
      return size;
    },
    discard() {
      closeSync(descriptor);
      rmSync(path, { force: true });
    },
  };
}

/** Gives the size. */
export function writeChunks(path: string, chunks: Iterable<Uint8Array>): number {
  const file = createFile(path);
  try {
    for (const chunk of chunks) file.add(chunk);
  } catch (error) {
    file.discard();
    throw error;
  }
  return file.close();
}
