/**
 * What CPUs of a dump have at hand of a cache. /proc/slabinfo counts it as in use; nobody uses it, and the picture of its slabs shows
 * it free. What running machines count is proc/slabUse.ts.
 *
 * Source: Linux 6.1 mm/slub.c: struct kmem_cache_cpu; mm/slab.c: struct array_cache.
 */
import type { Inspected, Problems } from '../inspect/inspected.js';
import type { CacheView } from '../inspect/slab.js';
import { SlabObjects } from '../inspect/slabObjects.js';

/** Objects on the freelists of CPUs, of the slabs they allocate from, and of their partial ones; of SLAB in their arrays. */
export function freeOnCpus(k: Inspected, cache: CacheView, problems: Problems): number {
  if (cache.oo === undefined) return inArrays(k, cache, problems);
  const slabs = new SlabObjects(k).ofCpus(cache, problems).flatMap(({ slabs: own }) => own);
  return slabs.reduce((sum, { free }) => sum + free.length, 0);
}

function inArrays(k: Inspected, cache: CacheView, problems: Problems): number {
  // Before 3.18 (bf0dea23a9c0) each cache had an array of pointers instead.
  if (!k.has('kmem_cache', 'cpu_cache')) return 0;
  return problems.tried(
    `cache ${cache.name}, arrays of CPUs`,
    () => {
      const arrays = k.pointer(cache.at, 'kmem_cache', 'cpu_cache');
      const inArray = (cpu: number): number =>
        k.number(k.perCpu(arrays, cpu), 'array_cache', 'avail');
      return k.onlineCpus().reduce((sum, cpu) => sum + inArray(cpu), 0);
    },
    0,
  );
}
