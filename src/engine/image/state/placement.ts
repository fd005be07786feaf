/**
 * Where the parts of a rebuilt state lie: the linear maps, mem_map, and an area for the objects that Linux allocates at boot
 * and a dump does not place (page sets, pageblock bits, section tables, a CPU's own data).
 *
 * The dump fixes the addresses of static objects only. The rest goes to reserved frames (`reservedFrames.ts`): mem_map
 * first, as Linux does, with its size and alignment; then the area in one piece.
 *
 * Source: Linux 6.1 mm/page_alloc.c: alloc_node_mem_map(); mm/sparse.c: sparse_init_nid();
 * mm/sparse-vmemmap.c.
 */
import type { MemmapExtent, MemmapGeometry } from '../../machine/memmap.js';
import type { LinearMaps } from '../../machine/linearMaps.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../memory/address.js';
import type { Profile } from '../../types/profile.js';
import { freedRanges } from '../freedRanges.js';
import { placeArea, type Area } from './area.js';
import { roundUp, sizeofStruct, symbolAddress } from './facts.js';
import type { RecordedState } from './recordedState.js';
import { ReservedFrames } from './reservedFrames.js';

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
  /** Where nothing of this lies. */
  readonly spare: ReservedFrames;
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
    state.tableFrames,
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
  return { linear, memmap, maxPfn, maxLowPfn, nrCpus, freed, area, sections, spare: frames };
}

/** On i386 lowmem ends where the first zone of highmem begins. */
export function lowmemEnd(state: RecordedState, profile: Profile, maxPfn: number): number {
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
