/**
 * The slab allocator of a recorded state: every cache of `%slabs`, the list of caches, kmalloc's tables and the options.
 */
import { constantNamed } from '../../types/named.js';
import { list_add_tail, INIT_LIST_HEAD } from '../../kernel/include/linux/list.h.js';
import type { Kernel } from '../../machine/kernel.js';
import { setup_kmalloc_cache_index_table } from '../../kernel/mm/slab_common/kmalloc.js';
import { writeByte } from '../../kernel/lib/string.js';
import type { KmemCache } from '../../machine/ctypes.js';
import type { KernelImage } from '../kernelImage.js';
import { ObjectMemory } from './objectMemory.js';
import { loadPercpu, PERCPU_BYTES } from './percpuState.js';
import { loadSlabCache, slabCacheBytes } from './slabCacheLoad.js';
import { loadSlubCache, slubCacheBytes } from './slubCacheLoad.js';
import { loadSysfs, SYSFS_BYTES } from './sysfsState.js';
import { addressOf, decimalOf, hexOf, parseSlabs, type CacheText } from './slabsText.js';
import type { TraceDump } from './trace.js';

/** How one allocator's caches are put into memory. */
interface SlabLoader {
  /** What a cache takes of the memory for objects, besides its name. */
  readonly sizeBytes: (mm: Kernel, text: CacheText) => number;
  /** Writes what only this allocator has. */
  readonly load: (mm: Kernel, s: KmemCache, text: CacheText, memory: ObjectMemory) => void;
  /** Writes what goes with the caches, when all are there. */
  readonly finish?: (mm: Kernel, memory: ObjectMemory, nextNode: number) => void;
}

/** By the option that chooses the allocator. */
const LOADERS: ReadonlyMap<string, SlabLoader> = new Map<string, SlabLoader>([
  ['CONFIG_SLAB', { sizeBytes: slabCacheBytes, load: loadSlabCache }],
  ['CONFIG_SLUB', { sizeBytes: slubCacheBytes, load: loadSlubCache, finish: loadSysfs }],
]);

/**
 * Puts the caches of a dump into the machine's memory. A dump of geometries alone tells too little: nothing is done.
 * @param nextNode the number of sysfs's next node
 */
export function loadSlabs({ mm }: KernelImage, dump: TraceDump, nextNode = 1): void {
  const caches = parseSlabs(dump.lines);
  const loader = [...LOADERS].find(([option]) => constantNamed(mm.profile, option) !== 0)?.[1];
  if (caches.length === 0 || loader === undefined) return;
  const sizes = caches.map((text) => loader.sizeBytes(mm, text) + text.name.length + 1);
  const memory = new ObjectMemory(
    mm,
    sizes.reduce((sum, size) => sum + size, PERCPU_BYTES + SYSFS_BYTES),
  );
  loadPercpu(mm, memory);
  INIT_LIST_HEAD(mm, mm.symbol('slab_caches'));
  INIT_LIST_HEAD(mm, mm.symbol('slab_caches_to_rcu_destroy'));
  for (const text of caches) {
    const s = mm.cell_at(addressOf(text.kc, 'at', mm.profile.pointerSize)) as KmemCache;
    loadCommon(mm, s, text, memory);
    loader.load(mm, s, text, memory);
    list_add_tail(mm, s + mm.kmem_cache.list, mm.symbol('slab_caches'));
    noteKmallocCache(mm, s, text);
  }
  setup_kmalloc_cache_index_table(mm);
  loader.finish?.(mm, memory, nextNode);
  loadOptions(mm, caches);
}

/** `kc` fields that both allocators have. */
const DECIMAL_WORDS = [
  'size',
  'object_size',
  'align',
  'refcount',
  'usersize',
  'useroffset',
] as const;

function loadCommon(mm: Kernel, s: KmemCache, text: CacheText, memory: ObjectMemory): void {
  for (const field of DECIMAL_WORDS) mm.write(s + mm.kmem_cache[field], decimalOf(text.kc, field));
  mm.write(s + mm.kmem_cache.flags, hexOf(text.kc, 'flags'));
  mm.write(s + mm.kmem_cache.allocflags, hexOf(text.kc, 'allocflags'));
  mm.write_va(s + mm.kmem_cache.name, memory.string(text.name));
  // Which function it is a dump does not tell.
  const ctor = decimalOf(text.kc, 'ctor') === 0 ? undefined : mm.profile.symbol('_stext')?.address;
  if (ctor !== undefined) mm.write_va(s + mm.kmem_cache.ctor, ctor);
  if (text.name === 'kmem_cache') mm.write_ptr(mm.symbol('kmem_cache'), s);
}

const KMALLOC_TYPES: readonly (readonly [prefix: string, type: string])[] = [
  ['kmalloc-rcl-', 'KMALLOC_RECLAIM'],
  ['dma-kmalloc-', 'KMALLOC_DMA'],
  ['kmalloc-', 'KMALLOC_NORMAL'],
];

/** kmalloc_caches[type][index]: 1 and 2 are for 96 and 192 bytes, else the index is the size's logarithm. */
function noteKmallocCache(mm: Kernel, s: KmemCache, { name, kc }: CacheText): void {
  const type = KMALLOC_TYPES.find(([prefix]) => name.startsWith(prefix))?.[1];
  if (type === undefined) return;
  const size = decimalOf(kc, 'object_size');
  const index = { 96: 1, 192: 2 }[size] ?? Math.log2(size);
  const kmalloc_caches = mm.symbol('kmalloc_caches');
  const kmalloc_row = mm.KMALLOC_SHIFT_HIGH + 1;
  const entry = constantNamed(mm.profile, type) * kmalloc_row + index;
  mm.write_ptr(kmalloc_caches + entry * mm.ptr_words, s);
}

/** What the command line and boot have set. */
function loadOptions(mm: Kernel, caches: readonly CacheText[]): void {
  // Merged caches are seen by their reference counts.
  const merged = caches.some(({ kc }) => decimalOf(kc, 'refcount') > 1);
  const slab_nomerge = mm.profile.symbol('slab_nomerge')?.address;
  if (slab_nomerge !== undefined) writeByte(mm, slab_nomerge, merged ? 0 : 1);
  const slab_state = mm.findSymbol('slab_state');
  if (slab_state !== undefined) mm.write(slab_state, mm.FULL);
  // More than 32 MiB: every machine that was recorded.
  const slab_max_order = mm.findSymbol('slab_max_order');
  if (slab_max_order !== undefined) mm.write(slab_max_order, 1);
  const slub_max_order = mm.findSymbol('slub_max_order');
  if (slub_max_order !== undefined) mm.write(slub_max_order, mm.PAGE_ALLOC_COSTLY_ORDER);
}
