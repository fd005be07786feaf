/**
 * A virtual address space as regions from 0 to the top: those of the kernel's layout, with what the page tables map in each, and
 * what they map outside of all of them.
 *
 * Invariant: regions are disjoint and cover every address; the bytes mapped in them together are all that the tables map.
 *
 * Source: x86/addressSpace.ts (Linux 6.1 arch/x86/include/asm/pgtable_32_areas.h, pgtable_64_types.h); arch/x86/mm/init_32.c:
 * find_low_pfn_range().
 */
import { asVirt, formatAddress, type VirtAddr } from '../../memory/address.js';
import type { Region } from '../../x86/addressSpace.js';
import type { MappedRange } from '../../x86/ranges.js';
import type { Space } from '../addressSpaces.js';
import { intersection, rangeText, type AddressRange } from './addressRange.js';
import type { Atlas } from './atlas.js';
import { rightsText } from './rightsText.js';
import { tlbEntries } from './tlbEntries.js';
import { nrParts } from './virtualParts.js';
import type { MappingBody, RegionBody, RegionBodyKind, VirtualBody } from './virtual.js';

/** What each region is called, and what it is for. */
export const REGIONS: Readonly<Record<RegionBodyKind, { title: string; purpose: string }>> = {
  user: { title: 'user', purpose: 'What a process sees, through tables of its own.' },
  hole: { title: 'hole', purpose: 'Nothing is ever mapped here.' },
  nonCanonical: {
    title: 'not canonical',
    purpose: 'The upper bits are not all the same: an access raises a general protection fault.',
  },
  directMap: {
    title: 'direct map',
    purpose: 'Physical memory from 0 on, one behind the other: __va() and __pa() are a sum.',
  },
  kernelImage: { title: 'kernel image', purpose: 'The kernel’s own code and data.' },
  vmalloc: {
    title: 'vmalloc',
    purpose: 'Areas contiguous in virtual space alone: vmalloc(), vmap(), ioremap().',
  },
  vmemmap: { title: 'vmemmap', purpose: 'The struct page of every frame, as one array.' },
  pkmap: { title: 'pkmap', purpose: 'Slots that kmap() lends to pages of highmem.' },
  ldt: { title: 'LDT', purpose: 'The local descriptor table of a process.' },
  cpuEntryArea: {
    title: 'cpu entry area',
    purpose:
      'What a CPU needs before it has switched to the kernel’s tables: GDT, TSS, entry stacks.',
  },
  modules: { title: 'modules', purpose: 'Code and data of loaded modules.' },
  fixmap: {
    title: 'fixmap',
    purpose:
      'Addresses known at compile time, each mapped by one entry: the APIC, kmap_local_page().',
  },
  unnamed: {
    title: 'unnamed',
    purpose: 'Mapped by the tables, in no region that the kernel’s constants name.',
  },
};

/** A region of the layout, or what is mapped in a hole of it. */
export interface PlacedRegion extends AddressRange {
  readonly kind: RegionBodyKind;
  readonly id: string;
  readonly sizeBytes: number;
}

export function virtualBody(atlas: Atlas, space: Space | undefined): VirtualBody {
  const { spaces, image } = atlas;
  const { pointerSize } = image.profile;
  const border = atlas.border();
  return {
    pointerSize,
    addressBits: space?.paging.addressBits ?? (pointerSize === 4 ? 32 : 48),
    spaces: spaces.all().map(({ name, isKernel, isCurrent, paging }) => ({
      name,
      isKernel,
      isCurrent,
      mode: paging.mode,
      root: `0x${paging.rootPhys.toString(16)}`,
    })),
    ...(space !== undefined && { space: space.name }),
    regions: regionBodies(atlas, space),
    ...(border !== undefined && { border }),
    tlb: tlbEntries(image),
  };
}

function regionBodies(atlas: Atlas, space: Space | undefined): RegionBody[] {
  const { pointerSize } = atlas.image.profile;
  const ranges = space === undefined ? [] : atlas.spaces.rangesOf(space);
  const unread = space === undefined ? [] : atlas.spaces.unreadOf(space);
  return placedRegions(atlas, space).map((region) => {
    const mappings = mappingsIn(region, ranges);
    const unreadBytes = bytesIn(region, unread);
    return {
      id: region.id,
      kind: region.kind,
      ...REGIONS[region.kind],
      ...rangeText(region, pointerSize, region.sizeBytes),
      ...(space !== undefined && {
        mappedBytes: mappings.reduce((sum, { bytes }) => sum + bytes, 0),
      }),
      ...(unreadBytes > 0 && { unreadBytes }),
      mappings,
      nrParts: nrParts(atlas, space, region),
    };
  });
}

