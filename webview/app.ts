/** The map as a whole: the session's machine, how the user looks at it, and the parts that show it. */
import { MAX_CELLS, type MapArguments, type MapZone } from '../src/engine/view/map.js';
import { CELLS_PER_TILE, type Arrangement } from './curve.js';
import { element } from './dom.js';
import { CanvasRenderer } from './draw/canvasRenderer.js';
import { css } from './draw/color.js';
import type { Scene } from './draw/mapRenderer.js';
import { readPalette, stateColor, type Palette } from './draw/palette.js';
import type { Host } from './host.js';
import { firstChange } from './changes.js';
import {
  computeLayout,
  firstZoom,
  fittingZoom,
  tilesBetween,
  ZOOMS,
  type Layout,
} from './layout.js';
import type { FrameAction, MapSession } from './messages.js';
import { readOptions, type Options } from './options.js';
import { createDetails } from './panels/details.js';
import { spoken, type CellFacts } from './panels/facts.js';
import { createLegend } from './panels/legend.js';
import { createToolbar } from './panels/toolbar.js';
import { createTooltip } from './panels/tooltip.js';
import { createVerdict } from './panels/verdict.js';
import { bytesText, countText, parseFrame } from './text.js';
import { Tiles } from './tiles.js';
import { Viewport } from './viewport.js';

const PAGE_SIZE = 4096;
const MIB = 1 << 20;
const PULSE_MS = 700;
const HOVER_ASK_MS = 80;

const OVERVIEW: MapArguments = { firstPfn: 0, framesPerCell: 1 << 26, cells: 1 };

interface Machine {
  readonly maxPfn: number;
  readonly zones: readonly MapZone[];
}

export class App {
  private options: Options;
  private session: MapSession | undefined;
  private machine: Machine | undefined;
  private layout: Layout | undefined;
  private palette: Palette;
  private emphasis: ReadonlySet<number> | undefined;
  private hovered: number | undefined;
  private selected: number | undefined;
  private hoverTimer: number | undefined;
  private stoppedAt = 0;
  private drawing = 0;
  /** The next states to arrive are the first since a stop. */
  private follows = false;
  private readonly tiles: Tiles;
  private readonly viewport: Viewport;
  private readonly renderer: CanvasRenderer;
  private readonly toolbar;
  private readonly legend;
  private readonly tooltip = createTooltip();
  private readonly details;
  private readonly verdict = createVerdict((pfn) => this.select(pfn));
  private readonly empty = element('div', { class: 'empty' });

  constructor(
    private readonly host: Host,
    root: HTMLElement,
  ) {
    this.options = readOptions(host.kept);
    this.palette = readPalette(document.documentElement);
    this.tiles = new Tiles(
      (asks) => host.ask('map', asks),
      () => this.arrived(),
    );
    this.toolbar = createToolbar(this.options, {
      arrange: (arrangement) => this.arrange(arrangement),
      zoom: (step) => this.zoom(step),
      showChanges: (showChanges) => this.setOptions({ ...this.options, showChanges }),
      goTo: (text) => this.goTo(text),
    });
    this.legend = createLegend((kinds) => {
      this.emphasis = kinds;
      this.draw();
    });
    this.details = createDetails({
      act: (action: FrameAction, frame) => host.act(action, frame),
      close: () => this.select(undefined),
    });
    this.viewport = new Viewport({
      resized: () => this.relayout(),
      scrolled: () => this.scrolled(),
      hovered: (pfn, x, y) => this.hover(pfn, x, y),
      selected: (pfn) => this.select(pfn),
      key: (key) => this.key(key),
      zoomed: (step) => this.zoom(step),
    });
    this.renderer = new CanvasRenderer(this.viewport.cells, this.viewport.overlay);
    const main = element('main', {}, this.viewport.root, this.details.root);
    root.append(
      this.toolbar.root,
      this.verdict.root,
      main,
      this.empty,
      this.legend.root,
      this.tooltip.root,
    );
    this.themeChanged();
    this.watchTheme();
    this.showSession(undefined);
  }

  /** Another session, or the same at another stop. */
  showSession(session: MapSession | undefined): void {
    const isOther = session?.id !== this.session?.id;
    const isNewStop = session?.stop !== this.session?.stop;
    this.session = session;
    document.body.classList.toggle('running', session !== undefined && !session.stopped);
    if (isOther) {
      this.tiles.clear();
      this.machine = undefined;
      this.select(undefined);
      this.verdict.show(undefined);
    }
    this.empty.textContent =
      session === undefined
        ? 'Start debugging a scenario to see its machine here.'
        : 'Waiting for the machine…';
    this.setEmpty(this.machine === undefined);
    if (session?.stopped !== true) return;
    if (isNewStop) this.stoppedAt = performance.now();
    this.follows ||= isNewStop;
    this.tiles.startEpoch(session.epoch, session.stop);
    void this.askOverview();
    void this.askVerdict(session.id);
    this.fetchVisible();
    if (this.selected !== undefined) void this.askFrame(this.selected);
  }

