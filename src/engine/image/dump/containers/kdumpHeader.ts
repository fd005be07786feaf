/**
 * The headers of a kdump-compressed file, versions 1 to 6, written by makedumpfile or QEMU, of a 64-bit or a 32-bit machine.
 *
 *     block 0    disk_dump_header   signature, version, utsname, time, sizes
 *     block 1..  kdump_sub_header   phys_base, split range, where VMCOREINFO and the notes lie, wide counts
 *     bitmaps    which frames there are; which of them the file has
 *     page_desc  one for each frame that the file has, in order: where its data lie, how they are packed
 *
 * Source: makedumpfile diskdump_mod.h (struct disk_dump_header, kdump_sub_header, page_desc); QEMU include/sysemu/dump.h.
 */
import { viewOf, type RandomAccess } from '../../core/randomAccess.js';
import { ImageError } from '../../kernelImage.js';

export interface KdumpHeader {
  readonly wide: boolean;
  readonly version: number;
  readonly blockBytes: number;
  /** Bytes: where the two bitmaps begin, the size of one, and where the descriptors begin. */
  readonly bitmapAt: number;
  readonly bitmapBytes: number;
  readonly descriptorsAt: number;
  readonly nrFrames: number;
  /** Whether the file is a part of a split dump. */
  readonly isSplit: boolean;
  /** Frames that this file of a split dump has; all when it is not split. */
  readonly startPfn: number;
  readonly endPfn: number;
  /** The disk was full, or the machine went down, before all was written. */
  readonly isIncomplete: boolean;
  readonly physBase: number | undefined;
  readonly vmcoreinfo: { readonly at: number; readonly sizeBytes: number } | undefined;
  readonly notes: { readonly at: number; readonly sizeBytes: number } | undefined;
}

export const isKdump = (start: Uint8Array): boolean => {
  const signature = String.fromCharCode(...start.subarray(0, 8));
  return signature === 'KDUMP   ' || signature === 'DISKDUMP';
};

/** Where `status`, `block_size`, ... begin: behind a time of two longs, padded as the machine pads. */
const COUNTS_AT = { wide: 0x1a8, narrow: 0x19c } as const;
const HEADER_BYTES = 0x200;
/** DUMP_DH_COMPRESSED_INCOMPLETE, of the status. */
const INCOMPLETE = 0x8;
/** Behind the fields of version 6, in either width. */
const SUB_HEADER_BYTES = 104;

/** @throws ImageError */
export function readKdumpHeader(file: RandomAccess): KdumpHeader {
  const bytes = file.read(0, HEADER_BYTES);
  if (bytes.length < HEADER_BYTES)
    throw new ImageError('The kdump-compressed file ends inside its header.');
  const view = viewOf(bytes);
  const wide = isPlausible(view, COUNTS_AT.wide);
  if (!wide && !isPlausible(view, COUNTS_AT.narrow))
    throw new ImageError(
      'The header of the kdump-compressed file is damaged: it does not name pages of 4096 bytes.',
    );
  const at = wide ? COUNTS_AT.wide : COUNTS_AT.narrow;
  const version = view.getUint32(8, true);
  const blockBytes = view.getUint32(at + 4, true);
  const subBlocks = view.getUint32(at + 8, true);
  const bitmapBytes = (view.getUint32(at + 12, true) * blockBytes) / 2;
  const bitmapAt = (1 + subBlocks) * blockBytes;
  const descriptorsAt = bitmapAt + bitmapBytes * 2;
  if (descriptorsAt > file.size)
    throw new ImageError(
      `The kdump-compressed file is cut off: its bitmaps end at byte ${descriptorsAt}, the file at ${file.size}.`,
    );
  const sub = subHeader(file.read(blockBytes, SUB_HEADER_BYTES), wide, version);
  const nrFrames = Math.min(sub.nrFrames ?? view.getUint32(at + 16, true), bitmapBytes * 8);
  return {
    ...sub,
    wide,
    version,
    blockBytes,
    bitmapAt,
    bitmapBytes,
    descriptorsAt,
    nrFrames,
    isIncomplete: (view.getUint32(at, true) & INCOMPLETE) !== 0,
    startPfn: sub.startPfn ?? 0,
    endPfn: Math.min(sub.endPfn ?? nrFrames, nrFrames),
  };
}

const isPlausible = (view: DataView, at: number): boolean =>
  view.getUint32(at + 4, true) === 4096 &&
  view.getUint32(at + 8, true) >= 1 &&
  view.getUint32(at + 8, true) < 1 << 16;

type SubHeader = Pick<KdumpHeader, 'physBase' | 'vmcoreinfo' | 'notes' | 'isSplit'> & {
  readonly nrFrames: number | undefined;
  readonly startPfn: number | undefined;
  readonly endPfn: number | undefined;
};

/**
 *     64 bit  phys_base:8 level:4 split:4 start:8 end:8 | info 8 8 | note 8 8 | erase 8 8 | start end max_mapnr: 8 each
 *     32 bit  phys_base:4 level:4 split:4 start:4 end:4 | info 8 4 | note 8 4 | erase 8 4 | start end max_mapnr: 8 each
 */
function subHeader(bytes: Uint8Array, wide: boolean, version: number): SubHeader {
  const padded = new Uint8Array(SUB_HEADER_BYTES);
  padded.set(bytes);
  const view = viewOf(padded);
  const long = (at: number): number => Number(view.getBigUint64(at, true));
  const word = (at: number): number => (wide ? long(at) : view.getUint32(at, true));
  const at = wide
    ? { split: 12, start: 16, end: 24, info: 32, note: 48, start64: 80 }
    : { split: 8, start: 12, end: 16, info: 20, note: 32, start64: 56 };
  const isSplit = version >= 2 && view.getUint32(at.split, true) !== 0;
  const piece = (offset: number) => {
    const sizeBytes = word(offset + 8);
    return sizeBytes === 0 ? undefined : { at: long(offset), sizeBytes };
  };
  const counts = version >= 6;
  const nrFrames = counts ? long(at.start64 + 16) : 0;
  return {
    // KASLR may place a kernel below where it was linked to lie: signed.
    physBase: wide ? Number(view.getBigInt64(0, true)) : view.getInt32(0, true),
    vmcoreinfo: version >= 3 ? piece(at.info) : undefined,
    notes: version >= 4 ? piece(at.note) : undefined,
    isSplit,
    startPfn: isSplit ? (counts ? long(at.start64) : word(at.start)) : undefined,
    endPfn: isSplit ? (counts ? long(at.start64 + 8) : word(at.end)) : undefined,
    nrFrames: nrFrames === 0 ? undefined : nrFrames,
  };
}
