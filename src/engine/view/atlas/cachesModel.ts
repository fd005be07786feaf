/**
 * The slab allocator as shelves (caches), trays (slabs) and slots (objects). Caches come as a list with their counters; slabs
 * page by page, in the order in which an allocation looks at them; full slabs of SLUB, which are on no list, come last and are
 * looked for in the memory map when a page reaches them.
 *
 * Source: Linux 6.1 include/linux/slub_def.h, include/linux/slab_def.h, mm/slab.h.
 */
import type { KernelImage } from '../../image/kernelImage.js';
import { KernelFault } from '../../machine/events.js';
import { formatAddress, type VirtAddr } from '../../memory/address.js';
import { objectsInUse, objectsPerSlab } from '../../proc/slabUse.js';
import {
  cachesOf,
  listedSlabs,
  slabOfView,
  unlistedSlabs,
  type CacheView,
  type SlabPlace,
  type SlabView,
} from '../slabCaches.js';
import { freeObjects, isSlub, type Slab } from '../slabObject.js';
import type { StructReader } from '../structReader.js';
import type { Surveyor } from '../whereIs.js';
import {
  OBJECT_STATES,
  type CacheBody,
  type CachesBody,
  type ChainBody,
  type SlabsArguments,
} from './caches.js';

export function cachesBody(surveyor: Surveyor): CachesBody {
  const { reader } = surveyor;
  const found = cachesOf(reader);
  if (found.length === 0) return { caches: [] };
  return {
    allocator: isSlub(reader) ? 'SLUB' : 'SLAB',
    caches: found.map((cache) => cacheBody(surveyor, cache)),
  };
}

function cacheBody({ reader, image }: Surveyor, { address, name }: CacheView): CacheBody {
  const number = (member: string): number => reader.uint('kmem_cache', member, address) ?? 0;
  const bare = {
    address: formatAddress(address, image.profile.pointerSize),
    name,
    objectBytes: number('object_size'),
    sizeBytes: number('size'),
    order: isSlub(reader) ? number('oo') >>> 16 : number('gfporder'),
  };
  try {
    return { ...bare, ...usage(image, reader, address) };
  } catch (error) {
    if (!(error instanceof KernelFault)) throw error;
    const none = { objectsPerSlab: 0, used: 0, total: 0, nrSlabs: 0 };
    return { ...bare, ...none, unreadable: error.text };
  }
}

function usage(
  { mm }: KernelImage,
  reader: StructReader,
  address: VirtAddr,
): Pick<CacheBody, 'objectsPerSlab' | 'used' | 'total' | 'nrSlabs'> {
  const s = mm.cell_of(address);
  const perSlab = objectsPerSlab(mm, s);
  const used = objectsInUse(mm, s);
  const node = reader.pointer('kmem_cache', 'node', address);
  const count = (member: string): number =>
    node === undefined || node === 0 ? 0 : (reader.uint('kmem_cache_node', member, node) ?? 0);
  if (!isSlub(reader)) {
    const nrSlabs = count('total_slabs');
    return { objectsPerSlab: perSlab, used, total: nrSlabs * perSlab, nrSlabs };
  }
  const total = count('total_objects');
  return { objectsPerSlab: perSlab, used, total, nrSlabs: count('nr_slabs') };
}

/** Slabs of a cache, in parts. */
export interface SlabPages {
  readonly start: number;
  readonly places: readonly { readonly name: string; readonly nrSlabs: number }[];
  readonly total: number;
  readonly slabs: readonly { readonly place: number; readonly view: SlabView }[];
}

/** How many slabs of SLUB are full is what the node counts less those on lists: they are looked for only to be told. */
export function slabPages(
  surveyor: Surveyor,
  cache: VirtAddr,
  { start: asked, count, holding }: Pick<SlabsArguments, 'start' | 'count' | 'holding'>,
): SlabPages {
  const listed = listedSlabs(surveyor, cache);
  const nrListed = listed.reduce((sum, { slabs }) => sum + slabs.length, 0);
  const nrFull = isSlub(surveyor.reader) ? Math.max(0, nrSlabsOf(surveyor, cache) - nrListed) : 0;
  const pageOf = (slabs: readonly SlabView[]): number | undefined => {
    const at = slabs.findIndex(({ pfn }) => pfn === holding);
    return at < 0 ? undefined : at - (at % Math.max(1, count));
  };
  const page = holding === undefined ? undefined : pageOf(listed.flatMap(({ slabs }) => slabs));
  const isSought = holding !== undefined && page === undefined;
  const wantsFull = nrFull > 0 && (isSought || (page ?? asked) + count > nrListed);
  const full: readonly SlabPlace[] = isSlub(surveyor.reader)
    ? [{ place: 'full', slabs: wantsFull ? unlistedSlabs(surveyor, cache) : [] }]
    : [];
  const all = [...listed, ...full].flatMap(({ slabs }, place) =>
    slabs.map((view) => ({ place, view })),
  );
  const start = page ?? pageOf(all.map(({ view }) => view)) ?? asked;
  const places = [...listed, ...full].map(({ place, slabs }) => ({
    name: place,
    nrSlabs: place === 'full' && !wantsFull ? nrFull : slabs.length,
  }));
  return {
    places,
    total: places.reduce((sum, { nrSlabs }) => sum + nrSlabs, 0),
    start,
    slabs: all.slice(start, start + count),
  };
}

function nrSlabsOf({ reader }: Surveyor, cache: VirtAddr): number {
  const node = reader.pointer('kmem_cache', 'node', cache);
  return node === undefined || node === 0
    ? 0
    : (reader.uint('kmem_cache_node', 'nr_slabs', node) ?? 0);
}

/** One slab: the state of each object, and the lists of free ones in the order in which they are given. */
export interface SlabPicture {
  readonly slab: Slab;
  /** {@link OBJECT_STATES} */
  readonly objects: Uint8Array;
  readonly chains: readonly ChainBody[];
}

export function slabPicture(surveyor: Surveyor, view: SlabView): SlabPicture | undefined {
  const slab = slabOfView(surveyor, view);
  if (slab === undefined) return undefined;
  const objects = new Uint8Array(slab.nrObjects);
  const free = freeObjects(surveyor.reader, slab);
  if (free === undefined) return { slab, objects: objects.fill(OBJECT_STATES.unknown), chains: [] };
  const chains = new Map<string, number[]>();
  for (const [address, keeper] of free) {
    const index = Math.floor((address - slab.firstObject) / slab.size);
    if (index < 0 || index >= slab.nrObjects) continue;
    objects[index] = keeper === '' ? OBJECT_STATES.free : OBJECT_STATES.kept;
    const chain = chains.get(keeper);
    if (chain === undefined) chains.set(keeper, [index]);
    else chain.push(index);
  }
  return {
    slab,
    objects,
    chains: [...chains].map(([keeper, indices]) => ({
      ...(keeper !== '' && { keeper }),
      objects: indices,
    })),
  };
}
