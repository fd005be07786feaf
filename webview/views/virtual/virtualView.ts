/**
 * An address space: the ribbon at the left, the region that is open in the middle, and at the right every address of the selected
 * frame. What is shown is asked for, and no more: the regions, the pages of one grid, some parts of one region.
 */
import type {
  AliasesBody,
  PartBody,
  RegionBody,
  VirtualBody,
} from '../../../src/engine/view/atlas/virtual.js';
import { Board } from '../../board/board.js';
import { svgOf } from '../../board/export.js';
import { NO_SCENE } from '../../board/scene.js';
import { dropdown } from '../../controls.js';
import { element } from '../../dom.js';
import type { Lit, LitPlace, Update, View, ViewHost } from '../../shell/view.js';
import { paintAliases } from './aliasScene.js';
import { comparable, PARTS, readRegion, type AskedRegion, type OpenRegion } from './openRegion.js';
import {
  addressAt,
  beside,
  cellsIn,
  holds,
  into,
  outOf,
  pageOf,
  pagesOf,
  windowOn,
  type PageWindow,
} from './pageWindow.js';
import { paintRibbon } from './ribbonScene.js';
import { paintZoom } from './zoomScene.js';

const ALIAS_WIDTH = 250;

export class VirtualView implements View {
  readonly root = element('div', {});
  private readonly ribbon: Board;
  private readonly zoom: Board;
  private readonly alias: Board;
  private readonly tools = element('div', {
    class: 'tools',
    role: 'toolbar',
    'aria-label': 'Address space',
  });
  private body: VirtualBody | undefined;
  private space: string | undefined;
  private chosen: string | undefined;
  private window: PageWindow | undefined;
  private partsStart = 0;
  /** An address whose page of parts is wanted. */
  private sought: string | undefined;
  private open: OpenRegion | undefined;
  /** The same at the time that is compared with, or at the previous stop. */
  private before: {
    readonly body?: VirtualBody | undefined;
    readonly open?: OpenRegion | undefined;
  } = {};
  private comparedWith: number | undefined;
  private stop = -1;
  private aliases: AliasesBody | undefined;
  private lit: Lit | undefined;
  private asked = 0;
  private askedRegion = 0;
  private askedFrame = 0;
  private spaceNames = '';

  constructor(private readonly host: ViewHost) {
    const palette = () => host.palette;
    const pointed = (address: string | undefined): void => host.point(address);
    this.ribbon = new Board('Regions of the address space, 0 at the top', palette, {
      escape: () => host.select(undefined),
    });
    this.zoom = new Board('Pages and parts of the region', palette, {
      watch: () => host.stopOnChange,
      escape: () => this.zoomOut(),
      pointed,
    });
    this.alias = new Board('Virtual addresses of the selected frame', palette, {
      escape: () => host.select(undefined),
      pointed,
    });
    this.ribbon.root.classList.add('ribbon');
    this.alias.root.classList.add('aliases');
    this.alias.root.hidden = true;
    this.root.append(
      this.tools,
      element('div', { class: 'columns' }, this.ribbon.root, this.zoom.root, this.alias.root),
    );
  }

  show({ isOther, session, comparedWith }: Update): void {
    if (isOther) {
      this.body = this.open = this.aliases = undefined;
      this.space = this.chosen = this.window = undefined;
      this.partsStart = 0;
      this.before = {};
      this.stop = -1;
    }
    const isNewStop = session.stop !== this.stop;
    if (isNewStop) this.before = { body: this.body, open: this.open };
    this.stop = session.stop;
    this.comparedWith = comparedWith;
    void this.ask(isNewStop);
    void this.askAliases();
  }

  select(lit: Lit | undefined): void {
    this.lit = lit;
    const address = this.litAddress;
    const { selection } = lit ?? {};
    if (
      selection?.kind === 'address' &&
      selection.task !== undefined &&
      selection.task !== this.space
    ) {
      this.space = selection.task;
      void this.ask();
    } else if (address !== undefined) this.openAt(address);
    this.draw();
    void this.askAliases();
  }

  private async ask(isNewStop = false): Promise<void> {
    const asked = ++this.asked;
    const { comparedWith: at } = this;
    const named = this.space === undefined ? {} : { space: this.space };
    try {
      const [body, then] = await Promise.all([
        this.host.request('mmscope/virtual', named),
        at === undefined
          ? undefined
          : this.host.request('mmscope/virtual', { ...named, at }).catch(() => undefined),
      ]);
      if (asked !== this.asked) return;
      this.body = body;
      if (at !== undefined) this.before = { body: then };
      this.drawTools(body);
      const address = this.litAddress;
      const isLost = body.regions.every(({ id }) => id !== this.chosen);
      if (isLost && address !== undefined) this.openAt(address);
      else if (isLost) this.choose(firstShown(body));
      this.drawRibbon();
      if (isNewStop) this.ribbon.follow();
      await this.askRegion();
      if (isNewStop) this.zoom.follow();
    } catch {
      return; // Running or gone: the old picture stays.
    }
  }

