/**
 * How the machine's frames lie on the screen: the options that the user chose, the layout that follows from them, and the
 * tiles that are in view.
 */
import { MAX_CELLS, type MapZone } from '../src/engine/view/map.js';
import { changedPlaces, firstChange, type ChangedPlace } from './changes.js';
import { CELLS_PER_TILE } from './curve.js';
import type { Host } from './host.js';
import {
  computeLayout,
  firstZoom,
  fittingZoom,
  tilesBetween,
  ZOOMS,
  type Layout,
} from './layout.js';
import type { MapSession } from './messages.js';
import { readOptions, type Options } from './options.js';
import type { CellFacts } from './panels/facts.js';
import type { Machine } from './session.js';
import { Tiles, type Tile } from './tiles.js';
import type { Viewport } from './viewport.js';

export interface ProjectionNews {
  /** New states are there. */
  arrived(): void;
  /** What is in view may look different. */
  changed(): void;
}

export class Projection {
  options: Options;
  layout: Layout | undefined;
  /** Since the stop, no change has arrived that is to be brought into view. */
  private follows = false;
  private readonly tiles: Tiles;

  constructor(
    private readonly host: Host,
    /** The machine on show, if its outline is known. */
    private readonly machine: () => Machine | undefined,
    private readonly news: ProjectionNews,
  ) {
    this.options = readOptions(host.kept);
    this.tiles = new Tiles(
      (asks) => host.ask('map', asks),
      () => news.arrived(),
    );
  }

  setOptions(options: Partial<Options>): void {
    this.options = { ...this.options, ...options };
    this.host.keep(this.options);
    this.news.changed();
  }

  /** Another session: nothing is known any more. */
  clear(): void {
    this.tiles.clear();
  }

  /** What was fetched before this stop or edit is stale. */
  startEpoch(session: MapSession, isNewStop: boolean): void {
    this.follows ||= isNewStop;
    this.tiles.startEpoch(session.epoch, session.stop);
  }

  /** After a stop, where something changed; once. Zones arrive one by one: it may be in a later one. */
  takeChange(): number | undefined {
    const { layout } = this;
    if (!this.follows || layout === undefined || !this.options.showChanges) return undefined;
    const change = firstChange(layout, (tile) => this.tile(layout, tile));
    if (change !== undefined) this.follows = false;
    return change;
  }

  /** The user has moved the view: it stays, whatever changes arrive. */
  stopFollowing(): void {
    this.follows = false;
  }

  /** Where something changed since the last stop, as far as it is known. */
  changes(): readonly ChangedPlace[] {
    const { layout } = this;
    if (layout === undefined || !this.options.showChanges) return [];
    return changedPlaces(layout, (tile) => this.tile(layout, tile));
  }

  /** Fetches what is in view; of a machine that one request covers, everything, so that changes elsewhere are known. */
  fetch(viewport: Viewport): void {
    const { layout } = this;
    if (layout === undefined) return;
    const { framesPerCell } = layout.zoom;
    const isSmall = framesPerCell === 1 && (this.machine()?.maxPfn ?? Infinity) <= MAX_CELLS;
    const { scrollTop, heightPx } = viewport;
    const ranges = isSmall
      ? tilesBetween(layout, 0, layout.heightPx)
      : tilesBetween(layout, scrollTop, scrollTop + heightPx);
    const spans = ranges.map(({ section, first, end }) => ({
      firstTile: section.firstTile + first,
      endTile: section.firstTile + end,
    }));
    this.tiles.want(framesPerCell, spans);
    this.news.changed();
  }

  /** The layout for the view's size; `keepsZoom`: what the view had, unless the user chose a zoom. */
  layOut(viewport: Viewport, keepsZoom: boolean): Layout | undefined {
    const machine = this.machine();
    const { widthPx } = viewport;
    if (machine === undefined || widthPx === 0) return undefined;
    const stays = typeof this.options.zoom !== 'number' && keepsZoom;
    const zoom =
      (stays ? this.layout?.zoom : undefined) ?? ZOOMS[this.zoomIndex(machine.zones, viewport)];
    if (zoom === undefined) return undefined;
    this.layout = computeLayout(machine.zones, widthPx, zoom, this.options.arrangement);
    return this.layout;
  }

  private zoomIndex(zones: readonly MapZone[], { widthPx, heightPx }: Viewport): number {
    const { zoom, arrangement } = this.options;
    if (typeof zoom === 'number') return zoom;
    const choose = zoom === 'fit' ? fittingZoom : firstZoom;
    return choose(zones, widthPx, heightPx, arrangement);
  }

  /** Changes the zoom by a step; false while there is nothing to zoom. */
  zoom(step: 1 | -1 | 'fit'): boolean {
    const { layout } = this;
    if (layout === undefined) return false;
    const next = ZOOMS.indexOf(layout.zoom) - (step === 'fit' ? 0 : step);
    this.setOptions({
      zoom: step === 'fit' ? step : Math.max(0, Math.min(ZOOMS.length - 1, next)),
    });
    return true;
  }

  tile(layout: Layout, tile: number): Tile | undefined {
    return this.tiles.get(layout.zoom.framesPerCell, tile);
  }

  /** What is known of the cell of a frame. */
  facts(pfn: number): CellFacts {
    const framesPerCell = this.layout?.zoom.framesPerCell ?? 1;
    const cell = Math.floor(pfn / framesPerCell);
    const tile = this.tiles.get(framesPerCell, Math.floor(cell / CELLS_PER_TILE));
    const zone = this.machine()?.zones.find((z) => pfn >= z.startPfn && pfn < z.endPfn);
    return { pfn, framesPerCell, state: tile?.states[cell % CELLS_PER_TILE], zone };
  }
}
