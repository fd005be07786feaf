/**
 * Lines between two views that are seen together: from each place where one has the selection to each where the other has it, as from
 * every address of a frame to the frame. What is scrolled out of sight is pointed to at the edge of its view.
 */
import { css } from '../draw/color.js';
import type { Palette } from '../draw/palette.js';
import type { View } from './view.js';

const SVG = 'http://www.w3.org/2000/svg';
/** More say no more. */
const MOST_LINES = 64;
const DOT_PX = 3.5;

/** One end of a line, within the room of its view. */
interface End {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly isInView: boolean;
}

export class Links {
  readonly root = document.createElementNS(SVG, 'svg');
  private scheduled = false;

  constructor(
    /** The two views; fewer: there is nothing between them. */
    private readonly views: () => readonly View[],
    private readonly palette: () => Palette,
  ) {
    this.root.setAttribute('class', 'links');
    this.root.setAttribute('aria-hidden', 'true');
  }

  /** Something was drawn anew, scrolled or resized. */
  moved(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      this.draw();
    });
  }

  private draw(): void {
    const [first, second] = this.views();
    if (first === undefined || second === undefined) {
      if (this.root.childElementCount > 0) this.root.replaceChildren();
      return;
    }
    const origin = this.root.getBoundingClientRect();
    const [from, to] = [first, second].map((view) => endsOf(view, origin));
    const lines = (from ?? []).flatMap((a) => (to ?? []).map((b) => [a, b] as const));
    const color = css(this.palette().focus);
    this.root.replaceChildren(
      ...lines
        .slice(0, MOST_LINES)
        .flatMap(([a, b]) => [line(a, b, color), ...[a, b].map((end) => dot(end, color))]),
    );
  }
}

function endsOf(view: View, origin: DOMRect): readonly End[] {
  const room = view.root.getBoundingClientRect();
  return (view.litPlaces?.() ?? []).map(({ name, x, y, width, height, within = room }) => {
    const [cx, cy] = [x + width / 2, y + height / 2];
    const at = {
      x: Math.max(within.left + 2, Math.min(within.right - 2, cx)),
      y: Math.max(within.top + 2, Math.min(within.bottom - 2, cy)),
    };
    const isInView = at.x === cx && at.y === cy;
    return { name, x: at.x - origin.left, y: at.y - origin.top, isInView };
  });
}

/** Leaves and arrives level, as a wire does. */
function line(a: End, b: End, color: string): SVGElement {
  const isAcross = Math.abs(b.x - a.x) > Math.abs(b.y - a.y);
  const [mx, my] = [(a.x + b.x) / 2, (a.y + b.y) / 2];
  const bends = isAcross ? `${mx} ${a.y} ${mx} ${b.y}` : `${a.x} ${my} ${b.x} ${my}`;
  const path = made('path', {
    d: `M${a.x} ${a.y}C${bends} ${b.x} ${b.y}`,
    fill: 'none',
    stroke: color,
    'stroke-width': 1.75,
    'data-from': a.name,
    'data-to': b.name,
  });
  if (!a.isInView || !b.isInView) path.setAttribute('stroke-dasharray', '5 4');
  return path;
}

/** Hollow where the thing itself is out of sight. */
const dot = ({ x, y, isInView }: End, color: string): SVGElement =>
  made('circle', {
    cx: x,
    cy: y,
    r: DOT_PX,
    fill: isInView ? color : 'none',
    stroke: color,
    'stroke-width': 1.5,
  });

function made(tag: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, `${value}`);
  return node;
}
