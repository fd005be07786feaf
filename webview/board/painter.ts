/** Makes the SVG elements of a scene. Colours and fonts are attributes, so a picture looks the same in a file. */
import { contrast, css, mix, type Rgb } from '../draw/color.js';
import { inkIn, type Palette } from '../draw/palette.js';
import type { Box } from './scene.js';

export interface Stroke {
  readonly color: Rgb;
  readonly width?: number;
  readonly dash?: string;
}

export interface Look {
  readonly fill?: Rgb | string;
  readonly stroke?: Rgb;
  readonly strokeWidth?: number;
  readonly dash?: string;
  readonly radius?: number;
  readonly opacity?: number;
  /** `data-` attributes, which tests read. */
  readonly data?: Readonly<Record<string, string | number>>;
}

export interface TextLook {
  readonly color?: Rgb;
  readonly size?: number;
  readonly bold?: boolean;
  readonly mono?: boolean;
  readonly anchor?: 'start' | 'middle' | 'end';
  /** Cut off, with an ellipsis, where it is wider. */
  readonly maxWidth?: number;
  /** Left out rather than cut off: what is left would say nothing. */
  readonly whole?: boolean;
  readonly data?: Readonly<Record<string, string | number>>;
}

const SVG = 'http://www.w3.org/2000/svg';
const SIZE = 12;
const ELLIPSIS = '\u2026';

export class Painter {
  readonly nodes: SVGElement[] = [];
  private readonly hatches = new Map<string, string>();
  private readonly defs: SVGElement;

  /** @param prefix of the ids in the picture: no two on one page may be the same */
  constructor(
    readonly palette: Palette,
    private readonly prefix: string,
  ) {
    this.defs = this.add('defs', {});
  }

  rect({ x, y, width, height }: Box, look: Look): SVGElement {
    const { radius = 0 } = look;
    const place = { x, y, width: Math.max(0, width), height: Math.max(0, height) };
    return this.add('rect', { ...place, ...(radius > 0 && { rx: radius }), ...attributes(look) });
  }

  line(x1: number, y1: number, x2: number, y2: number, stroke: Stroke): SVGElement {
    return this.add('line', { x1, y1, x2, y2, ...strokeOf(stroke) });
  }

  path(d: string, look: Look): SVGElement {
    return this.add('path', { d, ...attributes(look) });
  }

  circle(cx: number, cy: number, r: number, look: Look): SVGElement {
    return this.add('circle', { cx, cy, r, ...attributes(look) });
  }

  /** @param y of the base line */
  text(x: number, y: number, text: string, look: TextLook = {}): SVGElement {
    const {
      color = this.palette.foreground,
      size = SIZE,
      bold,
      mono,
      anchor,
      maxWidth,
      whole,
    } = look;
    const family = mono === true ? this.palette.monoFamily : this.palette.fontFamily;
    const font = `${bold === true ? '600 ' : ''}${size}px ${family}`;
    const node = this.add('text', {
      x,
      y,
      fill: css(color),
      'font-family': family,
      'font-size': size,
      ...(bold === true && { 'font-weight': 600 }),
      ...(anchor !== undefined && { 'text-anchor': anchor }),
      ...dataOf(look.data),
    });
    if (whole === true && maxWidth !== undefined && measure(text, font) > maxWidth) return node;
    node.textContent = maxWidth === undefined ? text : fitted(text, font, maxWidth);
    return node;
  }

  /** Width of a text in px, as it will be drawn. */
  widthOf(text: string, { size = SIZE, bold, mono }: TextLook = {}): number {
    const family = mono === true ? this.palette.monoFamily : this.palette.fontFamily;
    return measure(text, `${bold === true ? '600 ' : ''}${size}px ${family}`);
  }

