/**
 * A SLAB cache as recorded traces print it: geometry, the CPU's array, the node's counters, and the slabs of its three lists
 * with the index array of each.
 *
 * Source: FORMAT of the recorder; Linux 6.1 mm/slab.c for what the words mean.
 */
import { cacheName, get_node, slab_folio } from '../../entry/functions.js';
import { cpu_cache_get, entryAt } from '../../kernel/mm/slab/array_cache.js';
import { list_entry } from '../../kernel/include/linux/list.h.js';
import type { Kernel } from '../../machine/kernel.js';
import type { KmemCache, KmemCacheNode, ListHead, Slab } from '../../machine/ctypes.js';
import { readByte } from '../../kernel/lib/string.js';
import { asVirt } from '../../memory/address.js';
import { formatSequence } from './sequence.js';

const hex = (value: number): string => (value >>> 0).toString(16);

/** The `kc` line. */
export function slabCacheGeometry(mm: Kernel, s: KmemCache): string {
  const at = (member: number): number => mm.words[s + member] as number;
  return [
    `kc ${cacheName(mm, s)}`,
    `at=${mm.hex(mm.va_of(s))}`,
    `size=${at(mm.kmem_cache.size)}`,
    `object_size=${at(mm.kmem_cache.object_size)}`,
    `align=${at(mm.kmem_cache.align)}`,
    `flags=${hex(at(mm.kmem_cache.flags))}`,
    `num=${at(mm.kmem_cache.num)}`,
    `gfporder=${at(mm.kmem_cache.gfporder)}`,
    `colour=${mm.read_ulong(s + mm.kmem_cache.colour)}`,
    `colour_off=${at(mm.kmem_cache.colour_off)}`,
    `freelist_size=${at(mm.kmem_cache.freelist_size)}`,
    `batchcount=${at(mm.kmem_cache.batchcount)}`,
    `limit=${at(mm.kmem_cache.limit)}`,
    `shared=${at(mm.kmem_cache.shared)}`,
    `allocflags=${hex(at(mm.kmem_cache.allocflags))}`,
    `refcount=${at(mm.kmem_cache.refcount)}`,
    `ctor=${mm.read_va(s + mm.kmem_cache.ctor) === 0 ? 0 : 1}`,
    `usersize=${at(mm.kmem_cache.usersize)}`,
    `useroffset=${at(mm.kmem_cache.useroffset)}`,
  ].join(' ');
}

/** What follows the `kc` line in a `%slab`. */
export function slabCacheLines(mm: Kernel, s: KmemCache): string[] {
  const n = get_node(mm, s);
  return [
    arrayLine(mm, s),
    nodeLine(mm, n),
    ' shared none',
    ...listLines(mm, s, 'part', n + mm.kmem_cache_node.slabs_partial),
    ...listLines(mm, s, 'full', n + mm.kmem_cache_node.slabs_full),
    ...listLines(mm, s, 'free', n + mm.kmem_cache_node.slabs_free),
  ];
}

function arrayLine(mm: Kernel, s: KmemCache): string {
  const ac = cpu_cache_get(mm, s);
  const count = (member: number): number => mm.words[mm.plus(ac, member)] as number;
  const avail = count(mm.array_cache.avail);
  const objects = Array.from({ length: avail }, (_, i) => mm.read_va(entryAt(mm, ac, i)));
  const counts = [
    `avail=${avail}`,
    `limit=${count(mm.array_cache.limit)}`,
    `batchcount=${count(mm.array_cache.batchcount)}`,
    `touched=${count(mm.array_cache.touched)}`,
  ];
  const entries = formatSequence(objects, (address) => mm.hex(asVirt(address)));
  return ` cpu0 ${counts.join(' ')} :${entries === '' ? '' : ` ${entries}`}`;
}

function nodeLine(mm: Kernel, n: KmemCacheNode): string {
  const word = (member: number): number => mm.words[n + member] as number;
  return [
    ` node total=${mm.read_ulong(n + mm.kmem_cache_node.total_slabs)}`,
    `free_slabs=${mm.read_ulong(n + mm.kmem_cache_node.free_slabs)}`,
    `free_objects=${mm.read_ulong(n + mm.kmem_cache_node.free_objects)}`,
    `free_limit=${word(mm.kmem_cache_node.free_limit)}`,
    `colour_next=${word(mm.kmem_cache_node.colour_next)}`,
    `free_touched=${word(mm.kmem_cache_node.free_touched)}`,
  ].join(' ');
}

function* listLines(mm: Kernel, s: KmemCache, list: string, head: ListHead): Generator<string> {
  for (let pos: ListHead = mm.read_ptr(head); pos !== head; pos = mm.read_ptr(pos))
    yield slabLine(mm, s, list, list_entry(mm, pos, mm.slab.slab_list));
}

function slabLine(mm: Kernel, s: KmemCache, list: string, page: Slab): string {
  const freelist = mm.read_va(page + mm.slab.freelist);
  const num = mm.words[s + mm.kmem_cache.num] as number;
  const indexes = Array.from({ length: freelist === 0 ? 0 : num }, (_, i) =>
    readByte(mm, asVirt(freelist + i)),
  );
  return [
    ` ${list} pfn=${hex(mm.page_to_pfn(slab_folio(page)))}`,
    `order=${mm.words[s + mm.kmem_cache.gfporder] as number}`,
    `s_mem=${mm.hex(mm.read_va(page + mm.slab.s_mem))}`,
    `active=${(mm.words[page + mm.slab.active] as number) >>> 0}`,
    `freelist_at=${freelist === 0 ? '0' : mm.hex(freelist)}`,
    `fl ${freelist === 0 ? 'none' : formatSequence(indexes)}`,
  ].join(' ');
}
