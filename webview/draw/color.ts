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

/** Such a pixel as `#rrggbb`. */
export const pixelCss = (word: number): string =>
  `#${[word, word >>> 8, word >>> 16].map((part) => (part & 255).toString(16).padStart(2, '0')).join('')}`;

export const css = ({ r, g, b }: Rgb, alpha = 1): string =>
  `rgba(${Math.round(r)}, ${Math.round(g)}, ${Math.round(b)}, ${alpha})`;

/** Contrast of two colours, 1 to 21 (WCAG 2.2, contrast ratio). */
export function contrast(a: Rgb, b: Rgb): number {
  const [light, dark] = [wcagLuminance(a), wcagLuminance(b)].sort((x, y) => y - x);
  return ((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05);
}

const wcagLuminance = ({ r, g, b }: Rgb): number => {
  const [red = 0, green = 0, blue = 0] = [r, g, b].map((channel) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};

const BLACK: Rgb = { r: 0, g: 0, b: 0 };
const WHITE: Rgb = { r: 255, g: 255, b: 255 };
/** What text needs (WCAG 2.2, 1.4.3). */
const LEGIBLE = 4.5;

/** The softest ink that has a contrast on a colour: a dark or a light shade of the colour itself. */
export function inkOn(color: Rgb, least = LEGIBLE): Rgb {
  const end = contrast(color, BLACK) > contrast(color, WHITE) ? BLACK : WHITE;
  for (let share = 0.5; share < 1; share += 0.05) {
    const ink = mix(color, end, share);
    if (contrast(color, ink) >= least + 0.1) return ink;
  }
  return end;
}
