/**
 * Objects of SLUB's slabs: which are free, by the freelists of the slab and of the CPUs, decoded where they are hardened.
 *
 *     CONFIG_SLAB_FREELIST_HARDENED    stored = ptr ^ s->random ^ swab(&stored)     (5.7: 1ad53d9fa3f6; before without swab)
 *
 * Source: Linux 6.1 mm/slub.c: freelist_ptr(), get_freepointer(), on_freelist().
 */
import { asVirt, type VirtAddr } from '../memory/address.js';
import { Damaged, isDumpError, type Inspected, type Problems } from './inspected.js';
import { Pages } from './pages.js';
import { cacheNodes, partialSlabs, slabTag, type CacheView } from './slab.js';
import { addressOf, swab, ulongOf } from './words.js';

export interface SlabView {
  /** Its `struct slab`. */
  readonly slab: VirtAddr;
  /** Where its objects begin. */
  readonly address: VirtAddr;
  readonly objects: number;
  readonly inuse: number;
  readonly frozen: boolean;
  /** Free objects by their addresses, in the order in which they would be given out. */
  readonly free: readonly VirtAddr[];
  /** Of these, so many at the front are on the freelist of the CPU that allocates from it: the slab counts them as used. */
  readonly nrKept: number;
  readonly problem: string | undefined;
}

export class SlabObjects {
  private readonly pages: Pages;
  private readonly tag: string;

  constructor(private readonly k: Inspected) {
    this.pages = new Pages(k);
    this.tag = slabTag(k);
  }

  /** The slab that holds an address; undefined when its page is not a slab's. */
  slabOf(va: VirtAddr): { readonly slab: VirtAddr; readonly cache: VirtAddr } | undefined {
    const page = this.pages.pageOf(va);
    if (page === undefined) return undefined;
    const slab = this.pages.headOf(page);
    if (!this.pages.isSlab(slab)) return undefined;
    return { slab, cache: this.k.pointer(slab, this.tag, 'slab_cache') };
  }

  /** A slab as it stands. */
  view(cache: CacheView, slab: VirtAddr): SlabView {
    const { k, tag } = this;
    const address = this.addressOf(slab);
    const objects = k.number(slab, tag, 'objects');
    const { free, problem } = this.freeIn(
      cache,
      address,
      objects,
      k.pointer(slab, tag, 'freelist'),
    );
    return {
      slab,
      address,
      objects,
      inuse: k.number(slab, tag, 'inuse'),
      frozen: k.has(tag, 'frozen') && k.number(slab, tag, 'frozen') !== 0,
      free,
      nrKept: 0,
      problem,
    };
  }

  /** Slabs on the lists of the nodes; full ones are on none (without CONFIG_SLUB_DEBUG's list). */
  partial(cache: CacheView, problems: Problems): SlabView[] {
    const slabs: SlabView[] = [];
    problems.tried(
      `cache ${cache.name}`,
      () => {
        for (const node of cacheNodes(this.k, cache))
          for (const slab of partialSlabs(this.k, node)) slabs.push(this.view(cache, slab));
      },
      undefined,
    );
    return slabs;
  }

  /** The slabs of each CPU: what it allocates from, and its partial ones. Gone in 7.0. */
  ofCpus(
    cache: CacheView,
    problems: Problems,
  ): { readonly cpu: number; readonly slabs: SlabView[] }[] {
    const { k } = this;
    if (!k.has('kmem_cache', 'cpu_slab')) return [];
    const pointer = k.pointer(cache.at, 'kmem_cache', 'cpu_slab');
    const current = k.either('kmem_cache_cpu', 'slab', 'page');
    return k.onlineCpus().map((cpu) => {
      const slabs: SlabView[] = [];
      problems.tried(
        `cache ${cache.name}, CPU ${cpu}`,
        () => {
          const at = k.perCpu(pointer, cpu);
          const slab = k.pointer(at, 'kmem_cache_cpu', current);
          if (slab !== 0) slabs.push(this.withFreelist(cache, slab, at));
          if (k.has('kmem_cache_cpu', 'partial'))
            slabs.push(...this.cpuPartial(cache, k.pointer(at, 'kmem_cache_cpu', 'partial')));
        },
        undefined,
      );
      return { cpu, slabs };
    });
  }

  /** What a CPU allocates from: its own freelist goes first. */
  private withFreelist(cache: CacheView, slab: VirtAddr, cpuSlab: VirtAddr): SlabView {
    const view = this.view(cache, slab);
    const own = this.k.pointer(cpuSlab, 'kmem_cache_cpu', 'freelist');
    const { free, problem } = this.freeIn(cache, view.address, view.objects, own);
    return {
      ...view,
      free: [...free, ...view.free],
      nrKept: free.length,
      problem: problem ?? view.problem,
    };
  }

  private cpuPartial(cache: CacheView, first: VirtAddr): SlabView[] {
    const views: SlabView[] = [];
    const seen = new Set<number>();
    for (let slab = first; slab !== 0; slab = this.k.pointer(slab, this.tag, 'next')) {
      if (seen.has(slab)) throw new Damaged('its partial slabs run in a circle');
      seen.add(slab);
      views.push(this.view(cache, slab));
    }
    return views;
  }

  private addressOf(slab: VirtAddr): VirtAddr {
    const pfn = this.pages.memmap.pageToPfn(slab);
    if (pfn === undefined) throw new Damaged(`${this.k.hex(slab)} is not a struct page`);
    return asVirt(this.k.dump.pageOffset + pfn * 4096);
  }

  private freeIn(
    cache: CacheView,
    address: VirtAddr,
    objects: number,
    first: VirtAddr,
  ): { readonly free: VirtAddr[]; readonly problem: string | undefined } {
    const free: VirtAddr[] = [];
    const seen = new Set<number>();
    const end = address + objects * cache.size;
    for (let at = first; at !== 0;) {
      const index = (at - address) / cache.size;
      if (at < address || at >= end)
        return { free, problem: `its freelist leaves the slab for ${this.k.hex(at)}` };
      if (!Number.isInteger(index - this.leftPad(cache) / cache.size) && !Number.isInteger(index))
        return { free, problem: `its freelist leads into an object, at ${this.k.hex(at)}` };
      if (seen.has(at))
        return { free, problem: `its freelist runs in a circle at ${this.k.hex(at)}` };
      seen.add(at);
      free.push(at);
      try {
        at = this.nextFree(cache, at);
      } catch (error) {
        if (!isDumpError(error)) throw error;
        return { free, problem: error.message };
      }
    }
    return { free, problem: undefined };
  }

  /** Red zones to the left move the objects. */
  private leftPad(cache: CacheView): number {
    return this.k.has('kmem_cache', 'red_left_pad')
      ? this.k.number(cache.at, 'kmem_cache', 'red_left_pad')
      : 0;
  }

  private nextFree(cache: CacheView, object: VirtAddr): VirtAddr {
    const { k } = this;
    const offset = k.number(cache.at, 'kmem_cache', 'offset');
    const stored = k.space.ulongBits(object, offset);
    if (!k.has('kmem_cache', 'random')) return addressOf(stored, k.pointerSize);
    const random = k.space.ulongBits(cache.at, k.offset('kmem_cache', 'random'));
    const where = ulongOf(object, k.pointerSize) + BigInt(offset);
    return addressOf(stored ^ random ^ swab(where, k.pointerSize), k.pointerSize);
  }
}
