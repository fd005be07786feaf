/**
 * How the machine's frames lie on the screen: the options that the user chose, the layout that follows from them, the tiles that
 * are in view, and what of it has changed.
 */
import type { FrameChangesBody } from '../../../src/engine/view/frameChanges.js';
import type { FrameLabelsBody } from '../../../src/engine/view/frameValues.js';
import type { MapZone } from '../../../src/engine/view/map.js';
import type { Machine } from '../../shell/session.js';
import type { ViewHost } from '../../shell/view.js';
import { bytesOf } from '../../text.js';
import { Changes } from './changes.js';
import { CELLS_PER_TILE } from './curve.js';
import {
  computeLayout,
  firstZoom,
  fittingZoom,
  tilesBetween,
  ZOOMS,
  type Layout,
} from './layout.js';
import { Labels } from './labels.js';
import { readOptions, type Options } from './options.js';
import type { CellFacts } from './panels/facts.js';
import { changedPlaces, type ChangedPlace } from './sight.js';
import { Tiles, type Tile } from './tiles.js';
import type { Viewport } from './viewport.js';

export interface ProjectionNews {
  /** New bytes are there. */
  arrived(): void;
  /** What the values of the colouring are called. */
  named(names: readonly string[]): void;
}

export class Projection {
  options: Options;
  layout: Layout | undefined;
  changes = new Changes();
  machine: Machine | undefined;
  private readonly tiles: Tiles;
  private readonly values: Tiles;
  readonly labels: Labels;
  /** What is known holds, and nothing in it has changed. */
  isUnchanged = false;
  private places: { readonly layout: Layout; readonly changes: Changes } | undefined;
  private knownPlaces: readonly ChangedPlace[] = [];

  constructor(
    private readonly host: ViewHost,
    news: ProjectionNews,
  ) {
    this.options = readOptions(host.kept);
    const arrived = (): void => news.arrived();
    this.tiles = new Tiles(
      async (asks) => bytesOf((await host.request('mmscope/map', asks)).states),
      arrived,
    );
    this.values = new Tiles(async (asks) => {
      const by = this.options.colouring;
      const body = await host.request('mmscope/frameValues', { ...asks, by });
      if (body.names !== undefined) news.named(body.names);
      return bytesOf(body.values);
    }, arrived);
    this.labels = new Labels(
      (asks): Promise<FrameLabelsBody> => host.request('mmscope/frameLabels', asks),
      arrived,
    );
  }

  setOptions(options: Partial<Options>): void {
    const { colouring } = this.options;
    this.options = { ...this.options, ...options };
    this.host.keep(this.options);
    if (colouring !== this.options.colouring) this.values.clear();
  }

  /** Another machine: nothing is known any more. */
  clear(): void {
    this.tiles.clear();
    this.values.clear();
    this.labels.clear();
  }

  /** A stop or an edit. `isKnown`: the changes are all that has happened since what is known was fetched. */
  take(machine: Machine, changes: FrameChangesBody | undefined, isKnown: boolean): void {
    this.machine = machine;
    this.changes = new Changes(changes?.runs);
    this.labels.clear();
    this.isUnchanged = isKnown && changes?.total === 0;
    // Ages are of every frame.
    const valuesStay = isKnown && !['age', 'owner'].includes(this.options.colouring);
    if (isKnown && changes?.total === changes?.runs.length) {
      this.tiles.change(this.changes.runs, true);
      if (valuesStay) this.values.change(this.changes.runs, false);
      else this.values.expire();
    } else {
      this.tiles.expire();
      this.values.expire();
    }
  }

  /** Where something changed, everywhere. */
  changedPlaces(): readonly ChangedPlace[] {
    const { layout, changes } = this;
    if (layout === undefined || !this.options.showChanges) return [];
    if (this.places?.layout !== layout || this.places.changes !== changes) {
      this.places = { layout, changes };
      this.knownPlaces = changedPlaces(layout, changes);
    }
    return this.knownPlaces;
  }

  /** Has what is in view fetched. */
  fetch({ scrollTop, heightPx }: Viewport): void {
    const { layout } = this;
    if (layout === undefined) return;
    const { framesPerCell } = layout.zoom;
    const ranges = tilesBetween(layout, scrollTop, scrollTop + heightPx);
    const spans = ranges.map(({ section, first, end }) => ({
      firstTile: section.firstTile + first,
      endTile: section.firstTile + end,
    }));
    this.tiles.want(framesPerCell, spans);
    if (this.options.colouring !== 'use') this.values.want(framesPerCell, spans);
    this.labels.want(layout, spans);
  }

  /** The layout for the view's size; `keepsZoom`: what the view had, unless the user chose a zoom. */
  layOut(viewport: Viewport, keepsZoom: boolean): Layout | undefined {
    const { machine } = this;
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

  /** What the tile is coloured by, if not by its states. */
  valuesOf(layout: Layout, tile: number): Tile | undefined {
    return this.values.get(layout.zoom.framesPerCell, tile);
  }

  /** What is known of the cell of a frame. */
  facts(pfn: number): CellFacts {
    const framesPerCell = this.layout?.zoom.framesPerCell ?? 1;
    const cell = Math.floor(pfn / framesPerCell);
    const tile = this.tiles.get(framesPerCell, Math.floor(cell / CELLS_PER_TILE));
    const zone = this.machine?.zones.find((z) => pfn >= z.startPfn && pfn < z.endPfn);
    return { pfn, framesPerCell, state: tile?.states[cell % CELLS_PER_TILE], zone };
  }
}
