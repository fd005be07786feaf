/**
 * Where the parts of a rebuilt state lie: the linear maps, mem_map, and an area for the objects that Linux allocates at boot
 * and a dump does not place (page sets, pageblock bits, section tables, a CPU's own data).
 *
 * The dump fixes the addresses of static objects only. The rest goes to reserved frames (`reservedFrames.ts`): mem_map
 * first, as Linux does, with its size and alignment; then the area in one piece.
 *
 * Source: Linux 6.1 mm/page_alloc.c: alloc_node_mem_map(), usemap_size(); mm/sparse.c: sparse_init_nid(),
 * memory_present(); mm/sparse-vmemmap.c.
 */
import type { MemmapExtent, MemmapGeometry } from '../../kernel/memmap.js';
import type { LinearMaps } from '../../kernel/mm.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../memory/address.js';
import type { Profile } from '../../types/profile.js';
import { freedRanges } from '../freedRanges.js';
import type { RecordedState } from './recordedState.js';
import { ReservedFrames } from './reservedFrames.js';
import type { PopulatedZone } from './zonesDump.js';

export interface Placement {
  readonly linear: LinearMaps;
  readonly memmap: MemmapGeometry;
  /** One past the highest pfn of RAM. */
  readonly maxPfn: number;
  readonly maxLowPfn: number;
  readonly nrCpus: number;
  /** Frames of the kernel image that boot gave back. */
  readonly freed: readonly { readonly startFrame: number; readonly endFrame: number }[];
  readonly area: Area;
  /** SPARSEMEM: numbers of the sections that have memory; empty on FLATMEM. */
  readonly sections: readonly number[];
}

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
}

export interface SectionTables {
  /** `mem_section[]`: pointers to roots. */
  readonly roots: VirtAddr;
  /** Root number -> page of `struct mem_section`. */
  readonly rootPages: ReadonlyMap<number, VirtAddr>;
  /** Section number -> `struct mem_section_usage`. */
  readonly usages: ReadonlyMap<number, VirtAddr>;
}

/** @throws ImageError when the state has too little reserved memory for the tables it must have */
export function placeState(state: RecordedState, profile: Profile): Placement {
  const maxPfn = state.memmap.endPfn;
  const pageOffset = asVirt(profile.constant('PAGE_OFFSET'));
  const maxLowPfn = lowmemEnd(state, profile, maxPfn);
  const kernel = kernelFrames(profile);
  const nrCpus = Math.max(1, ...state.zones.zones.map((zone) => zone.populated?.pcp.length ?? 0));
  const freed = freedRanges(profile, nrCpus).map(({ start, end }) => ({
    startFrame: kernel.startFrame + (start - kernel.start) / PAGE_SIZE,
    endFrame: kernel.startFrame + (end - kernel.start) / PAGE_SIZE,
  }));
  const reserved = 1 << profile.constant('PG_reserved');
  const frames = new ReservedFrames(
    state.memmap,
    reserved,
    (1 << profile.constant('__NR_PAGEFLAGS')) - 1,
    kernel.endFrame,
    maxLowPfn,
  );
  const linear: LinearMaps = {
    pageOffset,
    directMapEndFrame: maxLowPfn,
    // What is left of the brk area behind the image belongs to nobody.
    ...(profile.arch === 'x86_64' && {
      kernelMap: {
        ...kernel,
        endFrame: state.memmap.endOfFlagged(reserved, kernel.endFrame),
        freed,
      },
    }),
  };
  const sections =
    profile.constant('CONFIG_SPARSEMEM_VMEMMAP') === 1 ? sectionsOf(state, profile) : [];
  const memmap =
    sections.length > 0
      ? vmemmapGeometry(profile, sections, frames)
      : flatGeometry(profile, maxPfn, frames, pageOffset);
  const area = placeArea(state, profile, sections, frames, pageOffset);
  return { linear, memmap, maxPfn, maxLowPfn, nrCpus, freed, area, sections };
}

/** On i386 lowmem ends where the first zone of highmem begins. */
function lowmemEnd(state: RecordedState, profile: Profile, maxPfn: number): number {
  const highmem = profile.types.enumerator('ZONE_HIGHMEM')?.value;
  const zone = highmem === undefined ? undefined : state.zones.zones[highmem]?.populated;
  return zone === undefined ? maxPfn : zone.fields.start;
}

