/** The columns of a walk: one for each level that the mode has, and one for the end; each with a colour of its own. */
import type { AddressField } from '../../../src/engine/view/atlas/pageWalk.js';
import { pageKindCode, type PageKindName } from '../../../src/engine/view/pageState.js';
import type { Rgb } from '../../draw/color.js';
import type { Palette } from '../../draw/palette.js';

export interface Column {
  readonly x: number;
  readonly width: number;
  readonly color: Rgb;
}

export const MARGIN = 16;
export const TABLE_TOP = 138;
export const TABLE_HEIGHT = 200;
const GAP = 26;

/** From the root down; the last one, of the offset, is the page. */
const COLORS: readonly PageKindName[] = ['user', 'pageCache', 'slab', 'pageTable', 'compoundHead'];
const OFFSET_COLOR: PageKindName = 'free';

/** Fields that are the index of a table. */
export const levelsOf = (fields: readonly AddressField[]): readonly AddressField[] =>
  fields.filter(({ name }) => name !== 'unused' && name !== 'offset');

export function columnsOf(nrLevels: number, width: number, palette: Palette): readonly Column[] {
  const count = nrLevels + 1;
  const each = (width - 2 * MARGIN - GAP * (count - 1)) / count;
  return Array.from({ length: count }, (_, i) => {
    const kind = i === count - 1 ? OFFSET_COLOR : (COLORS[i] ?? 'kernel');
    const color = palette.kinds[pageKindCode(kind)] ?? palette.foreground;
    return { x: MARGIN + i * (each + GAP), width: each, color };
  });
}
