/**
 * What a picture of the slab allocator asks the debug adapter, and is told: the arguments and bodies of the custom requests
 * `mmscope/caches` and `mmscope/slabs`. Plain JSON; addresses are text.
 */
import type { AtTime } from '../history.js';

export interface CachesBody {
  /** Absent when the machine was recorded without its slab allocator. */
  readonly allocator?: 'SLUB' | 'SLAB';
  /** As /proc/slabinfo has them: newest first. */
  readonly caches: readonly CacheBody[];
}

export interface CacheBody {
  /** Address of its struct kmem_cache. */
  readonly address: string;
  readonly name: string;
  /** What its users ask for. */
  readonly objectBytes: number;
  /** From one object to the next. */
  readonly sizeBytes: number;
  readonly order: number;
  readonly objectsPerSlab: number;
  /** Objects that nobody could be given: what a CPU has at hand is free, other than in /proc/slabinfo. */
  readonly used: number;
  readonly total: number;
  readonly nrSlabs: number;
  /** Not every slab's or counter's memory is there, or a list is broken. */
  readonly unreadable?: string;
}

export interface SlabsArguments extends AtTime {
  /** `address` of a cache. */
  readonly cache: string;
  /** Of all places one behind the other; full slabs of SLUB are the last. */
  readonly start: number;
  /** At most {@link MAX_SLABS_TOLD}. */
  readonly count: number;
  /** First pfn of a slab: the page of `count` slabs that it is on is told, instead of the one at `start`. */
  readonly holding?: number;
}

export const MAX_SLABS_TOLD = 256;

export interface SlabsBody {
  readonly cache: string;
  /** Where slabs are kept, in the order in which an allocation looks; what no list has comes last. */
  readonly places: readonly PlaceBody[];
  readonly total: number;
  /** Slabs that the node counts and nothing leads to: their part of the memory map is not in the dump. */
  readonly nrMissing?: number;
  /** Number of the first one that is told. */
  readonly start: number;
  readonly slabs: readonly SlabBody[];
  /** How an object's bytes are laid out, from one object to the next. */
  readonly layout: readonly LayoutBody[];
}

export interface SlabObjectsArguments extends AtTime {
  /** `address` of a cache. */
  readonly cache: string;
  /** First pfns of slabs, at most {@link MAX_SLABS_TOLD}. */
  readonly pfns: readonly number[];
}

export interface SlabObjectsBody {
  /** Those that are slabs of the cache (at that time): first pfn, and objects as {@link SlabBody.objects}. */
  readonly slabs: readonly (readonly [pfn: number, objects: string])[];
}

interface PlaceBody {
  /** `CPU 0: slab`, `CPU 0: partial`, `node: partial`, `full` */
  readonly name: string;
  readonly nrSlabs: number;
}

export interface SlabBody {
  /** Of its first page. */
  readonly pfn: number;
  /** Address of its struct slab. */
  readonly page: string;
  /** Index into {@link SlabsBody.places}. */
  readonly place: number;
  readonly order: number;
  /** Address of object 0. */
  readonly firstObject: string;
  readonly nrObjects: number;
  /** As the slab counts them: what lies on a CPU's freelist or in its array counts, too. */
  readonly nrCountedUsed: number;
  /** Base64, a byte for each object: {@link OBJECT_STATES}. */
  readonly objects: string;
  /** Free objects by index, in the order in which they are given. */
  readonly chains: readonly ChainBody[];
}

export interface ChainBody {
  /** `the freelist of CPU 0`; absent of the slab's own list. */
  readonly keeper?: string;
  readonly objects: readonly number[];
}

export const OBJECT_STATES = { used: 0, free: 1, kept: 2, unknown: 3 } as const;

/** Bytes [from, to) of an object's place. */
export interface LayoutBody {
  readonly kind: 'redzone' | 'object' | 'freePointer' | 'track' | 'padding';
  readonly from: number;
  readonly to: number;
}
