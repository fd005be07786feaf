/**
 * Why a request failed that takes more than pages: an object of a cache, addresses of vmalloc space, a range of frames. Read where
 * the request fails, while memory is as it was then.
 *
 * Source of the names: Linux 6.1 mm/slub.c, mm/slab.c, mm/vmalloc.c, mm/cma.c, mm/page_alloc.c: alloc_contig_range().
 */
import { list_entry } from '../kernel/include/linux/list.h.js';
import { totalram_pages } from '../kernel/include/linux/mm.h.js';
import { PageBuddy, PageReserved, PageSlab } from '../kernel/include/linux/page-flags.h.js';
import { compound_head } from '../kernel/include/linux/page-flags.h.js';
import { buddy_order } from '../kernel/mm/internal.h.js';
import { cma_bitmap_maxno, cma_get_name } from '../kernel/mm/cma.js';
import { readByte } from '../kernel/lib/string.js';
import { KMALLOC_MAX_CACHE_SIZE } from '../kernel/include/linux/slab.h.js';
import { oo_order } from '../kernel/mm/slub/freelist.js';
import {
  type Cma,
  type KmemCache,
  type ListHead,
  NULL,
  type Page,
  type Pfn,
} from '../machine/ctypes.js';
import type { Kernel } from '../machine/kernel.js';
import { ulong } from '../machine/ulong.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../memory/address.js';
import { cacheName } from '../proc/slabCaches.js';
import { counted } from '../view/counted.js';
import { userPageText } from './userPage.js';

const hex = (value: number): string => `0x${value.toString(16)}`;
const intAt = (k: Kernel, at: number): number => k.words[at] ?? 0;

export interface OuterFailure {
  readonly what: string;
  readonly reason: string;
}

// --- objects -----------------------------------------------------------------------------------------------------------

/** @param pages why the pages could not be had, as far as that is known */
export function cacheFailure(k: Kernel, s: KmemCache, pages: string | undefined): OuterFailure {
  const name = cacheName(k, s);
  const order =
    k.CONFIG_SLAB !== 0
      ? intAt(k, s + k.kmem_cache.gfporder)
      : oo_order(intAt(k, s + k.kmem_cache.oo));
  const least = k.CONFIG_SLAB !== 0 ? order : oo_order(intAt(k, s + k.kmem_cache.min));
  const orders = least === order ? `order ${order}` : `order ${order}, or at least ${least}`;
  return {
    what: `an object of ${name}`,
    reason: `${name} has no free object, and no pages for a new slab of ${orders}${because(pages)}`,
  };
}

/** kmalloc() of more than any of its caches has. */
export const largeFailure = (size: number, pages: string | undefined): OuterFailure => ({
  what: `kmalloc of ${counted(size, 'byte')}`,
  reason: `more than ${KMALLOC_MAX_CACHE_SIZE} bytes are whole pages, not an object of a cache${because(pages)}`,
});

const because = (pages: string | undefined): string => (pages === undefined ? '' : `: ${pages}`);

// --- vmalloc -----------------------------------------------------------------------------------------------------------

/** @param message what the kernel says of it: which of its steps failed */
export function vmallocFailure(
  k: Kernel,
  request: { readonly size: number; readonly start: VirtAddr; readonly end: VirtAddr },
  message: string,
  pages: string | undefined,
): OuterFailure {
  const { size, start, end } = request;
  const what = `vmalloc of ${counted(size, 'byte')}`;
  if (message.includes('exceeds total pages'))
    return {
      what,
      reason: `${counted(Math.ceil(size / PAGE_SIZE), 'page')} are more than the ${totalram_pages(k)} that the machine has`,
    };
  if (!message.includes('vm_struct allocation failed'))
    return { what, reason: `address space was found, but not all pages${because(pages)}` };
  const needed = Math.ceil(size / PAGE_SIZE) * PAGE_SIZE + PAGE_SIZE;
  const gap = largestFreeArea(k, start, end);
  if (gap >= needed) return { what, reason: `no memory for its vm_struct${because(pages)}` };
  return {
    what,
    reason: `no gap of ${counted(needed, 'byte')} (with the guard page) between ${hexOf(k, start)} and ${hexOf(k, end)}: the largest has ${gap}`,
  };
}

const hexOf = (k: Kernel, va: VirtAddr): string => `0x${k.hex(va)}`;

function largestFreeArea(k: Kernel, start: VirtAddr, end: VirtAddr): number {
  const head: ListHead = k.globals.free_vmap_area_list;
  let largest = 0;
  for (let pos: ListHead = k.read_ptr(head); pos !== head && pos !== NULL; pos = k.read_ptr(pos)) {
    const va = list_entry(k, pos, k.vmap_area.list);
    const from = Math.max(k.read_va(va + k.vmap_area.va_start), start);
    // The last free area of 64 bit ends where addresses do: as signed numbers, at -1.
    const to = Math.min(k.read_va(va + k.vmap_area.va_end), end);
    largest = Math.max(largest, to - from);
  }
  return ulong(k, largest);
}

