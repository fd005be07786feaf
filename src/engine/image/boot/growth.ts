/**
 * What the rest of the kernel allocates while it boots: nobody here runs its drivers, so their caches, slabs and pages are taken as
 * a recorded machine of this build had taken them, in the same order. Memory management's own steps happen among them, where they
 * do: each is called before a certain cache is made.
 *
 *     step       what it does
 *     slabs      objects are allocated until the cache has so many slabs    (of merged caches: as many objects as both need)
 *     blocks     pages of no cache: stacks, tables
 *     freed      the same, given back when all is done
 *     held       the same, given back when a certain cache takes a slab: it lies there, though older ones lie higher
 *
 * Objects get no contents. A machine that is much smaller than the recorded one takes as much of this as leaves it half of its
 * memory; where a machine is larger, the rest of its kernel would have taken a little more.
 */
import { idr_alloc_cyclic } from '../../kernel/lib/idr.js';
import type { Idr } from '../../kernel/include/linux/idr.h.js';
import { virt_to_page } from '../../kernel/arch/x86/include/asm/page.h.js';
import { compound_head } from '../../kernel/include/linux/page-flags.h.js';
import { kmem_cache_alloc, kmem_cache_free } from '../../kernel/include/linux/slab.h.js';
import { get_node } from '../../kernel/mm/slab.h.js';
import { pgtable_pte_page_ctor } from '../../kernel/arch/x86/mm/pgtable/pgalloc.js';
import { page_address } from '../../kernel/mm/highmem/page_address.js';
import { __free_pages, alloc_pages } from '../../kernel/mm/page_alloc/api.js';
import { kmem_cache_create_usercopy } from '../../kernel/mm/slab_common/slab_common.js';
import { type KmemCache, NULL, type Page } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { asVirt, type VirtAddr } from '../../memory/address.js';
import { findCache } from '../../proc/slabCaches.js';
import { objectsInUse, objectsPerSlab } from '../../proc/slabUse.js';
import {
  bootFact,
  cacheRecords,
  growthSteps,
  objectRecords,
  type CacheRecord,
  type GrowthStep,
  type ObjectsRecord,
} from './bootRecord.js';
import { symbolAddress } from './profileFacts.js';
import { isHighmemZone } from './zones.js';

/** Of the trees that numbers are looked up in. */
const NODES = 'radix_tree_node';

/** The smallest first. */
const LARGE_OBJECTS = ['kmalloc-1k', 'kmalloc-2k'];

/** Caches that have a variable. */
export const VARIABLES: Readonly<Record<string, string>> = {
  anon_vma: 'anon_vma_cachep',
  anon_vma_chain: 'anon_vma_chain_cachep',
  dentry: 'dentry_cache',
  files_cache: 'files_cachep',
  filp: 'filp_cachep',
  fs_cache: 'fs_cachep',
  hugetlbfs_inode_cache: 'hugetlbfs_inode_cachep',
  inode_cache: 'inode_cachep',
  kernfs_node_cache: 'kernfs_node_cache',
  khugepaged_mm_slot: 'mm_slot_cache',
  maple_node: 'maple_node_cache',
  mm_struct: 'mm_cachep',
  mnt_cache: 'mnt_cache',
  names_cache: 'names_cachep',
  pgd_cache: 'pgd_cache',
  radix_tree_node: 'radix_tree_node_cachep',
  shmem_inode_cache: 'shmem_inode_cachep',
  sighand_cache: 'sighand_cachep',
  signal_cache: 'signal_cachep',
  task_struct: 'task_struct_cachep',
  vm_area_struct: 'vm_area_cachep',
};

/** More than an object, a block or a cache can take, with what the CPU's list takes along. */
const MOST_PAGES_AT_ONCE = 4096;

/** By the cache that is made next, what memory management does before; `objects`: when all slabs are there. */
export type BootSteps = Readonly<Record<string, () => void>>;

