/** Files as the modes need them: whole, inflated if they are gzip. */
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** Why a file cannot be read, for the user. */
export class FileError extends Error {}

export function readBytes(path: string): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new FileError(`${path}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
  }
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes);
  } catch {
    throw new FileError(`${path}: damaged gzip`);
  }
}

const CHUNK_BYTES = 1 << 16;

/** The text of a file, one byte a character, a piece at a time: a trace is never held as one string. */
export function readText(path: string): Generator<string> {
  return chunksOf(readBytes(path));
}

export function* chunksOf(bytes: Uint8Array): Generator<string> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < buffer.length; at += CHUNK_BYTES)
    yield buffer.toString('latin1', at, Math.min(buffer.length, at + CHUNK_BYTES));
}

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
