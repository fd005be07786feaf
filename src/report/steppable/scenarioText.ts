/**
 * A report as a scenario: a machine whose zones have the report's watermarks and free lists, and the call that failed. Stepping into the call
 * shows the refusal. Where the report's kernel had another watermark rule than 6.1, that rule is written out in C beside it.
 *
 * How lists are made: every free page of a zone is taken; of each order blocks until enough of them are the lower of a pair. These go
 * back, each on the list of its migratetype. Their buddies stay taken, so that nothing merges.
 */
import type { ScenarioInput } from '../context.js';
import { gfpText, mobilityOf } from '../facts/gfp.js';
import { kernelText } from '../input/reportKernel.js';
import { plural } from '../render/amount.js';
import { blocksOf, CMA, type Blocks } from './blocks.js';
import { oldRuleText } from './oldRule.js';
import {
  LARGEST_ORDER,
  placementOf,
  roomFor,
  type MachineZone,
  type PlacedZone,
  type Placement,
} from './placement.js';

/** More blocks than this take the scenario too long to set up. */
const MOST_BLOCKS = 120_000;

/** Of an order, blocks without their lower half that boot may have left. */
const ODD_ONES = 8;

const ASCENDING: readonly MachineZone[] = ['DMA', 'DMA32', 'Normal'];

const MASKS: Readonly<Record<MachineZone, string>> = {
  DMA: 'GFP_DMA',
  DMA32: 'GFP_DMA32',
  Normal: '0',
};

/** What refused, where no watermark or list did. */
const NOT_BY_NUMBERS: ReadonlySet<string> = new Set([
  'no-numbers',
  'beyond-memory',
  'fault-injection',
  'by-hand',
]);

/** Undefined where the report does not tell enough, or its machine is too large. */
export function scenarioText(input: ScenarioInput): string | undefined {
  const { decoded, verdict, kernel } = input;
  const { order } = decoded.request;
  if (order < 0 || order > LARGEST_ORDER || NOT_BY_NUMBERS.has(verdict.cause)) return undefined;
  if (verdict.allowed.some(({ zone }) => !zone.lists)) return undefined;
  if (verdict.cause !== 'no-zone' && verdict.allowed.length === 0) return undefined;
  const mobility = mobilityOf(decoded.mask);
  const all = verdict.allowed.map((zone) => blocksOf(zone, mobility));
  const ofCma = all.flat().filter(({ type }) => type === CMA);
  const placement = placementOf(input, mobility, roomFor(ofCma));
  if (!placement) return undefined;
  // Lowest first: a request for a higher zone falls back to lower ones, where nothing is left then.
  const zones = ASCENDING.flatMap((zone) =>
    placement.zones.filter((placed) => placed.zone === zone),
  ).map((placed) => ({ placed, blocks: blocksOf(placed.report, mobility) }));
  const held = zones.reduce(
    (sum, { blocks }) => sum + blocks.reduce((count, each) => count + 2 * each.count + ODD_ONES, 0),
    0,
  );
  if (
    held > MOST_BLOCKS ||
    zones.filter(({ blocks }) => blocks.some(({ type }) => type === CMA)).length > 1
  )
    return undefined;
  const isOld = verdict.allowance.orderRule === 'halving' && order > 0;
  const succeeds = placement.zones.some(
    ({ report: { judgement } }) =>
      judgement.refusal === undefined ||
      (isOld && judgement.refusal === 'order' && judgement.useful.length > 0),
  );
  return [
    `// ${kernelText(kernel)}: ${decoded.request.kind === 'oom' ? 'out of memory' : 'page allocation failure'}, order ${order}, ${decoded.mask.text}.`,
    '// Zones, watermarks and free lists are those of the report. Assumed:',
    '//   - the kernel is Linux 6.1 on x86, whatever the report ran; nothing can be reclaimed;',
    "//   - blocks of an order are shared among its lists as the report's letters allow; what is not free is taken by the scenario.",
    ...[
      ...placement.assumed,
      ...(placement.emptied.length > 0
        ? [`The machine has zone ${placement.emptied.join(' and ')} too, with nothing free.`]
        : []),
    ].map((text) => `//   - ${text}`),
    `#pragma mmscope machine arch=${placement.arch} ram=${placement.ramMiB}M cma=${placement.cmaMiB > 0 ? `${placement.cmaMiB}M` : '0'}`,
    '',
    ...(verdict.cause === 'no-zone'
      ? noZoneLines()
      : [
          ...helpers(held),
          ...ASCENDING.flatMap((zone) => takeLines(zone, zones, placement)),
          ...giveLines(zones, placement),
          ...markLines(zones.map(({ placed }) => placed)),
        ]),
    '',
    ...(isOld
      ? oldRuleText(
          zones.map(({ placed }) => placed),
          order,
          decoded.mask.flags,
          verdict.allowance,
        )
      : []),
    '// The request of the report. A stop on allocation failures comes here; or step into it: get_page_from_freelist() asks each zone.',
    ...(succeeds && isOld
      ? [`// By 6.1's rule it succeeds: the rule of the report's kernel is above.`]
      : []),
    `struct page *page = alloc_pages(${requestMask(input)}, ${order});`,
    `expect(page ${succeeds ? '!=' : '=='} NULL);`,
    '',
  ].join('\n');
}

