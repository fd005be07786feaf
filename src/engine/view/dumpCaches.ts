/**
 * The caches of a dumped kernel as their picture shows them (atlas/caches.ts): SLUB's slabs by where they are kept, full ones found in
 * the memory map. Of SLAB the caches alone are told.
 *
 * Source: Linux 6.1 include/linux/slub_def.h, mm/slab.h, include/linux/slab.h: SLAB_RED_ZONE, SLAB_STORE_USER.
 */
import { frameStatesOf } from '../inspect/frameStates.js';
import { Problems, type Inspected } from '../inspect/inspected.js';
import { memmapOf } from '../inspect/memmap.js';
import { Pages } from '../inspect/pages.js';
import { cachesOf, slabTag, useOf, type CacheView } from '../inspect/slab.js';
import { SlabObjects, type SlabView } from '../inspect/slabObjects.js';
import { asPfn, type VirtAddr } from '../memory/address.js';
import {
  OBJECT_STATES,
  type CacheBody,
  type CachesBody,
  type ChainBody,
  type LayoutBody,
} from './atlas/caches.js';
import { slubLayout } from './atlas/objectLayout.js';
import { freeOnCpus } from './dumpSlabUse.js';
import { kindOfState, pageKindCode } from './pageState.js';

const SLAB_RED_ZONE = 0x400;
const SLAB_STORE_USER = 0x1_0000;
const SLAB_KIND = pageKindCode('slab');

export function dumpCaches(k: Inspected): CachesBody {
  const found = knownOf(k).caches;
  const [first] = found;
  if (first === undefined) return { caches: [] };
  return {
    allocator: first.oo === undefined ? 'SLAB' : 'SLUB',
    caches: found.map((cache) => cacheBody(k, cache)),
  };
}

function cacheBody(k: Inspected, cache: CacheView): CacheBody {
  const problems = new Problems();
  const bare = {
    address: k.hex(cache.at),
    name: cache.name,
    objectBytes: cache.object_size,
    sizeBytes: cache.size,
  };
  const use = problems.tried('its counters', () => useOf(k, cache, problems), undefined);
  const onCpus = use === undefined ? 0 : freeOnCpus(k, cache, problems);
  const [unreadable] = problems.found;
  return {
    ...bare,
    order: use?.cache_order ?? (cache.oo ?? 0) >>> 16,
    objectsPerSlab: use?.objects_per_slab ?? 0,
    used: (use?.active_objs ?? 0) - onCpus,
    total: use?.num_objs ?? 0,
    nrSlabs: use?.num_slabs ?? 0,
    ...(unreadable !== undefined && { unreadable }),
  };
}

/** A cache by its address; undefined when there is none. */
export const dumpCacheAt = (k: Inspected, address: VirtAddr): CacheView | undefined =>
  knownOf(k).caches.find(({ at }) => at === address);

export interface DumpSlab {
  readonly pfn: number;
  readonly view: SlabView;
  /** {@link OBJECT_STATES} */
  readonly objects: Uint8Array;
  readonly chains: readonly ChainBody[];
}

export interface DumpPlace {
  readonly name: string;
  readonly slabs: readonly DumpSlab[];
}

/** As its nodes count them; of SLAB, whose slabs are not told, none. */
export const nrSlabsCounted = (k: Inspected, cache: CacheView): number =>
  cache.oo === undefined
    ? 0
    : new Problems().tried('slabs', () => useOf(k, cache, new Problems()).num_slabs, 0);

/** In the order in which an allocation looks; what no list has comes last. */
export function dumpSlabs(k: Inspected, cache: CacheView): readonly DumpPlace[] {
  if (cache.oo === undefined) return [];
  const known = knownOf(k).slabs.get(cache.at);
  if (known !== undefined) return known;
  const places = placesOf(k, cache);
  knownOf(k).slabs.set(cache.at, places);
  return places;
}

function placesOf(k: Inspected, cache: CacheView): DumpPlace[] {
  const problems = new Problems();
  const objects = new SlabObjects(k);
  const told = (views: readonly SlabView[], cpu?: number): DumpSlab[] =>
    views.flatMap((view) => {
      const pfn = memmapOf(k).pageToPfn(view.slab);
      return pfn === undefined ? [] : [slabBody(cache, pfn, view, cpu)];
    });
  const places: DumpPlace[] = objects.ofCpus(cache, problems).flatMap(({ cpu, slabs }) => {
    const hasSlab = isCpuSlab(k, cache, cpu, slabs[0]);
    return [
      { name: `CPU ${cpu}: slab`, slabs: told(hasSlab ? slabs.slice(0, 1) : [], cpu) },
      { name: `CPU ${cpu}: partial`, slabs: told(slabs.slice(hasSlab ? 1 : 0)) },
    ];
  });
  places.push({ name: 'node: partial', slabs: told(objects.partial(cache, problems)) });
  const listed = new Set(places.flatMap(({ slabs }) => slabs.map(({ pfn }) => pfn)));
  const full = (knownOf(k).byCache().get(cache.at) ?? []).filter(({ pfn }) => !listed.has(pfn));
  const views = full.flatMap(({ slab }) =>
    problems.tried(`slab ${k.hex(slab)}`, () => [objects.view(cache, slab)], []),
  );
  return [...places, { name: 'full', slabs: told(views) }];
}

