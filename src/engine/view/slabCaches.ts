/**
 * The caches of the slab allocator, and the slabs of each by where the allocator keeps them.
 *
 *     SLUB   slab of a CPU, partial slabs of a CPU, partial slabs of the node; full ones are on no list
 *     SLAB   the node's partial, full and free slabs
 *
 * Full slabs of SLUB are found in the memory map: one look at it finds those of all caches, and serves until the machine moves.
 * Source: Linux 6.1 include/linux/slub_def.h, mm/slab.h: struct kmem_cache_node; mm/slab_common.c: slab_caches.
 */
import { asPhys, asVirt, PAGE_SIZE, type VirtAddr } from '../memory/address.js';
import { detailOfState, kindOfState, pageKindCode } from './pageState.js';
import { cacheNameOf, isSlub, perCpuOf, slabAt, type Slab } from './slabObject.js';
import type { StructReader } from './structReader.js';
import type { Surveyor } from './whereIs.js';

export interface CacheView {
  readonly address: VirtAddr;
  readonly name: string;
}

export interface SlabView {
  readonly pfn: number;
  readonly page: VirtAddr;
}

export interface SlabPlace {
  /** `CPU 0: slab`, `node: partial` */
  readonly place: string;
  readonly slabs: readonly SlabView[];
}

const MAX_CACHES = 4096;
const MAX_SLABS = 1 << 20;
const SLAB_KIND = pageKindCode('slab');
/** Frames whose states are read at a time. */
const BATCH = 1 << 16;

/** Newest first, as /proc/slabinfo has them; none of a machine whose slab allocator is not set up. */
export function cachesOf(reader: StructReader): readonly CacheView[] {
  const head = reader.symbol('slab_caches');
  const inCache = reader.offset('kmem_cache', 'list');
  if (head === undefined || inCache === undefined) return [];
  return [...listEntries(reader, head, MAX_CACHES)].map((entry) => {
    const address = asVirt(entry - inCache);
    return { address, name: cacheNameOf(reader, address) };
  });
}

/** Entries of a list; it ends where it cannot be followed. */
export function* listEntries(
  reader: StructReader,
  head: VirtAddr,
  most: number,
): Generator<VirtAddr> {
  let entry = reader.pointerAt(head);
  for (let i = 0; i < most && entry !== undefined && entry !== 0 && entry !== head; i++) {
    yield entry;
    entry = reader.pointerAt(entry);
  }
}

/** The slabs that lists lead to. */
export function listedSlabs(surveyor: Surveyor, cache: VirtAddr): readonly SlabPlace[] {
  const { reader } = surveyor;
  return isSlub(reader) ? slubPlaces(surveyor, cache) : slabPlaces(surveyor, cache);
}

function slubPlaces(surveyor: Surveyor, cache: VirtAddr): SlabPlace[] {
  const { reader } = surveyor;
  const places: SlabPlace[] = [];
  for (const { cpu, at } of perCpuOf(reader, reader.pointer('kmem_cache', 'cpu_slab', cache))) {
    const slab = reader.pointer('kmem_cache_cpu', 'slab', at);
    places.push({ place: `CPU ${cpu}: slab`, slabs: viewsOf(surveyor, slab ? [slab] : []) });
    const partial: VirtAddr[] = [];
    let next = reader.pointer('kmem_cache_cpu', 'partial', at);
    for (let i = 0; i < MAX_SLABS && next !== undefined && next !== 0; i++) {
      partial.push(next);
      next = reader.pointer('slab', 'next', next);
    }
    places.push({ place: `CPU ${cpu}: partial`, slabs: viewsOf(surveyor, partial) });
  }
  return [...places, nodeList(surveyor, cache, 'partial', 'node: partial')];
}

const slabPlaces = (surveyor: Surveyor, cache: VirtAddr): SlabPlace[] => [
  nodeList(surveyor, cache, 'slabs_partial', 'node: partial'),
  nodeList(surveyor, cache, 'slabs_full', 'node: full'),
  nodeList(surveyor, cache, 'slabs_free', 'node: free'),
];

function nodeList(surveyor: Surveyor, cache: VirtAddr, member: string, place: string): SlabPlace {
  const { reader } = surveyor;
  const node = reader.pointer('kmem_cache', 'node', cache);
  const list = reader.offset('kmem_cache_node', member);
  const inSlab = reader.offset('slab', 'slab_list');
  if (node === undefined || node === 0 || list === undefined || inSlab === undefined)
    return { place, slabs: [] };
  const entries = listEntries(reader, asVirt(node + list), MAX_SLABS);
  return {
    place,
    slabs: viewsOf(
      surveyor,
      [...entries].map((entry) => asVirt(entry - inSlab)),
    ),
  };
}

const viewsOf = ({ peek }: Surveyor, pages: readonly VirtAddr[]): SlabView[] =>
  pages.flatMap((page) => {
    const pfn = peek.pfnOf(page);
    return pfn === undefined ? [] : [{ pfn, page }];
  });

interface Scan {
  readonly cursor: number;
  readonly cuts: number;
  readonly byCache: ReadonlyMap<VirtAddr, readonly SlabView[]>;
}
const scans = new WeakMap<Surveyor, Scan>();

/** Every slab of a cache that the memory map has. */
function allSlabs(surveyor: Surveyor, cache: VirtAddr): readonly SlabView[] {
  const { cursor, cuts } = surveyor.image.tape;
  let scan = scans.get(surveyor);
  if (scan?.cursor !== cursor || scan.cuts !== cuts) {
    scan = { cursor, cuts, byCache: scanMemoryMap(surveyor) };
    scans.set(surveyor, scan);
  }
  return scan.byCache.get(cache) ?? [];
}

function scanMemoryMap({ image, states, peek, reader }: Surveyor): Map<VirtAddr, SlabView[]> {
  const found = new Map<VirtAddr, SlabView[]>();
  for (let from = 0; from < image.maxPfn; from += BATCH) {
    const cells = states.cells(from, 1, Math.min(BATCH, image.maxPfn - from));
    for (let i = 0; i < cells.length; i++) {
      const state = cells[i] ?? 0;
      if (kindOfState(state) !== SLAB_KIND) continue;
      const pfn = from + i;
      const page = peek.addressOf(pfn);
      const cache = reader.pointer('slab', 'slab_cache', page);
      if (cache === undefined || cache === 0) continue;
      const slabs = found.get(cache);
      if (slabs === undefined) found.set(cache, [{ pfn, page }]);
      else slabs.push({ pfn, page });
      i += (1 << detailOfState(state)) - 1;
    }
  }
  return found;
}

/** What no list has, of SLUB: full slabs. */
export function unlistedSlabs(surveyor: Surveyor, cache: VirtAddr): readonly SlabView[] {
  const listed = new Set(
    listedSlabs(surveyor, cache).flatMap(({ slabs }) => slabs.map(({ pfn }) => pfn)),
  );
  return allSlabs(surveyor, cache).filter(({ pfn }) => !listed.has(pfn));
}

export function slabOfView({ reader, world }: Surveyor, { pfn, page }: SlabView): Slab | undefined {
  const address = world.space.virtOf(asPhys(pfn * PAGE_SIZE));
  return address === undefined ? undefined : slabAt(reader, page, address);
}