/** In the order of the ribbon: the user half, what is not canonical, the kernel half. */
export function placedRegions(atlas: Atlas, space: Space | undefined): PlacedRegion[] {
  const { regions } = atlas;
  const ranges = space === undefined ? [] : atlas.spaces.rangesOf(space);
  const finite = regions.filter(({ kind }) => kind !== 'nonCanonical');
  const lower = finite.filter(({ start }) => start >= 0);
  const upper = finite.filter(({ start }) => start < 0);
  const placed = [...lower, ...betweenHalves(regions), ...upper];
  return placed.flatMap((region) =>
    region.kind === 'hole' ? withoutUnnamed(atlas, region, ranges) : [place(atlas, region)],
  );
}

/** The addresses between the halves as one region: a number holds each half's own sign. */
function betweenHalves(regions: readonly Region[]): Region[] {
  const above = regions.find(({ kind, start }) => kind === 'nonCanonical' && start >= 0);
  const below = regions.find(({ kind, start }) => kind === 'nonCanonical' && start < 0);
  if (above === undefined || below === undefined) return [];
  return [{ kind: 'nonCanonical', start: above.start, end: below.end }];
}

function place(
  atlas: Atlas,
  region: AddressRange & { readonly kind: RegionBodyKind },
): PlacedRegion {
  const { kind, start, end } = region;
  const from = formatAddress(start, atlas.image.profile.pointerSize);
  const sizeBytes = kind === 'nonCanonical' ? 2 ** 64 - (start - end) : end - start;
  return { kind, start, end, id: `${kind}@${from}`, sizeBytes };
}

/** Mapped stretches nearer to each other than this are one region. */
const CLUSTER_BYTES = 2 ** 21;

/** A hole, and what is mapped in it all the same: the stacks of espfix, an EFI's services. */
function withoutUnnamed(
  atlas: Atlas,
  hole: Region,
  ranges: readonly MappedRange[],
): PlacedRegion[] {
  const clusters: { start: number; end: number }[] = [];
  for (const range of ranges) {
    const part = intersection(hole, extentOf(range));
    if (part === undefined) continue;
    const last = clusters.at(-1);
    if (last !== undefined && part.start - last.end < CLUSTER_BYTES) last.end = part.end;
    else clusters.push({ ...part });
  }
  const found: PlacedRegion[] = [];
  const push = (kind: RegionBodyKind, start: number, end: number): void => {
    if (start < end) found.push(place(atlas, { kind, start: asVirt(start), end: asVirt(end) }));
  };
  let at: number = hole.start;
  for (const { start, end } of clusters) {
    push('hole', at, start);
    push('unnamed', start, end);
    at = end;
  }
  push('hole', at, hole.end);
  return found;
}

const extentOf = ({ start, sizeBytes }: MappedRange): AddressRange => ({
  start,
  end: asVirt(start + sizeBytes),
});

function bytesIn(region: PlacedRegion, ranges: readonly AddressRange[]): number {
  if (region.kind === 'nonCanonical') return 0;
  return ranges.reduce((sum, range) => {
    const part = intersection(region, range);
    return part === undefined ? sum : sum + part.end - part.start;
  }, 0);
}

function mappingsIn(region: PlacedRegion, ranges: readonly MappedRange[]): MappingBody[] {
  if (region.kind === 'nonCanonical') return [];
  const byKey = new Map<string, MappingBody>();
  for (const range of ranges) {
    const part = intersection(region, extentOf(range));
    if (part === undefined) continue;
    const { pageSize } = range;
    const { user } = range.rights;
    const rights = rightsText(range.rights);
    const key = `${rights}${user ? 'u' : ''}${pageSize}`;
    const bytes = (byKey.get(key)?.bytes ?? 0) + part.end - part.start;
    byKey.set(key, { rights, user, pageSize, bytes });
  }
  return [...byKey.values()].sort((a, b) => b.bytes - a.bytes);
}

/** The region that an address lies in, by its id. */
export const regionOf = (
  regions: readonly PlacedRegion[],
  va: VirtAddr,
): PlacedRegion | undefined => regions.find(({ start, end }) => va >= start && va < end);
