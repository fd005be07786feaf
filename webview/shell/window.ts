/**
 * The window Memory: one machine, its views as tabs, the timeline under all of them. It tells the views of stops and of what is
 * selected, keeps what is to be kept over a reload, and says so when there is nothing to show.
 */
import { element } from '../dom.js';
import type { Host } from '../host.js';
import type { MapSession } from '../messages.js';
import { textButton } from '../controls.js';
import { bytesText, countText } from '../text.js';
import { VIEWS } from '../views/index.js';
import { pngOf } from './export.js';
import { Link } from './link.js';
import { SessionOnShow, type Machine } from './session.js';
import { createTabs, panelId, type Tabs } from './tabs.js';
import { Strip } from './timeline/strip.js';
import { Theme } from './theme.js';
import { createTitleBar, type TitleBar } from './titleBar.js';
import type { Lit, Update, View, ViewHost, ViewKind, ViewName } from './view.js';

const ENDED = 'The session has ended. This is the machine as it was at the last stop.';
const PAGE_SIZE = 4096;
const MOST_DIFFERENCES = 200;
const STRIP_MS = 60;
const MIB = 1 << 20;
const SOURCES = { boot: 'booted', state: 'recorded', core: 'from a dump' } as const;

/** What survives a reload. */
interface Kept {
  readonly view?: ViewName;
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
  private readonly panels = element('main', { class: 'panels' });
  private readonly empty = element('div', { class: 'empty' });
  private readonly spoken = element('div', { class: 'mirror', role: 'status' });
  private readonly opened = new Map<ViewName, Opened>();
  private shown: ViewName;
  private update: Update | undefined;
  private stripTimer: number | undefined;

  constructor(
    private readonly host: Host,
    root: HTMLElement,
  ) {
    this.session = new SessionOnShow(host);
    this.link = new Link(host, (lit) => this.tellSelection(lit));
    this.theme = new Theme(() => {
      this.opened.forEach(({ view }) => view.themeChanged());
      this.strip.draw();
    });
    this.tabs = createTabs(VIEWS, (name) => this.open(name));
    this.titleBar = createTitleBar(this.tabs.root, {
      goTo: async (text) => {
        const { pfn, text: what } = await this.link.goTo(text);
        if (pfn === undefined && this.shown === 'physical') throw new Error(what);
      },
      export: (format) => void this.export(format),
    });
    this.strip = this.createStrip();
    const again = textButton('Start again', () => host.act({ action: 'startAgain' }));
    root.append(
      this.titleBar.root,
      element('div', { class: 'note', role: 'status' }, element('span', {}, ENDED), again),
      this.panels,
      this.empty,
      this.strip.root,
      this.spoken,
    );
    const { view } = this.kept;
    this.shown = VIEWS.find(({ name }) => name === view)?.name ?? 'physical';
    this.open(this.shown);
    this.showSession(undefined);
    new ResizeObserver(() => this.current?.view.resize()).observe(this.panels);
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

  /** Selects a frame in all views, the physical one in front. */
  reveal(pfn: number): void {
    this.open('physical');
    this.link.select({ kind: 'frame', pfn });
  }

  private async tellStop(): Promise<void> {
    const update = await this.session.update();
    if (update === undefined) return;
    document.body.classList.remove('no-machine');
    if (update.isOther) {
      this.link.select(undefined);
      this.strip.clear();
    }
    this.update = update;
    this.setTitle(update);
    this.tellUpdate();
    if (!update.isOther) void this.link.locate();
    this.refreshStrip();
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

  private get current(): Opened | undefined {
    return this.opened.get(this.shown);
  }

  private tellUpdate(): void {
    const { current, update } = this;
    if (current === undefined || update === undefined || current.told === update) return;
    const missed = current.told?.session.id !== update.session.id;
    current.told = update;
    current.view.show(missed ? { ...update, isOther: true } : update);
  }

  private tellSelection(lit: Lit | undefined): void {
    const { current } = this;
    if (current === undefined) return;
    current.lit = lit;
    current.view.select(lit);
  }

  private open(name: ViewName): void {
    const kind = VIEWS.find((view) => view.name === name);
    if (kind === undefined) return;
    this.shown = name;
    this.keep({ view: name });
    if (!this.opened.has(name)) this.make(kind);
    for (const [other, { panel }] of this.opened) panel.hidden = other !== name;
    this.tabs.show(name);
    const { current } = this;
    if (current === undefined) return;
    current.view.resize();
    this.tellUpdate();
    if (current.lit !== this.link.lit) this.tellSelection(this.link.lit);
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
    this.panels.append(panel);
    this.opened.set(kind.name, { view, panel, told: undefined, lit: undefined });
  }

  private hostFor(name: ViewName): ViewHost {
    const { host, theme } = this;
    const kept = (): unknown => this.kept.views?.[name];
    return {
      request: (request, ...args) => host.request(request, ...args),
      select: (selection) => this.link.select(selection),
      open: (view) => this.open(view),
      act: (act) => host.act(act),
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
    const { current, host, shown } = this;
    if (current === undefined) return;
    const { view } = current;
    const name = `memory-${shown}`;
    if (format === 'text') host.act({ action: 'copy', text: view.text() });
    else if (format === 'svg') host.act({ action: 'save', name: `${name}.svg`, data: view.svg() });
    else {
      const data = await pngOf(view.svg());
      host.act({ action: 'save', name: `${name}.png`, data, binary: true });
    }
  }
}

/** `i386, 1 GiB, recorded; split-a-block.mms` */
function titleOf({ nrFrames, kind }: Machine, { subject, name, isOneOfMany }: MapSession): string {
  const size = bytesText(Math.round((nrFrames * PAGE_SIZE) / MIB) * MIB);
  const machine = kind === undefined ? [size] : [kind.arch, size, SOURCES[kind.source]];
  const whose = isOneOfMany === true && name !== subject ? `${subject} (${name})` : subject;
  return machine.join(', ') + (whose === '' ? '' : `; ${whose}`);
}

const detailOf = ({ nrFrames, zones }: Machine): string =>
  `${countText(nrFrames)} frames \u00b7 ${zones.map((zone) => zone.name).join(', ')}`;
