/**
 * /proc/zoneinfo of a dumped kernel.
 *
 * Source: Linux 6.1 mm/vmstat.c: zoneinfo_show_print(); the line `promo` since 6.11 (528afe6b5e5f).
 */
import { Counters, hugePagePages, isPrintedInThp } from '../counters.js';
import type { Inspected } from '../inspected.js';
import { nodesOf, zonesOf, type NodeView, type ZoneView } from '../zones.js';

/** MAX_RECLAIM_RETRIES */
const MAX_RECLAIM_RETRIES = 16;

export function zoneinfo(k: Inspected): string[] {
  const counters = new Counters(k);
  return nodesOf(k).flatMap((node) => {
    const zones = zonesOf(k, node);
    const first = zones.find(({ present }) => present > 0);
    return zones.flatMap((zone) => [
      `Node ${node.node}, zone ${zone.name.padStart(8)}`,
      ...(zone === first ? nodeLines(k, counters, node) : []),
      ...sizeLines(k, counters, zone),
      ...(zone.present === 0 ? [] : populatedLines(k, counters, node, zone)),
    ]);
  });
}

const statLine = (name: string, value: number): string => `      ${name.padEnd(12)} ${value}`;

function nodeLines(k: Inspected, counters: Counters, { at }: NodeView): string[] {
  return [
    '  per-node stats',
    ...Array.from({ length: counters.node.length }, (_, item) => {
      const pages = counters.ofNode(at, item);
      const value = isPrintedInThp(k, item) ? Math.floor(pages / hugePagePages(k)) : pages;
      return statLine(counters.name(counters.node, item), value);
    }),
  ];
}

function sizeLines(k: Inspected, counters: Counters, zone: ZoneView): string[] {
  const [min, low, high, promo] = zone.watermark.map((mark) => mark + zone.boost);
  return [
    `  pages free     ${counters.ofZone(zone, k.enumerator('NR_FREE_PAGES'))}`,
    `        boost    ${zone.boost}`,
    `        min      ${min}`,
    `        low      ${low}`,
    `        high     ${high}`,
    ...(promo !== undefined && printsPromo(k) ? [`        promo    ${promo}`] : []),
    `        spanned  ${zone.spanned}`,
    `        present  ${zone.present}`,
    `        managed  ${zone.managed}`,
    `        cma      ${zone.cma}`,
    `        protection: (${zone.reserve.join(', ')})`,
  ];
}

/** 528afe6b5e5f is in releases that count memory maps (6.11: f4cb78af91e3, by a few weeks). */
const printsPromo = (k: Inspected): boolean => k.findEnumerator('NR_VM_STAT_ITEMS') !== undefined;

function populatedLines(
  k: Inspected,
  counters: Counters,
  { at }: NodeView,
  zone: ZoneView,
): string[] {
  const { zone: ofZone, numa } = counters;
  const failures = k.number(at, 'pglist_data', 'kswapd_failures');
  return [
    ...Array.from({ length: ofZone.length }, (_, item) =>
      statLine(counters.name(ofZone, item), counters.ofZone(zone, item)),
    ),
    ...Array.from({ length: numa.length }, (_, item) =>
      statLine(counters.name(numa, item), counters.numaOfZone(zone, item)),
    ),
    '  pagesets',
    ...k.onlineCpus().flatMap((cpu) => pageSetLines(k, zone, cpu)),
    `  node_unreclaimable:  ${failures >= MAX_RECLAIM_RETRIES ? 1 : 0}`,
    `  start_pfn:           ${zone.start}`,
  ];
}

function pageSetLines(k: Inspected, zone: ZoneView, cpu: number): string[] {
  const member = k.either('zone', 'per_cpu_pageset', 'pageset');
  const set = k.perCpu(k.pointer(zone.at, 'zone', member), cpu);
  const tag = member === 'pageset' ? 'per_cpu_pageset' : 'per_cpu_pages';
  const path = member === 'pageset' ? 'pcp.' : '';
  const read = (name: string): number => k.number(set, tag, `${path}${name}`);
  return [
    `    cpu: ${cpu}`,
    `              count: ${read('count')}`,
    `              high:  ${read('high')}`,
    `              batch: ${read('batch')}`,
    ...thresholdLine(k, zone, cpu),
  ];
}

/** Of kernels for several CPUs. */
function thresholdLine(k: Inspected, zone: ZoneView, cpu: number): string[] {
  if (!k.has('per_cpu_zonestat', 'stat_threshold')) return [];
  const stats = k.perCpu(k.pointer(zone.at, 'zone', 'per_cpu_zonestats'), cpu);
  return [`  vm stats threshold: ${k.number(stats, 'per_cpu_zonestat', 'stat_threshold')}`];
}
