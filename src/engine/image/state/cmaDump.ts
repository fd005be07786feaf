/**
 * `%cma`: the areas of the contiguous memory allocator, a line each.
 *
 *     cma 0 base=1ee00 count=1000 opb=0 default=1 bits 0+5 8+8       runs of set bits: START+LENGTH
 */
import {
  bitmap_set,
  cma_bitmap_maxno,
  find_next_bit,
  find_next_zero_bit,
} from '../../entry/functions.js';
import type { Cma } from '../../machine/ctypes.js';
import { asCell } from '../../memory/address.js';
import { ImageError, type KernelImage } from '../kernelImage.js';

/** cma_areas[i] */
const areaOf = ({ mm }: KernelImage, i: number): Cma =>
  asCell(mm.symbol('cma_areas') + i * mm.stride.cma);

/** The lines between `%cma` and `%end`. */
export function dumpCma(image: KernelImage): string[] {
  const { mm } = image;
  const lines: string[] = [];
  const count = mm.words[mm.symbol('cma_area_count')] ?? 0;
  for (let i = 0; i < count; i++) {
    const area = areaOf(image, i);
    const fields = [
      `base=${hex(mm.read_ulong(area + mm.cma.base_pfn))}`,
      `count=${hex(mm.read_ulong(area + mm.cma.count))}`,
      `opb=${mm.words[area + mm.cma.order_per_bit] ?? 0}`,
      `default=${mm.ptr_is(mm.symbol('dma_contiguous_default_area'), area) ? 1 : 0}`,
    ];
    lines.push(`cma ${i} ${[...fields, 'bits', ...runsOf(image, area)].join(' ')}`);
  }
  return lines;
}

const hex = (value: number): string => value.toString(16);

/** Runs of set bits, `START+LENGTH`. */
function runsOf({ mm }: KernelImage, area: Cma): string[] {
  const bitmap = mm.read_va(area + mm.cma.bitmap);
  const size = cma_bitmap_maxno(mm, area);
  const runs: string[] = [];
  let start = find_next_bit(mm, bitmap, size, 0);
  while (start < size) {
    const end = find_next_zero_bit(mm, bitmap, size, start);
    runs.push(`${hex(start)}+${hex(end - start)}`);
    start = find_next_bit(mm, bitmap, size, end);
  }
  return runs;
}

/**
 * Sets the bits that a dump has in the area of a rebuilt machine, which has none yet.
 *
 * @throws ImageError when the dump is of another area
 */
export function loadCma(image: KernelImage, lines: readonly string[]): void {
  const { mm } = image;
  lines.forEach((line, i) => {
    const [head = '', runs = ''] = line.split(' bits');
    const area = areaOf(image, i);
    if (dumpCma(image)[i]?.split(' bits')[0] !== head)
      throw new ImageError(`The state does not have the contiguous area '${head}'.`);
    for (const run of runs.split(' ').filter((text) => text !== '')) {
      const [start = NaN, length = NaN] = run.split('+').map((text) => parseInt(text, 16));
      bitmap_set(mm, mm.read_va(area + mm.cma.bitmap), start, length);
    }
  });
}
