/**
 * Draws the map on two canvases: cells as pixels of an ImageData of the view's size, blitted from sprites, with labels on
 * top; and an overlay for what changes with the pointer. Work is proportional to the view, never to the machine.
 */
import { detailOfState } from '../../src/engine/view/pageState.js';
import { CELLS_PER_TILE, cellX, cellY } from '../curve.js';
import {
  blockSize,
  GUTTER_PX,
  HEADER_PX,
  tilesBetween,
  tileX,
  tileY,
  type Layout,
  type Section,
} from '../layout.js';
import type { Tile } from '../tiles.js';
import { indexOfPlace, neighbourhoods } from './blocks.js';
import { css, inkOn } from './color.js';
import { drawHeaders, drawRowLabels } from './labels.js';
import type { MapRenderer, Scene } from './mapRenderer.js';
import { drawChanges, drawFrame } from './overlay.js';
import { stateColor, type Palette } from './palette.js';
import { Sprites } from './sprites.js';

/** Blocks whose shorter side is less have no number. */
const SMALLEST_LABELLED_PX = 22;
const SMALLEST_GAP_CELL_PX = 4;

interface PlacedTile {
  readonly tile: Tile;
  readonly number: number;
  readonly section: Section;
  readonly x: number;
  readonly y: number;
}

export class CanvasRenderer implements MapRenderer {
  private readonly cells: CanvasRenderingContext2D;
  private readonly overlay: CanvasRenderingContext2D;
  private image: ImageData | undefined;
  private pixels = new Uint32Array(0);
  private widthPx = 0;
  private heightPx = 0;
  private ratio = 1;
  private palette: Palette | undefined;
  private sprites: Sprites | undefined;
  private spritesKey = '';

  constructor(cellsCanvas: HTMLCanvasElement, overlayCanvas: HTMLCanvasElement) {
    this.cells = context(cellsCanvas);
    this.overlay = context(overlayCanvas);
  }

  resize(widthPx: number, heightPx: number, devicePixelRatio: number): void {
    this.widthPx = widthPx;
    this.heightPx = heightPx;
    this.ratio = devicePixelRatio;
    for (const { canvas } of [this.cells, this.overlay]) {
      canvas.width = Math.max(1, Math.round(widthPx * devicePixelRatio));
      canvas.height = Math.max(1, Math.round(heightPx * devicePixelRatio));
      canvas.style.width = `${widthPx}px`;
      canvas.style.height = `${heightPx}px`;
    }
    this.image = this.cells.createImageData(this.cells.canvas.width, this.cells.canvas.height);
    this.pixels = new Uint32Array(this.image.data.buffer);
  }

  setPalette(palette: Palette): void {
    this.palette = palette;
    this.spritesKey = '';
  }

  drawCells(scene: Scene): void {
    const { palette, image } = this;
    if (palette === undefined || image === undefined) return;
    const sprites = this.spritesFor(scene, palette);
    const places = indexOfPlace(scene.layout.shape);
    const tiles = this.tilesOf(scene);
    this.pixels.fill(0);
    for (const placed of tiles) this.blit(scene.layout, placed, places, sprites);
    this.cells.setTransform(1, 0, 0, 1, 0, 0);
    this.cells.putImageData(image, 0, 0);
    this.cells.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    for (const placed of tiles) this.drawOrders(scene, placed, palette);
    drawRowLabels(this.cells, scene, this.heightPx, palette);
    drawHeaders(this.cells, scene, this.widthPx, this.heightPx, palette);
  }

  drawOverlay(scene: Scene): void {
    const { overlay, palette } = this;
    if (palette === undefined) return;
    overlay.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    overlay.clearRect(0, 0, this.widthPx, this.heightPx);
    overlay.save();
    overlay.beginPath();
    // Right of the labels and below the header that stays at the top.
    overlay.rect(GUTTER_PX - 4, HEADER_PX - 6, this.widthPx, this.heightPx);
    overlay.clip();
    if (scene.showChanges)
      for (const { tile, x, y } of this.tilesOf(scene))
        if (tile.changes !== undefined)
          drawChanges(overlay, scene.layout, tile.changes, x, y, palette, scene.pulse);
    if (scene.hovered !== undefined) drawFrame(overlay, scene, scene.hovered, 'hover', palette);
    if (scene.selected !== undefined)
      drawFrame(overlay, scene, scene.selected, 'selection', palette);
    overlay.restore();
  }

