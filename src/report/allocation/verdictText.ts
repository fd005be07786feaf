/** Why: zone by zone, with the numbers that decide. */
import type { Judgement } from '../facts/watermark.js';
import { isAtLeast, seriesOf, type KernelVersion } from '../input/version.js';
import { listed, pagesText, plural, size } from '../render/amount.js';
import type { MemInfo } from './memInfo.js';
import type { Verdict, ZoneVerdict } from './judge.js';

export function whyItems(
  verdict: Verdict,
  memInfo: MemInfo,
  order: number,
  version: KernelVersion,
): string[] {
  const { allowance, allowed } = verdict;
  if (allowed.length === 0) return [noZone(verdict, memInfo)];
  return [
    ...allowed.flatMap((each) => zoneItems(each, verdict, memInfo, order)),
    ...(allowance.orderRule === 'halving' && order > 0 ? [oldRule(allowed, order, version)] : []),
    ...outOfReach(verdict, memInfo, version),
  ];
}

export const zoneTitle = ({ node, name }: { node: number | undefined; name: string }): string =>
  node === undefined ? name : `node ${node} ${name}`;

function noZone({ highest, others }: Verdict, memInfo: MemInfo): string {
  const present = others.map(
    (zone) =>
      `${zoneTitle(zone)} (${size((zone.kB.get('managed') ?? zone.kB.get('present') ?? 0) * 1024)}, ${size((zone.kB.get('free') ?? 0) * 1024)} free)`,
  );
  const memory = memInfo.zones.length === 0 ? 'no zone at all' : listed(present);
  return `The highest zone that the request may use is ${highest}, and neither it nor a lower one is in the report, which lists each zone that has memory: ${memory}. All memory lies above what the request can use, so it fails at once: there is no preferred zone, and no watermark is looked at, nothing is reclaimed and nobody is killed. This is not a shortage.`;
}

function zoneItems(
  each: ZoneVerdict,
  { allowance }: Verdict,
  memInfo: MemInfo,
  order: number,
): string[] {
  const { judgement, zone } = each;
  const name = zoneTitle(zone);
  const items = [`${name}: ${markText(each, order, memInfo)}`];
  if (judgement.refusal === 'mark') {
    if (judgement.usable > judgement.adjustedMin && judgement.lowmemReserve > 0)
      items.push(
        `${name} is not used up: its free pages are kept by lowmem_reserve for requests that can use nothing else.`,
      );
    if (
      judgement.subtracted.cma > 0 &&
      each.free - judgement.subtracted.order > judgement.adjustedMin + judgement.lowmemReserve
    )
      items.push(
        `${name} looks full of free memory, but ${pagesText(judgement.subtracted.cma, memInfo.pageSize)} of it are CMA's: without them ${pagesText(each.free - judgement.subtracted.cma, memInfo.pageSize)} are left.`,
      );
    return items;
  }
  if (allowance.orderRule === 'halving') items.push(...halvingItems(name, judgement));
  items.push(...blockItems(each, order, memInfo));
  return items;
}

/** `free 61130 - 59840 (CMA) - 1023 (2^10 - 1) = 267; min 614 -> 307 -> 231 + lowmem_reserve 0: 267 > 231, the mark lets it pass.` */
function markText(each: ZoneVerdict, order: number, { pageSize }: MemInfo): string {
  const { judgement, free, zone } = each;
  const { subtracted, usable, adjustedMin, lowmemReserve } = judgement;
  const terms = [`free ${free}`];
  if (subtracted.cma > 0) terms.push(`${subtracted.cma} of CMA`);
  if (subtracted.highatomic > 0) terms.push(`${subtracted.highatomic} of the high-atomic reserve`);
  if (subtracted.order > 0) terms.push(`${subtracted.order} (2^${order} - 1)`);
  const left =
    terms.length === 1 ? `free ${plural(free, 'page')}` : `${terms.join(' - ')} = ${usable} pages`;
  const mark = adjustedMin + lowmemReserve;
  const reserve = `lowmem_reserve[${each.reserveIndex}]${each.reserveZone === zone.name || each.reserveZone === '' ? '' : ` (against ${each.reserveZone})`} ${lowmemReserve}`;
  const needed = `min ${minText(each)} + ${reserve} = ${mark}`;
  const verdict =
    judgement.refusal === 'mark'
      ? `${usable} <= ${mark}: refused.`
      : `${usable} > ${mark}: the mark lets it pass.`;
  return `${left} (of ${size(free * pageSize)} free); ${needed}. ${verdict}`;
}

/** `614 (2456 kB), 307 for __GFP_HIGH, 231 for what cannot sleep`. */
function minText({ judgement, boost, zone }: ZoneVerdict): string {
  const { min, adjustedMin } = judgement;
  const printed = zone.kB.get('min');
  const parts = [`${min}${printed === undefined ? '' : ` pages (${printed} kB)`}`];
  if (boost !== undefined && boost > 0) parts.push(`of which boost ${boost}`);
  if (adjustedMin !== min) {
    const halved = min - Math.trunc(min / 2);
    parts.push(
      adjustedMin === halved
        ? `lowered to ${min} - ${Math.trunc(min / 2)} = ${adjustedMin} (__GFP_HIGH)`
        : adjustedMin === min - Math.trunc(min / 4)
          ? `lowered to ${min} - ${Math.trunc(min / 4)} = ${adjustedMin} (it cannot sleep)`
          : `lowered to ${min} - ${Math.trunc(min / 2)} - ${Math.trunc(halved / 4)} = ${adjustedMin} (__GFP_HIGH, and it cannot sleep)`,
    );
  }
  return parts.length === 1 ? (parts[0] ?? '') : `${parts[0] ?? ''} [${parts.slice(1).join('; ')}]`;
}

