/**
 * A SLUB cache of a recorded state, put into memory: its struct kmem_cache where the dump has it, its slabs on their lists with
 * the free pointers in their objects, its node and its CPU's part where there is room.
 *
 * Full slabs are on no list: a dump counts them, but does not tell which they are.
 */
import { list_add_tail, INIT_LIST_HEAD } from '../../kernel/include/linux/list.h.js';
import type { Kernel } from '../../machine/kernel.js';
import { page_address } from '../../kernel/mm/highmem/page_address.js';
import { __folio_set_slab } from '../../kernel/include/linux/page-flags.h.js';
import { reciprocal_value } from '../../kernel/lib/math/reciprocal_div.js';
import { folio_slab, slab_folio } from '../../kernel/mm/slab.h.js';
import { account_slab } from '../../kernel/mm/slab_common/account.js';
import { fixup_red_left, set_freepointer } from '../../kernel/mm/slub/freelist.js';
import {
  NULL,
  type KmemCache,
  type KmemCacheCpu,
  type KmemCacheNode,
  type ListHead,
  type Slab,
} from '../../machine/ctypes.js';
import { asCell, asPfn, asVirt, type VirtAddr } from '../../memory/address.js';
import type { ObjectMemory } from './objectMemory.js';
import { decimalOf, hexOf, numbersOf, type CacheText, type SlabLine } from './slabsText.js';

const ALIGN = 64;

/** What a cache takes of the memory for objects: its node, and what a CPU has of it. */
export const slubCacheBytes = (mm: Kernel): number =>
  mm.sizeof.kmem_cache_node + mm.sizeof.kmem_cache_cpu + 2 * ALIGN;

/** Caches that the kernel keeps a pointer to, and constructors, by the names of the caches. */
const POINTERS: ReadonlyMap<string, string> = new Map([
  ['kmem_cache_node', 'kmem_cache_node'],
  ['kernfs_node_cache', 'kernfs_node_cache'],
  ['radix_tree_node', 'radix_tree_node_cachep'],
  ['dentry', 'dentry_cache'],
  ['inode_cache', 'inode_cachep'],
]);
const CONSTRUCTORS: ReadonlyMap<string, string> = new Map([
  ['radix_tree_node', 'radix_tree_node_ctor'],
]);

export function loadSlubCache(
  mm: Kernel,
  s: KmemCache,
  text: CacheText,
  memory: ObjectMemory,
): void {
  loadGeometry(mm, s, text);
  const { profile } = mm;
  const pointer = POINTERS.get(text.name);
  if (pointer !== undefined) mm.write_ptr(mm.symbol(pointer), s);
  const ctor = profile.symbol(CONSTRUCTORS.get(text.name) ?? '')?.address;
  if (ctor !== undefined) mm.write_va(s + mm.kmem_cache.ctor, ctor);

  const n = mm.cell_at(memory.take(mm.sizeof.kmem_cache_node, ALIGN)) as KmemCacheNode;
  mm.write_ptr(s + mm.kmem_cache.node, n);
  INIT_LIST_HEAD(mm, n + mm.kmem_cache_node.partial);
  INIT_LIST_HEAD(mm, n + mm.kmem_cache_node.full);
  const c = mm.cell_at(memory.take(mm.sizeof.kmem_cache_cpu, ALIGN)) as KmemCacheCpu;
  // SMP: relative to the area of the CPU, the only one of the recorded machines.
  const base = mm.smp ? mm.read_va(mm.symbol('__per_cpu_offset')) : 0;
  mm.write_va(s + mm.kmem_cache.cpu_slab, asVirt(mm.va_of(c) - base));

  let lockless: SlabLine | undefined;
  let last = mm.kmem_cache_cpu.partial < 0 ? 0 : c + mm.kmem_cache_cpu.partial;
  for (const line of text.lines) {
    switch (line.word) {
      case 'cpu':
        mm.write_long(c + mm.kmem_cache_cpu.tid, hexOf(line, 'tid'));
        lockless = line;
        break;
      case 'cur': {
        const page = loadSlab(mm, s, line);
        mm.write_ptr(c + mm.kmem_cache_cpu.slab, page);
        if (lockless)
          mm.write_va(c + mm.kmem_cache_cpu.freelist, loadFreelist(mm, s, page, lockless));
        break;
      }
      case 'cpn': {
        const page = loadSlab(mm, s, line);
        mm.write(page + mm.slab.slabs, decimalOf(line, 'slabs'));
        mm.write_ptr(page + mm.slab.next, NULL);
        mm.write_ptr(last, page);
        last = page + mm.slab.next;
        break;
      }
      case 'node':
        loadNode(mm, s, n, line);
        break;
      case 'part':
        addTo(mm, loadSlab(mm, s, line), n + mm.kmem_cache_node.partial);
        break;
      case 'full':
        addTo(mm, loadSlab(mm, s, line), n + mm.kmem_cache_node.full);
        break;
    }
  }
}

