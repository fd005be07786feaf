/**
 * What a slab says about itself in the words of its struct page: which cache, how its objects lie, and which object an
 * address points into.
 *
 * Source: Linux 6.1 mm/slab.h (struct slab), include/linux/slub_def.h obj_to_index(), include/linux/slab_def.h,
 * mm/slub.c get_freepointer(), mm/slab.c get_free_obj(). Freelists are neither hardened nor shuffled in the bundled builds.
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
  /** As the slab counts them; the cpu slab of SLUB counts those on its freelist too. */
  readonly nrUsed: number;
  readonly object: SlabObject | undefined;
}

interface SlabObject {
  readonly index: number;
  readonly address: VirtAddr;
  readonly offset: number;
  /** Undefined where the lists do not say. */
  readonly free: boolean | undefined;
}

const MAX_NAME = 64;

interface Slab {
  readonly page: VirtAddr;
  readonly cache: VirtAddr;
  readonly firstObject: VirtAddr;
  readonly nrObjects: number;
  readonly nrUsed: number;
  readonly size: number;
}

/**
 * @param page struct page of the slab's first page
 * @param address of that page in the direct map
 * @param within an address inside the slab
 */
export function slabFacts(
  reader: StructReader,
  page: VirtAddr,
  address: VirtAddr,
  within?: VirtAddr,
): SlabFacts | undefined {
  const cache = reader.pointer('slab', 'slab_cache', page);
  const size = cache && reader.uint('kmem_cache', 'size', cache);
  if (cache === undefined || cache === 0 || size === undefined || size === 0) return undefined;
  const name = reader.pointer('kmem_cache', 'name', cache);
  const isSlub = reader.offset('slab', 's_mem') === undefined;
  const slab = isSlub
    ? slubOf(reader, page, cache, address, size)
    : slabOf(reader, page, cache, size);
  if (slab === undefined) return undefined;
  return {
    cache: (name && reader.textAt(name, MAX_NAME)) || 'an unnamed cache',
    cacheAddress: cache,
    objectBytes: size,
    usableBytes: reader.uint('kmem_cache', 'object_size', cache) ?? size,
    nrObjects: slab.nrObjects,
    nrUsed: slab.nrUsed,
    object: within === undefined ? undefined : objectAt(reader, slab, isSlub, within),
  };
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
  const red = reader.uint('kmem_cache', 'red_left_pad', cache) ?? 0;
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
  const firstObject = reader.pointer('slab', 's_mem', page);
  const nrUsed = reader.uint('slab', 'active', page);
  const nrObjects = reader.uint('kmem_cache', 'num', cache);
  if (firstObject === undefined || nrUsed === undefined || nrObjects === undefined)
    return undefined;
  return { page, cache, size, firstObject, nrObjects, nrUsed };
}

function objectAt(
  reader: StructReader,
  slab: Slab,
  isSlub: boolean,
  within: VirtAddr,
): SlabObject | undefined {
  const index = Math.floor((within - slab.firstObject) / slab.size);
  if (index < 0 || index >= slab.nrObjects) return undefined;
  const address = asVirt(slab.firstObject + index * slab.size);
  const free = isSlub ? slubIsFree(reader, slab, address) : slabIsFree(reader, slab, index);
  return { index, address, offset: within - address, free };
}

/** On the slab's own freelist, or on that of the CPU that has it. */
function slubIsFree(reader: StructReader, slab: Slab, object: VirtAddr): boolean | undefined {
  const offset = reader.uint('kmem_cache', 'offset', slab.cache);
  if (offset === undefined) return undefined;
  const heads = [reader.pointer('slab', 'freelist', slab.page), ...cpuFreelists(reader, slab)];
  for (const head of heads) {
    let at = head;
    for (let i = 0; i < slab.nrObjects && at !== undefined && at !== 0; i++) {
      if (at === object) return true;
      at = reader.pointerAt(at + offset);
    }
  }
  return false;
}

function* cpuFreelists(reader: StructReader, { page, cache }: Slab): Generator<VirtAddr> {
  const { image } = reader;
  const cpuSlab = reader.pointer('kmem_cache', 'cpu_slab', cache);
  const offsets = image.profile.smp ? reader.symbol('__per_cpu_offset') : undefined;
  if (cpuSlab === undefined) return;
  for (let cpu = 0; cpu < image.nrCpus; cpu++) {
    const base =
      offsets === undefined ? 0 : reader.pointerAt(offsets + cpu * image.profile.pointerSize);
    if (base === undefined) continue;
    const own = asVirt(cpuSlab + base);
    if (reader.pointer('kmem_cache_cpu', 'slab', own) !== page) continue;
    const freelist = reader.pointer('kmem_cache_cpu', 'freelist', own);
    if (freelist !== undefined) yield freelist;
  }
}

/** The index array holds the free ones from `active` on. What a CPU's array cache holds counts as used there. */
function slabIsFree(reader: StructReader, slab: Slab, index: number): boolean | undefined {
  const freelist = reader.pointer('slab', 'freelist', slab.page);
  const bytes = reader.uint('kmem_cache', 'freelist_size', slab.cache);
  if (freelist === undefined || bytes === undefined) return undefined;
  if (slab.nrUsed === slab.nrObjects) return false;
  const width = bytes >= slab.nrObjects * 2 ? 2 : 1;
  for (let i = slab.nrUsed; i < slab.nrObjects; i++) {
    const entry = reader.uintAt(freelist + i * width);
    if (entry === undefined) return undefined;
    if ((entry & (width === 1 ? 0xff : 0xffff)) === index) return true;
  }
  return false;
}
