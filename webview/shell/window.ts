/**
 * The window Memory: one machine, its views as tabs, the timeline under all of them. It tells the views of stops and of what is
 * selected, keeps what is to be kept over a reload, and says so when there is nothing to show.
 */
import type { ChangeBreakpointsArguments } from '../../src/engine/view/changeBreakpoints.js';
import { counted } from '../../src/engine/view/counted.js';
import { element } from '../dom.js';
import type { Host } from '../host.js';
import type { MapSession } from '../messages.js';
import { textButton } from '../controls.js';
import { bytesText, countText, hexPfn } from '../text.js';
import { VIEWS } from '../views/index.js';
import { pngOf } from './export.js';
import { Link } from './link.js';
import { Links } from './links.js';
import type { MenuItem } from './menu.js';
import { Panes } from './panes.js';
import { SessionOnShow, type Machine } from './session.js';
import { createTabs, panelId, type Tabs } from './tabs.js';
import { Strip } from './timeline/strip.js';
import { Theme } from './theme.js';
import { createWatching, type Watching } from './watching.js';
import { createTitleBar, type TitleBar } from './titleBar.js';
import type { Lit, Update, View, ViewHost, ViewKind, ViewName } from './view.js';

const ENDED = 'The session has ended. This is the machine as it was at the last stop.';
const PAGE_SIZE = 4096;
const MOST_DIFFERENCES = 200;
const STRIP_MS = 60;
const MIB = 1 << 20;
const SOURCES = {
  boot: 'booted',
  state: 'recorded',
  core: 'from a dump',
  capture: 'captured',
} as const;

/** What survives a reload. */
interface Kept {
  readonly view?: ViewName;
  /** The second one, if two are shown. */
  readonly beside?: ViewName | undefined;
  /** How much of the room the first of two has, of 1. */
  readonly share?: number;
  readonly views?: Readonly<Partial<Record<ViewName, unknown>>>;
}

interface Opened {
  readonly view: View;
  readonly panel: HTMLElement;
  /** Of the newest update that it was told. */
  told: Update | undefined;
  lit: Lit | undefined;
}

export class MemoryWindow {
  private readonly session: SessionOnShow;
  private readonly link: Link;
  private readonly theme: Theme;
  private readonly titleBar: TitleBar;
  private readonly tabs: Tabs;
  private readonly strip: Strip;
  private readonly watching: Watching;
  private readonly panes: Panes;
  private readonly links: Links;
  private readonly empty = element('div', { class: 'empty' });
  private readonly spoken = element('div', { class: 'mirror', role: 'status' });
  private readonly opened = new Map<ViewName, Opened>();
  private shown: ViewName;
  private beside: ViewName | undefined;
  private offered: readonly ViewName[] = VIEWS.map(({ name }) => name);
  private update: Update | undefined;
  private stripTimer: number | undefined;
  /** What is to be revealed at the first stop. */
  private wanted: string | undefined;

  constructor(
    private readonly host: Host,
    root: HTMLElement,
  ) {
    this.session = new SessionOnShow(host);
    this.link = new Link(host, (lit) => this.tellSelection(lit));
    this.theme = new Theme(() => {
      this.opened.forEach(({ view }) => view.themeChanged());
      this.strip.draw();
      this.links.moved();
    });
    this.tabs = createTabs(VIEWS, (name) => this.choose(name));
    this.titleBar = createTitleBar(this.tabs.root, {
      goTo: async (text) => {
        const { pfn, text: what } = await this.link.goTo(text);
        const places = this.current.length > 1 || this.shown !== 'physical';
        if (pfn === undefined && !places) throw new Error(what);
      },
      export: (format) => void this.export(format),
      besides: () => this.besides(),
    });
    this.panes = new Panes(this.kept.share, {
      shared: (share) => this.keep({ share }),
      closed: () => this.show(this.shown, undefined),
      resized: () => {
        this.current.forEach(({ view }) => view.resize());
        this.links.moved();
      },
    });
    this.links = new Links(
      () => this.current.map(({ view }) => view),
      () => this.theme.palette,
    );
    this.panes.root.append(this.links.root);
    this.panes.root.addEventListener('scroll', () => this.links.moved(), {
      capture: true,
      passive: true,
    });
    this.strip = this.createStrip();
    this.watching = createWatching((id) => void this.changeBreakpoints({ remove: id }));
    const again = textButton('Start again', () => host.act({ action: 'startAgain' }));
    root.append(
      this.titleBar.root,
      element('div', { class: 'note', role: 'status' }, element('span', {}, ENDED), again),
      this.panes.root,
      this.empty,
      this.watching.root,
      this.strip.root,
      this.spoken,
    );
    const { view, beside } = this.kept;
    this.shown = known(view) ?? 'physical';
    this.show(this.shown, known(beside));
    this.showSession(undefined);
  }

