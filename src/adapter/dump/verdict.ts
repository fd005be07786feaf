/**
 * `verdict(gfp, order)`: would this request succeed on the dumped machine, and if not, why: the watermark rule of the dump's own
 * release on its own numbers, told as of a report (src/report/allocation).
 *
 * It is what get_page_from_freelist() would find at this moment: nothing is reclaimed, compacted or killed.
 *
 * Source: Linux mm/page_alloc.c: get_page_from_freelist(), zone_watermark_fast(), __zone_watermark_ok().
 */
import { Unanswerable, type Answer } from '../../engine/inspect/ask/answer.js';
import { Counters } from '../../engine/inspect/counters.js';
import { Problems, type Inspected } from '../../engine/inspect/inspected.js';
import { migratetypeNames } from '../../engine/inspect/pageblocks.js';
import { listsOf, nodesOf, zonesOf, type ZoneView } from '../../engine/inspect/zones.js';
import { judge, type Verdict, type ZoneVerdict } from '../../report/allocation/judge.js';
import type { MemInfo, OrderList, ZoneInfo } from '../../report/allocation/memInfo.js';
import { whyItems, zoneTitle } from '../../report/allocation/verdictText.js';
import { decodeGfp, gfpOfNames, gfpText, type GfpMask } from '../../report/facts/gfp.js';
import { parseVersion, type KernelVersion } from '../../report/input/version.js';

const PAGE_KB = 4;
const CALL = /^\s*verdict\s*\(([\s\S]*)\)\s*;?\s*$/;
const USAGE = 'Write verdict(GFP_KERNEL, 3): a GFP mask, by names or as a number, and an order.';

/** Of a call of verdict() with arguments; undefined for anything else. @throws Unanswerable */
export function verdictAnswer(k: Inspected, expression: string): Answer | undefined {
  const inside = CALL.exec(expression)?.[1];
  if (inside === undefined) return undefined;
  const [gfp = '', orderText = '', ...more] = inside.split(',').map((part) => part.trim());
  const order = Number(orderText);
  const nrOrders = k.lengthOf('zone', 'free_area');
  if (gfp === '' || more.length > 0 || !/^\d+$/.test(orderText)) throw new Unanswerable(USAGE);
  const version = parseVersion(k.dump.release);
  if (version === undefined)
    throw new Unanswerable(
      `The release of the dump, ${k.dump.release}, is not a version of Linux.`,
    );
  const mask = maskOf(k, gfp, version);
  if (order >= nrOrders)
    return {
      text: `No: the largest block is of order ${nrOrders - 1}, and no request above it is looked at.`,
      data: { succeeds: false, cause: 'order', zones: [] },
    };
  return answerOf(k, mask, order, version);
}

function answerOf(k: Inspected, mask: GfpMask, order: number, version: KernelVersion): Answer {
  const nodes = nodesOf(k);
  const views = nodes.flatMap((node) => zonesOf(k, node));
  const names = views.filter(({ node }) => node === nodes[0]?.node).map(({ name }) => name);
  const problems = new Problems();
  const memInfo = memInfoOf(k, views, problems);
  const verdict = judge(
    memInfo,
    mask,
    order,
    version,
    { bits: k.pointerSize === 8 ? 64 : 32 },
    names,
  );
  const serving = verdict.allowed.find(({ judgement }) => judgement.refusal === undefined);
  const lines = [
    headline(verdict, serving, mask, order),
    ...whyItems(verdict, memInfo, order, version),
    ...problems.found.map((text) => `Not in the dump: ${text}.`),
  ];
  return {
    text: lines.join('\n'),
    data: {
      succeeds: serving !== undefined,
      cause: verdict.cause,
      gfp: mask.text,
      order,
      zone: serving === undefined ? null : zoneTitle(serving.zone),
      above_low: serving === undefined ? null : isAboveLow(serving),
      zones: verdict.allowed.map(({ zone, free, judgement }) => ({
        zone: zoneTitle(zone),
        free,
        usable: judgement.usable,
        min: judgement.min,
        adjusted_min: judgement.adjustedMin,
        lowmem_reserve: judgement.lowmemReserve,
        refusal: judgement.refusal ?? null,
      })),
    },
  };
}

