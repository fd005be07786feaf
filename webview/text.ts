/** Numbers as the map spells them. */

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** `0x1f40`. */
export const hexPfn = (pfn: number): string => `0x${pfn.toString(16)}`;

/** `64 MiB`, `1.5 GiB`: exact where a multiple of the unit, else two digits after the point at most. */
export function bytesText(bytes: number): string {
  let unit = 0;
  let value = bytes;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${Number(value.toFixed(value < 10 ? 2 : 1))} ${UNITS[unit] ?? ''}`;
}

/** `Zone DMA32`; of a machine whose zones are not known the one that stands for all. */
export const zoneTitle = (name: string): string =>
  name === '' ? 'Physical memory' : `Zone ${name}`;

export const countText = (count: number): string => count.toLocaleString('en');

/** A frame number or an address, as a user types it; undefined if it is neither, or lies outside of the machine. */
export function parseFrame(text: string, maxPfn: number): number | undefined {
  const trimmed = text.trim().replace(/^pfn\s*/i, '');
  if (!/^(0x[0-9a-f]+|\d+)$/i.test(trimmed)) return undefined;
  const value = Number(trimmed);
  if (value < maxPfn) return value;
  const pfn = Math.floor(value / 4096);
  return pfn < maxPfn ? pfn : undefined;
}

/** Bytes that travelled as base64. */
export function bytesOf(base64: string): Uint8Array {
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

export function sameBytes(known: Uint8Array, fresh: Uint8Array): boolean {
  if (fresh.length !== known.length) return false;
  for (let i = 0; i < fresh.length; i++) if (known[i] !== fresh[i]) return false;
  return true;
}