/** A CPU that allocates from no slab may have partial ones all the same. */
function isCpuSlab(
  k: Inspected,
  cache: CacheView,
  cpu: number,
  first: SlabView | undefined,
): boolean {
  if (first === undefined) return false;
  return new Problems().tried(
    'CPU slab',
    () => {
      const at = k.perCpu(k.pointer(cache.at, 'kmem_cache', 'cpu_slab'), cpu);
      const current = k.either('kmem_cache_cpu', 'slab', 'page');
      return k.pointer(at, 'kmem_cache_cpu', current) === first.slab;
    },
    false,
  );
}

function slabBody(
  { size }: CacheView,
  pfn: number,
  view: SlabView,
  cpu: number | undefined,
): DumpSlab {
  const objects = new Uint8Array(view.objects);
  const free = view.free.map((at) => Math.floor((at - view.address) / size));
  const [kept, own] = [free.slice(0, view.nrKept), free.slice(view.nrKept)];
  if (view.problem !== undefined) objects.fill(OBJECT_STATES.unknown);
  for (const index of kept) objects[index] = OBJECT_STATES.kept;
  for (const index of own) objects[index] = OBJECT_STATES.free;
  const chains: readonly ChainBody[] = [
    { keeper: `the freelist of CPU ${cpu ?? ''}`, objects: kept },
    { objects: own },
  ];
  return { pfn, view, objects, chains: chains.filter((chain) => chain.objects.length > 0) };
}

/** From one object of SLUB to the next. */
export function dumpObjectLayout(k: Inspected, cache: CacheView): LayoutBody[] {
  if (cache.oo === undefined) return [];
  const read = (member: string): number =>
    k.has('kmem_cache', member) ? k.number(cache.at, 'kmem_cache', member) : 0;
  const flags = read('flags');
  const track = k.struct('track') === undefined ? 0 : k.sizeof('track');
  return slubLayout({
    size: cache.size,
    objectSize: cache.object_size,
    inuse: read('inuse'),
    offset: read('offset'),
    redLeftPad: read('red_left_pad'),
    hasRedZones: (flags & SLAB_RED_ZONE) !== 0,
    trackBytes: (flags & SLAB_STORE_USER) !== 0 ? track : 0,
    pointerSize: k.pointerSize,
  });
}

interface FoundSlab {
  readonly pfn: number;
  readonly slab: VirtAddr;
}

/** What is read once of a dump. */
class Known {
  readonly slabs = new Map<number, readonly DumpPlace[]>();
  readonly caches: readonly CacheView[];
  private scanned: ReadonlyMap<number, readonly FoundSlab[]> | undefined;

  constructor(private readonly k: Inspected) {
    this.caches = cachesOf(k, new Problems());
  }

  /** Every slab of the memory map. */
  byCache(): ReadonlyMap<number, readonly FoundSlab[]> {
    return (this.scanned ??= slabsByCache(this.k));
  }
}

function slabsByCache(k: Inspected): Map<number, FoundSlab[]> {
  const states = frameStatesOf(k);
  const pages = new Pages(k);
  const tag = slabTag(k);
  const found = new Map<number, FoundSlab[]>();
  const problems = new Problems();
  for (let pfn = 0; pfn < states.maxPfn; pfn++) {
    if (kindOfState(states.stateOf(pfn)) !== SLAB_KIND) continue;
    const page = pages.memmap.pfnToPage(asPfn(pfn));
    if (page === undefined) continue;
    problems.tried(
      `page ${pfn}`,
      () => {
        if (pages.headOf(page) !== page) return;
        const cache = k.pointer(page, tag, 'slab_cache');
        const slabs = found.get(cache);
        if (slabs === undefined) found.set(cache, [{ pfn, slab: page }]);
        else slabs.push({ pfn, slab: page });
      },
      undefined,
    );
  }
  return found;
}

const kept = new WeakMap<Inspected, Known>();

function knownOf(k: Inspected): Known {
  const known = kept.get(k) ?? new Known(k);
  kept.set(k, known);
  return known;
}
