/** A frame in words: for the tooltip, the details and screen readers, from one place. */
import { counted } from '../../../../src/engine/view/counted.js';
import type { FrameBody, MapZone } from '../../../../src/engine/view/map.js';
import {
  detailOfState,
  firstPfnOfBlock,
  kindOfState,
  PAGE_KINDS,
} from '../../../../src/engine/view/pageState.js';
import { countText, hexPfn } from '../../../text.js';

const PAGE_SIZE = 4096;

/** What the map knows of a cell without asking. */
export interface CellFacts {
  readonly pfn: number;
  readonly framesPerCell: number;
  readonly state: number | undefined;
  readonly zone: MapZone | undefined;
}

export const kindLabel = (state: number | undefined): string =>
  state === undefined ? 'Unknown' : (PAGE_KINDS[kindOfState(state)]?.label ?? 'Unknown');

/** `order 3: 8 pages from 0x1f40`; empty for a frame that stands alone. */
function blockText(pfn: number, state: number): string {
  const order = detailOfState(state);
  if (order === 0) return '';
  return `order ${order}: ${counted(countText(1 << order), 'page')} from ${hexPfn(firstPfnOfBlock(pfn, state))}`;
}

/** Name and value pairs, the short form. */
export function cellRows({ pfn, framesPerCell, state, zone }: CellFacts): [string, string][] {
  const rows: [string, string][] = [['phys', `0x${(pfn * PAGE_SIZE).toString(16)}`]];
  if (zone !== undefined && zone.name !== '') rows.push(['zone', zone.name]);
  if (state === undefined) return rows;
  if (framesPerCell > 1) {
    const percent = Math.round((detailOfState(state) / 15) * 100);
    rows.push([
      'cell',
      `${counted(countText(framesPerCell), 'frame')}, ${percent} % ${kindLabel(state)}`,
    ]);
  } else if (detailOfState(state) > 0) rows.push(['block', blockText(pfn, state)]);
  return rows;
}

/** What the adapter adds. */
export function frameRows(frame: FrameBody): [string, string][] {
  const rows: [string, string][] = [];
  if (frame.virt !== undefined) rows.push(['virt', frame.virt]);
  if (frame.page !== undefined) rows.push(['page', frame.page]);
  if (frame.migratetype !== undefined) rows.push(['pageblock', frame.migratetype]);
  return rows;
}

/** One sentence for a screen reader. */
export function spoken(cell: CellFacts): string {
  const rest = cellRows(cell).map(([name, value]) => `${name} ${value}`);
  return [`frame ${hexPfn(cell.pfn)}`, kindLabel(cell.state), ...rest].join(', ');
}
