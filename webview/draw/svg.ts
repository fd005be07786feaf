/** Pieces of SVG documents, for what the views export. Text is escaped here. */
import { css, type Rgb } from './color.js';
import type { Palette } from './palette.js';

export interface TextLook {
  readonly color: Rgb;
  readonly sizePx: number;
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly weight?: number;
  readonly mono?: boolean;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

const escapeXml = (text: string): string =>
  text.replaceAll(/[&<>"]/g, (character) => ESCAPES[character] ?? character);

/** A line of text whose middle is at `y`. */
export function svgText(x: number, y: number, text: string, look: TextLook): string {
  const { color, sizePx, anchor = 'start', weight = 400, mono = false } = look;
  const family = mono ? 'monospace' : 'sans-serif';
  return (
    `<text x="${x}" y="${y}" fill="${css(color)}" font-size="${sizePx}" font-family="${family}" ` +
    `font-weight="${weight}" text-anchor="${anchor}" dominant-baseline="central">${escapeXml(text)}</text>`
  );
}

/** A document on the theme's background. */
export const svgDocument = (
  widthPx: number,
  heightPx: number,
  { background }: Palette,
  title: string,
  parts: readonly string[],
): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${heightPx}" ` +
  `viewBox="0 0 ${widthPx} ${heightPx}"><title>${escapeXml(title)}</title>` +
  `<rect width="100%" height="100%" fill="${css(background)}"/>${parts.join('')}</svg>`;
