/**
 * The test of a watermark as a comparison in which every number has its name. The record of an attempt and the reason of a failure
 * say it in the same words.
 *
 *     768 free - 1023 taken (2^10 - 1) = -255 usable        WMARK_MIN 32 + lowmem_reserve 1280
 *
 * Source: Linux 6.1 mm/page_alloc.c __zone_watermark_ok().
 */
import type { WatermarkTest } from './attempt.js';

/** Pages that count for the request. */
export const usablePages = ({ free, cma, highatomic, taken }: WatermarkTest): number =>
  free - cma - highatomic - taken;

/** Whether the zone stays above the mark. */
export const isEnough = (test: WatermarkTest): boolean =>
  usablePages(test) > test.min + test.lowmem_reserve;

export function sumText(test: WatermarkTest): string {
  const { free, cma, highatomic, taken } = test;
  const less = [
    cma === 0 ? '' : ` - ${cma} CMA`,
    highatomic === 0 ? '' : ` - ${highatomic} highatomic`,
    taken === 0 ? '' : ` - ${taken} taken (2^${Math.log2(taken + 1)} - 1)`,
  ].join('');
  return less === '' ? `${free} free` : `${free} free${less} = ${usablePages(test)} usable`;
}

export function markText(test: WatermarkTest): string {
  const { name, pages, boost, extra, min, lowmem_reserve } = test;
  return [
    `${name} ${pages}`,
    boost === 0 ? '' : ` + boost ${boost}`,
    extra === 0 ? '' : ` + ${extra} for the rest of the bulk`,
    min === pages + boost + extra ? '' : ` (lowered to ${min} by the request's rights)`,
    lowmem_reserve === 0 ? '' : ` + lowmem_reserve ${lowmem_reserve}`,
  ].join('');
}
