/**
 * The whole machine beside the map: a column of its colours from top to bottom, a window for what is in view, ticks for what changed
 * and what is selected. Pressed or dragged, the map goes there. Screen readers and keys have the map itself.
 */
import type { ViewHost } from '../../shell/view.js';
import { element } from '../../dom.js';
import { css } from '../../draw/color.js';
import { stateColor, type Palette } from '../../draw/palette.js';
import { bytesOf, sameBytes } from '../../text.js';
import { CHANGED } from './changes.js';
import { CELLS_PER_TILE } from './curve.js';
import { HEADER_PX, type Layout, type Section } from './layout.js';
import type { Projection } from './projection.js';
import type { Viewport } from './viewport.js';

const WIDTH_PX = 22;
const MOST_CELLS = 2048;
const SMALLEST_WINDOW_PX = 6;
/** Ticks nearer than this would be one. */
const TICK_PX = 2;

export class Minimap {
  readonly root = element('div', { class: 'minimap', 'aria-hidden': 'true' });
  private readonly canvas = document.createElement('canvas');
  private readonly window = element('div', { class: 'window' });
  /** The column without its ticks: drawn again only when something of {@link Column} is another. */
  private readonly column = document.createElement('canvas');
  private drawn: Column | undefined;
  private heightPx = 0;
  private projection: Projection | undefined;
  private viewport: Viewport | undefined;
  private states: Uint8Array = new Uint8Array(0);
  private framesPerState = 1;
  private epoch = -1;
  private maxPfn = 0;
  private selected: number | undefined;

  constructor(
    private readonly host: ViewHost,
    private readonly scrollTo: (topPx: number) => void,
  ) {
    this.root.append(this.canvas, this.window);
    const go = (event: PointerEvent): void => this.go(event);
    new ResizeObserver(() => {
      this.heightPx = this.root.clientHeight;
      this.draw();
    }).observe(this.root);
    this.root.addEventListener('pointerdown', (event) => {
      this.root.setPointerCapture(event.pointerId);
      go(event);
    });
    this.root.addEventListener('pointermove', (event) => {
      if (event.buttons !== 0) go(event);
    });
  }

  /** The map as it stands; what the machine looks like is asked once an epoch. */
  show(projection: Projection, viewport: Viewport, epoch: number): void {
    this.projection = projection;
    this.viewport = viewport;
    const maxPfn = projection.machine?.maxPfn ?? 0;
    const isNew = epoch !== this.epoch || maxPfn !== this.maxPfn;
    // Of a stop that changed no frame the picture is as it was.
    const isSame = projection.isUnchanged && maxPfn === this.maxPfn && this.states.length > 0;
    this.epoch = epoch;
    this.maxPfn = maxPfn;
    if (isNew && !isSame) void this.ask(maxPfn, epoch);
    this.draw();
  }

  /** Only the window has moved. */
  moved({ scrollTop, heightPx }: Viewport): void {
    const { layout } = this;
    if (layout === undefined) return;
    const scale = this.heightPx / Math.max(layout.heightPx, heightPx);
    const height = Math.max(SMALLEST_WINDOW_PX, heightPx * scale);
    const top = Math.min(scrollTop * scale, this.heightPx - height);
    this.window.style.top = `${top}px`;
    this.window.style.height = `${height}px`;
    this.window.hidden = layout.heightPx <= heightPx;
  }

  /** The frame that is selected, if one is. */
  select(pfn: number | undefined): void {
    this.selected = pfn;
    this.draw();
  }

