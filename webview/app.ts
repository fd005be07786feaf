/**
 * The map as a whole: its parts, and what each tells the others. What a part knows is in its own file: session.ts,
 * projection.ts, selection.ts, hover.ts, drawing.ts.
 */
import { element } from './dom.js';
import { Drawing, type Subject } from './drawing.js';
import type { Host } from './host.js';
import { Hover } from './hover.js';
import type { MapSession } from './messages.js';
import { outOfSight } from './changes.js';
import { createEdges } from './panels/edges.js';
import { createLegend } from './panels/legend.js';
import { createToolbar } from './panels/toolbar.js';
import { createVerdict } from './panels/verdict.js';
import { Projection } from './projection.js';
import { Selection, type CellSource } from './selection.js';
import { SessionOnShow, type Machine } from './session.js';
import { bytesText, countText, parseFrame } from './text.js';
import { Viewport } from './viewport.js';

const ENDED = 'The session has ended. This is the machine as it was at the last stop.';
const PAGE_SIZE = 4096;
const MIB = 1 << 20;
const SOURCES = { boot: 'booted', state: 'recorded', core: 'from a dump' } as const;

export class App {
  private readonly session: SessionOnShow;
  private readonly projection: Projection;
  private readonly selection: Selection;
  private readonly hover: Hover;
  private readonly viewport: Viewport;
  private readonly drawing: Drawing;
  private readonly toolbar;
  private readonly edges = createEdges((pfn) => {
    this.followed = pfn;
    this.viewport.centre(pfn);
  });
  /** The change of this stop that was brought into view, until the user moves the view. */
  private followed: number | undefined;
  private readonly legend;
  private readonly verdict = createVerdict((pfn) => this.selection.select(pfn));

  constructor(host: Host, root: HTMLElement) {
    this.session = new SessionOnShow(host, {
      opened: (machine) => this.opened(machine),
      counted: (totals) => this.legend.setCounts(totals),
      attempted: (verdict) => this.verdict.show(verdict),
    });
    this.projection = new Projection(host, () => this.session.machine, {
      arrived: () => this.arrived(),
      changed: () => this.drawing.draw(),
    });
    const cells: CellSource = {
      facts: (pfn) => this.projection.facts(pfn),
      swatch: (state) => this.drawing.swatch(state),
      moved: () => this.drawing.draw(false),
    };
    this.selection = new Selection(host, () => this.viewport, cells);
    this.hover = new Hover(host, cells);
    this.viewport = new Viewport({
      resized: () => this.relayout(),
      scrolled: () => this.scrolled(),
      hovered: (pfn, x, y) => this.hover.at(pfn, x, y),
      selected: (pfn) => this.selection.select(pfn),
      touched: () => {
        this.followed = undefined;
        this.projection.stopFollowing();
      },
      key: (key) => this.key(key),
      zoomed: (step) => this.zoom(step),
    });
    this.toolbar = createToolbar(this.projection.options, {
      arrange: (arrangement) => {
        this.projection.setOptions({ arrangement });
        this.relayout();
      },
      zoom: (step) => this.zoom(step),
      showChanges: (showChanges) => this.projection.setOptions({ showChanges }),
      goTo: (text) => this.goTo(text),
    });
    this.legend = createLegend((kinds) => this.drawing.emphasise(kinds));
    this.drawing = new Drawing(
      this.viewport.cells,
      this.viewport.overlay,
      () => this.subject(),
      (palette) => this.legend.setPalette(palette),
    );
    const stage = element('div', { class: 'stage' }, this.viewport.root, this.edges.root);
    const main = element('main', {}, stage, this.selection.details.root);
    root.append(
      this.toolbar.root,
      element('div', { class: 'note', role: 'status' }, ENDED),
      this.verdict.root,
      main,
      this.session.empty,
      this.legend.root,
      this.hover.tooltip.root,
    );
    this.showSession(undefined);
  }

