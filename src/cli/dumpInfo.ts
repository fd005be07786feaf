/** What `mmscope info` says of a dump that describes itself: which machine, its zones, what there is to ask for. */
import { LIVE_FORM } from '../engine/image/dump/containers/container.js';
import type { Inspected } from '../engine/inspect/inspected.js';
import { Problems } from '../engine/inspect/inspected.js';
import { cachesOf } from '../engine/inspect/slab.js';
import { tasksOf } from '../engine/inspect/tasks.js';
import { vmapAreasOf } from '../engine/inspect/vmalloc.js';
import { listsOf, populatedZonesOf, type ZoneView } from '../engine/inspect/zones.js';
import { textTable } from './table.js';

export function dumpInfoLines(k: Inspected): string[] {
  const problems = new Problems();
  if (k.dump.cutOff !== undefined) problems.add('the dump', k.dump.cutOff);
  const zones = problems.tried('zones', () => populatedZonesOf(k), []);
  return [
    ...machine(k, problems),
    ...section('zones', zoneRows(zones)),
    ...section('watermarks and reserves', watermarkRows(zones)),
    ...section('free blocks by order', orderRows(zones)),
    ...section('per-CPU lists', pageSetRows(k, zones, problems)),
    ...(problems.found.length === 0
      ? []
      : [
          '',
          k.dump.form === LIVE_FORM
            ? 'changed while it was read, or damaged'
            : 'not in the dump, or damaged',
        ]),
    ...problems.found.map((text) => `  ${text}`),
  ];
}

function section(title: string, rows: readonly (readonly string[])[]): string[] {
  return ['', title, ...textTable(rows).map((line) => `  ${line}`)];
}

const hex = (value: number): string => `0x${value.toString(16)}`;

function machine(k: Inspected, problems: Problems): string[] {
  const { dump } = k;
  const rows: (readonly [string, string])[] = [
    ['kernel', `Linux ${dump.release}, ${dump.arch}, ${dump.paging} page tables`],
    ['build id', dump.buildId ?? 'not in the dump'],
    ['form', dump.form],
    ['CPUs online', problems.tried('CPUs', () => k.onlineCpus().join(' '), '?')],
    ['direct map', k.hex(dump.pageOffset)],
    ...(dump.kernelOffset === undefined
      ? []
      : [['moved by KASLR', hex(dump.kernelOffset)] as const]),
    ['slab caches', String(cachesOf(k, problems).length)],
    ['vmalloc areas', String(vmapAreasOf(k, problems).length)],
    ['tasks', String(tasksOf(k, problems).length)],
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, value]) => `${label.padEnd(width)}  ${value}`);
}

const zoneLabel = ({ node, name }: ZoneView): string => `node ${node} ${name}`;

function zoneRows(zones: readonly ZoneView[]): string[][] {
  const rows = zones.map((zone) => [
    zoneLabel(zone),
    hex(zone.start),
    hex(zone.start + zone.spanned),
    String(zone.present),
    String(zone.managed),
    String(zone.nr_free.reduce((sum, nr, order) => sum + nr * 2 ** order, 0)),
  ]);
  return [['', 'start', 'end', 'present', 'managed', 'free'], ...rows];
}

function watermarkRows(zones: readonly ZoneView[]): string[][] {
  const rows = zones.map((zone) => [
    zoneLabel(zone),
    ...[0, 1, 2].map((mark) => String(zone.watermark[mark] ?? 0)),
    String(zone.boost),
    zone.reserve.join(' '),
  ]);
  return [['', 'min', 'low', 'high', 'boost', 'lowmem_reserve'], ...rows];
}

function orderRows(zones: readonly ZoneView[]): string[][] {
  const orders = zones[0]?.nr_free.map((_, order) => String(order)) ?? [];
  return [['', ...orders], ...zones.map((zone) => [zoneLabel(zone), ...zone.nr_free.map(String)])];
}

function pageSetRows(k: Inspected, zones: readonly ZoneView[], problems: Problems): string[][] {
  const rows = zones.flatMap((zone) =>
    problems
      .tried(`zone ${zone.name}`, () => listsOf(k, zone, problems).pcp, [])
      .map(({ cpu, count, high, batch }) => [
        zoneLabel(zone),
        ...[cpu, count, high, batch].map(String),
      ]),
  );
  return [['', 'cpu', 'count', 'high', 'batch'], ...rows];
}
