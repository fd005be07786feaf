/**
 * What a trace does not tell of its start must be made for it: caches, a process, its structures. Their pages must not come from the
 * free lists that the trace records, so the frames of the kernel's text are lent for them, which nobody reads or frees here.
 *
 * Invariant: when it is done, no frame is lent that was not needed, and the zones, their lists and their page sets are word for word as they were; the pages made are on the lists of the node.
 */
import {
  __free_pages,
  buddy_order,
  drain_all_pages,
  get_pageblock_migratetype,
  INIT_LIST_HEAD,
  list_add,
  lru_add_drain_all,
  page_zone,
  PageBuddy,
  per_cpu_ptr,
  set_page_count,
  set_pageblock_migratetype,
} from '../../entry/functions.js';
import type { KernelImage } from '../kernelImage.js';
import { folio_lruvec } from '../../kernel/mm/swap/lruvec.js';
import { NULL, type Page } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { asCell, asPfn, asVirt, PAGE_SIZE, type Cell } from '../../memory/address.js';

interface Block {
  readonly start: number;
  readonly order: number;
}

/** Does `make` while no page is free but those of the kernel's text; gives these pages. */
export function onLentMemory(image: KernelImage, make: () => void): Set<number> {
  const k = image.mm;
  const blocks = textBlocks(k);
  const first = (block: Block): Page => k.pfn_to_page(asPfn(block.start));
  const types = blocks.map((block) => get_pageblock_migratetype(k, first(block)));
  const restore = saved(k);
  emptyZones(k);
  const show = hideNeighbours(k, blocks);
  const takeBack = toldPages(k, blocks);
  for (const block of blocks) lend(k, block);
  make();
  lru_add_drain_all(k);
  drain_all_pages(k, NULL);
  takeBack();
  blocks.forEach((block, i) => {
    for (let at = 0; at < 1 << block.order; at += k.pageblock_nr_pages)
      set_pageblock_migratetype(k, k.pfn_to_page(asPfn(block.start + at)), types[i] ?? 0);
  });
  show();
  restore();
  return new Set(
    blocks.flatMap(({ start, order }) => Array.from({ length: 1 << order }, (_, i) => start + i)),
  );
}

/** Aligned blocks that lie wholly in the kernel's text, the largest first. */
function textBlocks(k: Kernel): Block[] {
  const frame = (name: string): number =>
    (k.phys_of(k.profile.symbol(name)?.address ?? asVirt(0)) ?? 0) / PAGE_SIZE;
  let start = Math.ceil(frame('_text'));
  const end = Math.floor(frame('_etext'));
  const blocks: Block[] = [];
  for (let order = k.MAX_ORDER - 1; order > k.PAGE_ALLOC_COSTLY_ORDER; order--)
    // Blocks of that order go to a per-CPU list, where nothing else is taken from.
    while (
      order !== k.profile.constant('pageblock_order') &&
      start % (1 << order) === 0 &&
      start + (1 << order) <= end
    ) {
      blocks.push({ start, order });
      start += 1 << order;
    }
  return blocks;
}

/**
 * Puts back the words of the node with its zones, of the sums of counters, and of each CPU's page sets; not the lists of pages that may
 * be reclaimed, on which what was made stays.
 */
function saved(k: Kernel): () => void {
  const node = k.symbol('contig_page_data');
  const nodeEnd = node + (k.profile.symbol('contig_page_data')?.sizeBytes ?? 0) / 4;
  const lists = folio_lruvec(k) + k.lruvec.lists;
  const listsEnd = lists + k.NR_LRU_LISTS * k.stride.list_head;
  const ranges: [number, number][] = [
    [node, lists],
    [listsEnd, nodeEnd],
    ...['vm_zone_stat', 'vm_node_stat'].map((name): [number, number] => [
      k.symbol(name),
      k.symbol(name) + (k.profile.symbol(name)?.sizeBytes ?? 0) / 4,
    ]),
    ...pageSets(k).map((pcp): [number, number] => [pcp, pcp + k.sizeof.per_cpu_pages / 4]),
    ...differences(k),
  ];
  const words = ranges.map(([start, end]) => k.words.slice(start, end));
  return () => {
    ranges.forEach(([start], i) => {
      words[i]?.forEach((word, j) => {
        k.write(asCell(start + j), word);
      });
    });
  };
}

/** SMP: what this CPU has counted in each zone, and not yet added to the sums. */
function differences(k: Kernel): [number, number][] {
  if (!k.smp) return [];
  return populated(k).map((zone) => {
    const stats = per_cpu_ptr(k, zone + k.zone.per_cpu_zonestats, k.cpu);
    return [stats, stats + k.sizeof.per_cpu_zonestat / 4];
  });
}

/**
 * The next pages that a process gets are these, in this order. In lent memory. Gives what puts back what the trace told of them: flags and
 * counts.
 */
