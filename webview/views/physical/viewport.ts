/**
 * The window onto the map: scrolling, pointer and keyboard, and the mirror for screen readers. It knows frames and
 * pixels, not what a frame is.
 */
import { element } from '../../dom.js';
import { GUTTER_PX, HEADER_PX, pfnAt, spotOfPfn, type Box, type Layout } from './layout.js';
import type { LitPlace } from '../../shell/view.js';
import type { Sight } from './sight.js';

export interface ViewportEvents {
  /** The view's size changed. */
  resized(): void;
  scrolled(): void;
  /** The frame under the pointer, with the pointer's place in the page. */
  hovered(pfn: number | undefined, x: number, y: number): void;
  selected(pfn: number): void;
  /** The user moves the view, or is about to. */
  touched(): void;
  /** A key that is not about moving. */
  key(key: string): boolean;
  /** Zooming with the wheel. */
  zoomed(step: 1 | -1): void;
}

interface Place {
  readonly top: number;
  readonly left: number;
  readonly widthPx: number;
  readonly heightPx: number;
}

/** Room left above and below a frame that is scrolled into view. */
const MARGIN_PX = 60;

export class Viewport {
  readonly root: HTMLElement;
  cells = canvas('cells');
  readonly words = canvas('words');
  readonly overlay = canvas('overlay');
  /** Over all others, and empty but for a moment after a stop. */
  readonly pulse = canvas('pulse');
  private readonly content = element('div', { class: 'content', 'aria-hidden': 'true' });
  private readonly mirror = element('div', { role: 'gridcell', id: 'focused-frame' });
  private layout: Layout | undefined;
  private frame: number | undefined;
  /** Of its lower edge, what lies under something else. */
  private coveredPx = 0;
  private known: Place | undefined;
  /** Under the pointer. */
  private pointed: number | undefined;

  constructor(private readonly events: ViewportEvents) {
    const canvases = element(
      'div',
      { class: 'canvases' },
      this.cells,
      this.words,
      this.overlay,
      this.pulse,
    );
    this.content.append(canvases);
    const grid = element('div', { role: 'row', class: 'mirror' }, this.mirror);
    this.root = element(
      'div',
      {
        class: 'viewport',
        tabindex: '0',
        role: 'grid',
        'aria-label': 'Physical memory, one cell per page frame',
        'aria-activedescendant': 'focused-frame',
      },
      this.content,
      grid,
    );
    this.listen();
  }

  get widthPx(): number {
    return this.place.widthPx;
  }

  get heightPx(): number {
    return this.place.heightPx;
  }

  get scrollTop(): number {
    return this.place.top;
  }

  get scrollLeft(): number {
    return this.place.left;
  }

  /** Where it stands. To ask the page costs a layout: only after something that may have changed it. */
  private get place(): Place {
    const { root } = this;
    this.known ??= {
      top: root.scrollTop,
      left: root.scrollLeft,
      widthPx: root.clientWidth,
      heightPx: root.clientHeight,
    };
    return this.known;
  }

  private scrollTo(to: Partial<Pick<Place, 'top' | 'left'>>): void {
    if (to.top !== undefined) this.root.scrollTop = to.top;
    if (to.left !== undefined) this.root.scrollLeft = to.left;
    this.known = undefined;
  }

  /** Something lies over the lower edge, so high. True if it was another height. */
  cover(heightPx: number): boolean {
    const isOther = heightPx !== this.coveredPx;
    this.coveredPx = heightPx;
    return isOther;
  }

  /** What of the content is seen: right of the labels and below the header that stays at the top. */
  get sight(): Sight {
    return {
      left: this.scrollLeft + GUTTER_PX,
      top: this.scrollTop + HEADER_PX,
      widthPx: Math.max(1, this.widthPx - GUTTER_PX),
      heightPx: Math.max(1, this.heightPx - HEADER_PX - this.coveredPx),
    };
  }

  setLayout(layout: Layout): void {
    this.layout = layout;
    this.known = undefined;
    const { style } = this.content;
    // What is covered can be scrolled up from under it.
    style.height = `${Math.max(layout.heightPx + this.coveredPx, this.heightPx)}px`;
    style.width = layout.widthPx > this.widthPx ? `${layout.widthPx}px` : '';
  }

