/** The custom requests of the view of caches, of a dump (src/engine/view/atlas/caches.ts). */
import type { Inspected } from '../../engine/inspect/inspected.js';
import type { CacheView } from '../../engine/inspect/slab.js';
import { parseAddress } from '../../engine/memory/address.js';
import type {
  SlabBody,
  SlabObjectsArguments,
  SlabObjectsBody,
  SlabsArguments,
  SlabsBody,
} from '../../engine/view/atlas/caches.js';
import {
  dumpCacheAt,
  dumpObjectLayout,
  dumpSlabs,
  nrSlabsCounted,
  type DumpSlab,
} from '../../engine/view/dumpCaches.js';
import { toBase64 } from '../protocol/base64.js';
import { errors } from '../protocol/errors.js';

/** @throws AdapterError when there is none */
function cacheNamed(k: Inspected, text: string): CacheView {
  const address = parseAddress(text, k.pointerSize);
  if (address === undefined) throw errors.badAddress(text);
  const cache = dumpCacheAt(k, address);
  if (cache === undefined) throw errors.badArguments(`There is no cache at ${text}.`);
  return cache;
}

export function dumpSlabsBody(k: Inspected, args: SlabsArguments): SlabsBody {
  const cache = cacheNamed(k, args.cache);
  const places = dumpSlabs(k, cache);
  const all = places.flatMap(({ slabs }, place) => slabs.map((slab) => ({ place, slab })));
  const held = all.findIndex(({ slab }) => slab.pfn === args.holding);
  const start = held < 0 ? args.start : held - (held % Math.max(1, args.count));
  const nrMissing = nrSlabsCounted(k, cache) - all.length;
  return {
    cache: args.cache,
    places: places.map(({ name, slabs }) => ({ name, nrSlabs: slabs.length })),
    total: all.length,
    ...(nrMissing > 0 && { nrMissing }),
    start,
    slabs: all
      .slice(start, start + args.count)
      .map(({ place, slab }) => slabBody(k, cache, place, slab)),
    layout: dumpObjectLayout(k, cache),
  };
}

function slabBody(
  k: Inspected,
  { oo }: CacheView,
  place: number,
  { pfn, view, objects, chains }: DumpSlab,
): SlabBody {
  return {
    pfn,
    page: k.hex(view.slab),
    place,
    order: (oo ?? 0) >>> 16,
    firstObject: k.hex(view.address),
    nrObjects: view.objects,
    nrCountedUsed: view.inuse,
    objects: toBase64(objects),
    chains,
  };
}

export function dumpSlabObjectsBody(
  k: Inspected,
  { cache, pfns }: SlabObjectsArguments,
): SlabObjectsBody {
  const wanted = new Set(pfns);
  return {
    slabs: dumpSlabs(k, cacheNamed(k, cache)).flatMap(({ slabs }) =>
      slabs
        .filter(({ pfn }) => wanted.has(pfn))
        .map(({ pfn, objects }) => [pfn, toBase64(objects)] as const),
    ),
  };
}