type BlockStep = Extract<GrowthStep, { kind: 'blocks' | 'freed' | 'held' | 'tables' }>;

interface Block {
  readonly page: Page;
  readonly order: number;
}

export class Growth {
  private readonly records: readonly CacheRecord[];
  /** Of {@link records}: how many were made. */
  private nrMade = 0;
  /** Every name with its cache; several names have one when caches are merged. */
  private readonly caches = new Map<string, KmemCache>();
  private readonly slabs = new Map<string, number>();
  /** By name: how many objects were handed out at this point. */
  private readonly goals = new Map<string, number>();
  private readonly freedBlocks: Block[] = [];
  private readonly heldBlocks: Block[] = [];
  private readonly objects: ReadonlyMap<string, ObjectsRecord>;
  /** Of caches with objects that are freed again: their slabs by number, and which of their objects are nobody's. */
  private readonly anonymous = new Map<
    string,
    { slabs: Map<number, VirtAddr>; objects: Set<VirtAddr> }
  >();
  /** Nodes of trees that nobody uses. */
  private readonly nodes: VirtAddr[] = [];
  /** NR_FREE_PAGES of each zone of lowmem. */
  private readonly freeCounters: readonly number[];
  /** Of caches of which a slab holds a few objects: those that nobody uses. */
  private readonly large = new Map(LARGE_OBJECTS.map((name) => [name, [] as VirtAddr[]]));
  private readonly leastFree: number;
  /** So many more times there is room, without a look, if no step comes between. */
  private surelyRoom = 0;

  constructor(
    private readonly mm: Kernel,
    private readonly steps: BootSteps,
  ) {
    this.records = cacheRecords(mm.profile);
    this.objects = new Map(objectRecords(mm.profile).map((each) => [each.name, each]));
    this.freeCounters = mm.zones
      .filter((_, i) => !isHighmemZone(mm.profile, i))
      .map((zone) => zone + mm.zone.vm_stat + mm.NR_FREE_PAGES * mm.ptr_words);
    this.leastFree = this.freeLowmem() / 2;
    for (const { name, freed } of this.objects.values())
      if (freed.length > 0) this.anonymous.set(name, { slabs: new Map(), objects: new Set() });
  }

  run(): void {
    for (const step of growthSteps(this.mm.profile)) this.take(step);
    this.makeCaches(() => false);
    // All slabs are there: whatever takes objects now makes no cache grow before its time.
    this.runStep('objects');
    for (const { name, count } of this.objects.values()) this.handOut(name, count);
    for (const record of this.objects.values()) this.free(record);
    for (const record of this.objects.values()) this.fillArray(record);
  }

  /** The caches alone, without objects. */
  runCaches(): void {
    this.makeCaches(() => false);
  }

  /** Nodes of trees that were the kernel's for a while, and may be sysfs's: as many as it is about to need. */
  giveBackNodes(nr: number): void {
    const s = this.caches.get(NODES);
    const count = this.objects.get(NODES)?.count;
    if (s === undefined || count === undefined) return;
    const surplus = objectsInUse(this.mm, s) + nr - count;
    for (let i = 0; i < surplus; i++) {
      const node = this.nodes.pop();
      if (node === undefined) return;
      kmem_cache_free(this.mm, s, node);
    }
  }

  /** An object for what takes so many bytes, which nobody uses though it was handed out; 0: there is none. */
  takeObject(bytes: number): VirtAddr {
    const name = LARGE_OBJECTS.find((each) => bytes <= Number.parseInt(each.slice(8), 10) * 1024);
    const object = this.large.get(name ?? '')?.pop() ?? asVirt(0);
    this.anonymous.get(name ?? '')?.objects.delete(object);
    return object;
  }

  /** What was free in between, from the highest page down. */
  freeBlocks(): void {
    for (const { page, order } of this.freedBlocks.reverse()) __free_pages(this.mm, page, order);
  }

