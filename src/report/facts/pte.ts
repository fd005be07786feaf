/**
 * x86 page-table entries as an oops prints them: flags, frame, inverted frames, reserved bits.
 *
 *     63  62..59  58..52  51..M   M-1..12  11..9  8  7       6  5  4    3    2  1   0
 *     NX  key     free    rsvd    frame    free   G  PS/PAT  D  A  PCD  PWT  U  RW  P      M is MAXPHYADDR
 *
 * Source: SDM vol. 3A 4.4, 4.5; Linux arch/x86/include/asm/pgtable-invert.h: the frame of an entry that is not present is inverted,
 * against L1TF (since 4.19, and in stable kernels of that year); pgtable_types.h.
 */
export type Level = 'PGD' | 'P4D' | 'PUD' | 'PMD' | 'PTE';

export interface Entry {
  readonly level: Level;
  readonly value: bigint;
  readonly isPresent: boolean;
  readonly isWritable: boolean;
  readonly isUser: boolean;
  readonly isNx: boolean;
  /** A page of 2 MiB, 4 MiB or 1 GiB: the walk ends here. */
  readonly isLarge: boolean;
  readonly flags: readonly string[];
  /** As it stands in the entry. */
  readonly frame: bigint;
  /** The frame with its bits turned back: of an entry that is not present and not 0, or that looks like such a one. */
  readonly invertedFrame: bigint;
  /** Set address bits above what any CPU of today has: 46 bits and more. */
  readonly hasReservedBits: boolean;
}

const FRAME_BITS = 40n;
const FRAME_MASK = (1n << FRAME_BITS) - 1n;
/** Above this a frame is no memory of a machine of today: 2^52 bytes are what the format allows, 2^46 what CPUs mostly have. */
const PLAUSIBLE_FRAME = 1n << 34n;

export function entryOf(level: Level, value: bigint, isPae32 = false): Entry {
  const bit = (at: bigint): boolean => ((value >> at) & 1n) === 1n;
  const isPresent = bit(0n);
  const isTable = level !== 'PTE';
  const isLarge = isTable && bit(7n) && (level === 'PMD' || level === 'PUD');
  const frame = (value >> 12n) & FRAME_MASK;
  // The top entry of PAE has no RW and no US bit.
  const isTopOfPae = isPae32 && level === 'PGD';
  const flags = [
    [0n, 'P'],
    [1n, 'RW'],
    [2n, 'US'],
    [3n, 'PWT'],
    [4n, 'PCD'],
    [5n, 'A'],
    [6n, 'D'],
    [7n, isTable ? 'PS' : 'PAT'],
    [8n, 'G'],
    [63n, 'NX'],
  ] as const;
  return {
    level,
    value,
    isPresent,
    isWritable: isTopOfPae || bit(1n),
    isUser: isTopOfPae || bit(2n),
    isNx: bit(63n),
    isLarge,
    flags: flags.filter(([at]) => bit(at)).map(([, name]) => name),
    frame,
    invertedFrame: ~frame & FRAME_MASK,
    hasReservedBits: isPresent && frame >= PLAUSIBLE_FRAME,
  };
}

/** Bits of the virtual address that a page of this entry leaves as offset. */
export const offsetBits = ({ level, isLarge }: Entry, isLegacy32 = false): bigint =>
  !isLarge ? 12n : level === 'PUD' ? 30n : isLegacy32 ? 22n : 21n;

/** The lowest bit that is set above bit 45: where the reserved bits begin at the latest. */
export function physicalBits(frame: bigint): number {
  return frame.toString(2).length + 12;
}
