/**
 * A SLUB cache as recorded traces print it: geometry, the CPUs' slabs and freelists, the node's counters, the slabs of its
 * lists. Objects by their index in the slab.
 *
 * Source: FORMAT of the recorder; Linux 6.1 mm/slub.c for what the words mean.
 */
import { per_cpu_ptr } from '../../kernel/include/linux/percpu-defs.h.js';
import { cacheName, folio_slab, get_node, slab_folio } from '../../entry/functions.js';
import { list_entry } from '../../kernel/include/linux/list.h.js';
import type { Kernel } from '../../machine/kernel.js';
import { page_address } from '../../kernel/mm/highmem/page_address.js';
import { compound_order } from '../../kernel/include/linux/mm.h.js';
import { PageSlab, PageTail } from '../../kernel/include/linux/page-flags.h.js';
import {
  fixup_red_left,
  get_freepointer,
  oo_objects,
  oo_order,
} from '../../kernel/mm/slub/freelist.js';
import { NULL, type KmemCache, type ListHead, type Slab } from '../../machine/ctypes.js';
import { cpu_possible, nr_cpu_ids } from '../../kernel/include/linux/cpumask.h.js';
import type { VirtAddr } from '../../memory/address.js';
import { formatSequence } from './sequence.js';

const hex = (value: number): string => (value >>> 0).toString(16);

/** The `kc` line. */
export function slubCacheGeometry(mm: Kernel, s: KmemCache): string {
  const at = (member: number): number => mm.words[s + member] as number;
  const order = (member: number): string => `${oo_order(at(member))}/${oo_objects(at(member))}`;
  const recip = s + mm.kmem_cache.reciprocal_size;
  return [
    `kc ${cacheName(mm, s)}`,
    `at=${mm.hex(mm.va_of(s))}`,
    `size=${at(mm.kmem_cache.size)}`,
    `object_size=${at(mm.kmem_cache.object_size)}`,
    `inuse=${at(mm.kmem_cache.inuse)}`,
    `offset=${at(mm.kmem_cache.offset)}`,
    `align=${at(mm.kmem_cache.align)}`,
    `red_left_pad=${at(mm.kmem_cache.red_left_pad)}`,
    `flags=${hex(at(mm.kmem_cache.flags))}`,
    `oo=${order(mm.kmem_cache.oo)}`,
    `min=${order(mm.kmem_cache.min)}`,
    `min_partial=${mm.read_ulong(s + mm.kmem_cache.min_partial)}`,
    `allocflags=${hex(at(mm.kmem_cache.allocflags))}`,
    `refcount=${at(mm.kmem_cache.refcount)}`,
    `ctor=${mm.read_va(s + mm.kmem_cache.ctor) === 0 ? 0 : 1}`,
    ...(mm.kmem_cache.cpu_partial < 0
      ? []
      : [
          `cpu_partial=${at(mm.kmem_cache.cpu_partial)}`,
          `cpu_partial_slabs=${at(mm.kmem_cache.cpu_partial_slabs)}`,
        ]),
    `usersize=${at(mm.kmem_cache.usersize)}`,
    `useroffset=${at(mm.kmem_cache.useroffset)}`,
    `recip=${hex(mm.words[recip] as number)},${mm.read8(recip + 1, 0)},${mm.read8(recip + 1, 1)}`,
  ].join(' ');
}

/** What follows the `kc` line in a `%slab`; of `slabx` also every slab that the memory map has, by pfn. */
export function slubCacheLines(mm: Kernel, s: KmemCache, everySlab = false): string[] {
  const n = get_node(mm, s);
  const lines: string[] = [];
  for (let cpu = 0; cpu < nr_cpu_ids(mm); cpu++)
    if (cpu_possible(mm, cpu)) lines.push(...cpuLines(mm, s, cpu));
  const count = (member: number): number => mm.read_ulong(n + member);
  lines.push(
    ` node nr_partial=${count(mm.kmem_cache_node.nr_partial)} nr_slabs=${count(mm.kmem_cache_node.nr_slabs)} total_objects=${count(mm.kmem_cache_node.total_objects)}`,
  );
  lines.push(...listLines(mm, s, 'part', n + mm.kmem_cache_node.partial));
  lines.push(...listLines(mm, s, 'full', n + mm.kmem_cache_node.full));
  if (everySlab) for (const slab of slabsOf(mm, s)) lines.push(slabLine(mm, s, 'any', slab));
  return lines;
}