  private take(step: GrowthStep): void {
    switch (step.kind) {
      case 'before':
        this.makeCaches((record) => record.name === step.cache);
        this.runStep(step.cache);
        return;
      case 'step':
        this.runStep(step.cache);
        return;
      case 'slabs':
        for (let i = 0; i < step.count; i++) this.growCache(step.cache);
        return;
      case 'inHeld': {
        const held = this.heldBlocks.shift();
        if (held !== undefined) __free_pages(this.mm, held.page, held.order);
        this.growCache(step.cache);
        return;
      }
      case 'blocks':
      case 'freed':
      case 'held':
      case 'tables':
        for (let i = 0; i < step.count; i++) this.takeBlock(step);
    }
  }

  private takeBlock(step: BlockStep): void {
    const { mm } = this;
    if (!this.hasRoom()) return;
    const order = step.kind === 'tables' ? 0 : step.order;
    const reclaimable = step.kind !== 'tables' && step.reclaimable;
    const gfp = mm.GFP_KERNEL | (reclaimable ? mm.__GFP_RECLAIMABLE : 0);
    const page = alloc_pages(mm, gfp, order);
    if (page === NULL) return;
    if (step.kind === 'tables') pgtable_pte_page_ctor(mm, page);
    if (step.kind === 'freed') this.freedBlocks.push({ page, order });
    if (step.kind === 'held') this.heldBlocks.push({ page, order });
  }

  // --- caches ------------------------------------------------------------------------------------------------------------

  private growCache(name: string): void {
    const nr = (this.slabs.get(name) ?? 0) + 1;
    this.slabs.set(name, nr);
    // The cache for caches, and what a cache is made of, grow as caches are made.
    if (name === 'kmem_cache' || name === 'kmem_cache_node') {
      const s = this.cacheOf(name);
      const goal = (nr - 1) * objectsPerSlab(this.mm, s) + 1;
      this.makeCaches(() => objectsInUse(this.mm, s) >= goal);
      return;
    }
    this.makeCaches(() => this.caches.has(name));
    const s = this.cacheOf(name);
    this.handOut(name, (nr - 1) * objectsPerSlab(this.mm, s) + 1, nr - 1);
  }

  private cacheOf(name: string): KmemCache {
    let s = this.caches.get(name);
    if (s === undefined) this.caches.set(name, (s = findCache(this.mm, name)));
    return s;
  }

  /** Makes caches in their order until `isEnough`. */
  private makeCaches(isEnough: (next: CacheRecord) => boolean): void {
    for (; this.nrMade < this.records.length; this.nrMade++) {
      const record = this.records[this.nrMade] as CacheRecord;
      if (isEnough(record)) return;
      this.makeCache(record);
    }
  }

  private makeCache({ name, geometry }: CacheRecord): void {
    const { mm } = this;
    this.runStep(name);
    if (geometry === undefined) {
      this.cacheOf(name);
      return;
    }
    const { size, align, flags, useroffset, usersize, ctorOffset } = geometry;
    const text = symbolAddress(mm.profile, '_text');
    const s = kmem_cache_create_usercopy(
      mm,
      mm.machine.findLiteral(name) ?? name,
      size,
      align,
      flags,
      useroffset,
      usersize,
      asVirt(ctorOffset === undefined ? 0 : text + ctorOffset),
    );
    this.caches.set(name, s);
    const variable = mm.findSymbol(VARIABLES[name] ?? '');
    if (variable !== undefined) mm.write_ptr(variable, s);
  }

  private readonly done = new Set<string>();

  /** Once. */
  runStep(name: string): void {
    if (this.done.has(name)) return;
    this.done.add(name);
    this.surelyRoom = 0;
    this.steps[name]?.();
  }

  // --- objects -----------------------------------------------------------------------------------------------------------

