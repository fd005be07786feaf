/**
 * What a slab says about itself in the words of its struct page: which cache, how its objects lie, and which object an
 * address points into.
 *
 * Source: Linux 6.1 mm/slab.h (struct slab), include/linux/slub_def.h obj_to_index(), include/linux/slab_def.h,
 * mm/slub.c get_freepointer(), mm/slab.c get_free_obj(),
 * include/linux/slab_def.h struct array_cache. Freelists are neither hardened nor shuffled in the bundled builds.
 */
import { asVirt, type VirtAddr } from '../memory/address.js';
import type { StructReader } from './structReader.js';

export interface SlabFacts {
  /** `kmalloc-128` */
  readonly cache: string;
  readonly cacheAddress: VirtAddr;
  /** From one object to the next. */
  readonly objectBytes: number;
  /** What its users asked for. */
  readonly usableBytes: number;
  readonly nrObjects: number;
  /** `13 used`, `1 used, 19 kept by CPU 0` */
  readonly use: string;
  readonly object: SlabObject | undefined;
}

export interface SlabObject {
  readonly index: number;
  readonly address: VirtAddr;
  /** Of the address that was asked for. */
  readonly offset: number;
  /** Undefined where the lists do not say. */
  readonly free: boolean | undefined;
  /** Which list it is on, where that is a CPU's: `the freelist of CPU 0`. */
  readonly keptBy: string | undefined;
}

const MAX_NAME = 64;

/** A slab, and how its objects lie. */
export interface Slab {
  readonly page: VirtAddr;
  readonly cache: VirtAddr;
  readonly firstObject: VirtAddr;
  readonly nrObjects: number;
  /** As the slab counts them: with those that a CPU keeps at hand. */
  readonly nrUsed: number;
  readonly size: number;
}

/**
 * @param page struct page of the slab's first page
 * @param address of that page in the direct map
 */
export function slabAt(reader: StructReader, page: VirtAddr, address: VirtAddr): Slab | undefined {
  const cache = reader.pointer('slab', 'slab_cache', page);
  const size = cache && reader.uint('kmem_cache', 'size', cache);
  if (cache === undefined || cache === 0 || size === undefined || size === 0) return undefined;
  return isSlub(reader)
    ? slubOf(reader, page, cache, address, size)
    : slabOf(reader, page, cache, size);
}

export const isSlub = (reader: StructReader): boolean =>
  reader.offset('slab', 's_mem') === undefined;

export function cacheNameOf(reader: StructReader, cache: VirtAddr): string {
  const name = reader.pointer('kmem_cache', 'name', cache);
  return (name && reader.textAt(name, MAX_NAME)) || 'an unnamed cache';
}

/** @param within an address inside the slab; else as {@link slabAt} */
export function slabFacts(
  reader: StructReader,
  page: VirtAddr,
  address: VirtAddr,
  within?: VirtAddr,
): SlabFacts | undefined {
  const slab = slabAt(reader, page, address);
  if (slab === undefined) return undefined;
  const { cache, size } = slab;
  return {
    cache: cacheNameOf(reader, cache),
    cacheAddress: cache,
    objectBytes: size,
    usableBytes: reader.uint('kmem_cache', 'object_size', cache) ?? size,
    nrObjects: slab.nrObjects,
    use: slabUse(slab, freeObjects(reader, slab), 'used'),
    object: within === undefined ? undefined : objectAt(reader, slab, within),
  };
}

/** Bytes of an object's place in front of the object: a red zone and what aligns it. */
const bytesBefore = (reader: StructReader, cache: VirtAddr): number =>
  isSlub(reader) ? leftRedZone(reader, cache) : objOffset(reader, cache);

/** SLAB: 0 in builds without DEBUG_SLAB. */
export const objOffset = (reader: StructReader, cache: VirtAddr): number =>
  reader.offset('kmem_cache', 'obj_offset') === undefined
    ? 0
    : (reader.uint('kmem_cache', 'obj_offset', cache) ?? 0);