function kernelFrames(profile: Profile): {
  readonly start: VirtAddr;
  readonly startFrame: number;
  readonly endFrame: number;
} {
  const base = profile.constant('__START_KERNEL_map');
  const start = symbolAddress(profile, '_text');
  return {
    start,
    startFrame: Math.floor((start - base) / PAGE_SIZE),
    endFrame: Math.ceil((symbolAddress(profile, '_end') - base) / PAGE_SIZE),
  };
}

function symbolAddress(profile: Profile, name: string): VirtAddr {
  const symbol = profile.symbol(name);
  if (symbol === undefined) throw new Error(`profile ${profile.name} has no ${name}`);
  return symbol.address;
}

const sizeofStruct = (profile: Profile, tag: string): number => {
  const type = profile.types.struct(tag);
  if (type === undefined) throw new Error(`profile ${profile.name} has no struct ${tag}`);
  return type.sizeBytes;
};

// --- mem_map -----------------------------------------------------------------------------------------------------------

/** One array from pfn 0 to the end of the last block of the highest order. */
function flatGeometry(
  profile: Profile,
  maxPfn: number,
  frames: ReservedFrames,
  pageOffset: VirtAddr,
): MemmapGeometry {
  const sizeofPage = sizeofStruct(profile, 'page');
  const endPfn = roundUp(maxPfn, 1 << (profile.constant('MAX_ORDER') - 1));
  const nrFrames = Math.ceil((endPfn * sizeofPage) / PAGE_SIZE);
  const startFrame = frames.take(nrFrames, 1, 'mem_map');
  return {
    base: asVirt(pageOffset + startFrame * PAGE_SIZE),
    sizeofPage,
    endPfn,
    extents: [{ startMapPage: 0, startFrame, nrFrames }],
  };
}

/** Numbers of the sections in which the dump has pages. */
function sectionsOf(state: RecordedState, profile: Profile): number[] {
  const perSection = profile.constant('PAGES_PER_SECTION');
  const sections = new Set<number>();
  const { memmap } = state;
  for (let i = 0; i < memmap.length; i++) {
    const start = memmap.startPfn[i] ?? 0;
    const last = start + (memmap.count[i] ?? 0) - 1;
    for (let s = Math.floor(start / perSection); s <= Math.floor(last / perSection); s++)
      sections.add(s);
  }
  return [...sections].sort((a, b) => a - b);
}

/** vmemmap is backed by huge pages, all from one buffer, in the order of the sections. */
function vmemmapGeometry(
  profile: Profile,
  sections: readonly number[],
  frames: ReservedFrames,
): MemmapGeometry {
  const sizeofPage = sizeofStruct(profile, 'page');
  const perSection = profile.constant('PAGES_PER_SECTION');
  const hugeFrames = 1 << (profile.constant('PMD_SHIFT') - profile.constant('PAGE_SHIFT'));
  const hugeBytes = hugeFrames * PAGE_SIZE;
  const hugePages = new Set<number>();
  for (const section of sections) {
    const start = section * perSection * sizeofPage;
    const end = start + perSection * sizeofPage;
    for (let at = Math.floor(start / hugeBytes); at < Math.ceil(end / hugeBytes); at++)
      hugePages.add(at);
  }
  const first = frames.take(hugePages.size * hugeFrames, hugeFrames, 'vmemmap');
  const extents = [...hugePages].map((page, i): MemmapExtent => ({
    startMapPage: page * hugeFrames,
    startFrame: first + i * hugeFrames,
    nrFrames: hugeFrames,
  }));
  const lastSection = sections[sections.length - 1] ?? 0;
  return {
    base: asVirt(profile.constant('VMEMMAP_START')),
    sizeofPage,
    endPfn: (lastSection + 1) * perSection,
    extents,
  };
}

// --- the area ----------------------------------------------------------------------------------------------------------

/** Hands out offsets first; the area's address is known when its size is. */
class AreaPlan {
  sizeBytes = 0;

  reserve(sizeBytes: number, align: number): number {
    const offset = roundUp(this.sizeBytes, align);
    this.sizeBytes = offset + sizeBytes;
    return offset;
  }
}

function placeArea(
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

const roundUp = (value: number, unit: number): number => Math.ceil(value / unit) * unit;
