/** /proc/slabinfo: which caches hold how much. Source: Linux mm/slab_common.c: cache_show(). */
import { sections } from '../finding.js';
import { plural, size } from '../render/amount.js';
import type { CaptureText } from './zoneinfoText.js';

export interface SlabinfoCache {
  readonly name: string;
  readonly active: number;
  readonly total: number;
  readonly objectSize: number;
  readonly objectsPerSlab: number;
  readonly pagesPerSlab: number;
  readonly slabs: number;
}

const ROW =
  /^\s*([A-Za-z0-9_][\w:.()@/-]*)\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*(?:: tunables\s+\d+\s+\d+\s+\d+\s*)?: slabdata\s+(\d+)\s+(\d+)/;

export function slabinfoOf(texts: readonly string[]): SlabinfoCache[] {
  return texts.flatMap((text): SlabinfoCache[] => {
    const row = ROW.exec(text);
    if (!row) return [];
    const [, name = '', active, total, objectSize, objectsPerSlab, pagesPerSlab, , slabs] = row;
    return [
      {
        name,
        active: Number(active),
        total: Number(total),
        objectSize: Number(objectSize),
        objectsPerSlab: Number(objectsPerSlab),
        pagesPerSlab: Number(pagesPerSlab),
        slabs: Number(slabs),
      },
    ];
  });
}

const bytesOf = ({ slabs, pagesPerSlab }: SlabinfoCache): number => slabs * pagesPerSlab * 4096;

export function slabinfoText(caches: readonly SlabinfoCache[]): CaptureText {
  const sorted = caches.toSorted((a, b) => bytesOf(b) - bytesOf(a));
  const whole = caches.reduce((sum, cache) => sum + bytesOf(cache), 0);
  const first = sorted[0];
  const wasted = sorted.filter(
    (cache) => bytesOf(cache) > 1 << 20 && cache.active < cache.total / 2,
  );
  return {
    headline: `Slab holds ${size(whole)}${first ? `; the largest cache is ${first.name} with ${size(bytesOf(first))}` : ''}.`,
    sections: sections([
      'Caches',
      [
        [
          ['cache', 'active', 'objects', 'object', 'slabs', 'memory'],
          ...sorted
            .slice(0, 12)
            .map((cache) => [
              cache.name,
              String(cache.active),
              String(cache.total),
              String(cache.objectSize),
              String(cache.slabs),
              size(bytesOf(cache)),
            ]),
        ],
        ...(wasted.length > 0
          ? [
              `Mostly empty: ${wasted
                .slice(0, 6)
                .map(
                  ({ name, active, total }) =>
                    `${name} (${active} of ${plural(total, 'object')} in use)`,
                )
                .join(', ')}: objects that live long sit alone in their slabs.`,
            ]
          : []),
      ],
    ]),
    facts: {
      bytes: whole,
      largest: sorted.slice(0, 12).map((cache) => ({
        name: cache.name,
        active: cache.active,
        total: cache.total,
        bytes: bytesOf(cache),
      })),
    },
  };
}
