/**
 * Happenings in the slab allocators: objects and slabs that come and go. SLUB and SLAB do it in functions of their own; what
 * happens is the same.
 *
 * Source: Linux 6.1 mm/slub.c, mm/slab.c; include/trace/events/kmem.h has two of them as tracepoints (kmem_cache_alloc,
 * kmem_cache_free).
 */
import { cpu_online, nr_cpu_ids } from '../../../engine/kernel/include/linux/cpumask.h.js';
import { per_cpu_ptr } from '../../../engine/kernel/include/linux/percpu-defs.h.js';
import { slab_folio, virt_to_slab } from '../../../engine/kernel/mm/slab.h.js';
import { folio_order } from '../../../engine/kernel/include/linux/mm.h.js';
import { get_freepointer } from '../../../engine/kernel/mm/slub/freelist.js';
import { NULL, type KmemCache, type Slab } from '../../../engine/machine/ctypes.js';
import type { Kernel } from '../../../engine/machine/kernel.js';
import type { VirtAddr } from '../../../engine/memory/address.js';
import { objectsPerSlab } from '../../../engine/proc/slabUse.js';
import { counted } from '../../../engine/view/counted.js';
import {
  addressText,
  cacheText,
  entryOf,
  hex,
  leavingOf,
  type Facts,
  type Happening,
} from './happening.js';

// --- objects -----------------------------------------------------------------------------------------------------------

const objectFacts = (k: Kernel, s: KmemCache, object: VirtAddr): Facts => ({
  cache: k.va_of(s),
  object,
  size: k.words[s + k.kmem_cache.object_size] ?? 0,
});

/** Those that a bulk was given; none where it failed, and has given back what it had. */
function bulkObjects({
  p,
  size,
}: {
  readonly p: readonly VirtAddr[];
  readonly size: number;
}): readonly VirtAddr[] {
  const objects = p.slice(0, size);
  return objects.length === size && objects.every((object) => object !== 0) ? objects : [];
}

/** Objects of one slab that are freed together, each linked to the next. */
function chainOf(k: Kernel, s: KmemCache, head: VirtAddr, count: number): readonly VirtAddr[] {
  const objects: VirtAddr[] = [];
  for (let object = head; object !== 0 && objects.length < count;) {
    objects.push(object);
    if (objects.length < count) object = get_freepointer(k, s, object);
  }
  return objects;
}

// --- slabs -------------------------------------------------------------------------------------------------------------

const slabFacts = (k: Kernel, s: KmemCache, slab: Slab): Facts => ({
  cache: k.va_of(s),
  pfn: k.page_to_pfn(slab),
  order: folio_order(k, slab_folio(slab)),
  objects: objectsPerSlab(k, s),
});

/** Whether all objects of a slab of SLUB are out. A frozen slab is some CPU's, whose own list has the free ones. */
function isFull(k: Kernel, slab: Slab): boolean {
  if (k.read_va(slab + k.slab.freelist) !== 0) return false;
  if (k.read_bits(slab, k.slab.frozen) === 0) return true;
  const s: KmemCache = k.read_ptr(slab + k.slab.slab_cache);
  for (let cpu = 0; cpu < nr_cpu_ids(k); cpu++) {
    if (!cpu_online(k, cpu)) continue;
    const c = per_cpu_ptr(k, s + k.kmem_cache.cpu_slab, cpu);
    if (k.read_ptr(k.plus(c, k.kmem_cache_cpu.slab)) === slab)
      return k.read_va(k.plus(c, k.kmem_cache_cpu.freelist)) === 0;
  }
  return true;
}

/** The slabs that have no free object since these were taken from them. */
function fullSlabs(k: Kernel, s: KmemCache, objects: readonly VirtAddr[]): readonly Facts[] {
  const slabs = new Set(objects.map((object) => virt_to_slab(k, object)));
  return [...slabs]
    .filter((slab) => slab !== NULL && isFull(k, slab))
    .map((slab) => slabFacts(k, s, slab));
}

const slabText = (
  k: Kernel,
  what: string,
  { cache, pfn, order, objects }: Facts,
  more: string,
): string =>
  `${what}: ${cacheText(k, cache)}, pfn ${hex(pfn)}, order ${order}, ${counted(objects, 'object')}${more}`;

