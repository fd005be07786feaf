/**
 * The stretch of a region that the page grid shows: where it begins, counted in pages from the region's start, and how many pages a
 * cell has. Addresses are text and bigint: a number does not hold all of them.
 */
import type { RegionBody } from '../../../src/engine/view/atlas/virtual.js';

export interface PageWindow {
  readonly startPage: number;
  /** A power of two. */
  readonly pagesPerCell: number;
}

/** Cells of a grid. */
export const COLUMNS = 64;
const ROWS = 24;
const MOST_CELLS = COLUMNS * ROWS;

export const pagesOf = ({ sizeBytes }: { readonly sizeBytes: number }): number =>
  Math.ceil(sizeBytes / 4096);

/** All of `nrPages` pages from `startPage` on. */
export function windowOn(startPage: number, nrPages: number): PageWindow {
  let pagesPerCell = 1;
  while (nrPages / pagesPerCell > MOST_CELLS) pagesPerCell *= 2;
  const start = Math.floor(startPage / pagesPerCell) * pagesPerCell;
  // A stretch that begins within a cell may need one cell more than there are.
  return (startPage + nrPages - start) / pagesPerCell > MOST_CELLS
    ? windowOn(start, nrPages + pagesPerCell)
    : { startPage: start, pagesPerCell };
}

/** Cells that the window has in its region. */
export const cellsIn = (region: RegionBody, { startPage, pagesPerCell }: PageWindow): number =>
  Math.max(0, Math.min(MOST_CELLS, Math.ceil((pagesOf(region) - startPage) / pagesPerCell)));

/** Into one cell: single pages if it has not more than fit. */
export const into = ({ startPage, pagesPerCell }: PageWindow, cell: number): PageWindow =>
  windowOn(startPage + cell * pagesPerCell, pagesPerCell);

/** Sixteen times as much, around the same place. */
export function outOf(region: RegionBody, { startPage, pagesPerCell }: PageWindow): PageWindow {
  const shown = MOST_CELLS * pagesPerCell;
  const all = pagesOf(region);
  const wanted = Math.min(all, shown * 16);
  const middle = startPage + shown / 2;
  const from = Math.max(0, Math.min(all - wanted, Math.floor(middle - wanted / 2)));
  return windowOn(from, wanted);
}

/** The next stretch of the same size, or the one before. */
export function beside(region: RegionBody, window: PageWindow, step: 1 | -1): PageWindow {
  const { startPage, pagesPerCell } = window;
  const moved = startPage + step * MOST_CELLS * pagesPerCell;
  if (moved >= pagesOf(region)) return window;
  return { startPage: Math.max(0, moved), pagesPerCell };
}

export const addressAt = ({ first }: { readonly first: string }, page: number): string => {
  const digits = first.length - 2;
  const value = BigInt.asUintN(digits * 4, BigInt(first) + BigInt(page) * 4096n);
  return `0x${value.toString(16).padStart(digits, '0')}`;
};

/** Of an address in the region. */
export const pageOf = ({ first }: { readonly first: string }, address: string): number =>
  Number((BigInt(address) - BigInt(first)) >> 12n);

export const holds = (
  { first, last }: { readonly first: string; readonly last: string },
  address: string,
): boolean => BigInt(address) >= BigInt(first) && BigInt(address) <= BigInt(last);
