/** The page grid of a region: a cell is a page or a power of two of them; what the tables say of it is its shape and colour. */
import type { TlbEntryBody } from '../../../src/engine/view/atlas/virtual.js';
import type { Painter } from '../../board/painter.js';
import type { Box, Item, Row } from '../../board/scene.js';
import type { Rgb } from '../../draw/color.js';
import { bytesText, hexPfn } from '../../text.js';
import { CellPaths, stateWords, type CellStates } from './cellPaths.js';
import { addressAt, COLUMNS, holds, pageOf } from './pageWindow.js';
import type { ZoomModel } from './zoomScene.js';

interface Place {
  readonly left: number;
  readonly top: number;
  readonly size: number;
  readonly height: number;
}

/** Of the addresses before the rows: short ones, and whole ones of 64 bit. */
const LABEL = 92;
const WIDE_LABEL = 118;
/** CSS pixels from which a grid has room for whole addresses. */
const ROOMY = 560;

export function paintGrid(
  painter: Painter,
  model: ZoomModel,
  room: { readonly x: number; readonly y: number; readonly width: number },
  color: Rgb,
  press: (cell: number) => void,
): { readonly rows: readonly Row[]; readonly bottom: number } {
  const { palette } = painter;
  const { cells, before, region, window } = model;
  const { states } = cells;
  const isWide = region.first.length > 12 && room.width >= ROOMY;
  const labelWidth = isWide ? WIDE_LABEL : LABEL;
  const left = room.x + labelWidth;
  const size = Math.max(4, Math.floor((room.width - labelWidth) / COLUMNS));
  const place: Place = { left, top: room.y, size, height: Math.max(7, Math.min(14, size + 2)) };
  const nrRows = Math.ceil(states.length / COLUMNS);
  const paths = new CellPaths(size, place.height);
  const addressOf = (cell: number): string =>
    addressAt(region, window.startPage + cell * window.pagesPerCell);
  const lit = litCells(model);
  const rowBytes = COLUMNS * window.pagesPerCell * 4096;
  const rows: Row[] = [];
  for (let row = 0; row < nrRows; row++) {
    const first = row * COLUMNS;
    const end = Math.min(states.length, first + COLUMNS);
    const items: Item[] = [];
    for (let cell = first; cell < end; cell++) {
      const box = boxOf(place, cell);
      paths.add(box.x, box.y, states[cell] ?? 0, cells.shares?.[cell], beginsPage(states, cell));
      if (differs(cells, before, cell)) paths.mark(box.x, box.y);
      items.push({
        key: `cell/${addressOf(cell)}`,
        label: () => cellLabel(model, cell),
        box,
        selected: lit.has(cell),
        press: () => press(cell),
        ...watchOf(model, cell),
      });
    }
    rows.push(items);
    if (row % 4 !== 0) continue;
    const address = addressOf(first);
    const label = isWide ? address : shortAddress(address, rowBytes);
    painter.text(room.x, boxOf(place, first).y + place.height - 1, label, {
      mono: true,
      size: 9.5,
      color: palette.muted,
      maxWidth: labelWidth - 4,
    });
  }
  paths.paint(painter, color);
  for (const cell of lit) {
    const { x, y, width, height } = boxOf(place, cell);
    const around = { x: x - 1, y: y - 1, width: width + 1, height: height + 2 };
    // A halo: some theme's focus is the colour of some region.
    painter.rect(around, { stroke: palette.background, strokeWidth: 5, radius: 2 });
    painter.rect(around, {
      stroke: palette.focus,
      strokeWidth: 2,
      radius: 2,
      data: { lit: addressOf(cell) },
    });
  }
  for (const entry of model.tlb) paintTlbDot(painter, model, entry, place);
  return { rows, bottom: room.y + nrRows * (place.height + 2) + 8 };
}

/** Whether the cell is the first one of its row, or another page than the one before it. */
const beginsPage = (states: Uint8Array, cell: number): boolean =>
  cell % COLUMNS === 0 || states[cell - 1] !== states[cell];

const boxOf = ({ left, top, size, height }: Place, cell: number): Box => ({
  x: left + (cell % COLUMNS) * size,
  y: top + Math.floor(cell / COLUMNS) * (height + 2),
  width: size,
  height,
});