export const SLAB_HAPPENINGS: readonly Happening[] = [
  {
    id: 'object-allocated',
    label: 'Object allocated',
    description: 'Stops where SLUB or SLAB is about to hand out an object.',
    knows: 'cache object size',
    example: 'strcmp(cache->name, "kmalloc-64") == 0',
    watches: [
      leavingOf({
        fn: 'slab_alloc_node',
        facts(k, locals) {
          const s = locals.s ?? locals.cachep;
          const object = locals.object ?? locals.objp;
          return s === undefined || object === undefined || object === 0
            ? undefined
            : objectFacts(k, s, object);
        },
      }),
      leavingOf({
        fn: 'kmem_cache_alloc_bulk',
        facts: (k, locals) => bulkObjects(locals).map((object) => objectFacts(k, locals.s, object)),
      }),
    ],
    sentence: (k, { cache, object, size }) =>
      `object allocated: ${cacheText(k, cache)}, ${addressText(k, object)}, ${counted(size, 'byte')}`,
  },
  {
    id: 'object-freed',
    label: 'Object freed',
    description: 'Stops where SLUB or SLAB is about to take an object back.',
    knows: 'cache object size',
    example: 'object == p',
    watches: [
      entryOf({
        fn: 'do_slab_free',
        facts: (k, { s, head, cnt }) =>
          chainOf(k, s, head, cnt).map((object) => objectFacts(k, s, object)),
      }),
      entryOf({
        fn: '__cache_free',
        facts: (k, { cachep, objp }) => objectFacts(k, cachep, objp),
      }),
    ],
    sentence: (k, { cache, object, size }) =>
      `object freed: ${cacheText(k, cache)}, ${addressText(k, object)}, ${counted(size, 'byte')}`,
  },
  {
    id: 'slab-new',
    label: 'New slab',
    description: 'Stops where a cache has got pages for a new slab, whose objects are constructed.',
    knows: 'cache pfn order objects',
    example: 'cache == my_cache && order > 0',
    watches: [
      leavingOf({
        fn: 'allocate_slab',
        facts: (k, { s, slab = NULL }) => (slab === NULL ? undefined : slabFacts(k, s, slab)),
      }),
      leavingOf({
        fn: 'cache_grow_begin',
        facts: (k, { cachep, slab = NULL, freelist }) =>
          slab === NULL || freelist === undefined ? undefined : slabFacts(k, cachep, slab),
      }),
    ],
    sentence: (k, facts) => slabText(k, 'new slab', facts, ''),
  },
  {
    id: 'slab-full',
    label: 'Slab full',
    description:
      'Stops where the last free object of a slab is taken: of SLUB, by its user; of SLAB, for the array of the CPU.',
    knows: 'cache pfn order objects',
    example: 'strcmp(cache->name, "kmalloc-64") == 0',
    watches: [
      leavingOf({
        fn: 'slab_alloc_node',
        facts: (k, { s, object }) =>
          s === undefined || object === undefined || object === 0
            ? undefined
            : fullSlabs(k, s, [object]),
      }),
      leavingOf({
        fn: 'kmem_cache_alloc_bulk',
        facts: (k, locals) =>
          k.CONFIG_SLAB === 0 ? fullSlabs(k, locals.s, bulkObjects(locals)) : undefined,
      }),
      entryOf({
        fn: 'fixup_slab_list',
        facts: (k, { cachep, slab }) =>
          k.words[slab + k.slab.active] === objectsPerSlab(k, cachep)
            ? slabFacts(k, cachep, slab)
            : undefined,
      }),
    ],
    sentence: (k, facts) => slabText(k, 'slab full', facts, ', all taken'),
  },
  {
    id: 'slab-empty',
    label: 'Slab empty',
    description:
      'Stops where a slab without a used object is about to go back to the page allocator.',
    knows: 'cache pfn order objects',
    example: 'pfn == page_to_pfn(virt_to_page(p))',
    watches: [
      entryOf({ fn: 'free_slab', facts: (k, { s, slab }) => slabFacts(k, s, slab) }),
      entryOf({
        fn: 'slab_destroy',
        facts: (k, { cachep, slab }) => slabFacts(k, cachep, slab),
      }),
    ],
    sentence: (k, facts) =>
      slabText(k, 'slab empty', facts, ', all free: its pages are given back'),
  },
];