  /** Another session, or the same at another stop. */
  showSession(session: MapSession | undefined): void {
    const { kind } = this.session.show(session);
    const { classList } = document.body;
    classList.toggle('running', kind === 'running');
    classList.toggle('ended', kind === 'ended');
    classList.toggle('no-machine', this.session.machine === undefined);
    this.empty.textContent =
      kind === 'none'
        ? 'Start debugging a scenario to see its machine here.'
        : 'Waiting for the machine\u2026';
    if (kind === 'stopped') void this.tellStop();
  }

  /** Selects in all views; the one that shows such a thing comes to the front, unless it can be seen. */
  reveal(place: number | string): void {
    void this.revealText(typeof place === 'number' ? `pfn ${hexPfn(place)}` : place);
  }

  /** Before anything is known of the session's machine nothing can be found: it is looked for then. */
  private async revealText(place: string): Promise<void> {
    const { update, session } = this;
    if (update === undefined || update.session.id !== session.session?.id) {
      this.wanted = place;
      return;
    }
    try {
      const { pfn } = await this.link.goTo(place);
      this.open(pfn === undefined ? 'virtual' : 'physical');
      this.say('');
    } catch (error) {
      this.say(error instanceof Error ? error.message : '');
    }
  }

  private async tellStop(): Promise<void> {
    const update = await this.session.update();
    if (update === undefined) return;
    const { classList } = document.body;
    classList.remove('no-machine');
    classList.toggle('stands-still', update.machine.kind?.standsStill === true);
    if (update.isOther) {
      this.link.select(undefined);
      this.strip.clear();
    }
    this.update = update;
    this.setTitle(update);
    this.offerViews(update.machine.kind?.views);
    this.tellUpdate();
    if (!update.isOther) void this.link.locate();
    this.refreshStrip();
    void this.changeBreakpoints({});
    const { wanted } = this;
    this.wanted = undefined;
    if (wanted !== undefined) void this.revealText(wanted);
  }

  /** Adds one, takes one away, or asks which there are. */
  private async changeBreakpoints(args: ChangeBreakpointsArguments): Promise<void> {
    try {
      const { breakpoints } = await this.host.request('mmscope/changeBreakpoints', args);
      this.watching.show(breakpoints);
    } catch (error) {
      // Running, or nothing that can be watched: said where something was asked for.
      if (Object.keys(args).length > 0) this.say(error instanceof Error ? error.message : '');
    }
  }

  private say(text: string): void {
    this.spoken.textContent = text;
    this.titleBar.complain(text);
  }

  /** A moment later: what the debugger itself asks at a stop goes first. */
  private refreshStrip(): void {
    window.clearTimeout(this.stripTimer);
    this.stripTimer = window.setTimeout(() => void this.strip.refresh(), STRIP_MS);
  }

  private createStrip(): Strip {
    const { host, theme, session } = this;
    return new Strip({
      ask: (range, buckets) => host.request('mmscope/timeline', { ...range, buckets }),
      goTo: (time) => host.request('mmscope/goToTime', { time }),
      compare: (time) => {
        session.comparedWith = time;
        void this.tellStop();
      },
      differences: async (from) => {
        const limit = MOST_DIFFERENCES;
        const { total, differences } = await host.request('mmscope/differences', { from, limit });
        return { total, list: differences };
      },
      get palette() {
        return theme.palette;
      },
    });
  }

  /** The views that can be seen: one, or two. */
  private get current(): readonly Opened[] {
    return [this.shown, this.beside].flatMap((name) => {
      const opened = name && this.opened.get(name);
      return opened === undefined ? [] : [opened];
    });
  }

  private tellUpdate(): void {
    const { current, update } = this;
    if (update === undefined) return;
    for (const each of current) {
      if (each.told === update) continue;
      const missed = each.told?.session.id !== update.session.id;
      each.told = update;
      each.view.show(missed ? { ...update, isOther: true } : update);
    }
  }

  private tellSelection(lit: Lit | undefined): void {
    for (const each of this.current) {
      if (each.lit === lit) continue;
      each.lit = lit;
      each.view.select(lit);
    }
    this.links.moved();
  }

  /** Brings a view to the front, unless it can be seen already. */
  private open(name: ViewName): void {
    if (name !== this.beside) this.show(name, this.beside);
  }

  /** A tab was pressed: its view is the first one. The second one, if it was that, changes places with it. */
  private choose(name: ViewName): void {
    this.show(name, name === this.beside ? this.shown : this.beside);
  }

