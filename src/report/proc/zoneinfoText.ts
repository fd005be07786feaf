/** What /proc/zoneinfo tells: is the machine short of memory, in which zone and node, and what does each number come from. */
import type { Facts, Item, Section } from '../finding.js';
import { sections } from '../finding.js';
import { zoneTitle } from '../allocation/verdictText.js';
import { listed, size } from '../render/amount.js';
import type { ZoneinfoZone } from './zoneinfo.js';
import {
  kernelRequest,
  markText,
  minimumText,
  pressureText,
  protectionTexts,
  scaleFactor,
} from './zoneRules.js';

export interface CaptureText {
  readonly headline: string;
  readonly sections: readonly Section[];
  readonly facts: Facts;
}

export function zoneinfoText(zones: readonly ZoneinfoZone[]): CaptureText {
  const used = zones.filter(({ managed, present }) => (managed ?? present ?? 1) > 0);
  const short = used.filter((zone) => matters(zone, used) && zone.free <= zone.low);
  const nodes = [...new Set(used.map(({ node }) => node))];
  return {
    headline: headline(used, short, nodes),
    sections: sections(
      ['Zones', [rows(used), ...used.filter((zone) => matters(zone, used)).map(pressureText)]],
      [
        'Where the numbers come from',
        [
          ...used.flatMap((zone) => markText(zone) ?? []),
          ...minimumText(used),
          ...nodes.flatMap((node) => protectionTexts(used.filter((zone) => zone.node === node))),
        ],
      ],
      ['Who may use what', reachItems(used)],
      ['Nodes', nodes.length > 1 ? nodeItems(used, nodes) : []],
    ),
    facts: {
      zones: used.map((zone) => {
        const request = kernelRequest(used, zone);
        return {
          node: zone.node,
          name: zone.name,
          free: zone.free,
          min: zone.min,
          low: zone.low,
          high: zone.high,
          managed: zone.managed ?? null,
          watermarkScaleFactor: scaleFactor(zone) ?? null,
          protection: [...zone.protection],
          kernelRequestNeeds: request.needed,
          kernelRequestPasses: request.passes,
        };
      }),
      isShort: short.length > 0,
      sumOfMin: used.reduce((sum, { min }) => sum + min, 0),
      nodes,
    },
  };
}

/** A lower zone that its reserve keeps out of ordinary use is never a sign of shortage. */
const matters = (zone: ZoneinfoZone, zones: readonly ZoneinfoZone[]): boolean =>
  zone.name !== 'DMA' || zones.length === 1;

function headline(
  zones: readonly ZoneinfoZone[],
  short: readonly ZoneinfoZone[],
  nodes: readonly number[],
): string {
  const free = zones.reduce((sum, zone) => sum + zone.free, 0);
  if (short.length === 0)
    return `No shortage: each zone in ordinary use is above its low mark${zones.every((zone) => !matters(zone, zones) || zone.free > zone.high) ? ', even above high: kswapd sleeps' : ''} (${size(free * 4096)} free).`;
  const names = listed(short.map(zoneTitle));
  const full = new Set(short.map(({ node }) => node));
  if (nodes.length > 1 && full.size < nodes.length)
    return `${names} ${short.length === 1 ? 'is' : 'are'} below the low mark while other nodes have memory free: the use of nodes is uneven.`;
  return `${names} ${short.length === 1 ? 'is' : 'are'} at or below the low mark.`;
}

const rows = (zones: readonly ZoneinfoZone[]): string[][] => [
  ['pages', 'free', 'min', 'low', 'high', 'managed', 'present', 'protection'],
  ...zones.map((zone) => [
    zoneTitle(zone),
    String(zone.free),
    String(zone.min),
    String(zone.low),
    String(zone.high),
    zone.managed === undefined ? '' : String(zone.managed),
    zone.present === undefined ? '' : String(zone.present),
    zone.protection.join(' '),
  ]),
];

function reachItems(zones: readonly ZoneinfoZone[]): Item[] {
  return zones.flatMap((zone) => {
    const { reserve, needed, passes } = kernelRequest(zones, zone);
    if (reserve === 0) return [];
    return [
      passes
        ? `${zoneTitle(zone)}: a GFP_KERNEL page needs free > min + protection = ${zone.min} + ${reserve} = ${needed}; ${zone.free} are free: it may still come from here.`
        : `${zoneTitle(zone)}: a GFP_KERNEL page needs free > min + protection = ${zone.min} + ${reserve} = ${needed}; ${zone.free} are free${(zone.managed ?? Infinity) <= needed ? ', and the zone has not more: never' : ': not now'}. Its pages stay for requests that ask for ${zone.name}${zone.name === 'DMA' ? ' (GFP_DMA)' : ''}. That is intended.`,
    ];
  });
}

function nodeItems(zones: readonly ZoneinfoZone[], nodes: readonly number[]): string[] {
  const of = (node: number): readonly ZoneinfoZone[] => zones.filter((zone) => zone.node === node);
  const sums = nodes.map((node) => ({
    node,
    free: of(node).reduce((sum, { free }) => sum + free, 0),
    managed: of(node).reduce((sum, { managed, present }) => sum + (managed ?? present ?? 0), 0),
  }));
  const items = sums.map(
    ({ node, free, managed }) =>
      `Node ${node}: ${size(free * 4096)} free of ${size(managed * 4096)} (${managed === 0 ? 0 : ((free / managed) * 100).toFixed(1)}%).`,
  );
  const least = sums.toSorted((a, b) => a.free / (a.managed || 1) - b.free / (b.managed || 1));
  const [low, high] = [least[0], least.at(-1)];
  if (
    low &&
    high &&
    low.managed > 0 &&
    high.managed > 0 &&
    high.free / high.managed > 4 * (low.free / low.managed)
  )
    items.push(
      `Node ${low.node} is full while node ${high.node} has room: requests for one node (a memory policy, a cpuset, __GFP_THISNODE, zone_reclaim_mode) reclaim there although memory is free elsewhere. numastat -m tells whose pages they are.`,
    );
  return items;
}
