/**
 * The view of physical memory: its parts, and what each tells the others. What a part knows is in its own file: projection.ts,
 * selection.ts, hover.ts, drawing.ts.
 */
import type { MapMachine, VerdictBody } from '../../../src/engine/view/map.js';
import { element } from '../../dom.js';
import type { Lit, LitPlace, Update, View, ViewHost } from '../../shell/view.js';
import { countText, hexPfn } from '../../text.js';
import { colouringsOf } from './colouring.js';
import { changesText } from './changesText.js';
import { Drawing, type Subject } from './drawing.js';
import { Hover } from './hover.js';
import type { Box } from './layout.js';
import { Minimap } from './minimap.js';
import { createEdges } from './panels/edges.js';
import { createLegend } from './panels/legend.js';
import { createToolbar } from './panels/toolbar.js';
import { createVerdict } from './panels/verdict.js';
import { svgOf } from './picture.js';
import { Projection } from './projection.js';
import { Selection, type CellSource } from './selection.js';
import { outOfSight, placeToShow } from './sight.js';
import { tableOf } from './textTable.js';
import { Viewport } from './viewport.js';

export class PhysicalView implements View {
  readonly root = element('div');
  private readonly projection: Projection;
  private readonly selection: Selection;
  private readonly hover: Hover;
  private readonly viewport: Viewport;
  private readonly drawing: Drawing;
  private readonly minimap: Minimap;
  private readonly toolbar;
  private readonly legend;
  private readonly happened = element('div', { class: 'happened', role: 'status' });
  private readonly edges = createEdges(({ box }) => this.viewport.centreBox(box));
  private readonly verdict;
  private update: Update | undefined;
  /** What this stop is about, until the user moves the view. */
  private followed: Box | undefined;

  constructor(private readonly host: ViewHost) {
    this.projection = new Projection(host, {
      arrived: () => this.drawing.draw(),
      named: (names) => this.legend.setNames(names),
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
      selected: (pfn) => this.host.select({ kind: 'frame', pfn }),
      touched: () => (this.followed = undefined),
      key: (key) => this.key(key),
      zoomed: (step) => this.zoom(step),
    });
    this.minimap = new Minimap(host, (top) => {
      this.followed = undefined;
      this.viewport.scrollToPx(top);
    });
    this.toolbar = createToolbar(this.projection.options, {
      set: (options) => {
        this.projection.setOptions(options);
        this.legend.setColouring(this.projection.options.colouring);
        if (options.arrangement !== undefined) this.relayout();
        else this.refresh();
      },
      zoom: (step) => this.zoom(step),
    });
    this.verdict = createVerdict((pfn) => host.select({ kind: 'frame', pfn }));
    this.legend = createLegend((kinds) => this.drawing.emphasise(kinds));
    this.legend.setColouring(this.projection.options.colouring);
    this.drawing = new Drawing(this.viewport, host, () => this.subject());
    const stage = element(
      'div',
      { class: 'stage' },
      this.viewport.root,
      this.minimap.root,
      this.edges.root,
      this.happened,
    );
    this.root.append(
      this.toolbar.root,
      this.verdict.root,
      element('div', { class: 'map-and-details' }, stage, this.selection.details.root),
      this.legend.root,
      this.hover.tooltip.root,
    );
    this.themeChanged();
    new ResizeObserver(() => this.uncover()).observe(this.selection.details.root);
  }

  show(update: Update): void {
    const { projection, drawing } = this;
    const { machine, changes, session, isOther, isNewStop, comparedWith } = update;
    const last = this.update;
    this.update = update;
    if (isOther) projection.clear();
    const isNext = last?.session.id === session.id && last.session.stop + 1 === session.stop;
    const isKnown = isNext && changes !== undefined && comparedWith === undefined;
    projection.take(machine, changes, isKnown);
    this.legend.setCounts(machine.totals);
    this.offerColourings(machine.kind);
    if (isNewStop) drawing.animate();
    this.happened.textContent = changesText(projection.changes);
    if (isOther || projection.layout === undefined) this.relayout();
    if (isNewStop) this.follow();
    this.refresh();
    this.selection.refresh();
    void this.askVerdict(session.id);
  }

  /** What was chosen of another machine may not be told of this one. */
  private offerColourings(kind: MapMachine | undefined): void {
    this.toolbar.setMachine(kind);
    const { colouring } = this.projection.options;
    const offered = colouringsOf(kind).map(({ id }) => id);
    const [first = 'use'] = offered;
    if (offered.includes(colouring) || kind?.flags.includes(colouring) === true) return;
    this.projection.setOptions({ colouring: first });
    this.legend.setColouring(first);
    this.toolbar.setColouring(first);
  }

  select(lit: Lit | undefined): void {
    const pfn = lit?.selection.kind === 'frame' ? lit.selection.pfn : lit?.located?.pfn;
    if (pfn !== this.selection.pfn) {
      this.selection.show(pfn);
      this.minimap.select(pfn);
      this.uncover();
      if (pfn !== undefined) this.viewport.centre(pfn);
    }
    this.selection.aliases(lit?.located?.aliases ?? []);
    this.host.moved();
  }

