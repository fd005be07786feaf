/**
 * A SLUB cache as recorded traces print it: geometry, the CPUs' slabs and freelists, the node's counters, the slabs of its
 * lists. Objects by their index in the slab.
 *
 * Source: FORMAT of the recorder; Linux 6.1 mm/slub.c for what the words mean.
 */
import { cache_name, folio_slab, get_node, slab_folio } from '../../entry/plain.js';
import { list_next } from '../../kernel/include/linux/list.h.js';
import type { Mm } from '../../machine/mm.js';
import { page_address } from '../../kernel/mm/highmem/page_address.js';
import { compound_order } from '../../kernel/include/linux/mm.h.js';
import { PageSlab, PageTail } from '../../kernel/include/linux/page-flags.h.js';
import { partial_list } from '../../kernel/mm/slub/partial.js';
import {
  get_freepointer,
  oo_objects,
  oo_order,
  slab_freelist,
  slab_frozen,
  slab_inuse,
  slab_objects,
} from '../../kernel/mm/slub/pages.js';
import { NULL, type KmemCache, type ListHead, type Slab } from '../../machine/ctypes.js';
import { cpu_possible, nr_cpu_ids } from '../../kernel/include/linux/cpumask.h.js';
import type { VirtAddr } from '../../memory/address.js';
import { formatSequence } from './sequence.js';

const hex = (value: number): string => (value >>> 0).toString(16);

/** The `kc` line. */
export function slubCacheGeometry(mm: Mm, s: KmemCache): string {
  const { slab, slub } = mm;
  const at = (member: number): number => mm.words[s + member] as number;
  const order = (member: number): string => `${oo_order(at(member))}/${oo_objects(at(member))}`;
  const recip = s + slub.reciprocal_size;
  return [
    `kc ${cache_name(mm, s)}`,
    `at=${mm.hex(mm.va_of(s))}`,
    `size=${at(slab.size)}`,
    `object_size=${at(slab.object_size)}`,
    `inuse=${at(slub.inuse)}`,
    `offset=${at(slub.offset)}`,
    `align=${at(slab.align)}`,
    `red_left_pad=${at(slub.red_left_pad)}`,
    `flags=${hex(at(slab.flags))}`,
    `oo=${order(slub.oo)}`,
    `min=${order(slub.min)}`,
    `min_partial=${mm.read_ulong(s + slub.min_partial)}`,
    `allocflags=${hex(at(slab.allocflags))}`,
    `refcount=${at(slab.refcount)}`,
    `ctor=${mm.read_va(s + slab.ctor) === 0 ? 0 : 1}`,
    ...(slub.cpu_partial < 0
      ? []
      : [`cpu_partial=${at(slub.cpu_partial)}`, `cpu_partial_slabs=${at(slub.cpu_partial_slabs)}`]),
    `usersize=${at(slab.usersize)}`,
    `useroffset=${at(slab.useroffset)}`,
    `recip=${hex(mm.words[recip] as number)},${mm.read8(recip + 1, 0)},${mm.read8(recip + 1, 1)}`,
  ].join(' ');
}

/** What follows the `kc` line in a `%slab`; of `slabx` also every slab that the memory map has, by pfn. */
export function slubCacheLines(mm: Mm, s: KmemCache, everySlab = false): string[] {
  const { slub } = mm;
  const n = get_node(mm, s);
  const lines: string[] = [];
  for (let cpu = 0; cpu < nr_cpu_ids(mm); cpu++)
    if (cpu_possible(mm, cpu)) lines.push(...cpuLines(mm, s, cpu));
  const count = (member: number): number => mm.read_ulong(n + member);
  lines.push(
    ` node nr_partial=${count(slub.nr_partial)} nr_slabs=${count(slub.nr_slabs)} total_objects=${count(slub.total_objects)}`,
  );
  lines.push(...listLines(mm, s, 'part', partial_list(mm, n)));
  lines.push(...listLines(mm, s, 'full', (n + slub.full) as ListHead));
  if (everySlab) for (const slab of slabsOf(mm, s)) lines.push(slabLine(mm, s, 'any', slab));
  return lines;
}

function cpuLines(mm: Mm, s: KmemCache, cpu: number): string[] {
  const { slub } = mm;
  const c = mm.per_cpu_ptr(s + slub.cpu_slab, cpu);
  const tid = mm.read_ulong(mm.plus(c, slub.c_tid)).toString(16);
  const slab: Slab = mm.read_ptr(mm.plus(c, slub.c_slab));
  const lines: string[] = [];
  if (slab === NULL) {
    lines.push(` cpu ${cpu} tid=${tid}`);
  } else {
    const freelist = mm.read_va(mm.plus(c, slub.c_freelist));
    lines.push(` cpu ${cpu} tid=${tid} lockless${freelistText(mm, s, slab, freelist)}`);
    lines.push(slabLine(mm, s, 'cur', slab));
  }
  if (slub.c_partial < 0) return lines;
  let next: Slab = mm.read_ptr(mm.plus(c, slub.c_partial));
  while (next !== NULL) {
    const slabs = mm.words[next + slub.slabs] as number;
    lines.push(slabLine(mm, s, `cpn slabs=${slabs} cpart`, next));
    next = mm.read_ptr(next + slub.next);
  }
  return lines;
}

function* listLines(mm: Mm, s: KmemCache, list: string, head: ListHead): Generator<string> {
  for (let entry = list_next(mm, head); entry !== head; entry = list_next(mm, entry))
    yield slabLine(mm, s, list, (entry - mm.slab.slab_list) as Slab);
}

function slabLine(mm: Mm, s: KmemCache, list: string, slab: Slab): string {
  const folio = slab_folio(slab);
  return [
    ` ${list} pfn=${hex(mm.page_to_pfn(folio))}`,
    `order=${compound_order(mm, folio)}`,
    `objects=${slab_objects(mm, slab)}`,
    `inuse=${slab_inuse(mm, slab)}`,
    `frozen=${slab_frozen(mm, slab) ? 1 : 0}`,
    `fl${freelistText(mm, s, slab, slab_freelist(mm, slab))}`,
  ].join(' ');
}

/**
 * A freelist as indexes. One that leaves its slab ends with `!ADDRESS`, one that never ends with `loop`, an object further than
 * the slab has.
 */
function freelistText(mm: Mm, s: KmemCache, slab: Slab, freelist: VirtAddr): string {
  const size = mm.words[s + mm.slab.size] as number;
  const objects = slab_objects(mm, slab);
  const base = page_address(mm, slab_folio(slab)) + (mm.words[s + mm.slub.red_left_pad] as number);
  const indexes: number[] = [];
  let end = '';
  for (let object = freelist; object !== 0; object = get_freepointer(mm, s, object)) {
    const index = (object - base) / size;
    if (!Number.isInteger(index) || index < 0 || index >= objects) {
      end = ` !${mm.hex(object)}`;
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
function* slabsOf(mm: Mm, s: KmemCache): Generator<Slab> {
  for (let pfn = 0; pfn < mm.memmap.endPfn; pfn++) {
    const page = mm.pfn_to_page(pfn);
    if (page === 0 || PageTail(mm, page) || !PageSlab(mm, page)) continue;
    if (mm.ptr_is(page + mm.slab.slab_cache, s)) yield folio_slab(page);
  }
}
