/**
 * Opens a file for the engine: plain files are read where they are asked for, gzip files are inflated once and kept, all
 * but their zeros (most of a machine's memory is zeros).
 */
import { once } from 'node:events';
import { closeSync, createReadStream, fstatSync, openSync, readSync } from 'node:fs';
import { createGunzip } from 'node:zlib';
import type { OpenedFile } from '../engine/image/openMachine.js';

export async function openRandomAccess(path: string): Promise<OpenedFile> {
  const descriptor = openSync(path, 'r');
  const magic = Buffer.alloc(2);
  readSync(descriptor, magic, 0, 2, 0);
  if (magic[0] !== 0x1f || magic[1] !== 0x8b) return plainFile(descriptor);
  closeSync(descriptor);
  return inflatedFile(path);
}

/** A file as it is, packed or not. @throws when it cannot be opened */
export const openPlainFile = (path: string): OpenedFile => plainFile(openSync(path, 'r'));

function plainFile(descriptor: number): OpenedFile {
  const size = fstatSync(descriptor).size;
  return {
    size,
    read(offset, length) {
      const bytes = Buffer.alloc(Math.max(0, Math.min(length, size - offset)));
      let done = 0;
      while (done < bytes.length) {
        const got = readSync(descriptor, bytes, done, bytes.length - done, offset + done);
        if (got === 0) break;
        done += got;
      }
      return bytes.subarray(0, done);
    },
    close: () => closeSync(descriptor),
  };
}

const CHUNK_BYTES = 1 << 16;
const ZEROS = Buffer.alloc(CHUNK_BYTES);

async function inflatedFile(path: string): Promise<OpenedFile> {
  const chunks: (Buffer | undefined)[] = [];
  let open = Buffer.alloc(CHUNK_BYTES);
  let filled = 0;
  let size = 0;
  const closeChunk = (): void => {
    if (open.equals(ZEROS)) {
      chunks.push(undefined);
      return;
    }
    chunks.push(open);
    open = Buffer.alloc(CHUNK_BYTES);
  };
  const inflate = createReadStream(path).pipe(createGunzip());
  inflate.on('data', (data: Buffer) => {
    size += data.length;
    for (let from = 0; from < data.length;) {
      const copied = data.copy(open, filled, from);
      from += copied;
      filled += copied;
      if (filled < CHUNK_BYTES) continue;
      closeChunk();
      filled = 0;
    }
  });
  await once(inflate, 'end');
  if (filled > 0) closeChunk();
  return {
    size,
    read(offset, length) {
      const out = Buffer.alloc(Math.max(0, Math.min(length, size - offset)));
      for (let done = 0; done < out.length;) {
        const within = (offset + done) % CHUNK_BYTES;
        const bytes = Math.min(out.length - done, CHUNK_BYTES - within);
        chunks[Math.floor((offset + done) / CHUNK_BYTES)]?.copy(out, done, within, within + bytes);
        done += bytes;
      }
      return out;
    },
    close: () => {
      chunks.length = 0;
    },
  };
}
