/**
 * A SLAB cache of a recorded state, put into memory: its struct kmem_cache where the dump has it, its slabs on their lists with
 * their index arrays, its node and its CPU's array where there is room.
 */
import { kmem_cache_node_init } from '../../kernel/mm/slab/cpucache.js';
import { entryAt, init_arraycache } from '../../kernel/mm/slab/array_cache.js';
import { reciprocal_value } from '../../kernel/lib/math/reciprocal_div.js';
import { folio_slab, slab_folio } from '../../kernel/mm/slab.h.js';
import { account_slab } from '../../kernel/mm/slab_common/account.js';
import { writeByte } from '../../kernel/lib/string.js';
import { list_add_tail } from '../../kernel/include/linux/list.h.js';
import { __folio_set_slab } from '../../kernel/include/linux/page-flags.h.js';
import type { Kernel } from '../../machine/kernel.js';
import type { KmemCache, KmemCacheNode, ListHead } from '../../machine/ctypes.js';
import { asCell, asPfn, asVirt } from '../../memory/address.js';
import type { ObjectMemory } from './objectMemory.js';
import {
  addressesOf,
  addressOf,
  decimalOf,
  hexOf,
  numbersOf,
  type CacheText,
  type SlabLine,
} from './slabsText.js';

/** What a cache takes of the memory for objects: its node, and an array of at most so many entries. */
export const slabCacheBytes = (mm: Kernel, { lines }: CacheText): number => {
  const cpu = lines.find(({ word }) => word === 'cpu0');
  const entries = cpu === undefined ? 0 : decimalOf(cpu, 'limit');
  return mm.sizeof.kmem_cache_node + 64 + mm.sizeof.array_cache + entries * mm.ptr_words * 4 + 64;
};

/** Fields of the `kc` line that only mm/slab.c has, by the members they are in. */
const WORDS = [
  'num',
  'gfporder',
  'colour_off',
  'freelist_size',
  'batchcount',
  'limit',
  'shared',
] as const;

export function loadSlabCache(
  mm: Kernel,
  s: KmemCache,
  text: CacheText,
  memory: ObjectMemory,
): void {
  for (const field of WORDS) mm.write(s + mm.kmem_cache[field], decimalOf(text.kc, field));
  mm.write_long(s + mm.kmem_cache.colour, decimalOf(text.kc, 'colour'));
  reciprocal_value(mm, decimalOf(text.kc, 'size'), s + mm.kmem_cache.reciprocal_buffer_size);
  const n = mm.cell_at(memory.take(mm.sizeof.kmem_cache_node, 64)) as KmemCacheNode;
  mm.write_ptr(s + mm.kmem_cache.node, n);
  kmem_cache_node_init(mm, n);
  for (const line of text.lines) {
    if (line.word === 'cpu0') loadArray(mm, s, line, memory);
    if (line.word === 'node') {
      loadNode(mm, n, line);
      const order = decimalOf(text.kc, 'gfporder');
      for (let i = decimalOf(line, 'total'); i > 0; i--) account_slab(mm, order, s);
    }
    const list = {
      part: mm.kmem_cache_node.slabs_partial,
      full: mm.kmem_cache_node.slabs_full,
      free: mm.kmem_cache_node.slabs_free,
    }[line.word];
    if (list !== undefined) loadSlab(mm, s, line, n + list);
  }
}

function loadArray(mm: Kernel, s: KmemCache, line: SlabLine, memory: ObjectMemory): void {
  const limit = decimalOf(line, 'limit');
  const pointerBytes = mm.ptr_words * 4;
  const at = memory.take(mm.sizeof.array_cache + limit * pointerBytes, pointerBytes);
  mm.write_va(s + mm.kmem_cache.cpu_cache, at);
  const ac = mm.cell_at(at);
  init_arraycache(mm, ac, limit, decimalOf(line, 'batchcount'));
  const objects = addressesOf(line, mm.profile.pointerSize);
  mm.write(mm.plus(ac, mm.array_cache.avail), objects.length);
  mm.write(mm.plus(ac, mm.array_cache.touched), decimalOf(line, 'touched'));
  objects.forEach((object, i) => mm.write_va(entryAt(mm, ac, i), object));
}

function loadNode(mm: Kernel, n: KmemCacheNode, line: SlabLine): void {
  mm.write_long(n + mm.kmem_cache_node.total_slabs, decimalOf(line, 'total'));
  mm.write_long(n + mm.kmem_cache_node.free_slabs, decimalOf(line, 'free_slabs'));
  mm.write_long(n + mm.kmem_cache_node.free_objects, decimalOf(line, 'free_objects'));
  mm.write(n + mm.kmem_cache_node.free_limit, decimalOf(line, 'free_limit'));
  mm.write(n + mm.kmem_cache_node.colour_next, decimalOf(line, 'colour_next'));
  mm.write(n + mm.kmem_cache_node.free_touched, decimalOf(line, 'free_touched'));
}

/** Caller goes from the head of the list to its tail. */
function loadSlab(mm: Kernel, s: KmemCache, line: SlabLine, head: ListHead): void {
  const { profile } = mm;
  const page = folio_slab(mm.memmap.pfn_to_page(asPfn(hexOf(line, 'pfn'))));
  const freelist = addressOf(line, 'freelist_at', profile.pointerSize);
  __folio_set_slab(mm, slab_folio(page));
  mm.write_ptr(page + mm.slab.slab_cache, s);
  mm.write_va(page + mm.slab.freelist, freelist);
  mm.write_va(page + mm.slab.s_mem, addressOf(line, 's_mem', profile.pointerSize));
  mm.write(page + mm.slab.active, decimalOf(line, 'active'));
  list_add_tail(mm, asCell(page + mm.slab.slab_list), head);
  if (freelist === 0) return;
  numbersOf(line).forEach((index, i) => writeByte(mm, asVirt(freelist + i), index));
}