function cpuLines(mm: Kernel, s: KmemCache, cpu: number): string[] {
  const c = per_cpu_ptr(mm, s + mm.kmem_cache.cpu_slab, cpu);
  const tid = mm.read_ulong(mm.plus(c, mm.kmem_cache_cpu.tid)).toString(16);
  const slab: Slab = mm.read_ptr(mm.plus(c, mm.kmem_cache_cpu.slab));
  const lines: string[] = [];
  if (slab === NULL) {
    lines.push(` cpu ${cpu} tid=${tid}`);
  } else {
    const freelist = mm.read_va(mm.plus(c, mm.kmem_cache_cpu.freelist));
    lines.push(` cpu ${cpu} tid=${tid} lockless${freelistText(mm, s, slab, freelist)}`);
    lines.push(slabLine(mm, s, 'cur', slab));
  }
  if (mm.kmem_cache_cpu.partial < 0) return lines;
  let next: Slab = mm.read_ptr(mm.plus(c, mm.kmem_cache_cpu.partial));
  while (next !== NULL) {
    const slabs = mm.words[next + mm.slab.slabs] as number;
    lines.push(slabLine(mm, s, `cpn slabs=${slabs} cpart`, next));
    next = mm.read_ptr(next + mm.slab.next);
  }
  return lines;
}

function* listLines(mm: Kernel, s: KmemCache, list: string, head: ListHead): Generator<string> {
  for (let pos: ListHead = mm.read_ptr(head); pos !== head; pos = mm.read_ptr(pos))
    yield slabLine(mm, s, list, list_entry(mm, pos, mm.slab.slab_list));
}

function slabLine(mm: Kernel, s: KmemCache, list: string, slab: Slab): string {
  const folio = slab_folio(slab);
  return [
    ` ${list} pfn=${hex(mm.page_to_pfn(folio))}`,
    `order=${compound_order(mm, folio)}`,
    `objects=${mm.read_bits(slab, mm.slab.objects)}`,
    `inuse=${mm.read_bits(slab, mm.slab.inuse)}`,
    `frozen=${mm.read_bits(slab, mm.slab.frozen)}`,
    `fl${freelistText(mm, s, slab, mm.read_va(slab + mm.slab.freelist))}`,
  ].join(' ');
}

/**
 * A freelist as indexes. One that leaves its slab ends with `!ADDRESS`, one that never ends with `loop`, an object further than
 * the slab has.
 */
function freelistText(mm: Kernel, s: KmemCache, slab: Slab, freelist: VirtAddr): string {
  const size = mm.words[s + mm.kmem_cache.size] as number;
  const objects = mm.read_bits(slab, mm.slab.objects);
  const base = fixup_red_left(mm, s, page_address(mm, slab_folio(slab)));
  const indexes: number[] = [];
  let end = '';
  for (let object = freelist; object !== 0; object = get_freepointer(mm, s, object)) {
    const index = (object - base) / size;
    if (!Number.isInteger(index) || index < 0 || index >= objects) {
      end = ` !${mm.hex(object).replace(/^0+(?=.)/, '')}`;
      break;
    }
    indexes.push(index);
    if (indexes.length > objects) {
      end = ' loop';
      break;
    }
  }
  const text = formatSequence(indexes);
  return `${text === '' ? '' : ` ${text}`}${end}`;
}

/** Every slab of a cache that the memory map has. */
function* slabsOf(mm: Kernel, s: KmemCache): Generator<Slab> {
  for (let pfn = 0; pfn < mm.memmap.endPfn; pfn++) {
    const page = mm.pfn_to_page(pfn);
    if (page === 0 || PageTail(mm, page) || !PageSlab(mm, page)) continue;
    if (mm.ptr_is(page + mm.slab.slab_cache, s)) yield folio_slab(page);
  }
}