  /** Allocates objects until `count` of the cache under that name are out. @param slab number of the slab that begins with the last */
  private handOut(name: string, count: number, slab?: number): void {
    const { mm } = this;
    const s = this.cacheOf(name);
    if (s === NULL) return;
    this.goals.set(name, Math.max(count, this.goals.get(name) ?? 0));
    let goal = 0;
    for (const [other, objects] of this.goals) if (this.caches.get(other) === s) goal += objects;
    const anonymous = this.anonymous.get(name);
    let object = asVirt(0);
    for (let used = objectsInUse(mm, s); used < goal && this.hasRoom(); used++) {
      object = kmem_cache_alloc(mm, s, mm.GFP_KERNEL);
      if (object === 0) return;
      anonymous?.objects.add(object);
      if (name === NODES) this.nodes.push(object);
      this.large.get(name)?.push(object);
    }
    if (slab !== undefined && object !== 0)
      anonymous?.slabs.set(slab, page_address(mm, compound_head(mm, virt_to_page(mm, object))));
  }

  /** Frees objects that the recorded machine's kernel had freed, if they are nobody's. */
  private free({ name, freed }: ObjectsRecord): void {
    const anonymous = this.anonymous.get(name);
    const s = this.caches.get(name);
    if (anonymous === undefined || s === undefined) return;
    for (const { slab, index } of freed) {
      const start = anonymous.slabs.get(slab);
      if (start === undefined) continue;
      const object = asVirt(start + index * (this.mm.words[s + this.mm.kmem_cache.size] ?? 0));
      if (anonymous.objects.delete(object)) kmem_cache_free(this.mm, s, object);
    }
  }

  /** SLAB: objects go to the CPU's array until the node has as few as it had. */
  private fillArray({ name, nodeFree }: ObjectsRecord): void {
    const { mm } = this;
    const s = this.caches.get(name);
    // A cache that this build has not is NULL.
    if (nodeFree === undefined || s === undefined || s === NULL) return;
    const freeObjects = (): number =>
      mm.read_ulong(get_node(mm, s) + mm.kmem_cache_node.free_objects);
    const taken: VirtAddr[] = [];
    const most = mm.words[s + mm.kmem_cache.limit] ?? 0;
    while (freeObjects() > nodeFree && taken.length < most) {
      const object = kmem_cache_alloc(mm, s, mm.GFP_KERNEL);
      if (object === 0) break;
      taken.push(object);
    }
    for (const object of taken.reverse()) kmem_cache_free(mm, s, object);
  }

  // --- memory ------------------------------------------------------------------------------------------------------------

  private hasRoom(): boolean {
    if (this.surelyRoom > 0) {
      this.surelyRoom--;
      return true;
    }
    const spare = this.freeLowmem() - this.leastFree;
    this.surelyRoom = Math.floor(spare / MOST_PAGES_AT_ONCE);
    return spare > 0;
  }

  private freeLowmem(): number {
    let free = 0;
    for (const counter of this.freeCounters) free += this.mm.read_ulong(counter);
    return free;
  }
}

/** How many nodes of trees the numbers of sysfs's nodes need, all in all. */
export function nodesForSysfs(mm: Kernel): number {
  const perNode = mm.RADIX_TREE_MAP_SIZE;
  return Math.ceil((bootFact(mm.profile, 'last_node') ?? 0) / perNode);
}

/** Numbers of sysfs's nodes that others have taken: the next one is `next`. */
export function takeNodeNumbers(mm: Kernel, fact: 'slab_node' | 'last_node'): void {
  const number = bootFact(mm.profile, fact);
  const root = mm.read_ptr(mm.globals.sysfs_root);
  if (number === undefined || root === NULL) return;
  const next = fact === 'slab_node' ? number : number + 1;
  const idr = (root + mm.kernfs_root.ino_idr) as Idr;
  const dir = mm.read_ptr(mm.globals.sysfs_root_kn);
  while ((mm.words[idr + mm.idr.idr_next] ?? next) < next) {
    const taken = idr_alloc_cyclic(mm, idr, mm.va_of(dir), 1, mm.GFP_KERNEL);
    if (taken < 0) return;
    mm.write(root + mm.kernfs_root.last_id_lowbits, taken);
  }
}
