/**
 * A SLAB cache as recorded traces print it: geometry, the CPU's array, the node's counters, and the slabs of its three lists
 * with the index array of each.
 *
 * Source: FORMAT of the recorder; Linux 6.1 mm/slab.c for what the words mean.
 */
import { cache_name, get_node, slab_folio } from '../../entry/plain.js';
import { ac_get, ac_object, cpu_cache_get } from '../../kernel/mm/slab/array_cache.js';
import { list_next } from '../../kernel/include/linux/list.h.js';
import type { Mm } from '../../machine/mm.js';
import type { KmemCache, KmemCacheNode, ListHead, Slab } from '../../machine/ctypes.js';
import { read_byte } from '../../kernel/lib/string.js';
import { asVirt } from '../../memory/address.js';
import { formatSequence } from './sequence.js';

const hex = (value: number): string => (value >>> 0).toString(16);

/** The `kc` line. */
export function slabCacheGeometry(mm: Mm, s: KmemCache): string {
  const { slab } = mm;
  const at = (member: number): number => mm.words[s + member] as number;
  return [
    `kc ${cache_name(mm, s)}`,
    `at=${mm.hex(mm.va_of(s))}`,
    `size=${at(slab.size)}`,
    `object_size=${at(slab.object_size)}`,
    `align=${at(slab.align)}`,
    `flags=${hex(at(slab.flags))}`,
    `num=${at(slab.num)}`,
    `gfporder=${at(slab.gfporder)}`,
    `colour=${mm.read_ulong(s + slab.colour)}`,
    `colour_off=${at(slab.colour_off)}`,
    `freelist_size=${at(slab.freelist_size)}`,
    `batchcount=${at(slab.batchcount)}`,
    `limit=${at(slab.limit)}`,
    `shared=${at(slab.shared)}`,
    `allocflags=${hex(at(slab.allocflags))}`,
    `refcount=${at(slab.refcount)}`,
    `ctor=${mm.read_va(s + slab.ctor) === 0 ? 0 : 1}`,
    `usersize=${at(slab.usersize)}`,
    `useroffset=${at(slab.useroffset)}`,
  ].join(' ');
}

/** What follows the `kc` line in a `%slab`. */
export function slabCacheLines(mm: Mm, s: KmemCache): string[] {
  const { slab } = mm;
  const n = get_node(mm, s);
  return [
    arrayLine(mm, s),
    nodeLine(mm, n),
    ' shared none',
    ...listLines(mm, s, 'part', (n + slab.slabs_partial) as ListHead),
    ...listLines(mm, s, 'full', (n + slab.slabs_full) as ListHead),
    ...listLines(mm, s, 'free', (n + slab.slabs_free) as ListHead),
  ];
}

function arrayLine(mm: Mm, s: KmemCache): string {
  const { slab } = mm;
  const ac = cpu_cache_get(mm, s);
  const avail = ac_get(mm, ac, slab.ac_avail);
  const objects = Array.from({ length: avail }, (_, i) => ac_object(mm, ac, i));
  const counts = [
    `avail=${avail}`,
    `limit=${ac_get(mm, ac, slab.ac_limit)}`,
    `batchcount=${ac_get(mm, ac, slab.ac_batchcount)}`,
    `touched=${ac_get(mm, ac, slab.ac_touched)}`,
  ];
  const entries = formatSequence(objects, (address) => mm.hex(asVirt(address)));
  return ` cpu0 ${counts.join(' ')} :${entries === '' ? '' : ` ${entries}`}`;
}

function nodeLine(mm: Mm, n: KmemCacheNode): string {
  const { slab } = mm;
  const word = (member: number): number => mm.words[n + member] as number;
  return [
    ` node total=${mm.read_ulong(n + slab.total_slabs)}`,
    `free_slabs=${mm.read_ulong(n + slab.free_slabs)}`,
    `free_objects=${mm.read_ulong(n + slab.free_objects)}`,
    `free_limit=${word(slab.free_limit)}`,
    `colour_next=${word(slab.colour_next)}`,
    `free_touched=${word(slab.free_touched)}`,
  ].join(' ');
}

function* listLines(mm: Mm, s: KmemCache, list: string, head: ListHead): Generator<string> {
  for (let entry = list_next(mm, head); entry !== head; entry = list_next(mm, entry))
    yield slabLine(mm, s, list, (entry - mm.slab.slab_list) as Slab);
}

function slabLine(mm: Mm, s: KmemCache, list: string, page: Slab): string {
  const { slab } = mm;
  const freelist = mm.read_va(page + slab.freelist);
  const num = mm.words[s + slab.num] as number;
  const indexes = Array.from({ length: freelist === 0 ? 0 : num }, (_, i) =>
    read_byte(mm, asVirt(freelist + i)),
  );
  return [
    ` ${list} pfn=${hex(mm.page_to_pfn(slab_folio(page)))}`,
    `order=${mm.words[s + slab.gfporder] as number}`,
    `s_mem=${mm.hex(mm.read_va(page + slab.s_mem))}`,
    `active=${mm.words[page + slab.active] as number}`,
    `freelist_at=${freelist === 0 ? '0' : mm.hex(freelist)}`,
    `fl ${freelist === 0 ? 'none' : formatSequence(indexes)}`,
  ].join(' ');
}
