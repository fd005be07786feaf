/**
 * Opens a file for the engine: plain files are read where they are asked for; gzip and zstd files are unpacked once and kept,
 * all but their zeros (most of a machine's memory is zeros).
 */
import { closeSync, createReadStream, fstatSync, openSync, readSync } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { Decompress } from 'fzstd';
import type { OpenedFile } from '../engine/image/openMachine.js';
import { Unpacked } from './unpacked.js';

const ZSTD_MAGIC = 0xfd2fb528;

export async function openRandomAccess(path: string): Promise<OpenedFile> {
  const descriptor = openSync(path, 'r');
  const magic = Buffer.alloc(4);
  readSync(descriptor, magic, 0, 4, 0);
  const isGzip = magic[0] === 0x1f && magic[1] === 0x8b;
  const isZstd = magic.readUInt32LE(0) === ZSTD_MAGIC;
  if (!isGzip && !isZstd) return plainFile(descriptor);
  closeSync(descriptor);
  const bytes = createReadStream(path);
  return isGzip ? unpacked(bytes.pipe(createGunzip())) : unpacked(unzstd(bytes));
}

/** What zstd packed, a piece at a time. */
export async function* unzstd(
  packed: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let ready: Uint8Array[] = [];
  const stream = new Decompress((data) => void ready.push(data));
  for await (const data of packed) {
    stream.push(data);
    yield* ready;
    ready = [];
  }
  stream.push(new Uint8Array(0), true);
  yield* ready;
}

async function unpacked(pieces: AsyncIterable<Uint8Array>): Promise<OpenedFile> {
  const file = new Unpacked();
  for await (const piece of pieces) file.add(piece);
  return file.finished();
}

/** A file as it is, packed or not. @throws when it cannot be opened */
export const openPlainFile = (path: string): OpenedFile => plainFile(openSync(path, 'r'));

/** What cannot be read, such as a bad sector, or memory that went offline under /proc/kcore, is not there. */
function readOrNothing(descriptor: number, bytes: Uint8Array, from: number, at: bigint): number {
  try {
    return readSync(descriptor, bytes, from, bytes.length - from, at);
  } catch (error) {
    if (error instanceof Error && 'code' in error && /^(?:EIO|EFAULT)$/.test(String(error.code)))
      return 0;
    throw error;
  }
}

function plainFile(descriptor: number): OpenedFile {
  const size = fstatSync(descriptor).size;
  return {
    size,
    read(offset, length) {
      const bytes = Buffer.alloc(Math.max(0, Math.min(length, size - offset)));
      let done = 0;
      while (done < bytes.length) {
        // /proc/kcore has offsets beyond 2^53.
        const at = BigInt(offset) + BigInt(done);
        const got = readOrNothing(descriptor, bytes, done, at);
        if (got === 0) break;
        done += got;
      }
      return bytes.subarray(0, done);
    },
    close: () => closeSync(descriptor),
  };
}
