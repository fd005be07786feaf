/**
 * Where watermarks and lowmem_reserve come from, held against what a capture has: the numbers explain themselves.
 *
 * Source: Linux mm/page_alloc.c: __setup_per_zone_wmarks(), setup_per_zone_lowmem_reserve(), calculate_min_free_kbytes();
 * mm/khugepaged.c: set_recommended_min_free_kbytes(). low = min + max(min / 4, managed * watermark_scale_factor / 10000) since 4.6
 * (795ae7a0de6b), min + min / 4 and min + min / 2 before.
 */
import { plural, size } from '../render/amount.js';
import { zoneTitle } from '../allocation/verdictText.js';
import type { ZoneinfoZone } from './zoneinfo.js';

/** What khugepaged wants for each zone: 2 pageblocks, and 3 * 3 for the migratetypes; pageblocks of 512 pages. */
const KHUGEPAGED_PAGES = (2 + 9) * 512;

export function scaleFactor({ min, low, managed }: ZoneinfoZone): number | undefined {
  if (managed === undefined || managed === 0) return undefined;
  const gap = low - min;
  if (gap === Math.floor(min / 4)) return undefined;
  for (const factor of [10, ...Array.from({ length: 1000 }, (_, at) => at + 1)])
    if (Math.floor((managed * factor) / 10000) === gap) return factor;
  return undefined;
}

/** `low = 1 + max(1 / 4, 3976 * 10 / 10000) = 1 + 3 = 4`. */
export function markText(zone: ZoneinfoZone): string | undefined {
  const { min, low, high, managed } = zone;
  const gap = low - min;
  const factor = scaleFactor(zone);
  if (factor !== undefined && managed !== undefined)
    return `${zoneTitle(zone)}: low = min + managed * ${factor} / 10000 = ${min} + ${gap} = ${low}, high = ${low} + ${high - low} = ${high} (watermark_scale_factor ${factor}; ${gap} is more than min / 4 = ${Math.floor(min / 4)}).`;
  if (gap === Math.floor(min / 4))
    return `${zoneTitle(zone)}: low = min + min / 4 = ${min} + ${gap} = ${low}, high = ${high}.`;
  return undefined;
}

export function minimumText(zones: readonly ZoneinfoZone[]): string[] {
  const sum = zones.reduce((total, { min }) => total + min, 0);
  const count = zones.filter(({ managed, present }) => (managed ?? present ?? 0) > 0).length;
  const wanted = KHUGEPAGED_PAGES * count;
  const terms = zones.map(({ min }) => String(min)).join(' + ');
  const text = `Sum of min = ${terms} = ${plural(sum, 'page')} = ${sum * 4} kB`;
  return Math.abs(sum - wanted) <= count + 1
    ? [
        `${text}: min_free_kbytes is ${wanted * 4}, raised by khugepaged ((2 + 3 * 3) pageblocks of 512 pages for each of ${plural(count, 'zone')}), and shared out by managed pages.`,
      ]
    : [`${text}: about min_free_kbytes, shared out by managed pages (HighMem and Movable apart).`];
}

/** Each protection that follows from the pages of the zones above and a ratio. */
export function protectionTexts(zones: readonly ZoneinfoZone[]): string[] {
  const texts: string[] = [];
  for (const [at, zone] of zones.entries()) {
    const above = zones.slice(at + 1).filter(({ node }) => node === zone.node);
    let pages = 0;
    const terms: string[] = [];
    for (const [step, upper] of above.entries()) {
      pages += upper.managed ?? 0;
      terms.push(String(upper.managed ?? 0));
      const kept = zone.protection[indexOf(zones, zone) + step + 1];
      if (kept === undefined || kept === 0 || pages === 0) continue;
      const ratio = [256, 32, 1, 8, 16, 64, 128, 512].find(
        (each) => Math.floor(pages / each) === kept,
      );
      if (ratio === undefined) continue;
      texts.push(
        `${zone.name} against ${upper.name}: ${terms.length > 1 ? `(${terms.join(' + ')})` : terms.join('')} / ${ratio} = ${kept}`,
      );
    }
  }
  return texts.length === 0
    ? []
    : [
        `protection (lowmem_reserve): ${texts.join('; ')}. (Pages of the zones above, by lowmem_reserve_ratio.)`,
      ];
}

const indexOf = (zones: readonly ZoneinfoZone[], zone: ZoneinfoZone): number =>
  zones.filter(({ node }) => node === zone.node).indexOf(zone);

/** Whether a GFP_KERNEL page could come from the zone: what decides is the reserve against the highest zone that such a request may use. */
export function kernelRequest(
  zones: readonly ZoneinfoZone[],
  zone: ZoneinfoZone,
): { reserve: number; needed: number; passes: boolean } {
  const own = zones.filter(({ node }) => node === zone.node);
  const normal = own.findIndex(({ name }) => name === 'Normal');
  const reserve = zone.protection[normal < 0 ? own.length - 1 : normal] ?? 0;
  const needed = zone.min + reserve;
  return { reserve, needed, passes: zone.free > needed };
}

export function pressureText(zone: ZoneinfoZone): string {
  const { free, min, low, high } = zone;
  const title = `${zoneTitle(zone)}: ${free} free (${size(free * 4096)})`;
  if (free > high) return `${title} > high ${high}: kswapd sleeps, no shortage.`;
  if (free > low)
    return `${title}, between low ${low} and high ${high}: kswapd goes on if it is at work, and is not woken.`;
  if (free > min)
    return `${title}, between min ${min} and low ${low}: kswapd is at work; ordinary requests still pass.`;
  return `${title} <= min ${min}: ordinary requests have to reclaim themselves; only atomic ones and those that free memory may go on.`;
}