/** The request's mask by 6.1's names. */
function requestMask({ decoded, verdict }: ScenarioInput): string {
  const { flags } = decoded.mask;
  const own = new Set(flags);
  if (own.delete('WAIT')) for (const flag of ['DIRECT_RECLAIM', 'KSWAPD_RECLAIM']) own.add(flag);
  else if (flags.has('HIGH') && !flags.has('DIRECT_RECLAIM'))
    for (const flag of ['ATOMIC', 'KSWAPD_RECLAIM']) own.add(flag);
  for (const gone of [
    'COLD',
    'REPEAT',
    'NOTRACK',
    'OTHER_NODE',
    'NO_KSWAPD',
    'KMEMCG',
    'NOACCOUNT',
    'NOLOCKDEP',
    'ZEROTAGS',
    'ATOMIC',
  ])
    if (gone !== 'ATOMIC' || !own.has('HIGH')) own.delete(gone);
  // Zones of the report stand under other names; the zone that it may use is the machine's highest kernel zone.
  if (verdict.highest === 'DMA' && verdict.allowed.every(({ zone }) => zone.name !== 'DMA'))
    own.delete('DMA');
  return gfpText(own, [6, 1, 0], 0).replaceAll('|', ' | ');
}

function helpers(most: number): string[] {
  const held = Math.max(1, most);
  return [
    `struct page *held[${held}];`,
    `char held_order[${held}];`,
    'int nr_held;',
    '',
    '// Takes blocks of one order, until so many are the lower of a pair. __GFP_MEMALLOC: down to the last page.',
    'void hold(gfp_t mask, int order, int count) {',
    `  while (count > 0 && nr_held < ${held}) {`,
    '    struct page *page = alloc_pages(mask | __GFP_MEMALLOC | __GFP_NOWARN, order);',
    '    if (!page)',
    '      return;',
    '    held_order[nr_held] = order;',
    '    held[nr_held++] = page;',
    '    if (order == 10 || !(page_to_pfn(page) & (1 << order)))',
    '      count--;',
    '  }',
    '}',
    '',
    '// Whether a block of this order is on a list that such a request may take from, or with this CPU.',
    'bool has_free(struct zone *zone, int order) {',
    '  if (per_cpu_ptr(zone->per_cpu_pageset, 0)->count > 0)',
    '    return true;',
    '  for (int type = 0; type < MIGRATE_PCPTYPES; type++)',
    '    if (!list_empty(&zone->free_area[order].free_list[type]))',
    '      return true;',
    '  return false;',
    '}',
    '',
    '// Takes what is left of a zone, largest blocks first, without a request that fails.',
    'void take_rest(int index, gfp_t mask) {',
    '  struct zone *zone = &contig_page_data.node_zones[index];',
    '  for (int order = 10; order >= 0; order--) {',
    '    drain_all_pages(NULL);',
    '    while (has_free(zone, order))',
    '      alloc_pages(mask | __GFP_MEMALLOC | __GFP_NOWARN, order);',
    '  }',
    '}',
    '',
    '// Gives blocks back to the list of a migratetype, only the lower of a pair: the other stays taken, and nothing merges.',
    'int give_back(int from, int order, int count, int migratetype) {',
    '  for (; count > 0 && from < nr_held; from++) {',
    '    if (held_order[from] != order || (order < 10 && (page_to_pfn(held[from]) & (1 << order))))',
    '      continue;',
    '    set_pageblock_migratetype(held[from], migratetype);',
    '    __free_pages(held[from], order);',
    '    count--;',
    '  }',
    '  return from;',
    '}',
    '',
  ];
}

interface ShapedZone {
  readonly placed: PlacedZone;
  readonly blocks: readonly Blocks[];
}

