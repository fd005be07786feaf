/**
 * Where on which list a free block stands: a walk along `lru` in both directions to the list's head, whose place says which
 * list it is. Positions are counted from the head, and from the tail where that alone is near. Bounded, so that an answer takes no longer on a list of half a million blocks: the block is on its list all the
 * same, only its position is not told yet. Asked again about the same block of the same state, the walk goes on.
 *
 * Source: Linux 6.1 include/linux/mmzone.h (free_area, per_cpu_pages), mm/page_alloc.c.
 */
import type { KernelImage } from '../image/kernelImage.js';
import { KernelFault } from '../machine/events.js';
import type { Memmap } from '../machine/memmap.js';
import type { Kernel } from '../machine/kernel.js';
import { pindex_to_order } from '../kernel/mm/page_alloc/pcp.js';
import type { ListHead, Page } from '../machine/ctypes.js';
import { asCell } from '../memory/address.js';
import { enumName } from '../types/enumName.js';
import { zoneName } from './zones.js';
import { pcpList, zonePcp } from './zoneLists.js';

/** Entries that one answer goes in each direction. Both at once: where memory is cold, some 100 ns for the two. */
export const MAX_STEPS = 1 << 13;

/** Entries between a block and the head of its list; 0: the next to be taken, or the last. */
export type Position = { readonly fromHead: number } | { readonly fromTail: number };

export type ListPlace = (ListNamed & { readonly position: Position }) | FarPlace;

type ListNamed = FreeListPlace | PcpListPlace;

/** On a list whose head was not met so far: so many entries lie on both sides. */
interface FarPlace {
  readonly kind: 'far';
  readonly deeperThan: number;
}

interface FreeListPlace {
  readonly kind: 'free list';
  readonly zone: string;
  readonly order: number;
  readonly migratetype: number;
}

interface PcpListPlace {
  readonly kind: 'per-CPU list';
  readonly zone: string;
  readonly cpu: number;
  readonly pindex: number;
  readonly order: number;
}

/** A walk under way, from a block in both directions. */
interface Search {
  readonly page: Page;
  readonly cursor: number;
  readonly cuts: number;
  /** Of the links that are read next: prev, next. */
  back: number;
  on: number;
  /** Entries passed in each direction. */
  steps: number;
  /** Those of them up to the tail, once that was met. */
  toTail: number | undefined;
  /** The link at `back` leads to the list's head. */
  atHead: boolean;
}

export class ListPlaces {
  private last: Search | undefined;

  constructor(private readonly image: KernelImage) {}

  /** @param page the first page of a block; undefined when it is on no list */
  of(page: Page): ListPlace | undefined {
    const { mm } = this.image;
    const search = this.searchFor(page);
    if (search === undefined) return undefined;
    try {
      go(mm, search);
      const { steps, toTail, atHead, back, on } = search;
      if (!atHead && toTail === undefined) return { kind: 'far', deeperThan: steps };
      const place = headAt(this.image, mm.read_ptr(atHead ? back : on));
      const position = atHead ? { fromHead: steps } : { fromTail: toTail ?? 0 };
      return place && { ...place, position };
    } catch (error) {
      if (!(error instanceof KernelFault)) throw error;
      return undefined;
    }
  }

  /** That of the last question, when it is the same. */
  private searchFor(page: Page): Search | undefined {
    const { mm, tape } = this.image;
    const { cursor, cuts } = tape;
    const { last } = this;
    if (last?.page === page && last.cursor === cursor && last.cuts === cuts) return last;
    const on = asCell(page + mm.page.lru);
    if (!isLinked(mm, on)) return undefined;
    const back = on + mm.list_head.prev;
    this.last = { page, cursor, cuts, back, on, steps: 0, toTail: undefined, atHead: false };
    return this.last;
  }
}

/** Whether a list_head is on a list: what it points to points back. */
function isLinked(mm: Kernel, entry: ListHead): boolean {
  try {
    const next = mm.read_ptr(entry);
    return next !== 0 && next !== entry && mm.read_ptr(next + mm.list_head.prev) === entry;
  } catch (error) {
    if (!(error instanceof KernelFault)) throw error;
    return false;
  }
}

/** In both directions, up to the first link that is not in a page. Where the tail is near, on towards the head all the same: positions count from it. */
function go(mm: Kernel, search: Search): void {
  const { memmap } = mm;
  const list_prev = mm.list_head.prev;
  if (search.atHead || search.toTail !== undefined) return;
  let { back, on } = search;
  let toTail: number | undefined;
  let steps = 0;
  for (; steps < MAX_STEPS; steps++) {
    const before = entryAt(mm, memmap, back);
    if (before === 0) {
      search.atHead = true;
      break;
    }
    back = before + list_prev;
    if (toTail !== undefined) continue;
    const after = entryAt(mm, memmap, on);
    if (after === 0) toTail = search.steps + steps;
    else on = after;
  }
  Object.assign(search, { back, on, toTail, steps: search.steps + steps });
}

/** The entry in mem_map that a link leads to: its low word is enough to find it. 0 when it leads elsewhere. */
function entryAt({ words, wide }: Kernel, memmap: Memmap, link: number): number {
  if (wide && words[link + 1] !== memmap.baseHigh) return 0;
  return memmap.cellOfLow(words[link] as number);
}

function headAt(image: KernelImage, head: ListHead): ListNamed | undefined {
  const { mm, nrCpus } = image;
  for (const zone of mm.zones) {
    if (mm.read_ulong(zone + mm.zone.present_pages) === 0) continue;
    const within = head - zone - mm.zone.free_area;
    if (within >= 0 && within < mm.MAX_ORDER * mm.stride.free_area)
      return {
        kind: 'free list',
        zone: zoneName(image, zone),
        order: Math.floor(within / mm.stride.free_area),
        migratetype: Math.floor((within % mm.stride.free_area) / mm.stride.list_head),
      };
    for (let cpu = 0; cpu < nrCpus; cpu++) {
      const first = pcpList(mm, zonePcp(mm, zone, cpu), 0);
      const pindex = (head - first) / mm.stride.list_head;
      if (pindex < 0 || pindex >= mm.NR_PCP_LISTS) continue;
      return {
        kind: 'per-CPU list',
        zone: zoneName(image, zone),
        cpu,
        pindex,
        order: pindex_to_order(mm, pindex),
      };
    }
  }
  return undefined;
}

export const migratetypeName = ({ profile }: KernelImage, value: number): string =>
  enumName(profile, 'migratetype', value);