export function giveNext(k: Kernel, pfns: readonly number[]): () => void {
  const migratetype = k.MIGRATE_MOVABLE;
  const told: [Cell, number][] = [];
  for (const pfn of pfns.toReversed()) {
    const page = k.pfn_to_page(asPfn(pfn));
    const flags = asCell(page + k.page.flags);
    const counts = [asCell(page + k.page._refcount), asCell(page + k.page._mapcount)];
    // Where the trace has no map of memory, nothing is told.
    if (((k.words[flags] ?? 0) & (1 << k.PG_reserved)) === 0)
      for (const at of [flags, ...counts]) told.push([at, k.words[at] ?? 0]);
    k.write(flags, (k.words[flags] ?? 0) & ~((1 << k.__NR_PAGEFLAGS) - 1));
    k.write(asCell(page + k.page._mapcount), -1);
    set_page_count(k, page, 0);
    k.write_long(asCell(page + k.page.index), migratetype);
    const zone = page_zone(k, page);
    const pcp = per_cpu_ptr(k, zone + k.zone.per_cpu_pageset, k.cpu);
    // The list of order 0.
    const head = pcp + k.per_cpu_pages.lists + migratetype * k.stride.list_head;
    list_add(k, asCell(page + k.page.lru), asCell(head));
    const count = asCell(pcp + k.per_cpu_pages.count);
    k.write(count, (k.words[count] ?? 0) + 1);
  }
  return () => {
    for (const [at, word] of told) k.write(at, word);
  };
}

/**
 * Free blocks of the recorded lists that lie in a pageblock with a lent one do not look free: one that is taken for pages of another type
 * would take all that are free there along.
 */
function hideNeighbours(k: Kernel, blocks: readonly Block[]): () => void {
  const hidden: [Cell, number][] = [];
  const isLent = (pfn: number): boolean =>
    blocks.some(({ start, order }) => pfn >= start && pfn < start + (1 << order));
  const starts = new Set(blocks.map(({ start }) => start - (start % k.pageblock_nr_pages)));
  for (const start of starts)
    for (let pfn = start; pfn < start + k.pageblock_nr_pages; pfn++) {
      const page = k.pfn_to_page(asPfn(pfn));
      if (isLent(pfn) || !PageBuddy(k, page)) continue;
      const at = asCell(page + k.page._mapcount);
      hidden.push([at, k.words[at] ?? 0]);
      k.write(at, -1);
    }
  return () => {
    for (const [at, word] of hidden) k.write(at, word);
  };
}

const populated = (k: Kernel): Cell[] =>
  k.zones.filter((zone) => k.read_ulong(zone + k.zone.present_pages) > 0);

const pageSets = (k: Kernel): Cell[] =>
  populated(k).map((zone) => asCell(per_cpu_ptr(k, zone + k.zone.per_cpu_pageset, k.cpu)));

/** No free page, and no watermark or reserve that would keep one. */
function emptyZones(k: Kernel): void {
  for (const zone of populated(k)) {
    for (let order = 0; order < k.MAX_ORDER; order++) {
      const area = zone + k.zone.free_area + order * k.stride.free_area;
      for (let mt = 0; mt < k.MIGRATE_TYPES; mt++)
        INIT_LIST_HEAD(k, asCell(area + mt * k.stride.list_head));
      k.write_long(asCell(area + k.free_area.nr_free), 0);
    }
    // Pages that are given one by one are not counted, but the zone is to be looked at.
    for (const [item, nr] of [
      [k.NR_FREE_PAGES, 1 << 16],
      [k.NR_FREE_CMA_PAGES, 0],
    ] as const)
      k.write_long(asCell(zone + k.zone.vm_stat + item * k.ptr_words), nr);
    for (let other = 0; other < k.zones.length; other++)
      k.write_long(asCell(zone + k.zone.lowmem_reserve + other * k.ptr_words), 0);
    for (let mark = 0; mark < 3; mark++)
      k.write_long(asCell(zone + k.zone._watermark + mark * k.ptr_words), 0);
  }
  for (const pcp of pageSets(k)) {
    for (let i = 0; i < k.NR_PCP_LISTS; i++)
      INIT_LIST_HEAD(k, asCell(pcp + k.per_cpu_pages.lists + i * k.stride.list_head));
    k.write(asCell(pcp + k.per_cpu_pages.count), 0);
  }
}

/** Gives what makes those of the frames that are free what they were: reserved. A block that is free and on no list would be joined with others. */
function toldPages(k: Kernel, blocks: readonly Block[]): () => void {
  const sizeWords = k.sizeof.page / 4;
  const frames = blocks.flatMap(({ start, order }) =>
    Array.from({ length: 1 << order }, (_, i) => {
      const page = k.pfn_to_page(asPfn(start + i));
      return { page, words: k.words.slice(page, page + sizeWords) };
    }),
  );
  return () => {
    for (let i = 0; i < frames.length;) {
      const first = frames[i];
      const isFree = first !== undefined && PageBuddy(k, first.page);
      const nrFrames = isFree ? 1 << buddy_order(k, first.page) : 1;
      if (isFree)
        for (const { page, words } of frames.slice(i, i + nrFrames))
          words.forEach((word, at) => {
            k.write(asCell(page + at), word);
          });
      i += nrFrames;
    }
  };
}

function lend(k: Kernel, { start, order }: Block): void {
  for (let i = 0; i < 1 << order; i++) {
    const page = k.pfn_to_page(asPfn(start + i));
    const flags = asCell(page + k.page.flags);
    k.write(flags, (k.words[flags] ?? 0) & ~(1 << k.PG_reserved));
    set_page_count(k, page, i === 0 ? 1 : 0);
    if (i % k.pageblock_nr_pages === 0) set_pageblock_migratetype(k, page, k.MIGRATE_UNMOVABLE);
  }
  __free_pages(k, k.pfn_to_page(asPfn(start)), order);
}
