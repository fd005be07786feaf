/**
 * The room of the views: one, or two with a divider between them that is dragged or moved by keys. Side by side where there is width
 * for it, else one above the other, and then the map of physical memory has the larger part.
 */
import { iconButton } from '../controls.js';
import { element } from '../dom.js';
import type { ViewName } from './view.js';

export interface PanesNews {
  /** The divider was moved: how much of the room the first view has, of 1. */
  shared(share: number): void;
  /** The second one was closed. */
  closed(): void;
  resized(): void;
}

/** Two views need this much beside each other. */
const SIDE_BY_SIDE_PX = 860;
/** A view with less than this puts things below each other that stand side by side else. */
const NARROW_PX = 700;
const LEAST_SHARE = 0.2;
const KEY_STEP = 0.05;
/** Where one is above the other: the issue of the window is the map. */
const MAP_SHARE = 0.62;

export class Panes {
  readonly root = element('main', { class: 'panels' });
  private readonly divider = element('div', {
    class: 'divider',
    role: 'separator',
    tabindex: '0',
    'aria-label': 'Between the two views',
    'aria-valuemin': String(LEAST_SHARE * 100),
    'aria-valuemax': String((1 - LEAST_SHARE) * 100),
    hidden: '',
  });
  private readonly panels = new Map<ViewName, HTMLElement>();
  private shown: readonly ViewName[] = [];
  private isStacked = false;

  constructor(
    /** As the user left it; undefined: as fits. */
    private share: number | undefined,
    private readonly news: PanesNews,
  ) {
    this.root.append(this.divider);
    this.listen();
    new ResizeObserver(() => this.lay()).observe(this.root);
  }

  /** A view's place, with a caption for when it is the second one. */
  add(name: ViewName, title: string, panel: HTMLElement): void {
    const close = iconButton('close', `Close ${title}`, () => this.news.closed());
    panel.prepend(element('div', { class: 'caption' }, element('span', {}, title), close));
    this.panels.set(name, panel);
    this.root.append(panel);
  }

  /** One view, or two. */
  show(...names: readonly ViewName[]): void {
    this.shown = names;
    for (const [name, panel] of this.panels) {
      panel.hidden = !names.includes(name);
      panel.classList.toggle('beside', names[1] === name);
    }
    this.lay();
  }

  private lay(): void {
    const { root, divider, shown } = this;
    const isTwo = shown.length > 1;
    this.isStacked = isTwo && root.clientWidth < SIDE_BY_SIDE_PX;
    root.classList.toggle('two', isTwo);
    root.classList.toggle('stacked', this.isStacked);
    divider.hidden = !isTwo;
    divider.setAttribute('aria-orientation', this.isStacked ? 'horizontal' : 'vertical');
    const share = this.shareNow;
    divider.setAttribute('aria-valuenow', String(Math.round(share * 100)));
    shown.forEach((name, i) =>
      this.panels.get(name)?.style.setProperty('--share', String(i === 0 ? share : 1 - share)),
    );
    for (const panel of this.panels.values())
      panel.classList.toggle('narrow', panel.clientWidth <= NARROW_PX);
    this.news.resized();
  }

  private get shareNow(): number {
    const { share, shown, isStacked } = this;
    if (share !== undefined) return share;
    const at = isStacked ? shown.indexOf('physical') : -1;
    return at < 0 ? 0.5 : at === 0 ? MAP_SHARE : 1 - MAP_SHARE;
  }

  private moveTo(share: number): void {
    this.share = Math.max(LEAST_SHARE, Math.min(1 - LEAST_SHARE, share));
    this.lay();
    this.news.shared(this.share);
  }

  private listen(): void {
    const { divider, root } = this;
    divider.addEventListener('pointerdown', (event) => divider.setPointerCapture(event.pointerId));
    divider.addEventListener('pointermove', (event) => {
      if (!divider.hasPointerCapture(event.pointerId)) return;
      const { left, top, width, height } = root.getBoundingClientRect();
      this.moveTo(this.isStacked ? (event.clientY - top) / height : (event.clientX - left) / width);
    });
    divider.addEventListener('keydown', (event) => {
      const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      this.moveTo(this.shareNow + step * KEY_STEP);
    });
  }
}
