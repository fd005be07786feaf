/**
 * `mmscope info CORE|STATE`: what machine it is, its zones and watermarks, its free memory by order and type, and where
 * things lie. Numbers of pages are decimal, addresses and pfns hexadecimal. With `--proc NAME` a file of /proc instead, as
 * the machine's own kernel would print it.
 */
import type { KernelImage } from '../engine/image/kernelImage.js';
import { asVirt, PAGE_SIZE } from '../engine/memory/address.js';
import {
  pageAddress,
  readZones,
  type PopulatedZone,
  type ZonesDump,
} from '../engine/image/state/index.js';
import { migratetypeName } from '../engine/types/enumName.js';
import { proc_lines } from '../engine/entry/functions.js';
import { ImageError } from '../engine/image/kernelImage.js';
import { isDumpError, type Inspected } from '../engine/inspect/inspected.js';
import { dumpedProcLines } from '../engine/inspect/proc/files.js';
import { reportOf } from '../engine/inspect/report.js';
import { counted } from '../engine/view/counted.js';
import { ofDump, ofInspected } from './dumpFile.js';
import { dumpInfoLines } from './dumpInfo.js';
import type { Given } from './options.js';
import { textTable } from './table.js';

export const info = (path: string, given: Given): Promise<string[]> =>
  ofDump(path, given, (image) =>
    image.dumped === undefined ? infoLines(image) : dumpInfoLines(image.dumped),
  );

/** The lines of /proc/NAME, one of `proc_names`. */
export const procInfo = (path: string, name: string, given: Given): Promise<string[]> =>
  ofDump(path, given, ({ mm, dumped }) =>
    dumped === undefined ? linesOf(name, proc_lines(mm, name)) : dumpedFile(dumped, name),
  );

function linesOf(name: string, lines: string[] | undefined): string[] {
  if (lines === undefined)
    throw new ImageError(`/proc/${name} is not there: the machine has no such task.`);
  return lines;
}

function dumpedFile(dumped: Inspected, name: string): string[] {
  try {
    return linesOf(name, dumpedProcLines(dumped, name));
  } catch (error) {
    if (isDumpError(error)) throw new ImageError(`/proc/${name} cannot be told: ${error.message}.`);
    throw error;
  }
}

/** Everything that the machine has lists of, as JSON. */
export const jsonInfo = (path: string, given: Given): Promise<string> =>
  ofInspected(path, given, (dumped) => JSON.stringify(reportOf(dumped)));

interface NamedZone {
  readonly name: string;
  readonly zone: PopulatedZone;
}

function infoLines(image: KernelImage): string[] {
  const dump = readZones(image);
  const zones = dump.zones.flatMap(({ name, populated }): NamedZone[] =>
    populated === undefined ? [] : [{ name, zone: populated }],
  );
  return [
    ...machine(image, dump),
    ...section('zones', zoneRows(zones)),
    ...section('watermarks and reserves', watermarkRows(zones)),
    ...section('free blocks by order', buddyRows(zones)),
    ...section('free pages by migratetype', typeRows(image, zones)),
    ...section('per-CPU lists', pcpRows(zones)),
    ...section('pageblocks by migratetype', pageblockRows(image, zones)),
    ...section('where things lie', placeRows(image)),
  ];
}

function section(title: string, rows: readonly (readonly string[])[]): string[] {
  return ['', title, ...textTable(rows).map((line) => `  ${line}`)];
}

const hex = (value: number): string => `0x${value.toString(16)}`;
const text = (value: number): string => value.toString();
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

function machine(image: KernelImage, dump: ZonesDump): string[] {
  const { profile } = image;
  const { node } = dump;
  const rows = [
    ['source', image.origin],
    ['kernel', `Linux ${profile.release} ${profile.name}${profile.smp ? ' SMP' : ''}`],
    [
      'memory',
      `${counted(text(node.present), 'page')}, ${text(Math.ceil(node.present / 256))} MiB`,
    ],
    ['allocatable', `${counted(text(node.totalram), 'page')} (_totalram_pages)`],
    ['min_free_kbytes', text(node.min_free_kbytes)],
    ['zonelist', dump.zonelist.map((zone) => dump.zones[zone]?.name ?? '?').join(', ')],
  ];
  const width = Math.max(...rows.map(([label]) => label?.length ?? 0));
  return rows.map(([label = '', value = '']) => `${label.padEnd(width)}  ${value}`);
}