/** Blocks by order, CMA's apart: how many lower halves are taken of each. */
function takes(blocks: readonly Blocks[]): { order: number; count: number }[] {
  const orders = [...new Set(blocks.filter(({ type }) => type !== CMA).map(({ order }) => order))];
  return orders.map((order) => {
    const wanted = blocks
      .filter((each) => each.order === order && each.type !== CMA)
      .reduce((sum, { count }) => sum + count, 0);
    return { order, count: wanted };
  });
}

function zoneLines({ zone, report }: PlacedZone, blocks: readonly Blocks[]): string[] {
  return [
    `// ${zone}, for ${report.zone.name} of the report: ${plural(report.free, 'free page')}.`,
    ...takes(blocks).map(({ order, count }) => `hold(${MASKS[zone]}, ${order}, ${count});`),
    `take_rest(ZONE_${zone.toUpperCase()}, ${MASKS[zone]});`,
  ];
}

function takeLines(
  zone: MachineZone,
  zones: readonly ShapedZone[],
  { emptied }: Placement,
): string[] {
  const shaped = zones.find(({ placed }) => placed.zone === zone);
  if (shaped) return zoneLines(shaped.placed, shaped.blocks);
  return emptied.includes(zone)
    ? [
        `// ${zone}: the report has no such zone.`,
        `take_rest(ZONE_${zone.toUpperCase()}, ${MASKS[zone]});`,
      ]
    : [];
}

function giveLines(zones: readonly ShapedZone[], { cmaMiB }: Placement): string[] {
  const lines: string[] = ['', '// What is free in the report.', 'int at = 0;'];
  for (const { blocks } of zones)
    for (const { order } of takes(blocks))
      for (const each of blocks.filter((block) => block.order === order && block.type !== CMA))
        lines.push(`at = give_back(at, ${order}, ${each.count}, ${each.type});`);
  if (cmaMiB > 0) lines.push(...cmaLines(zones.flatMap(({ blocks }) => blocks)));
  lines.push('drain_all_pages(NULL);');
  return lines;
}

/** CMA's part is one area: all of it is taken, and pieces are given back. */
function cmaLines(blocks: readonly Blocks[]): string[] {
  return [
    '',
    "// CMA's part: all of the area is taken, and given back in blocks.",
    'struct page *area = cma_alloc(dma_contiguous_default_area, dma_contiguous_default_area->count, 0, true);',
    'expect(area != NULL);',
    'void give_cma(int order, int count) {',
    '  for (; count > 0; count--) {',
    '    cma_release(dma_contiguous_default_area, area, 1 << order);',
    '    area += order < 10 ? 2 << order : 1 << order;',
    '  }',
    '}',
    ...blocks
      .filter(({ type }) => type === CMA)
      .map(({ order, count }) => `give_cma(${order}, ${count});`),
  ];
}

function markLines(zones: readonly PlacedZone[]): string[] {
  return [
    '',
    '// Watermarks, in pages, and what lowmem_reserve[] keeps against this request.',
    'struct zone *zone;',
    ...zones.flatMap(({ zone, report }) => {
      const { judgement, boost } = report;
      const pages = (name: string): number => Math.floor((report.zone.kB.get(name) ?? 0) / 4);
      const min = pages('min') - (boost ?? 0);
      const highatomic =
        report.zone.kB.get('reserved_highatomic') ?? report.zone.kB.get('free_highatomic');
      return [
        `zone = &contig_page_data.node_zones[ZONE_${zone.toUpperCase()}];`,
        `zone->_watermark[WMARK_MIN] = ${min};`,
        `zone->_watermark[WMARK_LOW] = ${pages('low') - (boost ?? 0)};`,
        `zone->_watermark[WMARK_HIGH] = ${pages('high') - (boost ?? 0)};`,
        `zone->watermark_boost = ${boost ?? 0};`,
        ...(highatomic === undefined
          ? []
          : [`zone->nr_reserved_highatomic = ${Math.floor(highatomic / 4)};`]),
        'for (int i = 0; i < MAX_NR_ZONES; i++)',
        `  zone->lowmem_reserve[i] = ${judgement.lowmemReserve};`,
        ...(report.zone.lists ?? [])
          .filter(({ order }) => order <= LARGEST_ORDER)
          .map(({ order, count }) => `expect(zone->free_area[${order}].nr_free == ${count});`),
      ];
    }),
  ];
}

/** No zone that the request may use has memory: the zonelist ends after the highest. */
const noZoneLines = (): string[] => [
  "// The report's machine has all of its memory in ZONE_NORMAL: lower zones are not on the zonelist.",
  'contig_page_data.node_zonelists[0]._zonerefs[1].zone = NULL;',
  'contig_page_data.node_zonelists[0]._zonerefs[1].zone_idx = 0;',
];
