/** Files as the modes need them: whole, inflated if they are gzip. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** Why a file cannot be read, for the user. */
export class FileError extends Error {}

const CHUNK_BYTES = 1 << 16;
const LARGEST_PIECE = 1 << 30;

/** What the last four bytes of gzip say. (Source: RFC 1952.) */
function inflatedSize(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(bytes.length - 4, true);
}

export function readBytes(path: string): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new FileError(`${path}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
  }
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    // In one piece: inflating a core in many would need its size twice.
    const size = Math.min(inflatedSize(bytes), LARGEST_PIECE);
    return gunzipSync(bytes, { chunkSize: Math.max(CHUNK_BYTES, size + 1) });
  } catch {
    throw new FileError(`${path}: damaged gzip`);
  }
}

/** The text of a file, one byte a character, a piece at a time: a trace is never held as one string. */
export function readText(path: string): Generator<string> {
  return chunksOf(readBytes(path));
}

export function* chunksOf(bytes: Uint8Array): Generator<string> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < buffer.length; at += CHUNK_BYTES)
    yield buffer.toString('latin1', at, Math.min(buffer.length, at + CHUNK_BYTES));
}

/** A text that people write. */
export const readUtf8 = (path: string): string => new TextDecoder().decode(readBytes(path));

/** A path as written in a file: relative to that file. */
export const besideFile = (file: string, path: string): string => resolve(dirname(file), path);

/** The lines of a text file that are not empty. */
export function* readLines(path: string): Generator<string> {
  let rest = '';
  for (const chunk of readText(path)) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    yield* lines.filter((line) => line !== '');
  }
  if (rest !== '') yield rest;
}

export const fileExists = (path: string): boolean => existsSync(path);
