/** Caches of objects: making, using and ending them. */
import { counted } from '../../engine/view/counted.js';
import type { Value } from '../semantics/arithmetic.js';
import type { KmemCache } from '../../engine/machine/ctypes.js';
import { asVirt, type VirtAddr } from '../../engine/memory/address.js';
import { group, type Builtin, type BuiltinRow } from './builtin.js';
import type { BuiltinCall } from './call.js';
import { needsCaches } from './needs.js';
import { checkRoom, objectAt, sizeOf, truth, va } from './pointers.js';
import { newObject } from './slab.js';

const changes = true;
const needs = needsCaches;

/** Objects that a bulk call can name: as many as pages, at most. */
const MAX_BULK = 1 << 20;

function create(
  call: BuiltinCall,
  name: Value,
  size: Value,
  align: Value,
  flags: Value,
  useroffset: Value,
  usersize: Value,
  ctor: Value,
): Value {
  const { k, kernel } = call;
  kernel.takesSlabMutex(k);
  const s = kernel.kmem_cache_create_usercopy(
    k,
    call.string(name),
    Number(size),
    Number(align),
    Number(flags),
    Number(useroffset),
    Number(usersize),
    va(ctor),
  );
  if (s !== 0) {
    const address = k.va_of(s);
    call.ledger.allocated({ kind: 'cache', address, sizeBytes: Number(size) });
  }
  return call.pointer(s);
}

function destroy(call: BuiltinCall, cache: Value): void {
  if (cache === 0) return;
  const { k, kernel } = call;
  const s = call.cell(cache);
  const isRcu = kernel.isRcuCache(k, s);
  call.ledger.freed('cache', cache);
  kernel.takesSlabMutex(k);
  kernel.kmem_cache_destroy(k, s);
  kernel.slabCacheDestroyed(k, isRcu);
}

function validate(call: BuiltinCall, cache: Value): Value {
  const { k, kernel } = call;
  if (k.CONFIG_SLAB !== 0)
    return call.bug("BUG: validate_slab_cache() is SLUB's: this kernel was built with SLAB");
  return kernel.validate_slab_cache(k, call.cell(cache));
}

const objectSize = ({ k }: BuiltinCall, s: KmemCache): number =>
  k.read_int(s + k.kmem_cache.object_size);

function allocate(call: BuiltinCall, cache: Value, flags: Value): Value {
  const s = call.cell(cache);
  const address = call.kernel.kmem_cache_alloc(call.k, s, Number(flags));
  return newObject(call, address, objectSize(call, s));
}

const making: readonly BuiltinRow[] = [
  {
    signature:
      'struct kmem_cache *kmem_cache_create(const char *name, unsigned int size, unsigned int align, slab_flags_t flags, void (*ctor)(void *))',
    doc: 'A cache for objects of size bytes. ctor, a function of the scenario or NULL, is called for every object of a new slab. Caches that fit are merged, but for those with a constructor.',
    changes,
    needs,
    sleeps: 'always',
    run: (call, name, size, align, flags, ctor) =>
      create(call, name, size, align, flags, 0, 0, ctor),
  },
  {
    signature:
      'struct kmem_cache *kmem_cache_create_usercopy(const char *name, unsigned int size, unsigned int align, slab_flags_t flags, unsigned int useroffset, unsigned int usersize, void (*ctor)(void *))',
    doc: 'Like kmem_cache_create; usersize bytes from useroffset on may be copied to and from user space.',
    changes,
    needs,
    sleeps: 'always',
    run: create,
  },
  {
    signature: 'void kmem_cache_destroy(struct kmem_cache *s)',
    doc: 'Ends a cache. If objects of it are still out, it stays, and the kernel complains.',
    changes,
    needs,
    sleeps: 'always',
    run: (call, cache) => {
      destroy(call, cache);
    },
  },
  {
    signature: 'int kmem_cache_shrink(struct kmem_cache *s)',
    doc: 'Gives back all slabs without objects in use; 0 if no others are left.',
    changes,
    needs,
    sleeps: 'always',
    run: (call, cache) => call.kernel.kmem_cache_shrink(call.k, call.cell(cache)),
  },
  {
    signature: 'long validate_slab_cache(struct kmem_cache *s)',
    doc: 'Checks every object of every slab of a cache and prints what is wrong, as SLUB does; how many slabs the node has. What can be checked depends on the flags that the cache has (SLAB_RED_ZONE, SLAB_POISON, SLAB_CONSISTENCY_CHECKS).',
    changes,
    needs,
    sleeps: 'always',
    run: validate,
  },
  {
    signature: 'unsigned int kmem_cache_size(struct kmem_cache *s)',
    doc: 'The size of the objects of a cache, as it was asked for.',
    run: (call, cache) => objectSize(call, call.cell(cache)),
  },
  {
    signature: 'bool slab_is_available(void)',
    doc: 'Whether this machine has slab caches.',
    run: (call) => truth(call.kernel.slab_is_available(call.k)),
  },
];

