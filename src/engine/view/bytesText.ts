/** A number of bytes as people say it: whole pages in KiB, large ones in MiB, GiB and TiB with one digit behind the point. */
import { counted } from './counted.js';

const UNITS = ['KiB', 'MiB', 'GiB', 'TiB'] as const;

export function bytesText(bytes: number): string {
  if (bytes < 1024) return counted(bytes, 'byte');
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${UNITS[unit] ?? ''}`;
}