// --- ranges of frames ----------------------------------------------------------------------------------------------------

/** The first frame of a range that is not free, and whose it is; undefined when all are free. */
export function busyFrame(k: Kernel, start: Pfn, end: Pfn): string | undefined {
  for (let pfn: Pfn = start; pfn < end;) {
    const page: Page = k.pfn_to_page(pfn);
    const head = freeBlockOf(k, pfn);
    if (head !== undefined) {
      pfn = head.endPfn;
      continue;
    }
    return `pfn ${hex(pfn)} is busy: ${holderOf(k, page)}`;
  }
  return undefined;
}

/** The block on a free list that a frame is part of. */
function freeBlockOf(k: Kernel, pfn: Pfn): { readonly endPfn: Pfn } | undefined {
  for (let order = 0; order < k.MAX_ORDER; order++) {
    const first: Pfn = pfn - (pfn % 2 ** order);
    const page = k.pfn_to_page(first);
    if (PageBuddy(k, page) && first + 2 ** buddy_order(k, page) > pfn)
      return { endPfn: first + 2 ** buddy_order(k, page) };
  }
  return undefined;
}

function holderOf(k: Kernel, page: Page): string {
  const head: Page = compound_head(k, page);
  if (PageReserved(k, page)) return 'reserved (PG_reserved)';
  if (PageSlab(k, head)) return `a slab of ${cacheName(k, k.read_ptr(head + k.slab.slab_cache))}`;
  const users = userPageText(k, head);
  if (users !== undefined) return users;
  const refcount = intAt(k, head + k.page._refcount);
  if (refcount === 0)
    return 'no count on it, but it is on no free list (on a per-CPU list, or not in use by the allocator)';
  const compound =
    head === page ? '' : `, part of the compound page at pfn ${hex(k.page_to_pfn(head))}`;
  return `allocated, _refcount ${refcount}, and it cannot be moved${compound}`;
}

export const contigFailure = (
  k: Kernel,
  { start, end, ret }: { readonly start: Pfn; readonly end: Pfn; readonly ret: number },
): OuterFailure => ({
  what: `alloc_contig_range of pfn ${hex(start)}–${hex(end)}`,
  reason: `${ret}: ${busyFrame(k, start, end) ?? 'its pageblocks could not be isolated, or its free blocks not be taken'}`,
});

/** @param busy what the ranges that were tried lacked, the last one */
export function cmaFailure(
  k: Kernel,
  request: {
    readonly cma: Cma;
    readonly count: number;
    readonly align: number;
    readonly ret: number;
  },
  busy: string | undefined,
): OuterFailure {
  const { cma, count, align, ret } = request;
  const aligned = align === 0 ? '' : `, aligned to ${counted(2 ** align, 'page')}`;
  if (cma === NULL)
    return { what: 'cma_alloc', reason: 'there is no area (dev_get_cma_area() is NULL)' };
  const what = `cma_alloc of ${counted(count, 'page')}${aligned} from ${cma_get_name(k, cma)}`;
  if (count === 0) return { what, reason: 'it asks for no pages' };
  const holes = holesOf(k, cma);
  const text = `${holes.used} of ${counted(holes.total, 'page')} are given out, the largest hole has ${holes.largest}`;
  if (count > holes.total)
    return {
      what,
      reason: `it is larger than the area, which has ${counted(holes.total, 'page')}`,
    };
  if (busy !== undefined)
    return {
      what,
      reason: `${ret}: no range of it could be had, the last one because ${busy}; ${text}`,
    };
  return {
    what,
    reason: `${ret}: the bitmap has no hole of ${counted(count, 'page')}${aligned}: ${text}`,
  };
}

function holesOf(
  k: Kernel,
  cma: Cma,
): { readonly used: number; readonly total: number; readonly largest: number } {
  const bitmap: VirtAddr = k.read_va(cma + k.cma.bitmap);
  const perBit = 2 ** intAt(k, cma + k.cma.order_per_bit);
  const nrBits = cma_bitmap_maxno(k, cma);
  let used = 0;
  let run = 0;
  let largest = 0;
  for (let bit = 0; bit < nrBits; bit++) {
    const isUsed = ((readByte(k, asVirt(bitmap + (bit >>> 3))) >>> (bit & 7)) & 1) !== 0;
    run = isUsed ? 0 : run + 1;
    if (isUsed) used++;
    largest = Math.max(largest, run);
  }
  return { used: used * perBit, total: nrBits * perBit, largest: largest * perBit };
}