  /** Another canvas for the cells: one that a renderer has begun to use serves no other. */
  freshCells(): HTMLCanvasElement {
    const fresh = canvas('cells');
    this.cells.replaceWith(fresh);
    this.cells = fresh;
    return fresh;
  }

  scrollToPx(top: number): void {
    this.scrollTo({ top });
  }

  /** Keeps a frame at the height that it has in the view, through a change of layout. */
  keepInPlace(pfn: number, offsetPx: number): void {
    const spot = this.layout && spotOfPfn(this.layout, pfn);
    if (spot !== undefined) this.scrollTo({ top: spot.y - offsetPx });
  }

  /** The frame under the pointer, else the selected one, else one in the middle, and its place in the view: what zooming keeps. */
  anchor(): { readonly pfn: number; readonly offsetPx: number } | undefined {
    const { layout } = this;
    if (layout === undefined) return undefined;
    for (const pfn of [this.pointed, this.frame]) {
      const spot = pfn === undefined ? undefined : spotOfPfn(layout, pfn);
      const offsetPx = spot === undefined ? -1 : spot.y - this.scrollTop;
      if (pfn !== undefined && offsetPx >= HEADER_PX && offsetPx < this.heightPx)
        return { pfn, offsetPx };
    }
    for (let down = this.heightPx / 2; down > 0; down -= layout.zoom.cellPx) {
      const pfn = pfnAt(layout, this.scrollLeft + 100, this.scrollTop + down);
      if (pfn !== undefined) return { pfn, offsetPx: down };
    }
    return undefined;
  }

  /** Brings a frame to the middle, unless it is well in view already. */
  centre(pfn: number): void {
    // Details may have come beside it.
    this.known = undefined;
    const spot = this.layout && spotOfPfn(this.layout, pfn);
    const size = this.layout?.zoom.cellPx ?? 0;
    if (spot !== undefined)
      this.centreBox(
        { left: spot.x, top: spot.y, right: spot.x + size, bottom: spot.y + size },
        MARGIN_PX,
      );
  }

  /** Brings a rectangle to the middle, its beginning where it is larger than the view; unless all of it keeps off the edges. */
  centreBox({ left, top, right, bottom }: Box, marginPx = this.heightPx / 4): void {
    const { sight } = this;
    const margin = Math.min(marginPx, sight.heightPx / 4);
    if (top < sight.top + margin || bottom > sight.top + sight.heightPx - margin)
      this.scrollTo({ top: startOf(top, bottom, sight.heightPx, margin) - HEADER_PX });
    const side = Math.min(MARGIN_PX / 2, sight.widthPx / 4);
    if (left < sight.left || right > sight.left + sight.widthPx)
      this.scrollTo({ left: startOf(left, right, sight.widthPx, side) - GUTTER_PX });
  }

  /** Whether a frame's cell is in sight. */
  sees(pfn: number): boolean {
    const spot = this.layout && spotOfPfn(this.layout, pfn);
    const { top, heightPx } = this.sight;
    return spot !== undefined && spot.y >= top && spot.y < top + heightPx;
  }

  /** Where a frame's cell is on the page, also where it is scrolled out of sight. */
  placeOf(pfn: number): Omit<LitPlace, 'name'> | undefined {
    const spot = this.layout && spotOfPfn(this.layout, pfn);
    const size = this.layout?.zoom.cellPx ?? 0;
    if (spot === undefined) return undefined;
    const { left, top } = this.root.getBoundingClientRect();
    const { sight } = this;
    const within = new DOMRect(left + GUTTER_PX, top + HEADER_PX, sight.widthPx, sight.heightPx);
    const [x, y] = [left + spot.x - this.scrollLeft, top + spot.y - this.scrollTop];
    return { x, y, width: size, height: size, within };
  }

  /** What a screen reader says of the focused frame. */
  announce(text: string): void {
    this.mirror.textContent = text;
  }

  /** Which frame arrow keys start from. */
  setFocusFrame(pfn: number | undefined): void {
    this.frame = pfn;
  }

