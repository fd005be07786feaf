/** The region that is open: its page grid and a page of what lies in it, as it is or as it was at another time. */
import type { PagesBody, PartsBody, RegionBody } from '../../../src/engine/view/atlas/virtual.js';
import type { ViewHost } from '../../shell/view.js';
import { bytesOf } from '../../text.js';
import type { CellStates } from './cellPaths.js';
import { addressAt, cellsIn, type PageWindow } from './pageWindow.js';

/** Parts of a page. */
export const PARTS = 200;

export interface OpenRegion {
  readonly region: RegionBody;
  readonly window: PageWindow;
  readonly cells: CellStates;
  readonly parts: PartsBody;
}

export interface AskedRegion {
  readonly space: string | undefined;
  readonly region: RegionBody;
  readonly window: PageWindow;
  /** Number of the first part. */
  readonly start: number;
  /** An address whose page of parts is wanted instead. */
  readonly holding: string | undefined;
}

/** @param at a time of the record; now when absent */
export async function readRegion(
  host: Pick<ViewHost, 'request'>,
  { space, region, window, start, holding }: AskedRegion,
  at?: number,
): Promise<OpenRegion> {
  const when = { ...(space !== undefined && { space }), ...(at !== undefined && { at }) };
  const isFold = region.kind === 'hole' || region.kind === 'nonCanonical';
  const [pages, parts] = await Promise.all([
    isFold || space === undefined
      ? undefined
      : host.request('mmscope/virtualPages', {
          ...when,
          first: addressAt(region, window.startPage),
          pagesPerCell: window.pagesPerCell,
          cells: cellsIn(region, window),
        }),
    region.nrParts === 0 && at === undefined
      ? { parts: [], total: 0, start: 0 }
      : host.request('mmscope/virtualParts', {
          ...when,
          region: region.id,
          start,
          count: PARTS,
          ...(holding !== undefined && { holding }),
        }),
  ]);
  return { region, window, cells: cellStates(pages), parts };
}

const cellStates = (pages: PagesBody | undefined): CellStates => ({
  states: bytesOf(pages?.states ?? ''),
  shares: pages?.shares === undefined ? undefined : bytesOf(pages.shares),
  pfns: pages?.pfns,
});

/** What of another time can be compared with a region as it is: its grid where that shows the same pages, its parts where they are the same page of them. */
export function comparable(
  now: OpenRegion,
  then: OpenRegion | undefined,
): {
  readonly before: CellStates | undefined;
  readonly partsBefore: PartsBody['parts'] | undefined;
} {
  if (then?.region.id !== now.region.id) return { before: undefined, partsBefore: undefined };
  const { startPage, pagesPerCell } = now.window;
  const isSameGrid =
    then.window.startPage === startPage && then.window.pagesPerCell === pagesPerCell;
  return {
    before: isSameGrid ? then.cells : undefined,
    partsBefore: then.parts.start === now.parts.start ? then.parts.parts : undefined,
  };
}
