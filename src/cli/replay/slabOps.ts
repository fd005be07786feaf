/**
 * The operations of recorded traces on objects and caches: `kc`, `ka`, `km` and their like.
 *
 * A trace names caches by number; a slot of the recorder's table holds an object's address.
 */
import {
  findCache,
  kfree,
  kmalloc,
  kmem_cache_alloc,
  kmem_cache_alloc_bulk,
  kmem_cache_create,
  kmem_cache_destroy,
  kmem_cache_free,
  kmem_cache_free_bulk,
  kmem_cache_shrink,
  ksize,
  isRcuCache,
  slab_is_available,
  slabCacheDestroyed,
  takesSlabMutex,
  virt_to_page,
  ZERO_SIZE_PTR,
} from '../../engine/entry/functions.js';
import { compound_head } from '../../engine/kernel/include/linux/page-flags.h.js';
import { NULL, type KmemCache } from '../../engine/machine/ctypes.js';
import { asVirt, type VirtAddr } from '../../engine/memory/address.js';
import { formatSequence, slabGeometryLine } from '../../engine/image/state/index.js';
import { timePasses } from './grace.js';
import { callOf, type RecorderCall } from './callers.js';
import type { Machine } from './machine.js';
import { gfpOf, hex, NotThere, number, SKIP, type Operation } from './operation.js';
import { constructorOf } from './standIns.js';

export const cacheOf = ({ mm }: Machine, name: string | undefined): KmemCache =>
  findCache(mm, `mmo-${name ?? ''}`);

/** The first pfn of the pages that an object lies in. */
const pfnOf = ({ mm }: Machine, object: VirtAddr): string =>
  hex(mm.page_to_pfn(compound_head(mm, virt_to_page(mm, object))));

/** `kc C SIZE ALIGN FLAGS [ctor]` */
const create: Operation = (machine, [name, size, align, flags, ctor]) => {
  if (cacheOf(machine, name) !== NULL) return SKIP;
  takesSlabMutex(machine.mm);
  const s = kmem_cache_create(
    machine.mm,
    `mmo-${name ?? ''}`,
    number(size),
    number(align),
    number(flags),
    ctor === 'ctor' ? constructorOf(machine.mm.profile) : asVirt(0),
  );
  return s === NULL ? '-' : slabGeometryLine(machine.mm, s);
};

/** `kd C` */
const destroy: Operation = (machine, [name]) => {
  const s = cacheOf(machine, name);
  if (s === NULL) return SKIP;
  const { mm } = machine;
  const isRcu = isRcuCache(mm, s);
  takesSlabMutex(mm);
  kmem_cache_destroy(mm, s);
  slabCacheDestroyed(mm, isRcu);
  timePasses(machine);
  return undefined;
};

/** `ka SLOT C GFP` */
const allocate: Operation = (machine, [slot, name, flags]) => {
  const s = cacheOf(machine, name);
  if (s === NULL || machine.slot(number(slot)) !== undefined) return SKIP;
  const address = kmem_cache_alloc(machine.mm, s, gfpOf(machine, flags));
  if (address === 0) return '-';
  machine.put(number(slot), { kind: 'object', address, cache: s });
  return `${machine.mm.hex(address)} pfn=${pfnOf(machine, address)}`;
};

/** `kf SLOT` */
const free: Operation = (machine, [slot]) => {
  const object = machine.take(number(slot));
  if (object?.kind !== 'object' || object.cache === NULL) return SKIP;
  kmem_cache_free(machine.mm, object.cache, object.address);
  return machine.mm.hex(object.address);
};

/** `kab SLOT0 C N GFP` */
const allocateBulk: Operation = (machine, [slot0, name, nr, flags]) => {
  const s = cacheOf(machine, name);
  if (s === NULL) return SKIP;
  const objects: VirtAddr[] = [];
  const gfp = gfpOf(machine, flags);
  const count = kmem_cache_alloc_bulk(machine.mm, s, gfp, number(nr), objects);
  const got = objects.slice(0, count);
  got.forEach((address, i) =>
    machine.put(number(slot0) + i, { kind: 'object', address, cache: s }),
  );
  const { mm } = machine;
  return `n=${count} : ${formatSequence(got, (address) => mm.hex(asVirt(address)))}`;
};

/** `kfb SLOT0 N` */
const freeBulk: Operation = (machine, [slot0, nr]) => {
  const objects: VirtAddr[] = [];
  let cache: KmemCache = NULL;
  for (let i = 0; i < number(nr); i++) {
    const object = machine.take(number(slot0) + i);
    if (object?.kind !== 'object') continue;
    cache = object.cache;
    objects.push(object.address);
  }
  if (cache !== NULL) kmem_cache_free_bulk(machine.mm, cache, objects.length, objects);
  return `n=${objects.length}`;
};

/** `ks C` */
const shrink: Operation = (machine, [name]) => {
  const s = cacheOf(machine, name);
  return s === NULL ? SKIP : hex(kmem_cache_shrink(machine.mm, s));
};

/** `km SLOT SIZE GFP` */
const allocateBytes: Operation = (machine, [slot, size, flags]) => {
  const { mm } = machine;
  if (machine.slot(number(slot)) !== undefined) return SKIP;
  const address = kmalloc(mm, number(size), gfpOf(machine, flags));
  if (address === 0) return '-';
  // The recorder keeps no such pointer.
  if (address === ZERO_SIZE_PTR) return hex(address);
  machine.put(number(slot), { kind: 'object', address, cache: NULL });
  return `${mm.hex(address)} ksize=${ksize(mm, address)} pfn=${pfnOf(machine, address)}`;
};

/** `kx SLOT` */
const freeBytes: Operation = (machine, [slot]) => {
  const object = machine.take(number(slot));
  if (object?.kind !== 'object') return SKIP;
  kfree(machine.mm, object.address);
  return machine.mm.hex(object.address);
};

const OPERATIONS: readonly (readonly [RecorderCall, Operation])[] = [
  ['kc', create],
  ['kd', destroy],
  ['ka', allocate],
  ['kf', free],
  ['kab', allocateBulk],
  ['kfb', freeBulk],
  ['ks', shrink],
  ['km', allocateBytes],
  ['kx', freeBytes],
];

/** Only where there are caches. The kernel is called from the recorder's own place for this operation. */
export const withCaches =
  (call: RecorderCall, operation: Operation): Operation =>
  (machine, args) => {
    const { mm } = machine;
    if (!slab_is_available(mm)) throw new NotThere();
    mm.machine.caller = callOf(mm, call);
    return operation(machine, args);
  };

export const SLAB_OPERATIONS: ReadonlyMap<string, Operation> = new Map(
  OPERATIONS.map(([name, operation]) => [name, withCaches(name, operation)]),
);
