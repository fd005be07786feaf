/**
 * The area: objects that Linux allocates at boot and a dump does not place. Page sets, pageblock bits, section tables, a
 * CPU's own data, and the zones' names, one behind the other in one piece of reserved frames.
 *
 * Source: Linux 6.1 mm/page_alloc.c: usemap_size(), setup_zone_pageset(); mm/sparse.c: memory_present(),
 * sparse_init_one_section(); mm/percpu.c (a unit a CPU).
 */
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../memory/address.js';
import type { Profile } from '../../types/profile.js';
import { roundUp, sizeofStruct, symbolAddress } from './facts.js';
import type { RecordedState } from './recordedState.js';
import type { ReservedFrames } from './reservedFrames.js';
import type { PopulatedZone } from './zonesDump.js';

/** Objects of the area, as addresses. */
export interface Area {
  readonly start: VirtAddr;
  readonly sizeBytes: number;
  /** By zone index; undefined for an empty zone. What `zone->per_cpu_pageset` holds: on SMP relative to a CPU's base. */
  readonly pagesets: readonly (number | undefined)[];
  /** As pagesets, SMP only. */
  readonly zonestats: readonly (number | undefined)[];
  /** FLATMEM: by zone index. */
  readonly pageblockFlags: readonly (VirtAddr | undefined)[];
  /** By zone index. */
  readonly names: readonly VirtAddr[];
  /** SMP: `__per_cpu_offset[]` of each CPU with a page set. */
  readonly perCpuBases: readonly VirtAddr[];
  /** SPARSEMEM. */
  readonly sectionTables?: SectionTables;
  /** Where there is a CMA area: a bit for each of its pages. */
  readonly cmaBitmap?: VirtAddr;
}

export interface SectionTables {
  /** `mem_section[]`: pointers to roots. */
  readonly roots: VirtAddr;
  /** Root number -> page of `struct mem_section`. */
  readonly rootPages: ReadonlyMap<number, VirtAddr>;
  /** Section number -> `struct mem_section_usage`. */
  readonly usages: ReadonlyMap<number, VirtAddr>;
}

/** Hands out offsets first; the area's address is known when its size is. */
class AreaPlan {
  sizeBytes = 0;

  reserve(sizeBytes: number, align: number): number {
    const offset = roundUp(this.sizeBytes, align);
    this.sizeBytes = offset + sizeBytes;
    return offset;
  }
}

export function placeArea(
  state: RecordedState,
  profile: Profile,
  sections: readonly number[],
  frames: ReservedFrames,
  pageOffset: VirtAddr,
): Area {
  const plan = new AreaPlan();
  const zones = state.zones.zones.map((zone) => zone.populated);
  const line = profile.constant('L1_CACHE_BYTES');
  const perCpu = planPerCpu(plan, profile, zones, line);
  const sparse = sections.length > 0;
  const flags = zones.map((zone) =>
    zone === undefined || sparse ? undefined : plan.reserve(pageblockBytes(zone, profile), line),
  );
  const names = state.zones.zones.map((zone) => plan.reserve(zone.name.length + 1, 1));
  const tables = sparse ? planSections(plan, profile, sections, line) : undefined;
  const cmaPages = zones.reduce((sum, zone) => sum + (zone?.fields.cma ?? 0), 0);
  const cmaBitmap =
    cmaPages === 0
      ? undefined
      : plan.reserve(roundUp(cmaPages, 8 * profile.pointerSize) / 8, profile.pointerSize);
  const nrFrames = Math.ceil(plan.sizeBytes / PAGE_SIZE);
  const startFrame = frames.take(nrFrames, 1, "the kernel's boot-time tables");
  const start = asVirt(pageOffset + startFrame * PAGE_SIZE);
  const at = (offset: number): VirtAddr => asVirt(start + offset);
  return {
    start,
    sizeBytes: plan.sizeBytes,
    pagesets: perCpu.pagesets.map((offset) =>
      offset === undefined || profile.smp ? offset : at(offset),
    ),
    zonestats: perCpu.zonestats,
    pageblockFlags: flags.map((offset) => (offset === undefined ? undefined : at(offset))),
    names: names.map(at),
    perCpuBases: perCpu.bases.map(at),
    ...(cmaBitmap !== undefined && { cmaBitmap: at(cmaBitmap) }),
    ...(tables && {
      sectionTables: {
        roots: at(tables.roots),
        rootPages: new Map([...tables.rootPages].map(([root, offset]) => [root, at(offset)])),
        usages: new Map([...tables.usages].map(([section, offset]) => [section, at(offset)])),
      },
    }),
  };
}

/** UP: a page set a zone. SMP: a unit a CPU, the static per-CPU data first, and in it a page set and counters a zone. */
function planPerCpu(
  plan: AreaPlan,
  profile: Profile,
  zones: readonly (PopulatedZone | undefined)[],
  line: number,
): {
  readonly pagesets: readonly (number | undefined)[];
  readonly zonestats: readonly (number | undefined)[];
  readonly bases: readonly number[];
} {
  const pagesetBytes = sizeofStruct(profile, 'per_cpu_pages');
  const inEach = (target: AreaPlan, sizeBytes: number): (number | undefined)[] =>
    zones.map((zone) => (zone === undefined ? undefined : target.reserve(sizeBytes, line)));
  if (!profile.smp) return { pagesets: inEach(plan, pagesetBytes), zonestats: [], bases: [] };
  const unit = new AreaPlan();
  unit.reserve(symbolAddress(profile, '__per_cpu_end'), PAGE_SIZE);
  const zonestats = inEach(unit, sizeofStruct(profile, 'per_cpu_zonestat'));
  const pagesets = inEach(unit, pagesetBytes);
  const nrCpus = Math.max(...zones.map((zone) => zone?.pcp.length ?? 0));
  const bases = Array.from({ length: nrCpus }, () => plan.reserve(unit.sizeBytes, PAGE_SIZE));
  return { pagesets, zonestats, bases };
}

/** Four bits a pageblock, in whole longs. */
function pageblockBytes(zone: PopulatedZone, profile: Profile): number {
  const nrPages = profile.constant('pageblock_nr_pages');
  const { start, spanned } = zone.fields;
  const nrBlocks = roundUp((start % nrPages) + spanned, nrPages) / nrPages;
  return roundUp(nrBlocks * 4, 8 * profile.pointerSize) / 8;
}

function planSections(
  plan: AreaPlan,
  profile: Profile,
  sections: readonly number[],
  line: number,
): {
  readonly roots: number;
  readonly rootPages: ReadonlyMap<number, number>;
  readonly usages: ReadonlyMap<number, number>;
} {
  const perRoot = PAGE_SIZE / sizeofStruct(profile, 'mem_section');
  const rootsBytes = (profile.constant('NR_MEM_SECTIONS') / perRoot) * profile.pointerSize;
  const roots = plan.reserve(rootsBytes, PAGE_SIZE);
  const rootPages = new Map<number, number>();
  for (const section of sections) {
    const root = Math.floor(section / perRoot);
    if (!rootPages.has(root)) rootPages.set(root, plan.reserve(PAGE_SIZE, PAGE_SIZE));
  }
  const nrBlocks = profile.constant('PAGES_PER_SECTION') / profile.constant('pageblock_nr_pages');
  const usageBytes = sizeofStruct(profile, 'mem_section_usage') + (nrBlocks * 4) / 8;
  const usages = new Map(sections.map((section) => [section, plan.reserve(usageBytes, line)]));
  return { roots, rootPages, usages };
}
