/** One region from near: how it is mapped, its pages as a grid, and what lies in it by the kernel's books. */
import {
  PAGE_BITS,
  type BorderBody,
  type PagesBody,
  type PartBody,
  type RegionBody,
  type TlbEntryBody,
} from '../../../src/engine/view/atlas/virtual.js';
import { Painter } from '../../board/painter.js';
import type { Item, Row, Scene } from '../../board/scene.js';
import type { Rgb } from '../../draw/color.js';
import type { Palette } from '../../draw/palette.js';
import { bytesText, countText, hexPfn } from '../../text.js';
import { addressAt, COLUMNS, holds, pageOf, pagesOf, type PageWindow } from './pageWindow.js';
import { regionColor } from './regionColors.js';

export interface ZoomModel {
  readonly region: RegionBody;
  readonly window: PageWindow;
  readonly states: Uint8Array;
  readonly shares: Uint8Array | undefined;
  readonly pfns: PagesBody['pfns'];
  readonly parts: readonly PartBody[];
  readonly tlb: readonly TlbEntryBody[];
  readonly lit: readonly string[];
  /** Of the region in front of it: where lowmem ends. */
  readonly border: BorderBody | undefined;
}

export interface ZoomPresses {
  readonly cell: (cell: number) => void;
  readonly part: (part: PartBody) => void;
  readonly more: () => void;
  readonly out: () => void;
  readonly beside: (step: 1 | -1) => void;
  readonly all: () => void;
}

const MARGIN = 14;
const LABEL = 92;

