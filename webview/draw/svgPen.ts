/**
 * A pen that writes SVG, for papers and slides: what is drawn by it looks as on a canvas, in any program. So colours are `#rrggbb` with
 * an opacity beside it, and texts stand on their alphabetic baseline: neither `rgba()` nor `dominant-baseline` is read everywhere.
 *
 * Source: HTML, 4.12.5.1 The 2D rendering context; SVG 1.1.
 */
import type { EdgePath, Pen } from './pen.js';
import { escapeXml, paintOf } from './svg.js';

const ANCHORS: Readonly<Record<string, string>> = { center: 'middle', right: 'end', end: 'end' };

interface State {
  readonly fillStyle: string;
  readonly strokeStyle: string;
  readonly lineWidth: number;
  readonly lineJoin: CanvasLineJoin;
  readonly lineCap: CanvasLineCap;
  readonly globalAlpha: number;
  readonly font: string;
  readonly textAlign: CanvasTextAlign;
  readonly textBaseline: CanvasTextBaseline;
  readonly dash: readonly number[];
  readonly x: number;
  readonly y: number;
  readonly nrGroups: number;
}

export class SvgPen implements Pen {
  readonly parts: string[] = [];
  fillStyle = '#000000';
  strokeStyle = '#000000';
  lineWidth = 1;
  lineJoin: CanvasLineJoin = 'miter';
  lineCap: CanvasLineCap = 'butt';
  globalAlpha = 1;
  font = '10px sans-serif';
  textAlign: CanvasTextAlign = 'left';
  textBaseline: CanvasTextBaseline = 'alphabetic';
  private dash: readonly number[] = [];
  private x = 0;
  private y = 0;
  private d = '';
  private nrGroups = 0;
  private nrClips = 0;
  private readonly saved: State[] = [];
  private readonly measure = document.createElement('canvas').getContext('2d');

  /** @param name in the ids of the document: no two pens of it may have the same */
  constructor(private readonly name: string) {}

  save(): void {
    const { dash, x, y, nrGroups, font, globalAlpha } = this;
    const { fillStyle, strokeStyle, lineWidth, lineJoin, lineCap, textAlign, textBaseline } = this;
    const looks = { fillStyle, strokeStyle, lineWidth, lineJoin, lineCap, textAlign, textBaseline };
    this.saved.push({ ...looks, globalAlpha, font, dash, x, y, nrGroups });
  }

  restore(): void {
    const saved = this.saved.pop();
    if (saved === undefined) return;
    const { nrGroups, ...state } = saved;
    this.parts.push('</g>'.repeat(this.nrGroups - nrGroups));
    Object.assign(this, state, { nrGroups });
  }

  translate(x: number, y: number): void {
    this.x += x;
    this.y += y;
  }

  beginPath(): void {
    this.d = '';
  }

  moveTo(x: number, y: number): void {
    this.d += `M${this.at(x, y)}`;
  }

  lineTo(x: number, y: number): void {
    this.d += `L${this.at(x, y)}`;
  }

  rect(x: number, y: number, width: number, height: number): void {
    this.d += this.boxOf(x, y, width, height);
  }

  roundRect(x: number, y: number, width: number, height: number, radius: number): void {
    const r = Math.min(radius, width / 2, height / 2);
    const corner = (dx: number, dy: number): string => `a${r} ${r} 0 0 1 ${dx} ${dy}`;
    const [across, down] = [short(width - 2 * r), short(height - 2 * r)];
    this.d +=
      `M${this.at(x + r, y)}h${across}${corner(r, r)}v${down}${corner(-r, r)}` +
      `h${-across}${corner(-r, -r)}v${-down}${corner(r, -r)}z`;
  }

  clip(): void {
    const id = `${this.name}-clip-${this.nrClips++}`;
    this.parts.push(
      `<clipPath id="${id}"><path d="${this.d}"/></clipPath><g clip-path="url(#${id})">`,
    );
    this.nrGroups++;
  }

  fill(): void {
    this.push(this.d, this.filled());
  }

  stroke(path?: EdgePath): void {
    this.push(path === undefined ? this.d : this.edgesOf(path), this.stroked());
  }

  clearRect(): void {
    // A document has one layer, on which nothing was drawn before.
  }

  fillRect(x: number, y: number, width: number, height: number): void {
    this.push(this.boxOf(x, y, width, height), this.filled());
  }

  strokeRect(x: number, y: number, width: number, height: number): void {
    this.push(this.boxOf(x, y, width, height), this.stroked());
  }

  setLineDash(dash: number[]): void {
    this.dash = [...dash];
  }

  fillText(text: string, x: number, y: number): void {
    const [, weight = '400', size = '10', family = 'sans-serif'] =
      /^(?:(\d+) )?([\d.]+)px (.+)$/.exec(this.font) ?? [];
    const anchor = ANCHORS[this.textAlign] ?? 'start';
    this.parts.push(
      `<text x="${short(x + this.x)}" y="${short(y + this.y + this.aboveBaseline())}" ` +
        `${this.filled()} font-size="${size}" font-weight="${weight}" ` +
        `font-family="${escapeXml(family)}" text-anchor="${anchor}">${escapeXml(text)}</text>`,
    );
  }

  measureText(text: string): { readonly width: number } {
    if (this.measure === null) return { width: 0 };
    this.measure.font = this.font;
    return this.measure.measureText(text);
  }

  /** From where a text is put to its alphabetic baseline, px. */
  private aboveBaseline(): number {
    const { measure, font, textBaseline } = this;
    if (measure === null || textBaseline === 'alphabetic') return 0;
    const ascent = (baseline: CanvasTextBaseline): number => {
      measure.font = font;
      measure.textBaseline = baseline;
      return measure.measureText('x').fontBoundingBoxAscent;
    };
    return ascent('alphabetic') - ascent(textBaseline);
  }

  private push(d: string, looks: string): void {
    if (d !== '') this.parts.push(`<path d="${d}" ${looks}/>`);
  }

  private filled(): string {
    return paintOf('fill', this.fillStyle, this.globalAlpha);
  }

  private stroked(): string {
    const { lineWidth, lineJoin, lineCap, dash } = this;
    return [
      'fill="none"',
      paintOf('stroke', this.strokeStyle, this.globalAlpha),
      `stroke-width="${lineWidth}"`,
      ...(lineJoin === 'miter' ? [] : [`stroke-linejoin="${lineJoin}"`]),
      ...(lineCap === 'butt' ? [] : [`stroke-linecap="${lineCap}"`]),
      ...(dash.length === 0 ? [] : [`stroke-dasharray="${dash.join(' ')}"`]),
    ].join(' ');
  }

  private edgesOf({ edges }: EdgePath): string {
    let d = '';
    for (let i = 0; i + 3 < edges.length; i += 4)
      d += `M${this.at(edges[i] ?? 0, edges[i + 1] ?? 0)}L${this.at(edges[i + 2] ?? 0, edges[i + 3] ?? 0)}`;
    return d;
  }

  private boxOf(x: number, y: number, width: number, height: number): string {
    return `M${this.at(x, y)}h${short(width)}v${short(height)}h${short(-width)}z`;
  }

  private at(x: number, y: number): string {
    return `${short(x + this.x)} ${short(y + this.y)}`;
  }
}

const short = (value: number): number => Math.round(value * 100) / 100;
