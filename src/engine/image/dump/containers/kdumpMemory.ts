/**
 * Memory of a kdump-compressed file: a page is found by its rank among the frames that the file has, and unpacked when it
 * is asked for. A few are kept.
 *
 * Source: makedumpfile diskdump_mod.h (DUMP_DH_COMPRESSED_*), IMPLEMENTATION.
 */
import { inflate } from '../codecs/inflate.js';
import { unlzo } from '../codecs/lzo.js';
import { unsnappy } from '../codecs/snappy.js';
import { NO_BYTES, type Codecs, type DumpMemory } from '../dumpMemory.js';
import { viewOf, type RandomAccess } from '../../core/randomAccess.js';
import { ImageError } from '../../kernelImage.js';
import type { KdumpHeader } from './kdumpHeader.js';

const PAGE_BYTES = 4096;
const DESCRIPTOR_BYTES = 24;
const PACKED = { zlib: 1, lzo: 2, snappy: 4, zstd: 0x20 } as const;
/** Unpacked pages that are kept. */
const KEPT_PAGES = 1024;
/** Descriptors that are read at once. */
const DESCRIPTORS_AT_ONCE = 512;
/** Frames between two counts of the index. */
const FRAMES_A_COUNT = 256;

export class KdumpMemory implements DumpMemory {
  readonly endFrame: number;
  /** Of the frames that the file has. */
  private readonly bitmap: Uint8Array;
  /** How many of them lie below each FRAMES_A_COUNT-th frame. */
  private readonly counts: Uint32Array;
  private readonly pages = new Map<number, Uint8Array>();
  private descriptors: { readonly from: number; readonly view: DataView } | undefined;

  constructor(
    private readonly file: RandomAccess,
    private readonly header: KdumpHeader,
    private readonly codecs: Codecs,
  ) {
    const { bitmapAt, bitmapBytes, nrFrames } = header;
    this.endFrame = nrFrames;
    this.bitmap = file.read(bitmapAt + bitmapBytes, Math.ceil(nrFrames / 8));
    this.counts = new Uint32Array(Math.ceil(nrFrames / FRAMES_A_COUNT) + 1);
    let count = 0;
    for (let byte = 0; byte < this.bitmap.length; byte++) {
      if (byte % (FRAMES_A_COUNT / 8) === 0) this.counts[byte / (FRAMES_A_COUNT / 8)] = count;
      count += BITS[this.bitmap[byte] as number] as number;
    }
  }

  hasFrame(frame: number): boolean {
    const { startPfn, endPfn } = this.header;
    return frame >= startPfn && frame < endPfn && this.isSet(frame);
  }

  read(phys: number, sizeBytes: number): Uint8Array {
    const offset = phys % PAGE_BYTES;
    const page = this.page(Math.floor(phys / PAGE_BYTES));
    if (page === undefined) return NO_BYTES;
    if (offset + sizeBytes <= PAGE_BYTES) return page.subarray(offset, offset + sizeBytes);
    const out = new Uint8Array(sizeBytes);
    out.set(page.subarray(offset));
    let done = PAGE_BYTES - offset;
    while (done < sizeBytes) {
      const next = this.page(Math.floor((phys + done) / PAGE_BYTES));
      if (next === undefined) break;
      out.set(next.subarray(0, sizeBytes - done), done);
      done += PAGE_BYTES;
    }
    return out.subarray(0, Math.min(done, sizeBytes));
  }

  /** What the end of the file lacks, for people; undefined when the last page is there. */
  cutOff(): string | undefined {
    const { startPfn, endPfn } = this.header;
    const nrPages = this.rank(endPfn) - this.rank(startPfn);
    if (nrPages === 0) return undefined;
    const last = this.descriptor(nrPages - 1);
    const end = last === undefined ? Infinity : last.at + last.sizeBytes;
    if (end <= this.file.size) return undefined;
    return `the file is cut off: it ends at byte ${this.file.size}, before its last page`;
  }

