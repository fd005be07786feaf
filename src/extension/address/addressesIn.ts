/**
 * The addresses of a line of a log: numbers with 0x as long as an address; sixteen digits, as the kernel prints pointers; and eight, as
 * one of 32 bit does, where they are of its own half and no plain word or count. Pure.
 */

export interface FoundAddress {
  /** UTF-16 column. */
  readonly start: number;
  readonly text: string;
}

/** Of a long line, what is looked at. */
const LONGEST = 2000;
const ADDRESS =
  /(?<![\w.])(?:0x[0-9a-f]{7,16}|[0-9a-f]{16}|(?=[a-f]*\d)[c-f][0-9a-f]{7})(?![\w.])/g;
/** Counts, padding and all ones are not places. */
const EMPTY = /^(?:0x)?(?:0+|f+)$/;

export const addressesIn = (line: string): readonly FoundAddress[] =>
  [...line.slice(0, LONGEST).matchAll(ADDRESS)]
    .map(({ index, 0: text }) => ({ start: index, text }))
    .filter(({ text }) => !EMPTY.test(text));