/** Whether a cell is mapped otherwise than it was, or to another frame. */
function differs(now: CellStates, before: CellStates | undefined, cell: number): boolean {
  if (before === undefined) return false;
  return (
    now.states[cell] !== before.states[cell] ||
    now.shares?.[cell] !== before.shares?.[cell] ||
    now.pfns?.[cell] !== before.pfns?.[cell]
  );
}

const litCells = (model: ZoomModel): ReadonlySet<number> =>
  new Set(
    model.lit
      .filter((address) => holds(model.region, address))
      .flatMap((address) => cellOf(model, address) ?? []),
  );

function cellOf({ region, window, cells }: ZoomModel, address: string): number | undefined {
  const cell = Math.floor((pageOf(region, address) - window.startPage) / window.pagesPerCell);
  return cell >= 0 && cell < cells.states.length ? cell : undefined;
}

function paintTlbDot(painter: Painter, model: ZoomModel, entry: TlbEntryBody, place: Place): void {
  if (!holds(model.region, entry.first)) return;
  const cell = cellOf(model, entry.first);
  if (cell === undefined) return;
  const { palette } = painter;
  const { x, y, width, height } = boxOf(place, cell);
  const stale = entry.stale !== undefined;
  painter.circle(x + width / 2 - 0.5, y + height / 2, Math.min(3, width / 3), {
    ...(stale
      ? { stroke: palette.error, strokeWidth: 1.5, fill: palette.background }
      : { fill: palette.foreground, stroke: palette.background }),
    data: { tlb: entry.first, stale: stale ? 1 : 0 },
  });
}

function cellLabel(model: ZoomModel, cell: number): string {
  const { region, window, cells, before, tlb } = model;
  const { states, shares, pfns } = cells;
  const first = addressAt(region, window.startPage + cell * window.pagesPerCell);
  const part = model.parts.find((each) => holds(each, first));
  const cached = tlb.filter(
    (entry) => holds(region, entry.first) && cellOf(model, entry.first) === cell,
  );
  const lines = [`${first}: ${stateWords(states[cell] ?? 0)}`];
  const pfn = pfns?.[cell];
  if (pfn !== undefined && pfn >= 0) lines.push(`pfn ${hexPfn(pfn)}`);
  if (shares !== undefined)
    lines.push(
      `${bytesText(window.pagesPerCell * 4096)}, ${percentOf(shares[cell])} mapped; press to look into it`,
    );
  if (before !== undefined && differs(cells, before, cell)) lines.push(wasText(before, cell));
  if (part !== undefined) lines.push(part.text);
  for (const entry of cached)
    lines.push(
      entry.stale === undefined
        ? `in the TLB of CPU ${entry.cpu}`
        : `stale in the TLB of CPU ${entry.cpu}: ${entry.stale}`,
    );
  return lines.join('\n');
}

/** The bytes of a page that is mapped. */
function watchOf({ region, window, cells }: ZoomModel, cell: number): Pick<Item, 'watch'> {
  if (window.pagesPerCell !== 1 || (cells.pfns?.[cell] ?? -1) < 0) return {};
  const address = addressAt(region, window.startPage + cell);
  return { watch: { address, bytes: 4096 } };
}

function wasText({ states, shares, pfns }: CellStates, cell: number): string {
  const pfn = pfns?.[cell] ?? -1;
  const where = pfn < 0 ? '' : `, pfn ${hexPfn(pfn)}`;
  const share = shares === undefined ? '' : `, ${percentOf(shares[cell])} mapped`;
  return `was ${stateWords(states[cell] ?? 0)}${where}${share}`;
}

const percentOf = (share = 0): string => `${Math.round((share / 255) * 100)} %`;

/** Digits of an address of 64 bit that there is room for. */
const SHOWN_DIGITS = 8;

/** The digits that tell rows apart: those above what all rows have zeros in. */
function shortAddress(address: string, rowBytes: number): string {
  const digits = address.slice(2);
  if (digits.length <= SHOWN_DIGITS) return address;
  const zeros = Math.min(digits.length - SHOWN_DIGITS, Math.floor(Math.log2(rowBytes) / 4));
  const end = digits.length - zeros;
  const left = end > SHOWN_DIGITS ? '\u2026' : '0x';
  return `${left}${digits.slice(end - SHOWN_DIGITS, end)}${zeros > 0 ? '\u2026' : ''}`;
}
