/** /proc/iomem: where RAM lies. Source: Linux kernel/resource.c: r_show(). */
import { sections } from '../finding.js';
import { hex, plural, size } from '../render/amount.js';
import type { CaptureText } from './zoneinfoText.js';

export interface IomemRange {
  readonly start: bigint;
  /** Inclusive, as printed. */
  readonly end: bigint;
  readonly depth: number;
  readonly name: string;
}

const ROW = /^(\s*)([0-9a-f]{8,16})-([0-9a-f]{8,16}) : (.+)$/;

export function iomemOf(texts: readonly string[]): IomemRange[] {
  return texts.flatMap((text): IomemRange[] => {
    const row = ROW.exec(text);
    return row
      ? [
          {
            start: BigInt(`0x${row[2] ?? '0'}`),
            end: BigInt(`0x${row[3] ?? '0'}`),
            depth: (row[1] ?? '').length / 2,
            name: row[4] ?? '',
          },
        ]
      : [];
  });
}

export function iomemText(ranges: readonly IomemRange[]): CaptureText {
  const ram = ranges.filter(({ name, depth }) => name === 'System RAM' && depth < 1);
  const bytes = ram.reduce((sum, { start, end }) => sum + Number(end - start + 1n), 0);
  const isHidden = ram.length > 0 && ram.every(({ start, end }) => start === 0n && end === 0n);
  const above4 = ram.length > 0 && ram.every(({ start }) => start >= 0x100000000n);
  return {
    headline: isHidden
      ? 'The addresses are hidden: read the file as root.'
      : `${size(bytes)} of RAM in ${plural(ram.length, 'range')}${above4 ? ', all above 4 GiB: ZONE_DMA32 has no memory' : ''}.`,
    sections: sections([
      'RAM',
      [
        [
          ['from', 'to', 'size'],
          ...ram.map(({ start, end }) => [hex(start), hex(end), size(Number(end - start + 1n))]),
        ],
      ],
    ]),
    facts: {
      ramBytes: bytes,
      ranges: ram.map(({ start, end }) => [hex(start), hex(end)]),
      isAllAbove4GiB: above4,
    },
  };
}