function halvingItems(name: string, { halving, usable }: Judgement): string[] {
  const first = halving[0];
  if (first === undefined) return [];
  let left = first.usable + first.subtracted;
  const withCma = left > usable ? `, CMA's ${left - usable} among the rest since 3.10` : '';
  const steps = halving.map((step) => {
    const text = `order ${step.order}: ${left} - ${step.subtracted} = ${step.usable} ${step.usable <= step.min ? '<=' : '>'} ${step.min}`;
    left = step.usable;
    return text;
  });
  const last = halving.at(-1);
  const isRefused = last !== undefined && last.usable <= last.min;
  return [
    `${name}, order by order (pages in smaller blocks do not count, min is halved each time${withCma}): ${steps.join('; ')}: ${isRefused ? 'refused' : 'passes'}.`,
  ];
}

function blockItems({ zone, judgement }: ZoneVerdict, order: number, memInfo: MemInfo): string[] {
  const { useless, useful, largestUseful } = judgement;
  const name = zoneTitle(zone);
  if (!zone.lists) return [];
  const kb = (at: number): string => size(2 ** at * memInfo.pageSize);
  const items: string[] = [];
  if (useless.length > 0)
    items.push(
      `${name}: of no use to this request: ${listed(useless.map((each) => `${plural(each.count, 'block')} of order ${each.order} (${kb(each.order)}), all ${letterNames(each.letters)}`))}.`,
    );
  if (useful.length > 0 && order > 0)
    items.push(
      `${name}: ${listed(useful.map((each) => `${plural(each.count, 'block')} of order ${each.order}`))} ${useful.length === 1 && useful[0]?.count === 1 ? 'is' : 'are'} there, on lists that it may take from.`,
    );
  else if (order > 0)
    items.push(
      largestUseful < 0
        ? `${name}: no block at all on a list that it may take from.`
        : `${name}: no block of order ${order} (${kb(order)}) or above that it may take; the largest is ${zone.lists[largestUseful]?.letters === undefined ? '' : 'at most '}of order ${largestUseful} (${kb(largestUseful)}).`,
    );
  return items;
}

const LETTERS: Readonly<Record<string, string>> = {
  U: 'unmovable',
  M: 'movable',
  E: 'reclaimable',
  C: "CMA's (C)",
  H: 'of the high-atomic reserve (H)',
  I: 'isolated (I)',
  R: 'of MIGRATE_RESERVE (R)',
};

const letterNames = (letters: string): string =>
  listed(
    Array.from(letters, (letter) => LETTERS[letter] ?? letter),
    'or',
  );

function oldRule(allowed: readonly ZoneVerdict[], order: number, version: KernelVersion): string {
  const passesToday = allowed.some(
    ({ judgement }) => judgement.refusal !== 'mark' && judgement.useful.length > 0,
  );
  const today = passesToday
    ? `By the rule since 4.4, as in 6.1, the request would succeed: the mark passes and a block of order ${order} or above is there.`
    : 'The rule since 4.4 would refuse it too.';
  return `This is the watermark rule of Linux ${seriesOf(version)}, as it was until 4.4 (commit 97a16fc82a7c changed it). ${today}`;
}

/** Zones that have free memory which this request cannot use. */
function outOfReach(
  { others, highest, order }: Verdict,
  memInfo: MemInfo,
  version: KernelVersion,
): string[] {
  const above = others.filter(
    ({ name }) => order.names.indexOf(name) > order.names.indexOf(highest),
  );
  const free = above.reduce((sum, zone) => sum + (zone.kB.get('free') ?? 0), 0);
  if (above.length > 0)
    return [
      `${listed(above.map(zoneTitle))}: ${size(free * 1024)} free, out of reach of a request for ${highest}.`,
      ...(above.some(({ name }) => name === 'HighMem')
        ? [
            `Kernel data has to lie in lowmem, however much highmem is free; the struct pages of all memory (32 bytes for each 4 kB: 8 MiB a GiB) lie there too. With much more memory than 8 GiB take a 64-bit kernel.`,
          ]
        : []),
    ];
  const highmem = memInfo.counts.get('pages HighMem') ?? 0;
  return highmem > 0 &&
    isAtLeast(version, [6, 1, 0]) &&
    order.names.includes('HighMem') &&
    highest !== 'HighMem' &&
    highest !== 'Movable'
    ? [
        `The zone lines of HighMem (${pagesText(highmem, memInfo.pageSize)}) are missing on purpose: since 6.1 zones above the request's are not printed. They would not help.`,
      ]
    : [];
}
