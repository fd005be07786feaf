/** The looks of the cells of a page grid: one path a look, whatever the number of cells. */
import { PAGE_BITS, type PagesBody } from '../../../src/engine/view/atlas/virtual.js';
import type { Painter } from '../../board/painter.js';
import type { Rgb } from '../../draw/color.js';

/** What the page tables say of each cell of a grid. */
export interface CellStates {
  readonly states: Uint8Array;
  readonly shares: Uint8Array | undefined;
  readonly pfns: PagesBody['pfns'];
}

/** The cells of a grid by how they look: one path a look, whatever their number. */
export class CellPaths {
  private readonly fills = new Map<string, string>();
  private readonly gaps: string[] = [];
  private readonly notches: string[] = [];
  private readonly marks: string[] = [];

  constructor(
    private readonly size: number,
    private readonly height: number,
  ) {}

  /** @param isFirst in its row: a large page has one notch in each row, not one for each cell */
  add(x: number, y: number, state: number, share: number | undefined, isFirst: boolean): void {
    const { size, height } = this;
    const low = (state & PAGE_BITS.present) !== 0 && (state & PAGE_BITS.writable) === 0;
    const top = low ? y + height * 0.45 : y;
    const d = `M${x} ${top}h${size}v${y + height - top}h${-size}z`;
    const key = lookOf(state, share);
    this.fills.set(key, (this.fills.get(key) ?? '') + d);
    const joined = (state & PAGE_BITS.large) !== 0 && share === undefined;
    if (!joined) this.gaps.push(`M${x + size - 0.5} ${y}v${height}`);
    const isDirty = (state & PAGE_BITS.dirty) !== 0 && share === undefined;
    if (isDirty && size > 5 && (!joined || isFirst)) this.notches.push(`M${x} ${y}h3v3h-3z`);
  }

  /** The cell there is not as it was. */
  mark(x: number, y: number): void {
    const { size, height } = this;
    this.marks.push(`M${x - 0.5} ${y - 0.5}h${size}v${height + 1}h${-size}z`);
  }

  paint(painter: Painter, color: Rgb): void {
    const { palette } = painter;
    for (const [key, d] of this.fills) {
      if (key === 'kept')
        painter.path(d, { fill: painter.hatch(palette.muted), data: { cells: key } });
      else if (key === 'none')
        painter.path(d, { fill: painter.tint(palette.foreground, 0.07), data: { cells: key } });
      else painter.path(d, { fill: painter.tint(color, Number(key)), data: { cells: key } });
    }
    painter.path(this.gaps.join(''), { stroke: palette.background, strokeWidth: 1 });
    painter.path(this.notches.join(''), { fill: palette.foreground });
    if (this.marks.length > 0)
      painter.path(this.marks.join(''), {
        stroke: palette.changed,
        strokeWidth: 1.5,
        data: { differ: this.marks.length },
      });
  }
}

/** `kept`, `none`, or how much of the colour. */
function lookOf(state: number, share: number | undefined): string {
  if ((state & PAGE_BITS.present) === 0) return (state & PAGE_BITS.kept) !== 0 ? 'kept' : 'none';
  if (share !== undefined) return (0.25 + Math.ceil((share / 255) * 6) / 10).toFixed(2);
  return (state & PAGE_BITS.accessed) !== 0 ? '0.85' : '0.40';
}

/** What a cell's bits say, in words. */
export function stateWords(state: number): string {
  const has = (bit: number): boolean => (state & bit) !== 0;
  if (!has(PAGE_BITS.present))
    return has(PAGE_BITS.kept) ? 'an entry that is not present' : 'not mapped';
  return [
    'present',
    has(PAGE_BITS.writable) ? 'writable' : 'read-only',
    ...(has(PAGE_BITS.executable) ? ['executable'] : []),
    has(PAGE_BITS.user) ? 'user and kernel' : 'kernel only',
    has(PAGE_BITS.accessed) ? 'accessed' : 'not accessed',
    ...(has(PAGE_BITS.dirty) ? ['dirty'] : []),
    ...(has(PAGE_BITS.large) ? ['in a large page'] : []),
  ].join(', ');
}
