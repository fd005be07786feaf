/**
 * Pages of a stretch of the address space, a byte a cell, whatever a cell's size. The cost is that of the tables in use there.
 *
 * Source: x86/ranges.ts: scan().
 */
import { PAGE_SIZE, type VirtAddr } from '../../memory/address.js';
import { addressOf, pageNumberOf, type Paging } from '../../x86/paging.js';
import { scan, type EntryRun } from '../../x86/ranges.js';
import type { TableMemory } from '../../x86/tableMemory.js';
import { PAGE_BITS } from './virtual.js';

export interface PageCells {
  /** {@link PAGE_BITS} of each cell. */
  readonly states: Uint8Array;
  /** Mapped pages of each cell. */
  readonly mapped: Float64Array;
  /** Of each cell's first page, -1 where nothing is mapped; only with one page a cell. */
  readonly pfns: Float64Array | undefined;
}

const ACCESSED = 1 << 5;
const DIRTY = 1 << 6;

/** @param first where the first cell begins; cells past the top of the address space are absent */
export function pageCells(
  paging: Paging,
  memory: TableMemory,
  first: VirtAddr,
  pagesPerCell: number,
  nrCells: number,
): PageCells {
  const firstPage = pageNumberOf(paging, first);
  const pagesToTop = 2 ** (paging.addressBits - 12) - firstPage;
  const nrFitting = Math.min(nrCells, Math.ceil(pagesToTop / pagesPerCell));
  const endPage = firstPage + Math.min(nrFitting * pagesPerCell, pagesToTop);
  const states = new Uint8Array(nrFitting);
  const mapped = new Float64Array(nrFitting);
  const pfns = pagesPerCell === 1 ? new Float64Array(nrFitting).fill(-1) : undefined;
  if (nrFitting === 0) return { states, mapped, pfns };
  const last = addressOf(paging, endPage - 1);
  for (const found of scan(paging, memory, { first, last })) {
    if (found.kind !== 'run') continue;
    const bits = bitsOf(found);
    const runPage = pageNumberOf(paging, found.va);
    const pagesEach = 2 ** (found.level.shift - 12);
    const from = Math.max(runPage, firstPage);
    const to = Math.min(runPage + found.nrEntries * pagesEach, endPage);
    for (let page = from; page < to;) {
      const cell = Math.floor((page - firstPage) / pagesPerCell);
      const cellEnd = Math.min(firstPage + (cell + 1) * pagesPerCell, to);
      states[cell] = (states[cell] ?? 0) | bits;
      if (found.mapped) {
        mapped[cell] = (mapped[cell] ?? 0) + cellEnd - page;
        if (pfns !== undefined) pfns[cell] = pfnIn(found, page - runPage, pagesEach);
      }
      page = cellEnd;
    }
  }
  return { states, mapped, pfns };
}

function pfnIn({ phys, same }: EntryRun, page: number, pagesEach: number): number {
  return phys / PAGE_SIZE + (same ? page % pagesEach : page);
}

function bitsOf({ mapped, flags, rights, level }: EntryRun): number {
  if (!mapped) return PAGE_BITS.kept;
  return (
    PAGE_BITS.present |
    ((flags.low & ACCESSED) !== 0 ? PAGE_BITS.accessed : 0) |
    ((flags.low & DIRTY) !== 0 ? PAGE_BITS.dirty : 0) |
    (level.shift > 12 ? PAGE_BITS.large : 0) |
    (rights.write ? PAGE_BITS.writable : 0) |
    (rights.user ? PAGE_BITS.user : 0) |
    (rights.execute ? PAGE_BITS.executable : 0)
  );
}
