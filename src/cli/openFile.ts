/** Files as the modes need them: as text, a piece or a line at a time. */
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { readBytes } from '../files/nodeFiles.js';

export { readBytes };

const CHUNK_BYTES = 1 << 16;

/** The text of a file, one byte a character, a piece at a time: a trace is never held as one string. */
export function readText(path: string): Generator<string> {
  return chunksOf(readBytes(path));
}

function* chunksOf(bytes: Uint8Array): Generator<string> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < buffer.length; at += CHUNK_BYTES)
    yield buffer.toString('latin1', at, Math.min(buffer.length, at + CHUNK_BYTES));
}

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