  private choose(id: string | undefined): void {
    const region = this.body?.regions.find((each) => each.id === id);
    if (region === undefined) return;
    this.chosen = region.id;
    this.window = windowOn(0, pagesOf(region));
    this.partsStart = 0;
    this.open = undefined;
  }

  /** The region of an address, near enough that its page is a cell. */
  private openAt(address: string): void {
    const { body } = this;
    const region = body && regionAt(body, address);
    if (region === undefined) return;
    if (region.id !== this.chosen) this.choose(region.id);
    const page = pageOf(region, address);
    const { window } = this;
    const isShown =
      window?.pagesPerCell === 1 &&
      page >= window.startPage &&
      page < window.startPage + cellsIn(region, window);
    if (!isShown) this.window = windowOn(Math.floor(page / 512) * 512, 512);
    if (this.open?.parts.parts.some((part) => holds(part, address)) !== true) this.sought = address;
    void this.askRegion();
  }

  private async askRegion(): Promise<void> {
    const asked = ++this.askedRegion;
    const { host, body, window, partsStart: start, sought: holding, comparedWith: at } = this;
    const region = body?.regions.find(({ id }) => id === this.chosen);
    if (body === undefined || region === undefined || window === undefined) return;
    const what: AskedRegion = { space: body.space, region, window, start, holding };
    try {
      const open = await readRegion(host, what);
      const { start: told } = open.parts;
      const then =
        at === undefined
          ? undefined
          : await readRegion(host, { ...what, start: told, holding: undefined }, at).catch(
              () => undefined,
            );
      if (asked !== this.askedRegion) return;
      this.open = open;
      this.partsStart = open.parts.start;
      this.sought = undefined;
      if (at !== undefined) this.before = { ...this.before, open: then };
      this.drawZoom();
      host.moved();
    } catch {
      return;
    }
  }

  private async askAliases(): Promise<void> {
    const asked = ++this.askedFrame;
    const pfn = this.litFrame;
    if (pfn === undefined) {
      const hadSome = this.aliases !== undefined;
      this.aliases = undefined;
      if (hadSome) this.draw();
      return;
    }
    try {
      const aliases = await this.host.request('mmscope/aliases', { pfn });
      if (asked !== this.askedFrame) return;
      this.aliases = aliases;
      this.draw();
    } catch {
      return;
    }
  }

  private get litFrame(): number | undefined {
    const { selection, located } = this.lit ?? {};
    return selection?.kind === 'frame' ? selection.pfn : located?.pfn;
  }

  private get litAddress(): string | undefined {
    const { selection, located } = this.lit ?? {};
    if (selection?.kind === 'address' || selection?.kind === 'object') return selection.address;
    return located?.address ?? located?.aliases[0]?.address;
  }

  private get litAddresses(): readonly string[] {
    const own = this.litAddress;
    const others = (this.aliases?.aliases ?? []).map(({ address }) => address);
    return [...new Set(own === undefined ? others : [own, ...others])];
  }

  private drawTools({ spaces, space }: VirtualBody): void {
    const names = spaces.map(({ name }) => name).join('\n') + (space ?? '');
    if (names === this.spaceNames) return;
    this.spaceNames = names;
    if (space === undefined) {
      const none =
        'This machine was recorded without page tables: regions are those of the kernel\u2019s layout.';
      this.tools.replaceChildren(element('span', {}, none));
      return;
    }
    const options = spaces.map(({ name, isKernel, isCurrent, mode }) => ({
      value: name,
      label: `${isKernel ? 'kernel (init_mm)' : name}${isCurrent ? ', loaded' : ''}, ${mode}`,
    }));
    const choice = dropdown('Address space', options, space, (value: string) => {
      this.space = value;
      void this.ask();
    });
    this.tools.replaceChildren(choice);
  }

  private draw(): void {
    this.drawRibbon();
    this.drawZoom();
    this.drawAliases();
    this.host.moved();
  }

  private drawRibbon(): void {
    const { body, host, root } = this;
    this.alias.root.hidden = this.aliases === undefined || this.linesDo(this.aliases);
    if (body === undefined || root.clientWidth === 0) return;
    this.ribbon.show(
      paintRibbon(
        { body, before: this.before.body, chosen: this.chosen, lit: this.litAddresses },
        host.palette,
        this.ribbon.root.clientWidth - 4,
        {
          region: (id) => this.openRegion(id),
          border: () =>
            this.openRegion(body.regions.findLast(({ kind }) => kind === 'directMap')?.id),
        },
      ),
    );
    host.moved();
  }

