/** One region from near: how it is mapped, its pages as a grid, and what lies in it by the kernel's books. */
import type { BorderBody, PartBody, TlbEntryBody } from '../../../src/engine/view/atlas/virtual.js';
import { Painter } from '../../board/painter.js';
import type { Item, Row, Scene } from '../../board/scene.js';
import type { Rgb } from '../../draw/color.js';
import type { Palette } from '../../draw/palette.js';
import { bytesText } from '../../text.js';
import type { CellStates } from './cellPaths.js';
import { addressAt, pagesOf, type PageWindow } from './pageWindow.js';
import { regionColor } from './regionColors.js';
import { paintGrid } from './zoomGrid.js';
import { paintParts, type PartsModel } from './zoomParts.js';

export interface ZoomModel extends PartsModel {
  readonly window: PageWindow;
  readonly cells: CellStates;
  /** The same cells at the time that is compared with. */
  readonly before: CellStates | undefined;
  readonly tlb: readonly TlbEntryBody[];
  /** Of the region in front of it: where lowmem ends. */
  readonly border: BorderBody | undefined;
}

export interface ZoomPresses {
  readonly cell: (cell: number) => void;
  readonly part: (part: PartBody) => void;
  readonly page: (step: 1 | -1) => void;
  readonly out: () => void;
  readonly beside: (step: 1 | -1) => void;
  readonly all: () => void;
}

const MARGIN = 14;
/** Labels, and 64 cells of 4 px. */
const LEAST_WIDTH = 376;

export function paintZoom(
  model: ZoomModel,
  palette: Palette,
  width: number,
  press: ZoomPresses,
): Scene {
  return new ZoomPainter(
    model,
    new Painter(palette, 'zoom'),
    Math.max(width, LEAST_WIDTH),
    press,
  ).paint();
}

class ZoomPainter {
  private readonly rows: Row[] = [];
  private readonly color: Rgb;
  private y = MARGIN;

  constructor(
    private readonly model: ZoomModel,
    private readonly painter: Painter,
    private readonly width: number,
    private readonly press: ZoomPresses,
  ) {
    const { palette } = painter;
    this.color = regionColor(palette, model.region.kind) ?? palette.muted;
  }

  paint(): Scene {
    const { painter, model, press, color } = this;
    this.header();
    if (model.border !== undefined) this.border(model.border);
    if (model.cells.states.length > 0) {
      this.controls();
      this.take(paintGrid(painter, model, this.room, color, press.cell));
      this.legend();
    }
    if (model.region.nrParts > 0 || (model.partsBefore ?? []).length > 0)
      this.take(paintParts(painter, model, this.room, color, press));
    return { width: this.width, height: this.y + MARGIN, nodes: painter.nodes, rows: this.rows };
  }

  private get room() {
    return { x: MARGIN, y: this.y, width: this.width - 2 * MARGIN };
  }

  private take({ rows, bottom }: { readonly rows: readonly Row[]; readonly bottom: number }): void {
    this.rows.push(...rows);
    this.y = bottom;
  }

  private header(): void {
    const { painter, model, width } = this;
    const { region } = model;
    const { palette } = painter;
    const inner = width - 2 * MARGIN;
    painter.rect(
      { x: MARGIN, y: this.y + 2, width: 12, height: 12 },
      { fill: this.color, radius: 3 },
    );
    painter.text(MARGIN + 20, this.y + 13, region.title, { bold: true, size: 14 });
    const range = `${region.first} – ${region.last}`;
    const after = MARGIN + 32 + painter.widthOf(region.title, { bold: true, size: 14 });
    painter.text(after, this.y + 13, range, {
      mono: true,
      size: 11.5,
      maxWidth: width - after - MARGIN,
    });
    painter.text(MARGIN, this.y + 33, region.purpose, { color: palette.muted, maxWidth: inner });
    this.y += 44;
    for (const { rights, user, pageSize, bytes } of region.mappings.slice(0, 6)) {
      const share = region.mappedBytes === undefined ? 0 : bytes / region.mappedBytes;
      const bar = {
        x: MARGIN + 250,
        y: this.y + 5,
        width: Math.max(2, (inner - 254) * share),
        height: 7,
      };
      if (inner > 330) painter.rect(bar, { fill: painter.tint(this.color, 0.7), radius: 2 });
      painter.text(MARGIN, this.y + 13, `${rights}${user ? ' user' : ''}`, {
        mono: true,
        size: 11.5,
      });
      painter.text(MARGIN + 66, this.y + 13, `${bytesText(pageSize)} pages`, { size: 11.5 });
      painter.text(MARGIN + 238, this.y + 13, bytesText(bytes), {
        size: 11.5,
        anchor: 'end',
        bold: true,
      });
      this.y += 17;
    }
    if (region.mappedBytes === 0) {
      const nothing =
        region.unreadBytes === undefined
          ? 'The tables map nothing here.'
          : 'What is mapped here cannot be told: the tables are not in the dump.';
      painter.text(MARGIN, this.y + 13, nothing, { color: palette.muted, maxWidth: inner });
      this.y += 17;
    } else if (region.unreadBytes !== undefined) {
      const left = `Of ${bytesText(region.unreadBytes)} the tables are not in the dump.`;
      painter.text(MARGIN, this.y + 13, left, { color: palette.muted, maxWidth: inner });
      this.y += 17;
    }
    this.y += 8;
  }

