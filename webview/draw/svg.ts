/** Pieces of SVG documents, for what the views export. Text is escaped here, and colours are written as every program reads them. */
import { css } from './color.js';
import type { Palette } from './palette.js';

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

export const escapeXml = (text: string): string =>
  text.replaceAll(/[&<>"]/g, (character) => ESCAPES[character] ?? character);

const RGBA = /^rgba?\((\d+),\s*(\d+),\s*(\d+)(?:,\s*([\d.]+))?\)$/;

/** `fill="#rrggbb"`, with its opacity where something shows through: `rgba()` is of CSS, not of SVG 1.1. */
export function paintOf(attribute: string, color: string, alpha = 1): string {
  const [, ...parts] = RGBA.exec(color) ?? [];
  if (parts.length === 0) return `${attribute}="${color}"`;
  const [red, green, blue, own = '1'] = parts;
  const hex = [red, green, blue].map((part) => Number(part).toString(16).padStart(2, '0')).join('');
  const opacity = Math.round(Number(own) * alpha * 1000) / 1000;
  return `${attribute}="#${hex}"${opacity === 1 ? '' : ` ${attribute}-opacity="${opacity}"`}`;
}

/** Colours of a document that a view drew for the screen. */
export const portable = (svg: string): string =>
  svg.replaceAll(/\b(fill|stroke)="(rgba?\([^"]*\))"/g, (_, attribute: string, color: string) =>
    paintOf(attribute, color),
  );

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
  `<rect width="${widthPx}" height="${heightPx}" ${paintOf('fill', css(background))}/>${parts.join('')}</svg>`;
