/**
 * Of a page of a process that is in the way: why it cannot be moved, and who has it.
 *
 *     _refcount 1026 = 1 mapping + 1 more reference + 1 pin of 1024
 *
 * A reference is all that a page keeps of who took it, so pins are told by their number: from 1024 on a reference count says that there
 * are some, as page_maybe_dma_pinned() does. Tasks are found among the objects of their cache.
 * Source: Linux 6.1 mm/gup.c: try_grab_page(); mm/migrate.c: folio_expected_refs(); include/linux/mm.h: page_maybe_dma_pinned().
 */
import { current } from '../kernel/arch/x86/include/asm/current.h.js';
import {
  folio_order,
  head_compound_pincount,
  page_mapcount,
} from '../kernel/include/linux/mm.h.js';
import { PageAnon, PageHead, PageSlab } from '../kernel/include/linux/page-flags.h.js';
import { page_address } from '../kernel/mm/highmem/page_address.js';
import { folioVmaWalk, page_vma_mapped_walk, rmap_walk } from '../kernel/mm/migrate/rmap_walk.js';
import type { KmemCache, MmStruct, Page, TaskStruct } from '../machine/ctypes.js';
import { NULL } from '../machine/ctypes.js';
import type { Kernel } from '../machine/kernel.js';
import { asPfn, asVirt, PAGE_SIZE, type VirtAddr } from '../memory/address.js';
import { counted } from '../view/counted.js';

interface Mapping {
  readonly mm: MmStruct;
  readonly address: VirtAddr;
}

/** Undefined: no process has the page, and no file. */
export function userPageText(k: Kernel, head: Page): string | undefined {
  if (k.read_va(head + k.page.mapping) === 0) return undefined;
  const refcount = k.words[head + k.page._refcount] ?? 0;
  const mapcount = Math.max(0, page_mapcount(k, head));
  const cache = PageAnon(k, head) ? 0 : 1;
  const rest = Math.max(0, refcount - mapcount - cache);
  const pins = PageHead(k, head)
    ? head_compound_pincount(k, head)
    : Math.floor(rest / k.GUP_PIN_COUNTING_BIAS);
  const others = rest - pins * (PageHead(k, head) ? 1 : k.GUP_PIN_COUNTING_BIAS);
  const parts = [
    ...(mapcount > 0 ? [counted(mapcount, 'mapping')] : []),
    ...(cache > 0 ? ['1 of the page cache'] : []),
    ...(others > 0 ? [counted(others, 'more reference')] : []),
    ...(pins > 0 ? [`${counted(pins, 'pin')} of ${PageHead(k, head) ? 1 : 1024}`] : []),
  ];
  const why =
    pins > 0
      ? `pinned (${counted(pins, 'FOLL_PIN')}), so it cannot be moved`
      : others > 0
        ? 'referenced by more than its mappings, so it cannot be moved'
        : 'in use by a process';
  const owners = [...new Set(mappingsOf(k, head).map((mapping) => ownerText(k, mapping)))];
  const has = owners.length === 0 ? 'no process maps it' : owners.join(', ');
  return `${why}: _refcount ${refcount} = ${parts.join(' + ') || '0'}; ${has}`;
}

function mappingsOf(k: Kernel, head: Page): readonly Mapping[] {
  const mappings: Mapping[] = [];
  rmap_walk(k, head, {
    arg: NULL,
    rmap_one: (_, folio, vma, address) => {
      if (page_vma_mapped_walk(k, folioVmaWalk(folio, vma, address, false)))
        mappings.push({ mm: k.read_ptr(k.plus(vma, k.vm_area_struct.vm_mm)), address });
      return true;
    },
  });
  return mappings;
}

function ownerText(k: Kernel, { mm, address }: Mapping): string {
  const at = `0x${k.hex(address)}`;
  const tasks = [...tasksOfMm(k, mm)].map(
    (task) => `${commOf(k, task)} (pid ${k.read_int(k.plus(task, k.task_struct.pid))})`,
  );
  return tasks.length === 0
    ? `the process of mm 0x${k.hex(k.va_of(mm))} has it at ${at}`
    : `${tasks.join(' and ')} ${tasks.length === 1 ? 'has' : 'have'} it at ${at}`;
}

/** task->comm: 16 bytes. */
function commOf(k: Kernel, task: TaskStruct): string {
  let text = '';
  for (let i = 0; i < 16; i++) {
    const at = k.task_struct.comm + i;
    const code = k.read8(k.plus(task, at >> 2), at & 3);
    if (code === 0) break;
    text += String.fromCharCode(code);
  }
  return text;
}

/** The running one, and all objects of the cache of tasks that say so. */
function* tasksOfMm(k: Kernel, mm: MmStruct): Generator<TaskStruct> {
  const isOf = (task: TaskStruct): boolean =>
    // As an address: a free object may have anything there.
    k.read_va(k.plus(task, k.task_struct.mm)) === k.va_of(mm) &&
    k.read_int(k.plus(task, k.task_struct.pid)) > 0;
  const seen = new Set<TaskStruct>();
  const running: TaskStruct = current(k);
  if (running !== NULL && isOf(running)) {
    seen.add(running);
    yield running;
  }
  const cache: KmemCache =
    k.globals.task_struct_cachep === 0 ? NULL : k.read_ptr(k.globals.task_struct_cachep);
  if (cache === NULL) return;
  const size = k.words[cache + k.kmem_cache.size] ?? 0;
  for (const { slab, bytes } of slabsOf(k, cache)) {
    const start = page_address(k, slab);
    for (let at = 0; size > 0 && at + size <= bytes; at += size) {
      const task: TaskStruct = k.cell_at(asVirt(start + at));
      if (seen.has(task) || !isOf(task)) continue;
      seen.add(task);
      yield task;
    }
  }
}

function* slabsOf(
  k: Kernel,
  cache: KmemCache,
): Generator<{ readonly slab: Page; readonly bytes: number }> {
  for (const zone of k.zones) {
    const start = k.read_ulong(zone + k.zone.zone_start_pfn);
    const end = start + k.read_ulong(zone + k.zone.spanned_pages);
    for (let pfn = start; pfn < end; pfn++) {
      const page: Page = k.pfn_to_page(asPfn(pfn));
      if (page === NULL || !PageSlab(k, page)) continue;
      if (k.read_va(page + k.slab.slab_cache) !== k.va_of(cache)) continue;
      const order = PageHead(k, page) ? folio_order(k, page) : 0;
      yield { slab: page, bytes: PAGE_SIZE * 2 ** order };
    }
  }
}
