/** Colours as numbers: parsing what CSS says, mixing, and the word that ImageData holds. */

export interface Rgb {
  readonly r: number;
  readonly g: number;
  readonly b: number;
}

/** `#rgb`, `#rrggbb`, `#rrggbbaa`, `rgb(...)`; the fallback for any other text. */
export function parseColor(text: string, fallback: Rgb): Rgb {
  const hex = /^#([0-9a-f]{3,8})$/i.exec(text.trim())?.[1];
  if (hex !== undefined) {
    const full = hex.length < 6 ? hex.replaceAll(/./g, '$&$&') : hex;
    const value = parseInt(full.slice(0, 6), 16);
    return { r: value >> 16, g: (value >> 8) & 255, b: value & 255 };
  }
  const parts = /^rgba?\(([^)]+)\)$/
    .exec(text.trim())?.[1]
    ?.split(/[\s,/]+/)
    .map(Number);
  const [r, g, b] = parts ?? [];
  return r === undefined || g === undefined || b === undefined ? fallback : { r, g, b };
}

/** `share` of `to` in `from`. */
export const mix = (from: Rgb, to: Rgb, share: number): Rgb => ({
  r: from.r + (to.r - from.r) * share,
  g: from.g + (to.g - from.g) * share,
  b: from.b + (to.b - from.b) * share,
});

/** An opaque pixel of ImageData on a little-endian machine. */
export const pixel = ({ r, g, b }: Rgb): number =>
  ((255 << 24) | (Math.round(b) << 16) | (Math.round(g) << 8) | Math.round(r)) >>> 0;

export const css = ({ r, g, b }: Rgb, alpha = 1): string =>
  `rgba(${Math.round(r)}, ${Math.round(g)}, ${Math.round(b)}, ${alpha})`;

/** Relative luminance, 0 to 1. */
export const luminance = ({ r, g, b }: Rgb): number => (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
