/**
 * `%slab` and `%slabs`: the caches of an image as recorded traces print them, in the form of the allocator that it has.
 */
import { constantNamed } from '../../types/named.js';
import { cacheName, findCache, slab_is_available, slabCaches } from '../../entry/functions.js';
import type { Kernel } from '../../machine/kernel.js';
import { NULL, type KmemCache } from '../../machine/ctypes.js';
import type { KernelImage } from '../kernelImage.js';
import { slabCacheLines, slabCacheGeometry } from './slabCacheDump.js';
import { slubCacheGeometry, slubCacheLines } from './slubCacheDump.js';
import type { TraceDump } from './trace.js';

/** How one allocator's caches are printed. */
export interface SlabPrinter {
  /** The `kc` line. */
  readonly geometry: (mm: Kernel, s: KmemCache) => string;
  /** What follows it in a `%slab`; with every slab of the memory map, where that was asked for and is printed. */
  readonly state: (mm: Kernel, s: KmemCache, everySlab: boolean) => readonly string[];
}

/** By the option that chooses the allocator. */
const PRINTERS: ReadonlyMap<string, SlabPrinter> = new Map([
  ['CONFIG_SLAB', { geometry: slabCacheGeometry, state: slabCacheLines }],
  ['CONFIG_SLUB', { geometry: slubCacheGeometry, state: slubCacheLines }],
]);

/** Undefined where there are no caches. */
const printerOf = (mm: Kernel): SlabPrinter | undefined =>
  slab_is_available(mm)
    ? [...PRINTERS].find(([option]) => constantNamed(mm.profile, option) !== 0)?.[1]
    : undefined;

/** The `kc` line of a cache. */
export const slabGeometryLine = (mm: Kernel, s: KmemCache): string =>
  printerOf(mm)?.geometry(mm, s) ?? '';

const cacheLines = (mm: Kernel, s: KmemCache, everySlab = false): string[] => [
  slabGeometryLine(mm, s),
  ...(printerOf(mm)?.state(mm, s, everySlab) ?? []),
];

/** The lines of `%slab NAME`; undefined where nothing can be printed. */
export function slabDumpLines(
  { mm }: KernelImage,
  { args: [name = ''], lines }: TraceDump,
): string[] | undefined {
  if (printerOf(mm) === undefined) return undefined;
  const s = findCache(mm, name);
  // `slabx`, which prints every slab, has the name of `slab`.
  const everySlab = lines.some((line) => line.startsWith(' any '));
  return s === NULL ? [] : cacheLines(mm, s, everySlab);
}

/** The lines of `%slabs`: of every cache, or only their geometries where the dump has no more. */
export function slabsLines({ mm }: KernelImage, dump: TraceDump): string[] | undefined {
  if (printerOf(mm) === undefined) return undefined;
  const caches = [...slabCaches(mm)];
  if (!dump.lines.some((line) => line.startsWith('%slab ')))
    return caches.map((s) => slabGeometryLine(mm, s));
  return caches.flatMap((s) => [`%slab ${cacheName(mm, s)}`, ...cacheLines(mm, s), '%end']);
}