const addTo = (mm: Kernel, page: Slab, head: ListHead): void =>
  list_add_tail(mm, asCell(page + mm.slab.slab_list), head);

/** `ORDER/OBJECTS` as the kernel packs it. */
function orderObjects(line: SlabLine, name: string): number {
  const [order = 0, objects = 0] = (line.fields.get(name) ?? '').split('/').map(Number);
  return order * 65536 + objects;
}

function loadGeometry(mm: Kernel, s: KmemCache, { kc }: CacheText): void {
  for (const field of ['inuse', 'offset', 'red_left_pad'] as const)
    mm.write(s + mm.kmem_cache[field], decimalOf(kc, field));
  for (const field of ['oo', 'min'] as const)
    mm.write(s + mm.kmem_cache[field], orderObjects(kc, field));
  mm.write_long(s + mm.kmem_cache.min_partial, decimalOf(kc, 'min_partial'));
  reciprocal_value(mm, decimalOf(kc, 'size'), s + mm.kmem_cache.reciprocal_size);
  if (mm.kmem_cache.cpu_partial < 0) return;
  mm.write(s + mm.kmem_cache.cpu_partial, decimalOf(kc, 'cpu_partial'));
  mm.write(s + mm.kmem_cache.cpu_partial_slabs, decimalOf(kc, 'cpu_partial_slabs'));
}

function loadNode(mm: Kernel, s: KmemCache, n: KmemCacheNode, line: SlabLine): void {
  mm.write_long(n + mm.kmem_cache_node.nr_partial, decimalOf(line, 'nr_partial'));
  mm.write_long(n + mm.kmem_cache_node.nr_slabs, decimalOf(line, 'nr_slabs'));
  mm.write_long(n + mm.kmem_cache_node.total_objects, decimalOf(line, 'total_objects'));
  const order = (mm.words[s + mm.kmem_cache.oo] ?? 0) >>> 16;
  for (let i = decimalOf(line, 'nr_slabs'); i > 0; i--) account_slab(mm, order, s);
}

function loadSlab(mm: Kernel, s: KmemCache, line: SlabLine): Slab {
  const page = folio_slab(mm.memmap.pfn_to_page(asPfn(hexOf(line, 'pfn'))));
  __folio_set_slab(mm, slab_folio(page));
  mm.write_ptr(page + mm.slab.slab_cache, s);
  let counters = 0;
  for (const field of ['inuse', 'objects', 'frozen'] as const)
    counters = mm.with_bits(counters, mm.slab[field], decimalOf(line, field));
  mm.write_long(page + mm.slab.counters, counters >>> 0);
  mm.write_va(page + mm.slab.freelist, loadFreelist(mm, s, page, line));
  return page;
}

/** Links the free objects of a line; the first one. */
function loadFreelist(mm: Kernel, s: KmemCache, page: Slab, line: SlabLine): VirtAddr {
  const size = mm.words[s + mm.kmem_cache.size] ?? 0;
  const first = fixup_red_left(mm, s, page_address(mm, slab_folio(page)));
  const objects = numbersOf(line).map((index) => asVirt(first + index * size));
  objects.forEach((object, i) => set_freepointer(mm, s, object, objects[i + 1] ?? asVirt(0)));
  return objects[0] ?? asVirt(0);
}