  /** Another session, or the same at another stop. */
  showSession(session: MapSession | undefined): void {
    const { isOther, isNewStop } = this.session.show(session);
    if (isOther) {
      this.projection.clear();
      this.selection.select(undefined);
      this.verdict.show(undefined);
    }
    if (session?.stopped !== true) return;
    if (isNewStop) {
      this.followed = undefined;
      this.drawing.pulse();
    }
    this.projection.startEpoch(session, isNewStop);
    void this.session.askOverview();
    void this.session.askVerdict();
    this.projection.fetch(this.viewport);
    this.selection.refresh();
  }

  reveal(pfn: number): void {
    if (this.session.machine === undefined)
      void this.session.askOverview().then(() => this.selection.select(pfn));
    else this.selection.select(pfn);
  }

  private opened({ zones, nrFrames, kind }: Machine): void {
    const size = bytesText(Math.round((nrFrames * PAGE_SIZE) / MIB) * MIB);
    const machine = kind === undefined ? [size] : [kind.arch, size, SOURCES[kind.source]];
    const { subject } = this.session;
    this.toolbar.setTitle(
      machine.join(', ') + (subject === '' ? '' : `; ${subject}`),
      `${countText(nrFrames)} frames · ${zones.map((zone) => zone.name).join(', ')}`,
    );
    this.relayout();
  }

  private relayout(): void {
    const { viewport, selection } = this;
    const anchor = viewport.anchor();
    // The details' panel takes room: a map that was there without it stays as it is.
    const layout = this.projection.layOut(viewport, selection.pfn !== undefined);
    if (layout === undefined) return;
    viewport.setLayout(layout);
    // What was brought into view stays there, when the verdict or the legend takes room.
    if (this.followed !== undefined) viewport.centre(this.followed);
    else if (anchor !== undefined) viewport.keepInPlace(anchor.pfn, anchor.offsetPx);
    const { framesPerCell } = layout.zoom;
    this.toolbar.setScale(framesPerCell === 1 ? `1 : 1` : `1 : ${countText(framesPerCell)}`);
    selection.scrollIntoView();
    this.drawing.resize(viewport.widthPx, viewport.heightPx);
    this.projection.fetch(viewport);
  }

  private zoom(step: 1 | -1 | 'fit'): void {
    this.followed = undefined;
    if (!this.projection.zoom(step)) return;
    this.relayout();
    this.selection.scrollIntoView();
  }

  private goTo(text: string): boolean {
    const { machine } = this.session;
    const pfn = machine && parseFrame(text, machine.maxPfn);
    if (pfn === undefined) return false;
    this.selection.select(pfn);
    return true;
  }

  private key(key: string): boolean {
    if (key === '+' || key === '=') this.zoom(1);
    else if (key === '-') this.zoom(-1);
    else if (key === '0') this.zoom('fit');
    else if (key === 'Escape') this.selection.select(undefined);
    else return false;
    return true;
  }

  /** New states: after a stop, what changed is brought into view. */
  private arrived(): void {
    const change = this.projection.takeChange();
    if (change !== undefined) {
      this.followed = change;
      this.viewport.centre(change);
    }
    this.drawing.draw();
    this.pointToChanges();
  }

  /** Arrows at the edges, for changes that are out of sight. */
  private pointToChanges(): void {
    const { scrollTop, heightPx } = this.viewport;
    this.edges.show(outOfSight(this.projection.changes(), scrollTop, scrollTop + heightPx));
  }

  private subject(): Subject | undefined {
    const { projection, viewport, hover, selection } = this;
    const { layout, options } = projection;
    if (layout === undefined) return undefined;
    return {
      layout,
      scrollTop: viewport.scrollTop,
      tile: (tile) => projection.tile(layout, tile),
      showChanges: options.showChanges,
      hovered: hover.pfn,
      selected: selection.pfn,
    };
  }

  private scrolled(): void {
    this.pointToChanges();
    this.hover.leave();
    this.projection.fetch(this.viewport);
  }
}