  reveal(pfn: number): void {
    if (this.machine === undefined) void this.askOverview().then(() => this.select(pfn));
    else this.select(pfn);
  }

  /** The machine's outline, and how many of its frames are of each kind: one cell as large as any machine. */
  private async askOverview(): Promise<void> {
    const { session } = this;
    try {
      const { maxPfn, zones, totals } = await this.host.ask('map', OVERVIEW);
      if (session?.id !== this.session?.id) return;
      if (totals !== undefined) this.legend.setCounts(totals);
      if (this.machine === undefined) this.showMachine({ maxPfn, zones });
    } catch {
      this.setEmpty(this.machine === undefined); // It runs or is gone: the next stop asks again.
    }
  }

  private async askVerdict(sessionId: string): Promise<void> {
    try {
      const verdict = await this.host.ask('verdict', {});
      if (sessionId === this.session?.id) this.verdict.show(verdict);
    } catch {
      return; // It runs: the next stop asks again.
    }
  }

  private showMachine(machine: Machine): void {
    this.machine = machine;
    const { zones } = machine;
    const nrFrames = zones.reduce((sum, zone) => sum + zone.endPfn - zone.startPfn, 0);
    this.toolbar.setTitle(
      bytesText(Math.round((nrFrames * PAGE_SIZE) / MIB) * MIB),
      `${countText(nrFrames)} frames · ${zones.map((zone) => zone.name).join(', ')}`,
    );
    this.setEmpty(false);
    this.relayout();
  }

  /** New states: after a stop, what changed is brought into view. */
  private arrived(): void {
    const { layout, viewport } = this;
    if (this.follows && layout !== undefined && this.options.showChanges) {
      const change = firstChange(layout, (tile) => this.tiles.get(layout.zoom.framesPerCell, tile));
      if (change !== undefined) viewport.scrollTo(change);
      this.follows = false;
    }
    this.draw();
  }

  private visibleTiles() {
    const { layout, viewport } = this;
    if (layout === undefined) return [];
    return tilesBetween(layout, viewport.scrollTop, viewport.scrollTop + viewport.heightPx);
  }

  /** What is in view; of a machine that one request covers, everything, so that changes elsewhere are known. */
  private fetchVisible(): void {
    if (this.layout === undefined) return;
    const { framesPerCell } = this.layout.zoom;
    const isSmall = framesPerCell === 1 && (this.machine?.maxPfn ?? Infinity) <= MAX_CELLS;
    const ranges = isSmall
      ? tilesBetween(this.layout, 0, this.layout.heightPx)
      : this.visibleTiles();
    const spans = ranges.map(({ section, first, end }) => ({
      firstTile: section.firstTile + first,
      endTile: section.firstTile + end,
    }));
    this.tiles.want(framesPerCell, spans);
    this.draw();
  }

  private relayout(): void {
    const { viewport, machine, options } = this;
    if (machine === undefined || viewport.widthPx === 0) return;
    const { zones } = machine;
    const { widthPx, heightPx } = viewport;
    const anchor = viewport.anchor();
    // The details' panel takes room: a map that was there without it stays as it is.
    const stays = typeof options.zoom !== 'number' && this.selected !== undefined;
    const zoom = (stays ? this.layout?.zoom : undefined) ?? ZOOMS[this.zoomIndex(zones)];
    if (zoom === undefined) return;
    this.layout = computeLayout(zones, widthPx, zoom, options.arrangement);
    viewport.setLayout(this.layout);
    if (anchor !== undefined) viewport.keepInPlace(anchor.pfn, anchor.offsetPx);
    this.toolbar.setScale(
      zoom.framesPerCell === 1 ? `1 : 1` : `1 : ${countText(zoom.framesPerCell)}`,
    );
    if (this.selected !== undefined) viewport.scrollTo(this.selected);
    this.renderer.resize(widthPx, heightPx, window.devicePixelRatio);
    this.fetchVisible();
  }

  private zoomIndex(zones: readonly MapZone[]): number {
    const { widthPx, heightPx } = this.viewport;
    const { zoom, arrangement } = this.options;
    if (typeof zoom === 'number') return zoom;
    const choose = zoom === 'fit' ? fittingZoom : firstZoom;
    return choose(zones, widthPx, heightPx, arrangement);
  }

  private arrange(arrangement: Arrangement): void {
    this.setOptions({ ...this.options, arrangement });
    this.relayout();
  }

  private zoom(step: 1 | -1 | 'fit'): void {
    const { layout } = this;
    if (layout === undefined) return;
    const next = ZOOMS.indexOf(layout.zoom) - (step === 'fit' ? 0 : step);
    const zoom = step === 'fit' ? step : Math.max(0, Math.min(ZOOMS.length - 1, next));
    this.setOptions({ ...this.options, zoom });
    this.relayout();
    if (this.selected !== undefined) this.viewport.scrollTo(this.selected);
  }