  /** `1 GiB - 12 MiB - 128 MiB = 884 MiB`. */
  private border({ terms, maxLowmemBytes, lowmemBytes, highmemBytes, at }: BorderBody): void {
    const { painter } = this;
    const { palette } = painter;
    const lines = [
      ...terms.map(({ name, bytes }): [string, number] => [name, Math.abs(bytes)]),
      ['= the most that the direct map can hold', maxLowmemBytes] as const,
      [`lowmem of this machine, up to ${at}`, lowmemBytes] as const,
      ['highmem: what is left of its memory', highmemBytes] as const,
    ];
    const box = {
      x: MARGIN,
      y: this.y,
      width: this.width - 2 * MARGIN,
      height: 14 + lines.length * 17,
    };
    painter.rect(box, { stroke: palette.changed, dash: '6 4', radius: 4 });
    lines.forEach(([name, bytes], i) => {
      const y = box.y + 20 + i * 17;
      const bold = i >= terms.length;
      painter.text(box.x + 10, y, name, { size: 11.5, bold, maxWidth: box.width - 110 });
      painter.text(box.x + box.width - 10, y, bytesText(bytes), {
        size: 11.5,
        bold,
        anchor: 'end',
      });
    });
    this.rows.push([
      {
        key: 'terms',
        label: lines.map(([name, bytes]) => `${name}: ${bytesText(bytes)}`).join('\n'),
        box,
      },
    ]);
    this.y += box.height + 12;
  }

  private controls(): void {
    const { painter, model, press } = this;
    const { region, window } = model;
    const { palette } = painter;
    const shownPages = model.cells.states.length * window.pagesPerCell;
    const first = addressAt(region, window.startPage);
    const scale =
      window.pagesPerCell === 1
        ? 'a cell is one page'
        : `a cell is ${bytesText(window.pagesPerCell * 4096)}`;
    const room = this.width - 2 * MARGIN - 140;
    const texts = [`Pages from ${first}, ${scale}`, `Pages from ${first}`, first];
    const text = texts.find((each) => painter.widthOf(each, { size: 11.5 }) <= room) ?? first;
    painter.text(MARGIN, this.y + 14, text, {
      size: 11.5,
      maxWidth: room,
      data: { window: first, percell: window.pagesPerCell, cells: model.cells.states.length },
    });
    const isAll = shownPages >= pagesOf(region) && window.startPage === 0;
    const buttons: readonly (readonly [string, string, string, boolean, () => void])[] = [
      ['before', '‹', 'Pages before', window.startPage > 0, () => press.beside(-1)],
      [
        'after',
        '›',
        'Pages after',
        window.startPage + shownPages < pagesOf(region),
        () => press.beside(1),
      ],
      ['out', '−', 'Zoom out', !isAll, press.out],
      ['all', 'All', 'All of the region', !isAll, press.all],
    ];
    let x = this.width - MARGIN;
    const items: Item[] = [];
    for (const [key, text, label, enabled, act] of [...buttons].reverse()) {
      const buttonWidth = text.length > 1 ? 38 : 26;
      x -= buttonWidth + 4;
      const box = { x, y: this.y, width: buttonWidth, height: 20 };
      const color = enabled ? palette.foreground : palette.muted;
      painter.rect(box, {
        stroke: painter.tint(palette.foreground, enabled ? 0.5 : 0.18),
        radius: 3,
      });
      painter.text(x + buttonWidth / 2, this.y + 14, text, { anchor: 'middle', size: 12, color });
      items.unshift({
        key,
        label: enabled ? label : `${label}: not now`,
        box,
        ...(enabled && { press: act }),
      });
    }
    this.rows.push(items);
    this.y += 28;
  }

  private legend(): void {
    const { painter, color } = this;
    const { palette } = painter;
    let x = MARGIN;
    const put = (text: string, draw: (x: number, y: number) => void): void => {
      const wide = 18 + painter.widthOf(text, { size: 10.5 }) + 12;
      if (x + wide > this.width - MARGIN && x > MARGIN) {
        x = MARGIN;
        this.y += 16;
      }
      draw(x, this.y);
      painter.text(x + 17, this.y + 9, text, { size: 10.5, color: palette.muted });
      x += wide;
    };
    const swatch =
      (share: number, low = false) =>
      (at: number, y: number): void => {
        painter.rect(
          { x: at, y: low ? y + 4 : y, width: 12, height: low ? 6 : 10 },
          { fill: painter.tint(color, share) },
        );
      };
    put('accessed', swatch(0.85));
    put('not accessed', swatch(0.4));
    put('read-only: low', swatch(0.85, true));
    put('dirty: notch', (at, y) => {
      swatch(0.85)(at, y);
      painter.rect({ x: at, y, width: 4, height: 4 }, { fill: palette.foreground });
    });
    put('large page: joined', (at, y) => {
      painter.rect({ x: at - 5, y, width: 18, height: 10 }, { fill: painter.tint(color, 0.85) });
    });
    put('not mapped', (at, y) => {
      painter.rect(
        { x: at, y, width: 12, height: 10 },
        { fill: painter.tint(palette.foreground, 0.07) },
      );
    });
    put('kept, not present', (at, y) => {
      painter.rect({ x: at, y, width: 12, height: 10 }, { fill: painter.hatch(palette.muted) });
    });
    put('in a TLB', (at, y) => painter.circle(at + 6, y + 5, 3, { fill: palette.foreground }));
    put('stale in a TLB', (at, y) =>
      painter.circle(at + 6, y + 5, 3, { stroke: palette.error, strokeWidth: 1.5 }),
    );
    if (this.model.before !== undefined)
      put('changed', (at, y) =>
        painter.rect(
          { x: at, y: y - 1, width: 12, height: 11 },
          { stroke: palette.changed, strokeWidth: 1.5 },
        ),
      );
    this.y += 24;
  }
}