  litPlaces(): readonly LitPlace[] {
    const { pfn } = this.selection;
    const place = pfn === undefined ? undefined : this.viewport.placeOf(pfn);
    return pfn === undefined || place === undefined ? [] : [{ name: hexPfn(pfn), ...place }];
  }

  resize(): void {
    this.relayout();
  }

  themeChanged(): void {
    this.drawing.setPalette(this.host.palette);
    this.legend.setPalette(this.host.palette);
    this.minimap.draw();
  }

  text(): string {
    const { machine, changes } = this.projection;
    return machine === undefined ? '' : tableOf(machine, changes);
  }

  svg(): string {
    return svgOf(this.drawing.picture(), this.update, this.host.palette);
  }

  dispose(): void {
    this.root.remove();
  }

  /** Where there is little room the details lie over the map: what is under them is not in view. */
  private uncover(): void {
    const { root } = this.selection.details;
    const isOver = !root.hidden && getComputedStyle(root).position === 'absolute';
    const heightPx = isOver ? root.offsetHeight : 0;
    const { pfn } = this.selection;
    const wasSeen = pfn !== undefined && this.viewport.sees(pfn);
    this.root.style.setProperty('--covered', `${heightPx}px`);
    if (!this.viewport.cover(heightPx)) return;
    const { layout } = this.projection;
    if (layout !== undefined) this.viewport.setLayout(layout);
    // What was in sight stays in sight.
    if (wasSeen) this.viewport.centre(pfn);
    this.pointToChanges();
    this.host.moved();
  }

  /** Brings what the stop is about into view. */
  private follow(): void {
    const { layout, changes, options } = this.projection;
    if (layout === undefined || !options.showChanges) return;
    this.followed = placeToShow(layout, changes, this.viewport.sight);
    if (this.followed !== undefined) this.viewport.centreBox(this.followed);
  }

  private refresh(): void {
    this.projection.fetch(this.viewport);
    this.minimap.show(this.projection, this.viewport, this.update?.session.epoch ?? 0);
    this.drawing.draw();
    this.pointToChanges();
    this.host.moved();
  }

  private relayout(): void {
    const { viewport, selection, projection } = this;
    const anchor = viewport.anchor();
    // The details' panel takes room: a map that was there without it stays as it is.
    const layout = projection.layOut(viewport, selection.pfn !== undefined);
    if (layout === undefined) return;
    viewport.setLayout(layout);
    if (this.followed !== undefined) this.follow();
    else if (anchor !== undefined) viewport.keepInPlace(anchor.pfn, anchor.offsetPx);
    const { framesPerCell, cellPx } = layout.zoom;
    this.toolbar.setScale(`1 : ${countText(framesPerCell)}`, `${cellPx} px`);
    this.drawing.resize(viewport.widthPx, viewport.heightPx, projection.options.renderer);
    this.refresh();
  }

  private zoom(step: 1 | -1 | 'fit'): void {
    if (!this.projection.zoom(step)) return;
    this.relayout();
    if (this.selection.pfn !== undefined) this.viewport.centre(this.selection.pfn);
  }

  private key(key: string): boolean {
    if (key === '+' || key === '=') this.zoom(1);
    else if (key === '-') this.zoom(-1);
    else if (key === '0') this.zoom('fit');
    else if (key === 'Escape') this.host.select(undefined);
    else return false;
    return true;
  }

  /** Arrows at the edges, for changes that are out of sight. */
  private pointToChanges(): void {
    this.edges.show(outOfSight(this.projection.changedPlaces(), this.viewport.sight));
  }

  private subject(): Subject | undefined {
    const { projection, viewport, hover, selection } = this;
    const { layout, options } = projection;
    if (layout === undefined) return undefined;
    return {
      layout,
      scrollTop: viewport.scrollTop,
      scrollLeft: viewport.scrollLeft,
      tile: (tile) => projection.tile(layout, tile),
      values: (tile) => projection.valuesOf(layout, tile),
      colouring: options.colouring,
      label: (pfn) => projection.labels.of(pfn),
      changes: options.showChanges ? projection.changes : undefined,
      pageblockOrder: options.showPageblocks ? projection.machine?.kind?.pageblockOrder : undefined,
      hovered: hover.pfn,
      selected: selection.pfn,
    };
  }

  private scrolled(): void {
    this.hover.leave();
    this.projection.fetch(this.viewport);
    this.minimap.moved(this.viewport);
    this.drawing.moved();
    this.pointToChanges();
  }

  private async askVerdict(sessionId: string): Promise<void> {
    let verdict: VerdictBody;
    try {
      verdict = await this.host.request('mmscope/verdict');
    } catch {
      return;
    }
    if (this.update?.session.id === sessionId) this.verdict.show(verdict);
  }
}