// --- objects ---------------------------------------------------------------------------------------------------------------

/** The pointers of an array of the scenario. */
function objectsOf(call: BuiltinCall, count: number, array: Value): VirtAddr[] {
  const size = call.profile.pointerSize;
  return Array.from({ length: count }, (_, i) =>
    objectAt(call, call.memory.load(call.offset(array, i * size), size)),
  );
}

function checkedCount(call: BuiltinCall, count: Value): number {
  const nr = sizeOf(call, count);
  if (nr > MAX_BULK) call.bug(`BUG: ${counted(nr, 'object')} are too many for one call`);
  return nr;
}

function allocateBulk(
  call: BuiltinCall,
  cache: Value,
  flags: Value,
  count: Value,
  array: Value,
): Value {
  const s = call.cell(cache);
  const nr = checkedCount(call, count);
  const size = call.profile.pointerSize;
  checkRoom(call, array, nr * size);
  const objects: VirtAddr[] = [];
  const filled = call.kernel.kmem_cache_alloc_bulk(call.k, s, Number(flags), nr, objects);
  const got = objects.slice(0, filled);
  got.forEach((address, i) => {
    call.memory.store(
      call.offset(array, i * size),
      size,
      newObject(call, address, objectSize(call, s)),
    );
  });
  return filled;
}

function freeBulk(call: BuiltinCall, cache: Value, count: Value, array: Value): void {
  const nr = checkedCount(call, count);
  const objects = objectsOf(call, nr, array);
  for (const object of objects) call.ledger.freed('object', object);
  const { k, kernel } = call;
  if (cache === 0) for (const object of objects) kernel.kfree(k, object);
  else kernel.kmem_cache_free_bulk(k, call.cell(cache), nr, objects);
}

const using: readonly BuiltinRow[] = [
  {
    signature: 'void *kmem_cache_alloc(struct kmem_cache *s, gfp_t flags)',
    doc: 'An object of a cache; NULL if there is no memory.',
    changes,
    needs,
    sleeps: 1,
    run: allocate,
  },
  {
    signature: 'void *kmem_cache_zalloc(struct kmem_cache *s, gfp_t flags)',
    doc: 'Like kmem_cache_alloc; the object is zero.',
    changes,
    needs,
    sleeps: 1,
    run: (call, cache, flags) => allocate(call, cache, Number(flags) | call.k.__GFP_ZERO),
  },
  {
    signature: 'void *kmem_cache_alloc_node(struct kmem_cache *s, gfp_t flags, int node)',
    doc: 'Like kmem_cache_alloc; there is one node.',
    changes,
    needs,
    sleeps: 1,
    run: allocate,
  },
  {
    signature: 'void kmem_cache_free(struct kmem_cache *s, void *objp)',
    doc: 'Frees an object to its cache.',
    changes,
    needs,
    run: (call, cache, pointer) => {
      const s = call.cell(cache);
      const object = objectAt(call, pointer);
      call.ledger.freed('object', object);
      call.kernel.kmem_cache_free(call.k, s, object);
    },
  },
  {
    signature:
      'int kmem_cache_alloc_bulk(struct kmem_cache *s, gfp_t flags, size_t size, void **p)',
    doc: 'Fills an array with size objects of a cache; returns size, or 0 if there is not enough memory.',
    changes,
    needs,
    sleeps: 1,
    run: allocateBulk,
  },
  {
    signature: 'void kmem_cache_free_bulk(struct kmem_cache *s, size_t size, void **p)',
    doc: 'Frees the objects of an array to their cache; to whichever each is of, if s is NULL.',
    changes,
    needs,
    run: (call, cache, count, array) => {
      freeBulk(call, cache, count, array);
    },
  },
  {
    signature: 'void kfree_bulk(size_t size, void **p)',
    doc: 'Frees the objects of an array.',
    changes,
    needs,
    run: (call, count, array) => {
      freeBulk(call, 0, count, array);
    },
  },
];

// --- mempools ----------------------------------------------------------------------------------------------------------------

function createPool(call: BuiltinCall, nr: Value, alloc: Value, free: Value, data: Value): Value {
  const pool = call.kernel.mempool_create_node(
    call.k,
    Number(nr),
    va(alloc),
    va(free),
    va(data),
    call.k.GFP_KERNEL,
  );
  return call.pointer(pool);
}

/** The address of a kernel function that a scenario hands on. */
const kernelFunction = (call: BuiltinCall, name: string): Value =>
  call.profile.symbol(name)?.address ?? asVirt(0);