  private isSet(frame: number): boolean {
    return (((this.bitmap[frame >>> 3] ?? 0) >>> (frame & 7)) & 1) !== 0;
  }

  private page(frame: number): Uint8Array | undefined {
    const known = this.pages.get(frame);
    if (known !== undefined) return known;
    if (!this.hasFrame(frame)) return undefined;
    const page = this.unpacked(this.rank(frame) - this.rank(this.header.startPfn));
    if (page === undefined) return undefined;
    if (this.pages.size >= KEPT_PAGES) {
      const [oldest] = this.pages.keys();
      if (oldest !== undefined) this.pages.delete(oldest);
    }
    this.pages.set(frame, page);
    return page;
  }

  /** How many frames below this one the file has. */
  private rank(frame: number): number {
    const block = Math.floor(frame / FRAMES_A_COUNT);
    let count = this.counts[block] ?? 0;
    const end = frame >>> 3;
    for (let byte = block * (FRAMES_A_COUNT / 8); byte < end; byte++)
      count += BITS[this.bitmap[byte] ?? 0] as number;
    return count + (BITS[(this.bitmap[end] ?? 0) & ((1 << (frame & 7)) - 1)] as number);
  }

  /** Undefined where the file is cut off, or damaged: the dump does not have the page then. */
  private unpacked(rank: number): Uint8Array | undefined {
    const descriptor = this.descriptor(rank);
    if (descriptor === undefined) return undefined;
    const { at, sizeBytes, flags } = descriptor;
    // A page that was excluded while the dump was written, or never came to be written (incomplete dumps).
    if (sizeBytes === 0 || sizeBytes > PAGE_BYTES * 2) return undefined;
    const data = this.file.read(at, sizeBytes);
    if (data.length < sizeBytes) return undefined;
    const page = unpack(data, flags, this.codecs);
    return page?.length === PAGE_BYTES ? page : undefined;
  }

  private descriptor(rank: number) {
    const from = Math.floor(rank / DESCRIPTORS_AT_ONCE) * DESCRIPTORS_AT_ONCE;
    if (this.descriptors?.from !== from) {
      const at = this.header.descriptorsAt + from * DESCRIPTOR_BYTES;
      const bytes = this.file.read(at, DESCRIPTORS_AT_ONCE * DESCRIPTOR_BYTES);
      this.descriptors = { from, view: viewOf(bytes) };
    }
    const { view } = this.descriptors;
    const at = (rank - from) * DESCRIPTOR_BYTES;
    if (at + DESCRIPTOR_BYTES > view.byteLength) return undefined;
    return {
      at: Number(view.getBigUint64(at, true)),
      sizeBytes: view.getUint32(at + 8, true),
      flags: view.getUint32(at + 12, true),
    };
  }
}

function unpack(data: Uint8Array, flags: number, codecs: Codecs): Uint8Array | undefined {
  try {
    if ((flags & PACKED.zlib) !== 0) return (codecs.inflate ?? inflate)(data, PAGE_BYTES);
    if ((flags & PACKED.lzo) !== 0) return unlzo(data, PAGE_BYTES);
    if ((flags & PACKED.snappy) !== 0) return unsnappy(data, PAGE_BYTES);
    if ((flags & PACKED.zstd) === 0) return data;
    if (codecs.unzstd === undefined)
      throw new ImageError(
        'The pages of the dump are packed by zstd, which cannot be unpacked here.',
      );
    return codecs.unzstd(data, PAGE_BYTES);
  } catch (error) {
    if (error instanceof ImageError) throw error;
    return undefined;
  }
}

/** How many bits a byte has set. */
const BITS = Uint8Array.from({ length: 256 }, (_, byte) => {
  let count = 0;
  for (let rest = byte; rest !== 0; rest >>= 1) count += rest & 1;
  return count;
});
