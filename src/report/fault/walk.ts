/**
 * The walk of an oops, entry by entry: where it ends, what the last entry says, and which rule refused the access.
 *
 * Source: SDM vol. 3A 4.6 (access rights), 4.7 (error code of a page fault).
 */
import { offsetBits, physicalBits, type Entry } from '../facts/pte.js';
import { hex } from '../render/amount.js';
import type { Oops } from './oops.js';

export type Rule =
  | 'reserved-bits'
  | 'not-present'
  | 'not-writable'
  | 'no-execute'
  | 'smep'
  | 'smap'
  | 'supervisor-only'
  | 'protection-key'
  | 'unknown';

/** Bits of the error code. */
const P = 1;
const W = 2;
const U = 4;
const RSVD = 8;
const I = 16;
const PK = 32;

export function errorCodeText(code: number): string {
  const parts = [
    (code & P) === 0
      ? 'P = 0: no translation'
      : 'P(1): a translation is there, the access is not allowed',
    (code & W) === 0 ? '' : 'W(2): a write',
    (code & U) === 0 ? '' : 'U(4): from user mode',
    (code & RSVD) === 0 ? '' : 'RSVD(8): a reserved bit is set in an entry',
    (code & I) === 0 ? '' : 'I(16): an instruction fetch',
    (code & PK) === 0 ? '' : 'PK(32): a protection key forbids it',
  ].filter((part) => part !== '');
  const kind = (code & (W | I)) === 0 ? ' (a read)' : '';
  return `Error code ${hex(code)}: ${parts.join(', ')}${kind}.`;
}

export function entryText(entry: Entry, isLast: boolean, isPae32: boolean): string {
  const name = isPae32 && entry.level === 'PGD' ? 'PDPT' : entry.level;
  const head = `${name} ${hex(entry.value)}:`;
  if (entry.value === 0n) return `${head} empty, the walk ends here.`;
  const flags = entry.flags.length === 0 ? 'no flag' : entry.flags.join(' ');
  if (!entry.isPresent)
    return `${head} ${flags}; not present. The frame of such an entry is stored inverted (since 4.19): it is ${hex(entry.invertedFrame)}, physical ${hex(entry.invertedFrame << 12n)}.`;
  const target = hex(entry.frame << 12n);
  const what = entry.isLarge
    ? `a page of ${entry.level === 'PUD' ? '1 GiB' : '2 or 4 MiB'} at physical ${target}`
    : entry.level === 'PTE'
      ? `frame ${hex(entry.frame)}, physical ${target}`
      : `the next table at ${target}`;
  const writable = isLast && !entry.isWritable ? '; RW = 0, read-only' : '';
  const reserved = entry.hasReservedBits
    ? `: bit ${physicalBits(entry.frame) - 1} is set, far above any MAXPHYADDR (40 to 46 bits on most CPUs): reserved bits, so that it leads to no page`
    : '';
  return `${head} ${flags}; ${what}${writable}${reserved}.`;
}

/** The entry that the walk ends at. */
export const lastEntry = ({ entries }: Oops): Entry | undefined => {
  const stop = entries.findIndex((entry) => !entry.isPresent || entry.isLarge);
  return stop < 0 ? entries.at(-1) : entries[stop];
};

/** Whether the walk is told to its end: to a page, or to an entry that is not present. */
export const isWholeWalk = (oops: Oops): boolean => {
  const last = lastEntry(oops);
  return last !== undefined && (last.level === 'PTE' || last.isLarge || !last.isPresent);
};

export function ruleOf(oops: Oops): Rule {
  const { errorCode: code, entries, hint = '' } = oops;
  const last = lastEntry(oops);
  if (code === undefined) return last && !last.isPresent ? 'not-present' : 'unknown';
  if ((code & RSVD) !== 0) return 'reserved-bits';
  if ((code & P) === 0) return 'not-present';
  if ((code & PK) !== 0) return 'protection-key';
  if ((code & I) !== 0) {
    if (entries.some(({ isNx }) => isNx) || /NX-protected/.test(hint)) return 'no-execute';
    return /SMEP|userspace code/.test(hint) || entries.every(({ isUser }) => isUser)
      ? 'smep'
      : 'no-execute';
  }
  if ((code & U) !== 0 && entries.some(({ isUser }) => !isUser)) return 'supervisor-only';
  if ((code & W) !== 0 && entries.some(({ isPresent, isWritable }) => isPresent && !isWritable))
    return 'not-writable';
  if ((code & U) === 0 && entries.length > 0 && entries.every(({ isUser }) => isUser))
    return 'smap';
  return (code & W) !== 0 && entries.length === 0 ? 'not-writable' : 'unknown';
}

/** Where the direct map begins in this boot, by an address and the frame that its entry names. */
export function directMapBase(
  oops: Oops,
): { base: bigint; frame: bigint; isInverted: boolean } | undefined {
  const last = lastEntry(oops);
  const { address } = oops;
  if (!last || address === undefined || last.value === 0n) return undefined;
  if (!(last.isLarge || last.level === 'PTE' || !last.isPresent)) return undefined;
  const bits = offsetBits(last, oops.isLegacy32);
  const offset = address & ((1n << bits) - 1n);
  const isInverted = !last.isPresent || last.hasReservedBits;
  const frame = isInverted ? last.invertedFrame : last.frame;
  const physical = (((frame << 12n) >> bits) << bits) | offset;
  const base = address - physical;
  const aligned =
    oops.isPae32 || oops.isLegacy32
      ? (base & 0xffffffn) === 0n && base >= 0x40000000n
      : (base & 0x3fffffffn) === 0n && base >= 0xffff800000000000n;
  return aligned ? { base, frame, isInverted } : undefined;
}