const ofKind = (signature: string, doc: string, alloc: string, free: string): BuiltinRow => ({
  signature,
  doc,
  changes,
  needs,
  sleeps: 'always',
  run: (call, nr, data) =>
    createPool(call, nr, kernelFunction(call, alloc), kernelFunction(call, free), data),
});

const pools: readonly BuiltinRow[] = [
  {
    signature:
      'mempool_t *mempool_create(int min_nr, mempool_alloc_t *alloc_fn, mempool_free_t *free_fn, void *pool_data)',
    doc: 'A pool that always has min_nr elements, got with alloc_fn(gfp, pool_data): functions of the scenario, or mempool_alloc_slab and its like.',
    changes,
    needs,
    sleeps: 'always',
    run: createPool,
  },
  {
    signature:
      'int mempool_init(mempool_t *pool, int min_nr, mempool_alloc_t *alloc_fn, mempool_free_t *free_fn, void *pool_data)',
    doc: 'Like mempool_create, in memory that the caller has zeroed; 0 or -ENOMEM. End it with mempool_exit().',
    changes,
    needs,
    sleeps: 'always',
    run: (call, pool, nr, alloc, free, data) =>
      call.kernel.mempool_init_node(
        call.k,
        call.cell(pool),
        Number(nr),
        va(alloc),
        va(free),
        va(data),
        call.k.GFP_KERNEL,
      ),
  },
  ofKind(
    'mempool_t *mempool_create_slab_pool(int min_nr, struct kmem_cache *kc)',
    'A pool of objects of a cache.',
    'mempool_alloc_slab',
    'mempool_free_slab',
  ),
  ofKind(
    'mempool_t *mempool_create_kmalloc_pool(int min_nr, size_t size)',
    'A pool of objects of kmalloc().',
    'mempool_kmalloc',
    'mempool_kfree',
  ),
  ofKind(
    'mempool_t *mempool_create_page_pool(int min_nr, int order)',
    'A pool of blocks of pages: its elements are struct pages.',
    'mempool_alloc_pages',
    'mempool_free_pages',
  ),
  {
    signature: 'int mempool_resize(mempool_t *pool, int new_min_nr)',
    doc: 'Changes how many elements a pool guarantees; 0 or -ENOMEM.',
    changes,
    needs,
    sleeps: 'always',
    run: (call, pool, nr) => call.kernel.mempool_resize(call.k, call.cell(pool), Number(nr)),
  },
  {
    signature: 'void mempool_destroy(mempool_t *pool)',
    doc: 'Frees a pool of mempool_create() and its elements; does nothing for NULL.',
    changes,
    needs,
    run: (call, pool) => {
      if (pool !== 0) call.kernel.mempool_destroy(call.k, call.cell(pool));
    },
  },
  {
    signature: 'void mempool_exit(mempool_t *pool)',
    doc: 'Frees the elements of a pool of mempool_init().',
    changes,
    needs,
    run: (call, pool) => {
      call.kernel.mempool_exit(call.k, call.cell(pool));
    },
  },
  {
    signature: 'void *mempool_alloc(mempool_t *pool, gfp_t gfp_mask)',
    doc: 'A new element, or one that the pool keeps. With __GFP_DIRECT_RECLAIM it waits until there is one; else NULL.',
    changes,
    needs,
    sleeps: 1,
    run: (call, pool, gfp) => {
      const cell = call.cell(pool);
      const element = call.kernel.mempool_alloc(call.k, cell, Number(gfp));
      if (element !== 0 || (Number(gfp) & call.k.__GFP_DIRECT_RECLAIM) === 0) return element;
      return { blocked: { kind: 'pool element', address: va(pool) } };
    },
  },
  {
    signature: 'void mempool_free(void *element, mempool_t *pool)',
    doc: 'Gives an element back, to the pool if that lacks one.',
    changes,
    needs,
    run: (call, element, pool) => {
      call.kernel.mempool_free(call.k, va(element), call.cell(pool));
    },
  },
  ...['mempool_alloc_slab', 'mempool_kmalloc', 'mempool_alloc_pages'].map((name): BuiltinRow => ({
    signature: `void *${name}(gfp_t gfp_mask, void *pool_data)`,
    doc: 'For mempool_create(): hand it on, do not call it.',
    run: (call) => call.bug(`BUG: ${name}() is called by mempools: pass it to mempool_create()`),
  })),
  ...['mempool_free_slab', 'mempool_kfree', 'mempool_free_pages'].map((name): BuiltinRow => ({
    signature: `void ${name}(void *element, void *pool_data)`,
    doc: 'For mempool_create(): hand it on, do not call it.',
    run: (call) => call.bug(`BUG: ${name}() is called by mempools: pass it to mempool_create()`),
  })),
];

export const slabCaches: readonly Builtin[] = [
  ...group('slab', 'mm/slab_common.c', making),
  ...group('slab', 'include/linux/slab.h', using),
  ...group('slab', 'mm/mempool.c', pools),
];