  private show(name: ViewName, beside: ViewName | undefined): void {
    this.shown = name;
    this.beside = beside === name ? undefined : beside;
    this.keep({ view: name, beside: this.beside });
    const names = this.beside === undefined ? [name] : [name, this.beside];
    for (const kind of VIEWS)
      if (names.includes(kind.name) && !this.opened.has(kind.name)) this.make(kind);
    this.tabs.show(name);
    this.panes.show(...names);
    this.tellUpdate();
    this.tellSelection(this.link.lit);
  }

  /** What a machine cannot show is not offered. */
  private offerViews(names: readonly string[] | undefined): void {
    this.offered = VIEWS.map(({ name }) => name).filter((name) => names?.includes(name) ?? true);
    this.tabs.offer(this.offered);
    const { shown, beside, offered } = this;
    const [first = 'physical'] = offered;
    const isOffered = (name: ViewName | undefined): boolean =>
      name === undefined || offered.includes(name);
    if (isOffered(shown) && isOffered(beside)) return;
    this.show(isOffered(shown) ? shown : first, isOffered(beside) ? beside : undefined);
  }

  private besides(): readonly MenuItem[] {
    const { shown, beside, offered } = this;
    const others = VIEWS.filter(({ name }) => name !== shown && offered.includes(name));
    return [
      {
        label: 'One view',
        checked: beside === undefined,
        press: () => this.show(shown, undefined),
      },
      ...others.map(({ name, title }) => ({
        label: `${title} beside`,
        checked: name === beside,
        press: () => this.show(shown, name),
      })),
    ];
  }

  private make(kind: ViewKind): void {
    const view = kind.create(this.hostFor(kind.name));
    view.root.classList.add(`view-${kind.name}`);
    const panel = element(
      'section',
      {
        class: 'panel',
        role: 'tabpanel',
        id: panelId(kind.name),
        'aria-labelledby': `tab-${kind.name}`,
      },
      view.root,
    );
    this.panes.add(kind.name, kind.title, panel);
    this.opened.set(kind.name, { view, panel, told: undefined, lit: undefined });
  }

  private hostFor(name: ViewName): ViewHost {
    const { host, theme } = this;
    const kept = (): unknown => this.kept.views?.[name];
    const stopOnChange = (): ViewHost['stopOnChange'] =>
      this.update?.machine.kind?.standsStill === true
        ? undefined
        : (what) => void this.changeBreakpoints(what);
    return {
      request: (request, ...args) => host.request(request, ...args),
      select: (selection) => this.link.select(selection),
      point: (address) => this.current.forEach(({ view }) => view.point?.(address)),
      open: (view) => this.open(view),
      isShown: (view) => view === this.shown || view === this.beside,
      moved: () => this.links.moved(),
      act: (act) => host.act(act),
      get stopOnChange() {
        return stopOnChange();
      },
      announce: (text) => (this.spoken.textContent = text),
      get palette() {
        return theme.palette;
      },
      get reducedMotion() {
        return theme.reducedMotion;
      },
      get kept() {
        return kept();
      },
      keep: (state) => this.keep({ views: { ...this.kept.views, [name]: state } }),
    };
  }

  private get kept(): Kept {
    return this.host.kept ?? {};
  }

  private keep(state: Kept): void {
    this.host.keep({ ...this.kept, ...state });
  }

  private setTitle({ machine, session }: Update): void {
    this.titleBar.setTitle(titleOf(machine, session), detailOf(machine));
  }

  private async export(format: 'text' | 'svg' | 'png'): Promise<void> {
    const { host, shown } = this;
    const view = this.opened.get(shown)?.view;
    if (view === undefined) return;
    const name = `memory-${shown}`;
    if (format === 'text') host.act({ action: 'copy', text: view.text() });
    else if (format === 'svg') host.act({ action: 'save', name: `${name}.svg`, data: view.svg() });
    else {
      const data = await pngOf(view.svg());
      host.act({ action: 'save', name: `${name}.png`, data, binary: true });
    }
  }
}

/** Another window may have kept a view that is gone. */
const known = (name: ViewName | undefined): ViewName | undefined =>
  VIEWS.find((view) => view.name === name)?.name;

/** `i386, 1 GiB, recorded; split-a-block.mms` */
function titleOf({ nrFrames, kind }: Machine, { subject, name, isOneOfMany }: MapSession): string {
  const size = bytesText(Math.round((nrFrames * PAGE_SIZE) / MIB) * MIB);
  const machine =
    kind === undefined
      ? [size]
      : [kind.arch, size, SOURCES[kind.source]].filter((part) => part !== '');
  const whose = isOneOfMany === true && name !== subject ? `${subject} (${name})` : subject;
  return machine.join(', ') + (whose === '' ? '' : `; ${whose}`);
}

const detailOf = ({ nrFrames, zones }: Machine): string =>
  [counted(countText(nrFrames), 'frame'), zones.map(({ name }) => name).join(', ')]
    .filter((part) => part !== '')
    .join(' \u00b7 ');
