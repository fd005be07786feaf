/**
 * What the pictures of virtual memory are made from: a machine's layout, its address spaces, and what the kernel's books say lies
 * where. A machine whose build is known has one (machineAtlas.ts), and so has a dump that tells its own types (dumpAtlas.ts).
 */
import type { KernelImage } from '../../image/kernelImage.js';
import type { Region } from '../../x86/addressSpace.js';
import type { AddressSpaces, Space } from '../addressSpaces.js';
import type { StructReader } from '../structReader.js';
import type { VirtAddr } from '../../memory/address.js';
import type { AddressRange } from './addressRange.js';
import type { BorderBody, PartBody, RegionBodyKind } from './virtual.js';

export interface Atlas {
  readonly image: KernelImage;
  readonly spaces: AddressSpaces;
  readonly reader: StructReader;
  /** Sorted, disjoint, together every address. */
  readonly regions: readonly Region[];
  /** Where highmem begins; undefined where all memory is in the direct map for good. */
  border(): BorderBody | undefined;
  /** What the kernel's books have in a region of vmalloc space, of modules, pkmap or fixmap. */
  books(region: BookedRegion): Parts;
}

export interface BookedRegion extends AddressRange {
  readonly kind: RegionBodyKind;
}

export interface Part extends AddressRange {
  readonly body: Omit<PartBody, 'first' | 'last' | 'sizeBytes'>;
}

/** Parts of a region by rising address, made as they are asked for. */
export interface Parts {
  readonly total: number;
  slice(start: number, count: number): readonly Part[];
}

export const NO_PARTS: Parts = { total: 0, slice: () => [] };

export const listed = (parts: readonly Part[]): Parts => ({
  total: parts.length,
  slice: (start, count) => parts.slice(start, start + count),
});

export const madeOnDemand = (total: number, part: (i: number) => Part): Parts => ({
  total,
  slice: (start, count) =>
    Array.from({ length: Math.max(0, Math.min(count, total - start)) }, (_, i) => part(start + i)),
});

/** The space whose tables an address goes through: while no process is current, the kernel's. */
export function spaceOfAddress({ regions, spaces }: Atlas, va: VirtAddr): Space | undefined {
  const isUser = regions.some(({ kind, start, end }) => kind === 'user' && va >= start && va < end);
  return isUser ? (spaces.current ?? spaces.kernel) : spaces.kernel;
}
