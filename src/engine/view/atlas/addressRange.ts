/**
 * Ranges of virtual addresses on one line from 0 to the top: the user half first, the kernel's behind it, whichever sign their
 * numbers have.
 */
import { asVirt, formatAddress, PAGE_SIZE, type VirtAddr } from '../../memory/address.js';

/** Half-open. The end of the highest range is 2^32, or 0 on 64 bit. */
export interface AddressRange {
  readonly start: VirtAddr;
  readonly end: VirtAddr;
}

/** The first and the last byte as text, and how many there are. */
export interface RangeText {
  readonly first: string;
  readonly last: string;
  readonly sizeBytes: number;
}

export function rangeText(
  { start, end }: AddressRange,
  pointerSize: 4 | 8,
  sizeBytes = end - start,
): RangeText {
  // The last page, and not the last byte: with 5 levels a number holds multiples of 8 only.
  const lastPage = formatAddress(end - PAGE_SIZE, pointerSize);
  const last =
    end % PAGE_SIZE === 0 ? `${lastPage.slice(0, -3)}fff` : formatAddress(end - 1, pointerSize);
  return { first: formatAddress(start, pointerSize), last, sizeBytes };
}

/** What two ranges have in common; undefined if nothing. */
export function intersection(a: AddressRange, b: AddressRange): AddressRange | undefined {
  const start = Math.max(a.start, b.start);
  const end = Math.min(a.end, b.end);
  return start < end ? { start: asVirt(start), end: asVirt(end) } : undefined;
}