/** SLUB: 0 without SLAB_RED_ZONE. */
function leftRedZone(reader: StructReader, cache: VirtAddr): number {
  const flags = reader.uint('kmem_cache', 'flags', cache) ?? 0;
  if ((flags & reader.image.profile.constant('SLAB_RED_ZONE')) === 0) return 0;
  return reader.uint('kmem_cache', 'red_left_pad', cache) ?? 0;
}

/** `counters`: inuse 15..0, objects 30..16, frozen 31. */
function slubOf(
  reader: StructReader,
  page: VirtAddr,
  cache: VirtAddr,
  address: VirtAddr,
  size: number,
): Slab | undefined {
  const counters = reader.uint('slab', 'counters', page);
  if (counters === undefined) return undefined;
  const red = leftRedZone(reader, cache);
  return {
    page,
    cache,
    size,
    firstObject: asVirt(address + red),
    nrObjects: (counters >>> 16) & 0x7fff,
    nrUsed: counters & 0xffff,
  };
}

function slabOf(
  reader: StructReader,
  page: VirtAddr,
  cache: VirtAddr,
  size: number,
): Slab | undefined {
  const place = reader.pointer('slab', 's_mem', page);
  const nrUsed = reader.uint('slab', 'active', page);
  const nrObjects = reader.uint('kmem_cache', 'num', cache);
  if (place === undefined || nrUsed === undefined || nrObjects === undefined) return undefined;
  const firstObject = asVirt(place + objOffset(reader, cache));
  return { page, cache, size, firstObject, nrObjects, nrUsed };
}

/** The object whose cell holds an address: red zones and padding belong to the cell. */
function objectAt(reader: StructReader, slab: Slab, within: VirtAddr): SlabObject | undefined {
  const before = bytesBefore(reader, slab.cache);
  const index = Math.floor((within - slab.firstObject + before) / slab.size);
  if (index < 0 || index >= slab.nrObjects) return undefined;
  const object = objectOf(slab, freeObjects(reader, slab), index);
  return { ...object, offset: within - object.address };
}

/** An object by its index. */
export function objectOf(slab: Slab, lists: FreeObjects | undefined, index: number): SlabObject {
  const address = asVirt(slab.firstObject + index * slab.size);
  const keptBy = lists?.get(address);
  const free = lists === undefined ? undefined : keptBy !== undefined;
  return { index, address, offset: 0, free, keptBy: keptBy === '' ? undefined : keptBy };
}

/**
 * How many objects somebody has, and how many a CPU keeps at hand, which the slab itself counts as used.
 * @param used how to go on behind the number: `used`, `of 20 objects used`
 */
export function slabUse(
  { nrObjects, nrUsed }: Slab,
  lists: FreeObjects | undefined,
  used: string,
): string {
  if (lists === undefined) return `${nrUsed} ${used} by its own count`;
  const kept = [...lists.values()].flatMap((keeper) => /CPU \d+$/.exec(keeper) ?? []);
  const keepers = [...new Set(kept)].join(' and ');
  const text = `${nrObjects - lists.size} ${used}`;
  return kept.length === 0 ? text : `${text}, ${kept.length} kept by ${keepers}`;
}

/** Addresses of objects that nobody has: '' where the slab itself keeps one, else what does. */
export type FreeObjects = ReadonlyMap<VirtAddr, string>;

/** Undefined where the lists cannot be read. */
export function freeObjects(reader: StructReader, slab: Slab): FreeObjects | undefined {
  return isSlub(reader) ? freeOfSlub(reader, slab) : freeOfSlab(reader, slab);
}