  /** A fill of diagonal lines: what is not there, so that nothing is told by colour alone. */
  hatch(color: Rgb): string {
    const key = css(color);
    const known = this.hatches.get(key);
    if (known !== undefined) return known;
    const id = `${this.prefix}-hatch-${this.hatches.size}`;
    const pattern = make('pattern', {
      id,
      width: 6,
      height: 6,
      patternUnits: 'userSpaceOnUse',
      patternTransform: 'rotate(45)',
    });
    pattern.append(
      make('line', { x1: 0, y1: 0, x2: 0, y2: 6, ...strokeOf({ color, width: 1.5 }) }),
    );
    this.defs.append(pattern);
    const fill = `url(#${id})`;
    this.hatches.set(key, fill);
    return fill;
  }

  /** An arrow's head at the end of a line that comes from the left (0), from above (90). */
  arrowHead(x: number, y: number, degrees: number, color: Rgb): SVGElement {
    const node = this.path('M0 0L-7 -3.5L-7 3.5Z', { fill: color });
    node.setAttribute('transform', `translate(${x} ${y}) rotate(${degrees})`);
    return node;
  }

  /** The colour of a surface between background and `color`. */
  tint(color: Rgb, share: number): Rgb {
    return mix(this.palette.background, color, share);
  }

  /** The theme's own where it can be read there (WCAG 2.2, 1.4.3). */
  inkOn(color: Rgb): Rgb {
    const { foreground } = this.palette;
    return contrast(foreground, color) >= 4.6 ? foreground : inkIn(this.palette, color);
  }

  /** The theme's muted colour where it can be read. */
  mutedOn(color: Rgb): Rgb {
    const { muted } = this.palette;
    return contrast(muted, color) >= 4.6 ? muted : this.inkOn(color);
  }

  private add(tag: string, attrs: Attributes): SVGElement {
    const node = make(tag, attrs);
    this.nodes.push(node);
    return node;
  }
}

type Attributes = Readonly<Record<string, string | number>>;

function make(tag: string, attrs: Attributes): SVGElement {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attrs))
    node.setAttribute(name, typeof value === 'number' ? `${round(value)}` : value);
  return node;
}

const round = (value: number): number => Math.round(value * 100) / 100;

function attributes(look: Look): Attributes {
  const { fill, stroke, strokeWidth, dash, opacity } = look;
  return {
    fill: fill === undefined ? 'none' : typeof fill === 'string' ? fill : css(fill),
    ...(stroke !== undefined &&
      strokeOf({
        color: stroke,
        ...(strokeWidth !== undefined && { width: strokeWidth }),
        ...(dash !== undefined && { dash }),
      })),
    ...(opacity !== undefined && { opacity }),
    ...dataOf(look.data),
  };
}

const strokeOf = ({ color, width = 1, dash }: Stroke): Attributes => ({
  stroke: css(color),
  'stroke-width': width,
  ...(dash !== undefined && { 'stroke-dasharray': dash }),
});

const dataOf = (data: Readonly<Record<string, string | number>> = {}): Attributes =>
  Object.fromEntries(Object.entries(data).map(([name, value]) => [`data-${name}`, value]));

let canvas: CanvasRenderingContext2D | null | undefined;
/** Most texts of a picture were in the one before. */
const widths = new Map<string, number>();
const MOST_WIDTHS = 5000;

function measure(text: string, font: string): number {
  const key = `${font}\n${text}`;
  const known = widths.get(key);
  if (known !== undefined) return known;
  canvas ??= document.createElement('canvas').getContext('2d');
  if (canvas === null) return text.length * SIZE * 0.6;
  canvas.font = font;
  const { width } = canvas.measureText(text);
  if (widths.size >= MOST_WIDTHS) widths.clear();
  widths.set(key, width);
  return width;
}

function fitted(text: string, font: string, maxWidth: number): string {
  if (measure(text, font) <= maxWidth) return text;
  let low = 0;
  let high = text.length;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (measure(text.slice(0, middle) + ELLIPSIS, font) <= maxWidth) low = middle;
    else high = middle - 1;
  }
  return low === 0 ? '' : text.slice(0, low) + ELLIPSIS;
}
