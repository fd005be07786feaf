/**
 * The first place where two states differ, by the kernel's names:
 *
 *     page 0x1f40 ->lru.next: ours free_area[3].free_list[MIGRATE_MOVABLE], kernel page 0x1f48
 *     zone Normal ->vm_stat[nr_free_pages]: ours 0x35239, kernel 0x35238
 */
import type { Kernel } from '../../engine/machine/kernel.js';
import {
  freeListName,
  pcpListName,
  type PcpDump,
  type PopulatedZone,
  type ZoneDump,
  type ZonesDump,
} from '../../engine/image/state/index.js';
import { migratetypeName } from '../../engine/types/enumName.js';
import {
  COMPACT_MEMBERS,
  NODE_GLOBALS,
  PCP_MEMBERS,
  PGDAT_MEMBERS,
  WMARK_MEMBERS,
  ZONE_MEMBERS,
} from '../../engine/image/state/memberTables.js';

const hex = (value: number | undefined): string =>
  value === undefined ? 'nothing' : `0x${value.toString(16)}`;

const said = (place: string, ours: string, kernel: string): string =>
  `${place}: ours ${ours}, kernel ${kernel}`;

export function firstZonesDifference(
  mm: Kernel,
  ours: ZonesDump,
  kernel: ZonesDump,
): string | undefined {
  for (const difference of zonesDifferences(mm, ours, kernel)) return difference;
  return undefined;
}

function* zonesDifferences(mm: Kernel, ours: ZonesDump, kernel: ZonesDump): Generator<string> {
  const nodeMembers = { kswapd: 'kswapd', kcompactd: 'kcompactd', ...PGDAT_MEMBERS };
  yield* fields('contig_page_data.', nodeMembers, ours.node, kernel.node);
  yield* fields('', NODE_GLOBALS, ours.node, kernel.node);
  yield* array('contig_page_data.node_zonelists[0] zone', ours.zonelist, kernel.zonelist);
  for (const [i, zone] of kernel.zones.entries()) yield* zoneDifferences(mm, ours.zones[i], zone);
}

function* zoneDifferences(
  mm: Kernel,
  ours: ZoneDump | undefined,
  kernel: ZoneDump,
): Generator<string> {
  const zone = `zone ${kernel.name}`;
  if (ours?.name !== kernel.name)
    yield said(`${zone} ->name`, ours?.name ?? 'nothing', kernel.name);
  const [a, b] = [ours?.populated, kernel.populated];
  if ((a === undefined) !== (b === undefined))
    yield said(zone, a ? 'populated' : 'empty', b ? 'populated' : 'empty');
  if (a !== undefined && b !== undefined) yield* populatedDifferences(mm, zone, a, b);
}

function* populatedDifferences(
  mm: Kernel,
  zone: string,
  ours: PopulatedZone,
  kernel: PopulatedZone,
): Generator<string> {
  // Lists first: what goes wrong in one shows up in the counters, too, and the list says more.
  for (const [order, area] of kernel.free_area.entries()) {
    const oursArea = ours.free_area[order];
    for (const [migratetype, pfns] of area.lists.entries())
      yield* list(freeListName(mm, order, migratetype), oursArea?.lists[migratetype] ?? [], pfns);
    if (oursArea?.nr_free !== area.nr_free)
      yield said(
        `${zone} ->free_area[${order}].nr_free`,
        hex(oursArea?.nr_free),
        hex(area.nr_free),
      );
  }
  for (const [i, pcp] of kernel.pcp.entries()) yield* pcpDifferences(mm, zone, ours.pcp[i], pcp);
  if (ours.at !== kernel.at) yield said(zone, mm.hex(ours.at), mm.hex(kernel.at));
  yield* fields(`${zone} ->`, ZONE_MEMBERS, ours.fields, kernel.fields);
  yield* fields(`${zone} ->`, WMARK_MEMBERS, ours.wmark, kernel.wmark);
  yield* fields(`${zone} ->`, COMPACT_MEMBERS, ours.compact, kernel.compact);
  yield* array(`${zone} ->lowmem_reserve`, ours.lowmem_reserve, kernel.lowmem_reserve);
  for (const [i, { name, value }] of kernel.stat.entries())
    if (ours.stat[i]?.value !== value)
      yield said(`${zone} ->vm_stat[${name}]`, hex(ours.stat[i]?.value), hex(value));
  for (const [i, { cpu, threshold, diff }] of kernel.statdiff.entries()) {
    const stats = `${zone} ->per_cpu_zonestats (cpu ${cpu})`;
    yield* array(`${stats}->vm_stat_diff`, ours.statdiff[i]?.diff ?? [], diff);
    if (ours.statdiff[i]?.threshold !== threshold)
      yield said(`${stats}->stat_threshold`, hex(ours.statdiff[i]?.threshold), hex(threshold));
  }
  yield* pageblocks(mm, zone, ours, kernel);
}