/** On the slab's own freelist, or on that of the CPU that has it. */
function freeOfSlub(reader: StructReader, slab: Slab): FreeObjects | undefined {
  const offset = reader.uint('kmem_cache', 'offset', slab.cache);
  if (offset === undefined) return undefined;
  const free = new Map<VirtAddr, string>();
  const follow = (head: VirtAddr | undefined, keeper: string): void => {
    let at = head;
    for (let i = 0; i < slab.nrObjects && at !== undefined && at !== 0; i++) {
      free.set(at, keeper);
      at = reader.pointerAt(at + offset);
    }
  };
  follow(reader.pointer('slab', 'freelist', slab.page), '');
  for (const { cpu, freelist } of cpuFreelists(reader, slab))
    follow(freelist, `the freelist of CPU ${cpu}`);
  return free;
}

function* cpuFreelists(
  reader: StructReader,
  { page, cache }: Slab,
): Generator<{ readonly cpu: number; readonly freelist: VirtAddr }> {
  for (const { cpu, at } of perCpuOf(reader, reader.pointer('kmem_cache', 'cpu_slab', cache))) {
    if (reader.pointer('kmem_cache_cpu', 'slab', at) !== page) continue;
    const freelist = reader.pointer('kmem_cache_cpu', 'freelist', at);
    if (freelist !== undefined) yield { cpu, freelist };
  }
}

/** Each CPU's copy of what a per-CPU pointer points to. */
export function* perCpuOf(
  reader: StructReader,
  pointer: VirtAddr | undefined,
): Generator<{ readonly cpu: number; readonly at: VirtAddr }> {
  if (pointer === undefined) return;
  const { image } = reader;
  const offsets = image.profile.smp ? reader.symbol('__per_cpu_offset') : undefined;
  for (let cpu = 0; cpu < image.nrCpus; cpu++) {
    const base =
      offsets === undefined ? 0 : reader.pointerAt(offsets + cpu * image.profile.pointerSize);
    if (base !== undefined) yield { cpu, at: asVirt(pointer + base) };
  }
}

/** The index array holds the free ones from `active` on; others lie in the arrays of CPUs. */
function freeOfSlab(reader: StructReader, slab: Slab): FreeObjects | undefined {
  const bytes = reader.uint('kmem_cache', 'freelist_size', slab.cache);
  const freelist = reader.pointer('slab', 'freelist', slab.page);
  if (freelist === undefined || bytes === undefined) return undefined;
  const free = new Map<VirtAddr, string>();
  const width = bytes >= slab.nrObjects * 2 ? 2 : 1;
  for (let i = slab.nrUsed; i < slab.nrObjects; i++) {
    const entry = reader.uintAt(freelist + i * width);
    if (entry === undefined) return undefined;
    const index = entry & (width === 1 ? 0xff : 0xffff);
    free.set(asVirt(slab.firstObject + index * slab.size), '');
  }
  const end = slab.firstObject + slab.nrObjects * slab.size;
  // A CPU's array holds where the objects' places begin.
  const before = objOffset(reader, slab.cache);
  for (const { cpu, object: place } of arrayObjects(reader, slab.cache)) {
    const object = asVirt(place + before);
    if (object >= slab.firstObject && object < end) free.set(object, `the array of CPU ${cpu}`);
  }
  return free;
}

/** More than a CPU's array holds. */
const MAX_AVAIL = 1024;

function* arrayObjects(
  reader: StructReader,
  cache: VirtAddr,
): Generator<{ readonly cpu: number; readonly object: VirtAddr }> {
  const entries = reader.offset('array_cache', 'entry');
  if (entries === undefined) return;
  for (const { cpu, at } of perCpuOf(reader, reader.pointer('kmem_cache', 'cpu_cache', cache))) {
    const avail = Math.min(reader.uint('array_cache', 'avail', at) ?? 0, MAX_AVAIL);
    for (let i = 0; i < avail; i++) {
      const object = reader.pointerAt(at + entries + i * reader.image.profile.pointerSize);
      if (object !== undefined) yield { cpu, object };
    }
  }
}