function headline(
  { cause, highest }: Verdict,
  serving: ZoneVerdict | undefined,
  mask: GfpMask,
  order: number,
): string {
  const request = `order ${order} by ${mask.text}`;
  if (serving !== undefined)
    return `Yes: ${request} succeeds now, from ${zoneTitle(serving.zone)}${
      isAboveLow(serving)
        ? ''
        : ', which is below its low watermark: kswapd is woken first, then the mark of the slow path lets it pass'
    }.`;
  const why: Partial<Record<Verdict['cause'], string>> = {
    'no-zone': `no zone up to ${highest} has memory`,
    cma: 'what is free is CMA, which it may not use',
    'cma-blocks': 'there are blocks of that order, on lists that it may not take from',
    reserve: 'what is free is kept by lowmem_reserve',
    shortage: 'every zone that it may use is at its watermark',
    fragmentation: 'no block of that order is free, though memory is',
  };
  return `No: ${request} does not succeed now: ${why[cause] ?? 'no zone lets it pass'}. It would have to reclaim or compact.`;
}

/** The fast path asks for the low watermark, without any of the request's rights. */
function isAboveLow({ zone, judgement }: ZoneVerdict): boolean {
  const low = (zone.kB.get('low') ?? 0) / PAGE_KB;
  return judgement.usable > low + judgement.lowmemReserve;
}

/** The dump's numbers as a report would print them. */
function memInfoOf(k: Inspected, views: readonly ZoneView[], problems: Problems): MemInfo {
  return {
    pageSize: PAGE_KB * 1024,
    zones: views.filter(({ managed }) => managed > 0).map((view) => zoneInfo(k, view, problems)),
    totals: new Map(),
    counts: new Map(),
    allUnreclaimable: false,
  };
}

function zoneInfo(k: Inspected, view: ZoneView, problems: Problems): ZoneInfo {
  const counters = new Counters(k);
  const counter = (name: string): number =>
    k.findEnumerator(name) === undefined ? 0 : counters.ofZone(view, k.enumerator(name));
  // 6.13 counts the free pages of the reserve; before, all that it has are taken for free.
  const highatomic = ['nr_free_highatomic', 'nr_reserved_highatomic'].find((name) =>
    k.has('zone', name),
  );
  const mark = (index: number): number => (view.watermark[index] ?? 0) + view.boost;
  const pages = {
    free: counter('NR_FREE_PAGES'),
    free_cma: counter('NR_FREE_CMA_PAGES'),
    min: mark(0),
    low: mark(1),
    high: mark(2),
    boost: view.boost,
    managed: view.managed,
    present: view.present,
    ...(highatomic !== undefined && {
      reserved_highatomic: k.number(view.at, 'zone', highatomic),
    }),
  };
  return {
    node: view.node,
    name: view.name,
    kB: new Map(Object.entries(pages).map(([name, value]) => [name, value * PAGE_KB])),
    lowmemReserve: view.reserve,
    lists: orderLists(k, view, problems),
    line: 0,
  };
}

/** Letters as Mem-Info has them. Source: mm/page_alloc.c: show_migration_types(). */
const LETTERS: Readonly<Record<string, string>> = {
  Unmovable: 'U',
  Movable: 'M',
  Reclaimable: 'E',
  HighAtomic: 'H',
  CMA: 'C',
  Isolate: 'I',
};

function orderLists(k: Inspected, view: ZoneView, problems: Problems): OrderList[] {
  const names = migratetypeNames(k);
  const { free_list } = listsOf(k, view, problems);
  return view.nr_free.map((count, order) => {
    const letters = names.map((name, type) =>
      `${order}.${type}` in free_list ? (LETTERS[name] ?? '') : '',
    );
    return { order, count, letters: letters.join('') };
  });
}

function maskOf(k: Inspected, text: string, version: KernelVersion): GfpMask {
  const bare = text.replace(/[()\s]/g, '');
  if (/^(0x[0-9a-f]+|\d+)$/i.test(bare)) return ofNumber(k, Number(bare), version);
  for (const name of bare.split('|'))
    if (gfpOfNames(name, version).flags.size === 0)
      throw new Unanswerable(`'${name}' is not a GFP flag of Linux ${k.dump.release}. ${USAGE}`);
  return gfpOfNames(bare, version);
}

/** Since 6.10 the bits are counted by the configuration, and enumerators tell them (772dd0342727). */
function ofNumber(k: Inspected, mask: number, version: KernelVersion): GfpMask {
  const enums = k.dump.types.enumerator('___GFP_DMA_BIT')?.type.enumerators ?? [];
  if (enums.length === 0) return decodeGfp(mask, version);
  const bits = enums.flatMap(({ name, value }) => {
    const flag = /^___GFP_(\w+)_BIT$/.exec(name)?.[1];
    return flag === undefined || flag.startsWith('UNUSED') || flag === 'LAST'
      ? []
      : [{ flag, bit: 2 ** value }];
  });
  const set = bits.filter(({ bit }) => Math.floor(mask / bit) % 2 === 1);
  const flags = new Set(set.map(({ flag }) => flag));
  const unknown = set.reduce((rest, { bit }) => rest - bit, mask);
  return { flags, text: gfpText(flags, version, unknown), unknown };
}
