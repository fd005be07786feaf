/** Captures of frames as a machine that has run for a while has them: made of runs of every kind, the same for the same size. */
import { random } from '../engine/random.js';

const bit = (shift: number): bigint => 1n << BigInt(shift);
const [MMAP, ANON, LRU, UPTODATE, SWAPBACKED] = [bit(11), bit(12), bit(5), bit(3), bit(14)];
const [REFERENCED, ACTIVE, HEAD, TAIL, THP] = [bit(2), bit(6), bit(15), bit(16), bit(22)];
export const KPF = {
  nopage: bit(20),
  reserved: bit(32),
  buddy: bit(10),
  slab: bit(7),
  pgtable: bit(26),
  locked: bit(0),
  anonymous: ANON | MMAP | LRU | UPTODATE | SWAPBACKED,
  file: LRU | UPTODATE | REFERENCED,
  mappedFile: LRU | UPTODATE | REFERENCED | ACTIVE | MMAP,
  hugeHead: ANON | MMAP | LRU | UPTODATE | SWAPBACKED | THP | HEAD,
  hugeTail: ANON | MMAP | LRU | UPTODATE | SWAPBACKED | THP | TAIL,
  slabHead: bit(7) | HEAD,
  slabTail: bit(7) | TAIL,
} as const;

export interface Captured {
  readonly flags: BigUint64Array;
  readonly counts: BigUint64Array;
}

/** @param frames a multiple of 512 */
export function capturedFrames(frames: number): Captured {
  const flags = new BigUint64Array(frames);
  const counts = new BigUint64Array(frames);
  const below = random(frames);
  const put = (at: number, nr: number, word: bigint, count = 0n): number => {
    flags.fill(word, at, at + nr);
    if (count > 0n) counts.fill(count, at, at + nr);
    return at + nr;
  };
  flags.fill(KPF.nopage);
  flags.fill(KPF.reserved, 0, 256);
  const hole = { start: 0xc0000, end: 0x100000 };
  for (let pfn = 256; pfn < frames;) {
    if (pfn >= hole.start && pfn < hole.end) {
      pfn = hole.end;
      continue;
    }
    const isHugeAligned = pfn % 512 === 0 && pfn + 512 <= frames;
    const kind = below(isHugeAligned ? 10 : 8);
    if (kind >= 8) {
      put(pfn, 1, KPF.hugeHead, 1n);
      pfn = put(pfn + 1, 511, KPF.hugeTail, 1n);
      continue;
    }
    const most = isHugeAligned || below(4) === 0 ? 512 - (pfn % 512) : 1 << below(5);
    const nr = Math.min(most, frames - pfn, 512 - (pfn % 512));
    const word = [
      KPF.buddy,
      KPF.anonymous,
      KPF.file,
      KPF.mappedFile,
      0n,
      KPF.slab,
      KPF.buddy,
      KPF.pgtable,
    ][kind];
    const isMapped = kind === 1 || kind === 3;
    pfn = put(pfn, nr, word ?? 0n, isMapped ? BigInt(1 + below(kind === 3 ? 400 : 2)) : 0n);
  }
  return { flags, counts };
}

export const bytesOf = ({ buffer, byteOffset, byteLength }: BigUint64Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);