function* pcpDifferences(
  mm: Kernel,
  zone: string,
  ours: PcpDump | undefined,
  kernel: PcpDump,
): Generator<string> {
  const set = `${zone} ->per_cpu_pageset (cpu ${kernel.cpu})`;
  if (ours === undefined) {
    yield said(set, 'nothing', 'a page set');
    return;
  }
  for (let pindex = 0; pindex < mm.NR_PCP_LISTS; pindex++) {
    const [a, b] = [ours.lists.get(pindex), kernel.lists.get(pindex)];
    yield* list(pcpListName(pindex), a?.pfns ?? [], b?.pfns ?? []);
    for (const [i, pfn] of (b?.pfns ?? []).entries())
      if (a?.migratetypes[i] !== b?.migratetypes[i])
        yield said(`page ${hex(pfn)} ->index`, hex(a?.migratetypes[i]), hex(b?.migratetypes[i]));
  }
  yield* fields(`${set}->`, PCP_MEMBERS, ours.fields, kernel.fields);
}

function* pageblocks(
  mm: Kernel,
  zone: string,
  ours: PopulatedZone,
  kernel: PopulatedZone,
): Generator<string> {
  const [a, b] = [ours.pageblocks, kernel.pageblocks];
  if (a === undefined || b === undefined) return;
  for (const [i, entry] of b.types.entries()) {
    if (a.types[i] === entry) continue;
    const pfn = b.start + i * 2 ** b.order;
    yield said(
      `${zone}, pageblock of page ${hex(pfn)}`,
      entryText(mm, a.types[i]),
      entryText(mm, entry),
    );
  }
}

function entryText(mm: Kernel, entry: number | undefined): string {
  if (entry === undefined) return 'nothing';
  const type = migratetypeName(mm.profile, entry & mm.MIGRATETYPE_MASK);
  return (entry & ~mm.MIGRATETYPE_MASK) === 0 ? type : `${type} + skip`;
}

/** The first link of a list that leads elsewhere. */
function* list(
  head: string,
  ours: readonly number[],
  kernel: readonly number[],
): Generator<string> {
  const name = (pfn: number | undefined): string => (pfn === undefined ? head : `page ${hex(pfn)}`);
  const length = Math.max(ours.length, kernel.length);
  for (let i = 0; i < length; i++) {
    if (ours[i] === kernel[i]) continue;
    const from = i === 0 ? `${head} .next` : `page ${hex(kernel[i - 1])} ->lru.next`;
    yield said(from, name(ours[i]), name(kernel[i]));
    return;
  }
}

function* array(
  name: string,
  ours: readonly number[],
  kernel: readonly number[],
): Generator<string> {
  for (const [i, value] of kernel.entries())
    if (ours[i] !== value) yield said(`${name}[${i}]`, hex(ours[i]), hex(value));
}

function* fields<Names extends string>(
  prefix: string,
  members: Readonly<Record<Names, string>>,
  ours: Readonly<Record<NoInfer<Names>, number>>,
  kernel: Readonly<Record<NoInfer<Names>, number>>,
): Generator<string> {
  for (const name of Object.keys(members) as Names[])
    if (ours[name] !== kernel[name])
      yield said(`${prefix}${members[name]}`, hex(ours[name]), hex(kernel[name]));
}

// --- struct pages --------------------------------------------------------------------------------------------------------

const RUN_FIELDS = ['flags', '_refcount', '_mapcount', 'private'];

interface Run {
  readonly startPfn: number;
  readonly endPfn: number;
  readonly values: readonly string[];
}

/** The first page of two `%memmap` dumps with different words, given the lines from where they part. */
export function memmapDifference(ours: string | undefined, kernel: string | undefined): string {
  const [a, b] = [parseRun(ours), parseRun(kernel)];
  if (a === undefined || b === undefined) return said('mem_map', ours ?? 'ends', kernel ?? 'ends');
  if (a.startPfn !== b.startPfn)
    return said('mem_map, next run', `page ${hex(a.startPfn)}`, `page ${hex(b.startPfn)}`);
  const field = b.values.findIndex((value, i) => value !== a.values[i]);
  if (field >= 0)
    return said(
      `page ${hex(b.startPfn)} ->${RUN_FIELDS[field] ?? '?'}`,
      `0x${a.values[field] ?? '?'}`,
      `0x${b.values[field] ?? '?'}`,
    );
  const pfn = Math.min(a.endPfn, b.endPfn);
  const same = (run: Run): string => (run.endPfn > pfn ? 'equal to the page before' : 'another');
  return said(`page ${hex(pfn)}`, same(a), same(b));
}

function parseRun(line: string | undefined): Run | undefined {
  const [mm, pfn, count, ...values] = line?.split(' ') ?? [];
  if (mm !== 'mm' || pfn === undefined || count === undefined) return undefined;
  const startPfn = parseInt(pfn, 16);
  return { startPfn, endPfn: startPfn + parseInt(count, 16), values };
}