function zoneRows(zones: readonly NamedZone[]): string[][] {
  const rows = zones.map(({ name, zone }) => [
    name,
    hex(zone.fields.start),
    hex(zone.fields.start + zone.fields.spanned),
    text(zone.fields.present),
    text(zone.fields.managed),
    text(statOf(zone, 'nr_free_pages')),
    text(statOf(zone, 'nr_free_cma')),
    zone.fields.contiguous === 0 ? 'holes' : 'none',
  ]);
  return [['', 'start', 'end', 'present', 'managed', 'free', 'free CMA', 'holes'], ...rows];
}

const statOf = (zone: PopulatedZone, name: string): number =>
  zone.stat.find((item) => item.name === name)?.value ?? 0;

function watermarkRows(zones: readonly NamedZone[]): string[][] {
  const rows = zones.map(({ name, zone: { wmark, lowmem_reserve } }) => [
    name,
    ...[wmark.min, wmark.low, wmark.high, wmark.boost, wmark.highatomic].map(text),
    lowmem_reserve.join(' '),
  ]);
  return [['', 'min', 'low', 'high', 'boost', 'highatomic', 'lowmem_reserve'], ...rows];
}

function buddyRows(zones: readonly NamedZone[]): string[][] {
  const orders = zones[0]?.zone.free_area.map((_area, order) => text(order)) ?? [];
  const rows = zones.map(({ name, zone }) => [
    name,
    ...zone.free_area.map((area) => text(area.nr_free)),
  ]);
  return [['', ...orders], ...rows];
}

const shortType = (image: KernelImage, migratetype: number): string =>
  migratetypeName(image.profile, migratetype).replace('MIGRATE_', '');

function typeRows(image: KernelImage, zones: readonly NamedZone[]): string[][] {
  const types = Array.from({ length: image.mm.MIGRATE_TYPES }, (_, type) => type);
  const rows = zones.map(({ name, zone }) => [
    name,
    ...types.map((type) =>
      text(sum(zone.free_area.map((area, order) => (area.lengths[type] ?? 0) * 2 ** order))),
    ),
  ]);
  return [['', ...types.map((type) => shortType(image, type))], ...rows];
}

function pcpRows(zones: readonly NamedZone[]): string[][] {
  const rows = zones.flatMap(({ name, zone }) =>
    zone.pcp.map(({ cpu, fields }) => [
      name,
      ...[cpu, fields.count, fields.high, fields.batch, fields.free_factor].map(text),
    ]),
  );
  return [['', 'cpu', 'count', 'high', 'batch', 'free_factor'], ...rows];
}

function pageblockRows(image: KernelImage, zones: readonly NamedZone[]): string[][] {
  const { mm } = image;
  const types = Array.from({ length: mm.MIGRATE_TYPES }, (_, type) => type);
  const rows = zones.map(({ name, zone }) => {
    const entries = zone.pageblocks?.types.map((entry) => entry & mm.MIGRATETYPE_MASK) ?? [];
    return [name, ...types.map((type) => text(entries.filter((entry) => entry === type).length))];
  });
  return [['', ...types.map((type) => shortType(image, type))], ...rows];
}

function placeRows(image: KernelImage): string[][] {
  const { mm, profile } = image;
  const { pageOffset, directMapEndFrame } = mm.linear;
  const symbol = (name: string): number => profile.symbol(name)?.address ?? 0;
  const frames = new Set<number>();
  for (let pfn = 0; pfn < image.maxPfn; pfn += 64) {
    const frame = mm.memmap.frameOfVa(pageAddress(mm, pfn));
    if (frame !== undefined) frames.add(frame);
  }
  const node = symbol('contig_page_data');
  const rows = [
    ['direct map', pageOffset, pageOffset + directMapEndFrame * PAGE_SIZE, 0],
    ['kernel image', symbol('_text'), symbol('_end'), mm.phys_of(mm.va_of(mm.symbol('_text')))],
    ['mem_map', pageAddress(mm, 0), pageAddress(mm, image.maxPfn), Math.min(...frames) * PAGE_SIZE],
    [
      'contig_page_data',
      node,
      node + mm.sizeof.pglist_data,
      mm.phys_of(mm.va_of(mm.globals.contig_page_data)),
    ],
  ] as const;
  return [
    ['', 'start', 'end', 'physical'],
    ...rows.map(([name, start, end, phys]) => [
      name,
      mm.hex(asVirt(start)),
      mm.hex(asVirt(end)),
      hex(phys ?? 0),
    ]),
  ];
}