  draw(): void {
    const { layout, viewport, projection, canvas, heightPx } = this;
    const context = canvas.getContext('2d');
    if (layout === undefined || viewport === undefined || context === null || heightPx === 0)
      return;
    const ratio = window.devicePixelRatio;
    const width = Math.round(WIDTH_PX * ratio);
    const height = Math.max(1, Math.round(heightPx * ratio));
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
      canvas.style.height = `${heightPx}px`;
    }
    const scale = heightPx / Math.max(layout.heightPx, viewport.heightPx);
    const { states } = this;
    this.drawColumn({ layout, states, palette: this.host.palette, scale, width, height });
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    context.drawImage(this.column, 0, 0);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.fillStyle = css(this.host.palette.changed);
    const span = projection?.options.showChanges === true ? projection.changes.spans : [];
    for (const y of ticks(layout, span, scale)) context.fillRect(0, y, WIDTH_PX, TICK_PX);
    const { selected } = this;
    const mark = selected === undefined ? undefined : heightOfPfn(layout, selected);
    if (mark !== undefined) {
      context.fillStyle = css(this.host.palette.focus);
      context.fillRect(0, Math.floor(mark * scale), WIDTH_PX, TICK_PX);
    }
    this.moved(viewport);
  }

  /** Lines of one colour are one rectangle. */
  private drawColumn(wanted: Column): void {
    const { layout, states, palette, scale, width, height } = wanted;
    const { drawn, column, framesPerState, heightPx } = this;
    if (drawn !== undefined && isSameColumn(drawn, wanted)) return;
    this.drawn = wanted;
    column.width = width;
    column.height = height;
    const context = column.getContext('2d');
    if (context === null) return;
    const ratio = window.devicePixelRatio;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const stateAt = (y: number): number | undefined => {
      const pfn = pfnAtHeight(layout, (y + 0.5) / scale);
      return pfn === undefined ? undefined : states[Math.floor(pfn / framesPerState)];
    };
    for (let y = 0; y < heightPx;) {
      const state = stateAt(y);
      let end = y + 1;
      while (end < heightPx && stateAt(end) === state) end++;
      if (state !== undefined) {
        context.fillStyle = css(stateColor(palette, state, framesPerState));
        context.fillRect(5, y, WIDTH_PX - 10, end - y);
      }
      y = end;
    }
  }

  private get layout(): Layout | undefined {
    return this.projection?.layout;
  }

  private async ask(maxPfn: number, epoch: number): Promise<void> {
    let framesPerCell = 1;
    while (maxPfn / framesPerCell > MOST_CELLS) framesPerCell *= 2;
    const cells = Math.ceil(maxPfn / framesPerCell);
    try {
      const asks = { firstPfn: 0, framesPerCell, cells };
      const { states } = await this.host.request('mmscope/map', asks);
      if (epoch !== this.epoch) return;
      const bytes = bytesOf(states);
      if (sameBytes(bytes, this.states) && framesPerCell === this.framesPerState) return;
      this.states = bytes;
      this.framesPerState = framesPerCell;
      this.draw();
    } catch {
      return; // Running: the next stop asks again.
    }
  }

  private go({ clientY }: PointerEvent): void {
    const { layout, viewport } = this;
    if (layout === undefined || viewport === undefined) return;
    const y = clientY - this.root.getBoundingClientRect().top;
    const scale = this.heightPx / Math.max(layout.heightPx, viewport.heightPx);
    this.scrollTo(y / scale - viewport.heightPx / 2);
  }
}

/** What the column looks like follows from it. */
interface Column {
  readonly layout: Layout;
  readonly states: Uint8Array;
  readonly palette: Palette;
  readonly scale: number;
  /** Device pixels. */
  readonly width: number;
  readonly height: number;
}

const isSameColumn = (a: Column, b: Column): boolean =>
  a.layout === b.layout &&
  a.states === b.states &&
  a.palette === b.palette &&
  a.scale === b.scale &&
  a.width === b.width &&
  a.height === b.height;

/** A frame that is drawn at about this height of the content. */
function pfnAtHeight(layout: Layout, y: number): number | undefined {
  const section = layout.sections.find((s) => y >= s.topPx && y < s.topPx + s.heightPx);
  if (section === undefined) return undefined;
  return pfnInSection(layout, section, y - section.topPx - HEADER_PX);
}

function pfnInSection(layout: Layout, section: Section, y: number): number | undefined {
  const { firstTile, nrTiles, zone } = section;
  const inRows = y / layout.pitchY;
  const row = Math.floor(inRows);
  const first = row * layout.tilesPerRow;
  if (row < 0 || first >= nrTiles) return undefined;
  const inRow = Math.min(layout.tilesPerRow, nrTiles - first) * (inRows - row);
  const framesPerTile = CELLS_PER_TILE * layout.zoom.framesPerCell;
  const pfn = Math.floor((firstTile + first + inRow) * framesPerTile);
  return pfn < zone.startPfn ? zone.startPfn : pfn < zone.endPfn ? pfn : undefined;
}

/** The inverse of {@link pfnAtHeight}: frames of a row of tiles lie below each other, in their order. */
function heightOfPfn(layout: Layout, pfn: number): number | undefined {
  const section = layout.sections.find((s) => pfn >= s.zone.startPfn && pfn < s.zone.endPfn);
  if (section === undefined) return undefined;
  const nth = pfn / (CELLS_PER_TILE * layout.zoom.framesPerCell) - section.firstTile;
  const row = Math.floor(nth / layout.tilesPerRow);
  const first = row * layout.tilesPerRow;
  const inRow = (nth - first) / Math.min(layout.tilesPerRow, section.nrTiles - first);
  return section.topPx + HEADER_PX + (row + inRow) * layout.pitchY;
}

/** Heights of the ticks, each once. */
function ticks(
  layout: Layout,
  spans: readonly { readonly firstPfn: number; readonly change: number }[],
  scale: number,
): readonly number[] {
  const heights = new Set<number>();
  // The strongest last: nothing else is drawn over them.
  for (const { firstPfn, change } of spans) {
    const height = heightOfPfn(layout, firstPfn);
    if (height === undefined) continue;
    const y = Math.floor((height * scale) / TICK_PX) * TICK_PX;
    if (change === CHANGED) heights.delete(y);
    heights.add(y);
  }
  return [...heights];
}
