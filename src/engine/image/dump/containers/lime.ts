/**
 * LiME's format: ranges of memory one after the other, each behind a header.
 *
 *     magic 0x4c694d45, version 1, first address: u64, last address: u64, reserved: u64
 *
 * Source: LiME doc/README.md (lime format).
 */
import type { MemoryRange } from '../dumpMemory.js';
import { viewOf, type RandomAccess } from '../../core/randomAccess.js';
import { ImageError } from '../../kernelImage.js';

const MAGIC = 0x4c69_4d45;
const HEADER_BYTES = 32;
const MAX_RANGES = 65536;

export const isLime = (start: Uint8Array): boolean =>
  start.length >= 4 && viewOf(start).getUint32(0, true) === MAGIC;

/** @throws ImageError */
export function limeRanges(file: RandomAccess): MemoryRange[] {
  const ranges: MemoryRange[] = [];
  for (let at = 0; at + HEADER_BYTES <= file.size;) {
    const header = file.read(at, HEADER_BYTES);
    const view = viewOf(header);
    const first = Number(view.getBigUint64(8, true));
    const sizeBytes = Number(view.getBigUint64(16, true)) + 1 - first;
    if (!isLime(header) || sizeBytes <= 0 || ranges.length === MAX_RANGES)
      throw new ImageError(
        `The LiME image is damaged: there is no header of a range at byte ${at}.`,
      );
    const offset = at + HEADER_BYTES;
    ranges.push({ startPhys: first, sizeBytes: Math.min(sizeBytes, file.size - offset), offset });
    at = offset + sizeBytes;
  }
  return ranges;
}