  private drawAliases(): void {
    const { aliases, body, host, root } = this;
    if (body === undefined || root.clientWidth === 0) return;
    if (aliases === undefined) {
      this.alias.show(NO_SCENE);
      return;
    }
    this.alias.show(
      paintAliases(
        aliases,
        this.lit?.located?.text ?? '',
        host.palette,
        this.aliasWidth,
        {
          alias: ({ address, space }) => host.select({ kind: 'address', address, task: space }),
          frame: (pfn) => {
            host.select({ kind: 'frame', pfn });
            host.open('physical');
          },
        },
        body.pointerSize === 8,
      ),
    );
  }

  /** Lines to the map beside say the same, unless an address is in another space. */
  private linesDo({ aliases, more }: AliasesBody): boolean {
    const space = this.body?.space;
    const isHere = aliases.every((alias) => alias.space === 'kernel' || alias.space === space);
    return this.host.isShown('physical') && aliases.length > 0 && more === 0 && isHere;
  }

  /** Below the others, in a narrow window, it is wider. */
  private get aliasWidth(): number {
    return Math.max(ALIAS_WIDTH, this.alias.root.clientWidth) - 14;
  }

  private drawZoom(): void {
    const { body, open, host, root, litAddresses: lit } = this;
    if (body === undefined || open === undefined || root.clientWidth === 0) return;
    const { region, window, cells, parts } = open;
    this.zoom.show(
      paintZoom(
        {
          region,
          window,
          parts: parts.parts,
          partsStart: parts.start,
          cells,
          ...comparable(open, this.before.open),
          tlb: body.tlb,
          lit,
          border: region.kind === 'directMap' ? body.border : undefined,
        },
        host.palette,
        this.zoom.root.clientWidth - 14,
        {
          cell: (cell) => this.pressCell(open, cell),
          part: (part) => this.pressPart(region, part),
          page: (step) => {
            this.partsStart = Math.max(0, parts.start + step * PARTS);
            void this.askRegion();
          },
          out: () => this.zoomOut(),
          all: () => this.look(windowOn(0, pagesOf(region))),
          beside: (step) => this.look(beside(region, window, step)),
        },
      ),
    );
  }

  private openRegion(id: string | undefined): void {
    this.choose(id);
    this.draw();
    void this.askRegion();
  }

  private look(window: PageWindow): void {
    this.window = window;
    void this.askRegion();
  }

  private zoomOut(): void {
    const { open, window } = this;
    if (open !== undefined && window !== undefined) this.look(outOf(open.region, window));
  }

  /** A cell of many pages is looked into, a page is selected. */
  private pressCell({ region, window }: OpenRegion, cell: number): void {
    if (window.pagesPerCell > 1) this.look(into(window, cell));
    else this.selectAddress(addressAt(region, window.startPage + cell));
  }

  private pressPart(region: RegionBody, part: PartBody): void {
    this.look(windowOn(pageOf(region, part.first), Math.max(1, pagesOf(part))));
    if (part.kind === 'slot' || part.sizeBytes <= 4096) this.selectAddress(part.first);
  }

  private selectAddress(address: string): void {
    const space = this.body?.space;
    const task = space === undefined || space === 'kernel' ? {} : { task: space };
    this.host.select({ kind: 'address', address, ...task });
  }

  /** Each address that leads to the frame: its page's cell, or where it is on the ribbon. */
  litPlaces(): readonly LitPlace[] {
    const cells = this.zoom.places('[data-lit]', 'lit');
    const shown = new Set(cells.map(({ name }) => name));
    const marks = this.ribbon.places('path[data-alias]', 'alias');
    const rows = this.alias.places('rect[data-alias]', 'alias');
    for (const place of [...marks, ...rows])
      if (!shown.has(place.name)) {
        shown.add(place.name);
        cells.push(place);
      }
    return cells;
  }

  resize(): void {
    this.draw();
  }

  themeChanged(): void {
    this.draw();
  }

  text(): string {
    return [this.ribbon, this.zoom, this.alias]
      .map((board) => board.text())
      .filter((text) => text !== '')
      .join('\n\n');
  }

  svg(): string {
    return svgOf([this.ribbon, this.zoom, this.alias], this.host.palette);
  }

  dispose(): void {
    this.root.remove();
  }
}

/** What is opened when nothing is selected: the direct map. */
const firstShown = ({ regions }: VirtualBody): string | undefined =>
  regions.find(({ kind }) => kind === 'directMap')?.id ?? regions[0]?.id;

const regionAt = ({ regions }: VirtualBody, address: string): RegionBody | undefined =>
  regions.find((region) => holds(region, address));
