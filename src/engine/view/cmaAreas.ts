/**
 * CMA areas: where they lie, and which ranges of them cma_alloc() has given out.
 *
 * Source: Linux 6.1 mm/cma.h: struct cma; mm/cma.c: cma_debug_show_areas().
 */
import { cma_bitmap_maxno, cma_get_name } from '../kernel/mm/cma.js';
import type { Cma } from '../machine/ctypes.js';
import { asCell, type VirtAddr } from '../memory/address.js';
import type { KernelImage } from '../image/kernelImage.js';
import { readVirtual } from '../image/assemble.js';
import { sizeOfStruct } from '../types/named.js';

/** Pages [start, end) that are all given out, or all not. */
interface CmaRange {
  readonly used: boolean;
  readonly startPfn: number;
  readonly endPfn: number;
}

export interface CmaView {
  readonly cma: Cma;
  readonly name: string;
  readonly basePfn: number;
  readonly nrPages: number;
  readonly orderPerBit: number;
  /** By frame: together all of the area. */
  readonly ranges: readonly CmaRange[];
}

/** None where the machine has no reserve. */
export function cmaAreas(image: KernelImage): CmaView[] {
  const { mm, profile } = image;
  if (mm.globals.cma_areas === 0 || mm.globals.cma_area_count === 0) return [];
  const stride = sizeOfStruct(profile, 'cma') / 4;
  return Array.from({ length: mm.words[mm.globals.cma_area_count] ?? 0 }, (_, i) => {
    return cmaView(image, asCell(mm.globals.cma_areas + i * stride));
  });
}

function cmaView(image: KernelImage, cma: Cma): CmaView {
  const { mm } = image;
  const basePfn = mm.read_ulong(cma + mm.cma.base_pfn);
  const nrPages = mm.read_ulong(cma + mm.cma.count);
  const orderPerBit = mm.words[cma + mm.cma.order_per_bit] ?? 0;
  const nrBits = cma_bitmap_maxno(mm, cma);
  const bits = bitmapOf(image, mm.read_va(cma + mm.cma.bitmap), nrBits);
  const ranges: CmaRange[] = [];
  for (let bit = 0; bit < nrBits;) {
    const used = bits(bit);
    const from = bit;
    while (bit < nrBits && bits(bit) === used) bit++;
    ranges.push({
      used,
      startPfn: basePfn + from * 2 ** orderPerBit,
      endPfn: basePfn + bit * 2 ** orderPerBit,
    });
  }
  return { cma, name: cma_get_name(mm, cma), basePfn, nrPages, orderPerBit, ranges };
}

function bitmapOf(image: KernelImage, at: VirtAddr, nrBits: number): (bit: number) => boolean {
  const bytes = at === 0 ? undefined : readVirtual(image, at, Math.ceil(nrBits / 8));
  return (bit) => (((bytes?.[bit >>> 3] ?? 0) >>> (bit & 7)) & 1) !== 0;
}

/** Pages of the largest range that nobody has; 0 when all are given out. */
export const largestHole = ({ ranges }: CmaView): number =>
  Math.max(0, ...ranges.map(({ used, startPfn, endPfn }) => (used ? 0 : endPfn - startPfn)));

export const usedPages = ({ ranges }: CmaView): number =>
  ranges.reduce((sum, { used, startPfn, endPfn }) => sum + (used ? endPfn - startPfn : 0), 0);