  private listen(): void {
    const { root, events } = this;
    new ResizeObserver(() => {
      this.known = undefined;
      events.resized();
    }).observe(root);
    const scrolled = (): void => {
      this.known = undefined;
      events.scrolled();
    };
    root.addEventListener('scroll', scrolled, { passive: true });
    for (const kind of ['wheel', 'pointerdown', 'keydown'])
      root.addEventListener(kind, () => events.touched(), { passive: true });
    root.addEventListener('pointermove', (event) => {
      this.pointed = this.pfnUnder(event);
      events.hovered(this.pointed, event.clientX, event.clientY);
    });
    root.addEventListener('pointerleave', () => {
      this.pointed = undefined;
      events.hovered(undefined, 0, 0);
    });
    root.addEventListener('click', (event) => {
      const pfn = this.pfnUnder(event);
      if (pfn !== undefined) events.selected(pfn);
    });
    root.addEventListener(
      'wheel',
      (event) => {
        if (!event.ctrlKey && !event.metaKey) return;
        event.preventDefault();
        events.zoomed(event.deltaY < 0 ? 1 : -1);
      },
      { passive: false },
    );
    root.addEventListener('keydown', (event) => {
      if (this.move(event) || events.key(event.key)) event.preventDefault();
    });
  }

  private pfnUnder(event: MouseEvent): number | undefined {
    if (this.layout === undefined) return undefined;
    const box = this.root.getBoundingClientRect();
    const x = event.clientX - box.left;
    if (x < GUTTER_PX) return undefined;
    return pfnAt(this.layout, x + this.scrollLeft, event.clientY - box.top + this.scrollTop);
  }

  /**
   * Arrow keys go to the neighbouring cell in the picture; Ctrl+arrows to the next frame by number; Page Up and Down by most of
   * the view's height; Home and End to the machine's first and last frame.
   */
  private move(event: KeyboardEvent): boolean {
    const step = STEPS[event.key];
    const { layout } = this;
    if (layout === undefined) return false;
    const far = step === undefined ? this.farFrame(layout, event.key) : undefined;
    if (far !== undefined) this.events.selected(far);
    if (step === undefined) return far !== undefined;
    const next =
      this.frame === undefined
        ? layout.sections[0]?.zone.startPfn
        : this.neighbour(layout, event, step);
    if (next === undefined) return true;
    this.events.selected(next);
    return true;
  }

  private farFrame(layout: Layout, key: string): number | undefined {
    const zones = layout.sections.map(({ zone }) => zone);
    if (key === 'Home') return zones[0]?.startPfn;
    if (key === 'End') return (zones.at(-1)?.endPfn ?? 1) - 1;
    const direction = key === 'PageDown' ? 1 : key === 'PageUp' ? -1 : 0;
    const from = this.frame ?? zones[0]?.startPfn;
    const spot = from === undefined ? undefined : spotOfPfn(layout, from);
    if (direction === 0 || spot === undefined) return undefined;
    const { cellPx } = layout.zoom;
    // A gap or a header there: the nearest cell before it.
    for (let reach = 0.9 * this.heightPx; reach >= cellPx; reach -= cellPx) {
      const found = pfnAt(layout, spot.x + cellPx / 2, spot.y + cellPx / 2 + direction * reach);
      if (found !== undefined) return found;
    }
    return from;
  }

  private neighbour(
    layout: Layout,
    event: KeyboardEvent,
    [dx, dy]: readonly [number, number],
  ): number | undefined {
    const from = this.frame ?? 0;
    const { cellPx, framesPerCell } = layout.zoom;
    if (event.ctrlKey || event.metaKey) {
      const next = (Math.floor(from / framesPerCell) + dx + dy) * framesPerCell;
      return spotOfPfn(layout, next) === undefined ? undefined : next;
    }
    const spot = spotOfPfn(layout, from);
    if (spot === undefined) return undefined;
    // Gaps between tiles and headers are stepped over.
    for (let reach = 1; reach < 32; reach++) {
      const x = spot.x + cellPx / 2 + dx * cellPx * reach;
      const y = spot.y + cellPx / 2 + dy * cellPx * reach;
      const found = pfnAt(layout, x, y);
      if (found !== undefined && found !== from) return found;
    }
    return undefined;
  }
}

const STEPS: Readonly<Record<string, readonly [number, number] | undefined>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Where the view is to begin: the whole in its middle if there is room, else its beginning. */
const startOf = (from: number, to: number, roomPx: number, marginPx: number): number =>
  to - from <= roomPx ? (from + to - roomPx) / 2 : from - marginPx;

function canvas(name: string): HTMLCanvasElement {
  const made = document.createElement('canvas');
  made.className = name;
  return made;
}