  /** The known tiles on show, with their place in the view. */
  private tilesOf(scene: Scene): PlacedTile[] {
    const { layout, scrollTop } = scene;
    const placed: PlacedTile[] = [];
    for (const { section, first, end } of tilesBetween(
      layout,
      scrollTop,
      scrollTop + this.heightPx,
    ))
      for (let nth = first; nth < end; nth++) {
        const number = section.firstTile + nth;
        const tile = scene.tile(number);
        if (tile === undefined) continue;
        const x = tileX(layout, nth);
        const y = tileY(layout, section, nth) - scrollTop;
        placed.push({ tile, number, section, x, y });
      }
    return placed;
  }

  private spritesFor(scene: Scene, palette: Palette): Sprites {
    const { framesPerCell, cellPx } = scene.layout.zoom;
    const emphasis = scene.emphasis;
    const key = `${framesPerCell} ${cellPx} ${this.ratio} ${[...(emphasis ?? [])].join()}`;
    if (this.sprites === undefined || key !== this.spritesKey) {
      const cell = Math.round(cellPx * this.ratio);
      const gap = cellPx < SMALLEST_GAP_CELL_PX ? 0 : Math.max(1, Math.round(this.ratio));
      this.sprites = new Sprites(palette, { cell, gap, framesPerCell, emphasis });
      this.spritesKey = key;
    }
    return this.sprites;
  }

  private blit(layout: Layout, placed: PlacedTile, places: Uint16Array, sprites: Sprites): void {
    const { states } = placed.tile;
    const { across, down } = layout.shape;
    const { section, number } = placed;
    const sides = neighbourhoods(layout.shape, states, layout.zoom.framesPerCell);
    const cell = Math.round(layout.zoom.cellPx * this.ratio);
    const left = Math.round(placed.x * this.ratio);
    const top = Math.round(placed.y * this.ratio);
    const width = this.cells.canvas.width;
    const height = this.cells.canvas.height;
    const from = section.firstCell - number * CELLS_PER_TILE;
    const to = section.endCell - number * CELLS_PER_TILE;
    for (let row = 0; row < down; row++) {
      const y = top + row * cell;
      if (y >= height || y + cell <= 0) continue;
      for (let column = 0; column < across; column++) {
        const x = left + column * cell;
        const place = row * across + column;
        const index = places[place] ?? 0;
        if (index < from || index >= to || x + cell > width) continue;
        const sprite = sprites.get(states[index] ?? 0, sides[place] ?? 0);
        this.copy(sprite, cell, x, y, width, height);
      }
    }
  }

  private copy(
    sprite: Uint32Array,
    cell: number,
    x: number,
    y: number,
    width: number,
    height: number,
  ): void {
    const { pixels } = this;
    const firstRow = Math.max(0, -y);
    const endRow = Math.min(cell, height - y);
    for (let row = firstRow; row < endRow; row++) {
      let to = (y + row) * width + x;
      let at = row * cell;
      for (const end = at + cell; at < end; at++) pixels[to++] = sprite[at] as number;
    }
  }

  /** The order of each block that is large enough to carry a number. */
  private drawOrders(scene: Scene, placed: PlacedTile, palette: Palette): void {
    const { layout } = scene;
    if (layout.zoom.framesPerCell > 1) return;
    const { states } = placed.tile;
    this.cells.textAlign = 'center';
    this.cells.textBaseline = 'middle';
    for (let index = 0; index < CELLS_PER_TILE;) {
      const state = states[index] ?? 0;
      const order = detailOfState(state);
      const size = 1 << order;
      const { across, down } = blockSize(layout.shape, order);
      const shorterPx = Math.min(across, down) * layout.zoom.cellPx;
      if (order > 0 && index % size === 0 && shorterPx >= SMALLEST_LABELLED_PX) {
        const x = placed.x + (cellX(layout.shape, index) + across / 2) * layout.zoom.cellPx;
        const y = placed.y + (cellY(layout.shape, index) + down / 2) * layout.zoom.cellPx;
        this.drawOrder(order, state, x, y, shorterPx, palette);
      }
      index += size;
    }
  }

  private drawOrder(
    order: number,
    state: number,
    x: number,
    y: number,
    shorterPx: number,
    palette: Palette,
  ): void {
    const ink = inkOn(stateColor(palette, state, 1));
    const sizePx = Math.max(10, Math.min(30, shorterPx * 0.3));
    this.cells.font = `600 ${sizePx}px ${palette.fontFamily}`;
    this.cells.fillStyle = css(ink);
    this.cells.fillText(String(order), x, y + 0.5);
  }
}

function context(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const found = canvas.getContext('2d');
  if (found === null) throw new Error('no 2D canvas');
  return found;
}