  private setOptions(options: Options): void {
    this.options = options;
    this.host.keep(options);
    this.draw();
  }

  private goTo(text: string): boolean {
    const pfn = this.machine && parseFrame(text, this.machine.maxPfn);
    if (pfn === undefined) return false;
    this.select(pfn);
    return true;
  }

  private key(key: string): boolean {
    if (key === '+' || key === '=') this.zoom(1);
    else if (key === '-') this.zoom(-1);
    else if (key === '0') this.zoom('fit');
    else if (key === 'Escape') this.select(undefined);
    else return false;
    return true;
  }

  private scrolled(): void {
    this.tooltip.hide();
    this.hovered = undefined;
    this.fetchVisible();
  }

  private hover(pfn: number | undefined, x: number, y: number): void {
    window.clearTimeout(this.hoverTimer);
    if (pfn === undefined) this.tooltip.hide();
    else {
      const cell = this.facts(pfn);
      this.tooltip.show(cell, this.swatch(cell.state), undefined, x, y);
      this.hoverTimer = window.setTimeout(
        () => void this.completeTooltip(cell, x, y),
        HOVER_ASK_MS,
      );
    }
    if (pfn === this.hovered) return;
    this.hovered = pfn;
    this.draw(false);
  }

  private async completeTooltip(cell: CellFacts, x: number, y: number): Promise<void> {
    if (cell.framesPerCell > 1) return;
    try {
      const frame = await this.host.ask('frame', { pfn: cell.pfn });
      if (this.hovered === cell.pfn) this.tooltip.show(cell, this.swatch(cell.state), frame, x, y);
    } catch {
      return; // Running: what the map knows is all there is.
    }
  }

  private select(pfn: number | undefined): void {
    this.selected = pfn;
    this.viewport.setFocusFrame(pfn);
    if (pfn === undefined) this.details.hide();
    else {
      const cell = this.facts(pfn);
      this.details.show(cell, this.swatch(cell.state), undefined);
      this.viewport.announce(spoken(cell));
      this.viewport.scrollTo(pfn);
      void this.askFrame(pfn);
    }
    this.draw(false);
  }

  private async askFrame(pfn: number): Promise<void> {
    try {
      const frame = await this.host.ask('frame', { pfn });
      if (this.selected !== pfn) return;
      const cell = { ...this.facts(pfn), framesPerCell: 1, state: frame.state };
      this.details.show(cell, this.swatch(frame.state), frame);
    } catch {
      return; // Running: the next stop asks again.
    }
  }

  private facts(pfn: number): CellFacts {
    const framesPerCell = this.layout?.zoom.framesPerCell ?? 1;
    const cell = Math.floor(pfn / framesPerCell);
    const tile = this.tiles.get(framesPerCell, Math.floor(cell / CELLS_PER_TILE));
    const zone = this.machine?.zones.find((z) => pfn >= z.startPfn && pfn < z.endPfn);
    return { pfn, framesPerCell, state: tile?.states[cell % CELLS_PER_TILE], zone };
  }

  private swatch(state: number | undefined): string {
    return state === undefined ? 'transparent' : css(stateColor(this.palette, state, 1));
  }

  private setEmpty(isEmpty: boolean): void {
    document.body.classList.toggle('no-machine', isEmpty);
  }

  private watchTheme(): void {
    const observer = new MutationObserver(() => this.themeChanged());
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ['style'] });
    observer.observe(document.body, {
      attributes: true,
      attributeFilter: ['class', 'data-vscode-theme-id'],
    });
  }

  private themeChanged(): void {
    this.palette = readPalette(document.documentElement);
    this.renderer.setPalette(this.palette);
    this.legend.setPalette(this.palette);
    this.draw();
  }

  /** Draws before the next frame; the cells only when they may look different. */
  private draw(withCells = true): void {
    const isScheduled = this.drawing !== 0;
    this.drawing |= withCells ? 3 : 1;
    if (isScheduled) return;
    requestAnimationFrame((now) => {
      const what = this.drawing;
      this.drawing = 0;
      const { layout } = this;
      if (layout === undefined) return;
      const pulse = reducedMotion() ? 1 : Math.min(1, (now - this.stoppedAt) / PULSE_MS);
      const scene: Scene = {
        layout,
        scrollTop: this.viewport.scrollTop,
        tile: (tile) => this.tiles.get(layout.zoom.framesPerCell, tile),
        emphasis: this.emphasis,
        showChanges: this.options.showChanges,
        pulse,
        hovered: this.hovered,
        selected: this.selected,
      };
      if (what & 2) this.renderer.drawCells(scene);
      this.renderer.drawOverlay(scene);
      if (pulse < 1) this.draw(false);
    });
  }
}

const reducedMotion = (): boolean =>
  document.body.classList.contains('vscode-reduce-motion') ||
  window.matchMedia('(prefers-reduced-motion: reduce)').matches;
