/** Numbers as sentences have them. */

/** `5404 kB`, `852.5 MiB`, `31.2 GiB`. */
export function size(bytes: number): string {
  const kib = bytes / 1024;
  if (kib >= 1 << 20 && Number.isInteger(kib / (1 << 20))) return `${kib / (1 << 20)} GiB`;
  if (Math.abs(kib) < 10240) return `${trim(kib)} kB`;
  if (Math.abs(kib) < 10240 * 1024) return `${trim(kib / 1024)} MiB`;
  return `${trim(kib / 1024 / 1024)} GiB`;
}

const trim = (value: number): string =>
  Number.isInteger(value) ? String(value) : value.toFixed(1).replace(/\.0$/, '');

/** `12.5%`; of nothing there is none. */
export const percent = (part: number, whole: number): string =>
  whole > 0 ? `${((part / whole) * 100).toFixed(1)}%` : '?%';

export const plural = (count: number | bigint | string, word: string): string =>
  `${count} ${word}${String(count) === '1' ? '' : 's'}`;

/** `1351 pages (5404 kB)`. */
export const pagesText = (pages: number, pageSize: number): string =>
  `${plural(pages, 'page')} (${size(pages * pageSize)})`;

export const hex = (value: number | bigint): string => `0x${value.toString(16)}`;

/** `a, b and c`. */
export const listed = (words: readonly string[], last = 'and'): string =>
  words.length < 2
    ? words.join('')
    : `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1) ?? ''}`;

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