export function paintZoom(
  model: ZoomModel,
  palette: Palette,
  width: number,
  press: ZoomPresses,
): Scene {
  return new ZoomPainter(model, new Painter(palette, 'zoom'), Math.max(width, 320), press).paint();
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
    this.header();
    if (this.model.border !== undefined) this.border(this.model.border);
    if (this.model.states.length > 0) {
      this.controls();
      this.grid();
      this.legend();
    }
    if (this.model.region.nrParts > 0) this.parts();
    return {
      width: this.width,
      height: this.y + MARGIN,
      nodes: this.painter.nodes,
      rows: this.rows,
    };
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
      painter.text(MARGIN, this.y + 13, 'The tables map nothing here.', { color: palette.muted });
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
    const shownPages = model.states.length * window.pagesPerCell;
    const first = addressAt(region, window.startPage);
    const scale =
      window.pagesPerCell === 1
        ? 'a cell is one page'
        : `a cell is ${bytesText(window.pagesPerCell * 4096)}`;
    painter.text(MARGIN, this.y + 14, `Pages from ${first}, ${scale}`, {
      size: 11.5,
      maxWidth: this.width - 2 * MARGIN - 250,
      data: { window: first, percell: window.pagesPerCell, cells: model.states.length },
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

  private grid(): void {
    const { painter, model } = this;
    const { palette } = painter;
    const { states, region, window } = model;
    const left = MARGIN + LABEL;
    const size = Math.max(4, Math.floor((this.width - MARGIN - left) / COLUMNS));
    const height = Math.max(7, Math.min(14, size + 2));
    const nrRows = Math.ceil(states.length / COLUMNS);
    const paths = new CellPaths(size, height);
    const litCells = this.litCells();
    for (let row = 0; row < nrRows; row++) {
      const y = this.y + row * (height + 2);
      if (row % 4 === 0)
        painter.text(
          MARGIN,
          y + height - 1,
          shortAddress(addressAt(region, window.startPage + row * COLUMNS * window.pagesPerCell)),
          {
            mono: true,
            size: 9.5,
            color: palette.muted,
            maxWidth: LABEL - 6,
          },
        );
      const from = row * COLUMNS;
      const end = Math.min(states.length, from + COLUMNS);
      const items: Item[] = [];
      for (let cell = from; cell < end; cell++) {
        const box = { x: left + (cell - from) * size, y, width: size, height };
        paths.add(box.x, y, states[cell] ?? 0, model.shares?.[cell]);
        items.push({
          key: `cell/${addressAt(region, window.startPage + cell * window.pagesPerCell)}`,
          label: () => this.cellLabel(cell),
          box,
          selected: litCells.has(cell),
          press: () => this.press.cell(cell),
        });
      }
      this.rows.push(items);
    }
    paths.paint(painter, this.color);
    for (const cell of litCells) {
      const x = left + (cell % COLUMNS) * size;
      const y = this.y + Math.floor(cell / COLUMNS) * (height + 2);
      const address = addressAt(region, window.startPage + cell * window.pagesPerCell);
      painter.rect(
        { x: x - 1, y: y - 1, width: size + 1, height: height + 2 },
        {
          stroke: palette.focus,
          strokeWidth: 2,
          data: { lit: address },
        },
      );
    }
    for (const entry of model.tlb) this.tlbDot(entry, { left, size, height });
    this.y += nrRows * (height + 2) + 8;
  }

  private litCells(): ReadonlySet<number> {
    const { lit, region } = this.model;
    return new Set(
      lit
        .filter((address) => holds(region, address))
        .flatMap((address) => this.cellOf(address) ?? []),
    );
  }

  private cellOf(address: string): number | undefined {
    const { region, window, states } = this.model;
    const cell = Math.floor((pageOf(region, address) - window.startPage) / window.pagesPerCell);
    return cell >= 0 && cell < states.length ? cell : undefined;
  }

  private tlbDot(
    entry: TlbEntryBody,
    { left, size, height }: { left: number; size: number; height: number },
  ): void {
    const { painter, model } = this;
    if (!holds(model.region, entry.first)) return;
    const cell = this.cellOf(entry.first);
    if (cell === undefined) return;
    const { palette } = painter;
    const x = left + (cell % COLUMNS) * size + size / 2 - 0.5;
    const y = this.y + Math.floor(cell / COLUMNS) * (height + 2) + height / 2;
    const stale = entry.stale !== undefined;
    painter.circle(x, y, Math.min(3, size / 3), {
      ...(stale
        ? { stroke: palette.error, strokeWidth: 1.5, fill: palette.background }
        : { fill: palette.foreground, stroke: palette.background }),
      data: { tlb: entry.first, stale: stale ? 1 : 0 },
    });
  }

  private cellLabel(cell: number): string {
    const { model } = this;
    const { region, window, states, shares, pfns, tlb } = model;
    const first = addressAt(region, window.startPage + cell * window.pagesPerCell);
    const state = states[cell] ?? 0;
    const words = stateWords(state);
    const part = model.parts.find((each) => holds(each, first));
    const cached = tlb.filter(
      (entry) => holds(region, entry.first) && this.cellOf(entry.first) === cell,
    );
    const lines = [`${first}: ${words}`];
    const pfn = pfns?.[cell];
    if (pfn !== undefined && pfn >= 0) lines.push(`pfn ${hexPfn(pfn)}`);
    if (shares !== undefined) {
      const percent = Math.round(((shares[cell] ?? 0) / 255) * 100);
      lines.push(
        `${bytesText(window.pagesPerCell * 4096)}, ${percent} % mapped; press to look into it`,
      );
    }
    if (part !== undefined) lines.push(part.text);
    for (const entry of cached)
      lines.push(
        entry.stale === undefined
          ? `in the TLB of CPU ${entry.cpu}`
          : `stale in the TLB of CPU ${entry.cpu}: ${entry.stale}`,
      );
    return lines.join('\n');
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
      painter.rect({ x: at - 3, y, width: 18, height: 10 }, { fill: painter.tint(color, 0.85) });
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
    this.y += 24;
  }

  private parts(): void {
    const { painter, model, press } = this;
    const { palette } = painter;
    const { parts, region, lit } = model;
    const inner = this.width - 2 * MARGIN;
    painter.text(MARGIN, this.y + 12, `In it: ${countText(region.nrParts)}`, { bold: true });
    this.y += 20;
    for (const part of parts) {
      const box = { x: MARGIN, y: this.y, width: inner, height: 20 };
      const isLit = lit.some((address) => holds(part, address));
      const faint = part.kind === 'gap' || part.kind === 'guard' || part.kind === 'lazy';
      if (part.kind === 'guard')
        painter.rect({ ...box, width: 8 }, { fill: painter.hatch(palette.error) });
      else if (!faint && part.text !== '')
        painter.rect(
          { x: box.x, y: box.y + 3, width: 4, height: 14 },
          { fill: this.color, radius: 2 },
        );
      if (isLit) painter.rect(box, { stroke: palette.focus, strokeWidth: 2, radius: 3 });
      const ink = faint ? palette.muted : palette.foreground;
      painter.text(box.x + 12, box.y + 14, part.first, {
        mono: true,
        size: 11,
        color: ink,
        data: { part: part.kind, first: part.first, bytes: part.sizeBytes },
      });
      const sizeX = box.x + 12 + part.first.length * 6.8 + 76;
      painter.text(sizeX, box.y + 14, bytesText(part.sizeBytes), {
        size: 11,
        anchor: 'end',
        color: ink,
      });
      const rights = part.rights === undefined ? '' : `${part.rights} `;
      painter.text(sizeX + 10, box.y + 14, rights + part.text, {
        size: 11,
        color: ink,
        maxWidth: Math.max(20, box.x + inner - sizeX - 14),
      });
      const to = part.pfn === undefined ? '' : `, pfn ${hexPfn(part.pfn)}`;
      this.rows.push([
        {
          key: `part/${part.first}`,
          label: `${part.first} to ${part.last}, ${bytesText(part.sizeBytes)}: ${rights}${part.text}${to}`,
          box,
          selected: isLit,
          press: () => press.part(part),
        },
      ]);
      this.y += 20;
    }
    if (parts.length >= region.nrParts) return;
    const box = { x: MARGIN, y: this.y + 4, width: inner, height: 26 };
    painter.rect(box, { stroke: painter.tint(palette.foreground, 0.35), radius: 3 });
    const left = region.nrParts - parts.length;
    painter.text(box.x + inner / 2, box.y + 17, `${countText(left)} more`, { anchor: 'middle' });
    this.rows.push([{ key: 'more', label: `${countText(left)} more`, box, press: press.more }]);
    this.y += 34;
  }
}

/** The cells of a grid by how they look: one path a look, whatever their number. */
class CellPaths {
  private readonly fills = new Map<string, string>();
  private readonly gaps: string[] = [];
  private readonly notches: string[] = [];

  constructor(
    private readonly size: number,
    private readonly height: number,
  ) {}

  add(x: number, y: number, state: number, share: number | undefined): void {
    const { size, height } = this;
    const low = (state & PAGE_BITS.present) !== 0 && (state & PAGE_BITS.writable) === 0;
    const top = low ? y + height * 0.45 : y;
    const d = `M${x} ${top}h${size}v${y + height - top}h${-size}z`;
    const key = lookOf(state, share);
    this.fills.set(key, (this.fills.get(key) ?? '') + d);
    const joined = (state & PAGE_BITS.large) !== 0 && share === undefined;
    if (!joined) this.gaps.push(`M${x + size - 0.5} ${y}v${height}`);
    if ((state & PAGE_BITS.dirty) !== 0 && share === undefined && size > 5)
      this.notches.push(`M${x} ${y}h3v3h-3z`);
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
  }
}

/** `kept`, `none`, or how much of the colour. */
function lookOf(state: number, share: number | undefined): string {
  if ((state & PAGE_BITS.present) === 0) return (state & PAGE_BITS.kept) !== 0 ? 'kept' : 'none';
  if (share !== undefined) return (0.25 + Math.ceil((share / 255) * 6) / 10).toFixed(2);
  return (state & PAGE_BITS.accessed) !== 0 ? '0.85' : '0.40';
}

/** The last eight digits tell rows apart. */
const shortAddress = (address: string): string =>
  address.length > 12 ? `\u2026${address.slice(-9)}` : address;

function stateWords(state: number): string {
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
