/**
 * What has changed in a board and where that is: the first of it comes into view at a stop, and chips at the edges say how much lies beyond
 * them. For the mouse and the eye; the mirror says of each item what it was.
 */
import { element } from '../dom.js';

/** Rectangles of a picture that are drawn around what is not as it was. */
const MARKS = 'rect[data-changed], rect[data-differs]';
const MARGIN_PX = 8;

interface Stretch {
  readonly top: number;
  readonly bottom: number;
}

type Side = 'above' | 'below';

export class ChangesOutside {
  readonly above = chip('above', () => this.goTo('above'));
  readonly below = chip('below', () => this.goTo('below'));
  /** From top to bottom. */
  private marks: readonly Stretch[] = [];

  constructor(private readonly board: HTMLElement) {
    board.addEventListener('scroll', () => this.count(), { passive: true });
    new ResizeObserver(() => this.count()).observe(board);
  }

  /** Another picture. */
  show(svg: SVGElement): void {
    const rects = [...svg.querySelectorAll(MARKS)];
    const number = (rect: Element, name: string): number => Number(rect.getAttribute(name));
    this.marks = rects
      .map((rect) => {
        const top = number(rect, 'y');
        return { top, bottom: top + number(rect, 'height') };
      })
      .sort((a, b) => a.top - b.top);
    this.count();
  }

  /** At a stop: as many of the changes, from the first on, as the view has room for. */
  follow(): void {
    const [first] = this.marks;
    const { scrollTop, clientHeight } = this.board;
    if (first === undefined || clientHeight === 0) return;
    const last = this.marks.findLast(({ bottom }) => bottom - first.top <= clientHeight) ?? first;
    if (first.top >= scrollTop && last.bottom <= scrollTop + clientHeight) return;
    this.centre(first.top, last.bottom);
  }

  private centre(top: number, bottom: number): void {
    this.board.scrollTop = (top + bottom - this.board.clientHeight) / 2;
  }

  private beyond(side: Side): readonly Stretch[] {
    const { scrollTop, clientHeight } = this.board;
    return this.marks.filter(({ top, bottom }) =>
      side === 'above'
        ? bottom < scrollTop + MARGIN_PX
        : top > scrollTop + clientHeight - MARGIN_PX,
    );
  }

  private goTo(side: Side): void {
    const nearest = side === 'above' ? this.beyond(side).at(-1) : this.beyond(side)[0];
    if (nearest !== undefined) this.centre(nearest.top, nearest.bottom);
  }

  private count(): void {
    for (const side of ['above', 'below'] as const) {
      const { length } = this.marks.length === 0 ? [] : this.beyond(side);
      const { firstElementChild: text } = this[side];
      this[side].hidden = length === 0;
      const many = length === 1 ? 'a change' : `${length} changes`;
      if (text !== null)
        text.textContent = `${side === 'above' ? '\u2191' : '\u2193'} ${many} ${side}`;
    }
  }
}

function chip(side: Side, press: () => void): HTMLElement {
  const text = element('span', {});
  const root = element(
    'div',
    { class: `board-beyond ${side}`, 'aria-hidden': 'true', hidden: '' },
    text,
  );
  text.addEventListener('click', (event) => {
    event.stopPropagation();
    press();
  });
  return root;
}
