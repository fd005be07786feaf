/** Files under node, unpacked where they are gzip: for the adapter, which must not block, and for the command line. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip, gunzipSync } from 'node:zlib';
import { FileError, type Files } from '../engine/image/openMachine.js';
import { nodeCodecs } from './codecs.js';
import { cacheFolder } from './cacheFolder.js';
import { keptKernelsIn } from './keptKernels.js';
import { openRandomAccess } from './randomAccessFile.js';
import { unpackSection } from './unpackSection.js';

const unzip = promisify(gunzip);
const SMALLEST_PIECE = 1 << 16;
const LARGEST_PIECE = 1 << 30;

export const nodeFiles: Files = {
  codecs: nodeCodecs,
  vmlinuxHost: { unpack: unpackSection, kept: keptKernelsIn(cacheFolder()) },
  readFile: (path) =>
    readFile(path)
      .then((bytes) => (isGzip(bytes) ? unzip(bytes) : bytes))
      .catch((error: unknown) => {
        throw fileError(path, error);
      }),
  openFile: (path) =>
    openRandomAccess(path).catch((error: unknown) => {
      throw fileError(path, error);
    }),
};

/** As {@link nodeFiles}, but what a vmlinux tells is neither looked for nor kept on disk. */
export const keepingNothing: Files = { ...nodeFiles, vmlinuxHost: { unpack: unpackSection } };

/** @throws FileError */
export function readBytes(path: string): Uint8Array {
  try {
    const bytes = readFileSync(path);
    if (!isGzip(bytes)) return bytes;
    // In one piece: inflating a core in many would need its size twice.
    const size = Math.min(inflatedSize(bytes), LARGEST_PIECE);
    return gunzipSync(bytes, { chunkSize: Math.max(SMALLEST_PIECE, size + 1) });
  } catch (error) {
    throw fileError(path, error);
  }
}

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** What the last four bytes of gzip say. (Source: RFC 1952.) */
function inflatedSize(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(bytes.length - 4, true);
}

export function fileError(path: string, error: unknown): FileError {
  const code = (error as { readonly code?: unknown }).code;
  const known =
    typeof code === 'string' ? REASONS.find(([start]) => code.startsWith(start)) : undefined;
  return new FileError(
    path,
    known?.[1] ?? (error instanceof Error ? error.message : String(error)),
  );
}

/** By the beginning of node's codes. */
const REASONS: readonly (readonly [string, string])[] = [
  ['ENOENT', 'there is no such file'],
  ['EACCES', 'permission denied'],
  ['EISDIR', 'it is a folder'],
  ['Z_', 'damaged gzip'],
];
