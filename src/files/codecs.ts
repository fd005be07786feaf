/**
 * What unpacks compressed pages under node: its own zlib; its own zstd where it has one (22.15), else fzstd.
 */
import * as zlib from 'node:zlib';
import { decompress } from 'fzstd';
import type { Codecs } from '../engine/image/dump/dumpMemory.js';

/** Of node 22.15 and later. */
const { zstdDecompressSync } = zlib as {
  readonly zstdDecompressSync?: (
    bytes: Uint8Array,
    options: { maxOutputLength: number },
  ) => Uint8Array;
};

export const nodeCodecs: Required<Codecs> = {
  inflate: (bytes, sizeBytes) => zlib.inflateSync(bytes, { maxOutputLength: sizeBytes }),
  unzstd: (bytes, sizeBytes) =>
    zstdDecompressSync?.(bytes, { maxOutputLength: sizeBytes }) ??
    decompress(bytes, new Uint8Array(sizeBytes)),
};
