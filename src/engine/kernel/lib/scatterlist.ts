/**
 * Lists of pieces of memory: arrays of struct scatterlist, one page of them at most, chained where there are more.
 *
 * Left out: lists that begin in an array of the caller's, lists for other allocators, sg_miter (its steps are here).
 * Differs: sg_alloc_table_from_pages() counts first and allocates then, so that a list of more than one array is cut elsewhere.
 * Source: Linux 6.1 lib/scatterlist.c; include/linux/scatterlist.h: sg_set_buf(), sg_alloc_table_from_pages().
 */
import {
  type Gfp,
  type Int,
  NULL,
  type Page,
  type UInt,
  type ULong,
} from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../memory/address.js';
import { virt_to_page } from '../arch/x86/include/asm/page.h.js';
import { EINVAL, ENOMEM } from '../include/linux/errno.h.js';
import {
  type Scatterlist,
  sg_chain,
  sg_chain_ptr,
  sg_init_marker,
  sg_is_chain,
  sg_is_last,
  sg_mark_end,
  sg_page,
  sg_set_page,
  sgAt,
  sgLength,
  sgOffset,
  type SgTable,
} from '../include/linux/scatterlist.h.js';
import { kmap_atomic, kunmap_atomic } from '../mm/highmem/kmap_local.js';
import { __get_free_pages, free_pages } from '../mm/page_alloc/api.js';
import { kfree, kmalloc } from '../mm/slab_common/kmalloc.js';
import { memcpy, memset } from './string.js';

/** As many as fill a page. */
const SG_MAX_SINGLE_ALLOC = (k: Kernel): Int => Math.floor(PAGE_SIZE / k.sizeof.scatterlist);

// --- going through one -----------------------------------------------------------------------------------------------------

/** The next piece; NULL behind the last one. */
export function sg_next(k: Kernel, sg: Scatterlist): Scatterlist {
  if (sg_is_last(k, sg)) return NULL;
  sg = sgAt(k, sg, 1);
  return sg_is_chain(k, sg) ? sg_chain_ptr(k, sg) : sg;
}

/** How many pieces there are. */
export function sg_nents(k: Kernel, sg: Scatterlist): Int {
  let nents: Int = 0;
  for (; sg !== NULL; sg = sg_next(k, sg)) k.watchdog(++nents);
  return nents;
}

/** How many of the pieces have so many bytes; -EINVAL: all have fewer. */
export function sg_nents_for_len(k: Kernel, sg: Scatterlist, len: ULong): Int {
  if (len === 0) return 0;
  let total: ULong = 0;
  for (let nents: Int = 1; sg !== NULL; nents++, sg = sg_next(k, sg)) {
    k.watchdog(nents);
    total += sgLength(k, sg);
    if (total >= len) return nents;
  }
  return -EINVAL;
}

export function sg_last(k: Kernel, sgl: Scatterlist, nents: UInt): Scatterlist {
  let ret: Scatterlist = NULL;
  let sg: Scatterlist = sgl;
  for (let i: UInt = 0; i < nents; i++, sg = sg_next(k, sg)) ret = sg;
  return ret;
}

// --- making one ------------------------------------------------------------------------------------------------------------

/** Empties an array, of which the last entry ends the list. */
export function sg_init_table(k: Kernel, sgl: Scatterlist, nents: UInt): void {
  for (let i: UInt = 0; i < nents * k.stride.scatterlist; i++) k.write(k.plus(sgl, i), 0);
  sg_init_marker(k, sgl, nents);
}

/** A piece of the direct map. */
export function sg_set_buf(k: Kernel, sg: Scatterlist, buf: VirtAddr, buflen: UInt): void {
  const page: Page = k.deref_page(virt_to_page(k, buf), buf, 0);
  sg_set_page(k, sg, page, buflen, buf & (PAGE_SIZE - 1));
}

/** A list of one piece. */
export function sg_init_one(k: Kernel, sg: Scatterlist, buf: VirtAddr, buflen: UInt): void {
  sg_init_table(k, sg, 1);
  sg_set_buf(k, sg, buf, buflen);
}

function sg_kmalloc(k: Kernel, nents: UInt, gfp_mask: Gfp): VirtAddr {
  if (nents === SG_MAX_SINGLE_ALLOC(k)) return __get_free_pages(k, gfp_mask, 0);
  return kmalloc(k, nents * k.sizeof.scatterlist, gfp_mask);
}

function sg_kfree(k: Kernel, sg: Scatterlist, nents: UInt): void {
  if (nents === SG_MAX_SINGLE_ALLOC(k)) free_pages(k, k.va_of(sg), 0);
  else kfree(k, k.va_of(sg));
}

function __sg_free_table(k: Kernel, table: SgTable, max_ents: UInt, num_ents: UInt): void {
  let sgl: Scatterlist = k.read_ptr(k.plus(table, k.sg_table.sgl));
  if (sgl === NULL) return;
  while (num_ents > 0) {
    let alloc_size: UInt = num_ents;
    let sg_size: UInt = alloc_size;
    let next: Scatterlist = NULL;
    // The last entry of a full array is not a piece, if more follow.
    if (alloc_size > max_ents) {
      next = sg_chain_ptr(k, sgAt(k, sgl, max_ents - 1));
      alloc_size = max_ents;
      sg_size = alloc_size - 1;
    }
    num_ents -= sg_size;
    sg_kfree(k, sgl, alloc_size);
    sgl = next;
  }
  k.write_ptr(k.plus(table, k.sg_table.sgl), NULL);
}

export function sg_free_table(k: Kernel, table: SgTable): void {
  const orig_nents: UInt = k.read_int(k.plus(table, k.sg_table.orig_nents));
  __sg_free_table(k, table, SG_MAX_SINGLE_ALLOC(k), orig_nents);
}

/** 0, or an errno, and then what has been allocated is in the table. */
function __sg_alloc_table(
  k: Kernel,
  table: SgTable,
  nents: UInt,
  max_ents: UInt,
  gfp_mask: Gfp,
): Int {
  const nentsAt = k.plus(table, k.sg_table.nents);
  const origAt = k.plus(table, k.sg_table.orig_nents);
  for (let i = 0; i < k.stride.sg_table; i++) k.write(k.plus(table, i), 0);
  if (nents === 0) return -EINVAL;
  let left: UInt = nents;
  let prv: Scatterlist = NULL;
  do {
    let alloc_size: UInt = left;
    let sg_size: UInt = alloc_size;
    if (alloc_size > max_ents) {
      alloc_size = max_ents;
      sg_size = alloc_size - 1;
    }
    left -= sg_size;
    const object: VirtAddr = sg_kmalloc(k, alloc_size, gfp_mask);
    if (object === 0) {
      // Those that are there are freed by their number: one more, for the link that leads nowhere.
      if (prv !== NULL) {
        k.write(origAt, k.read_int(origAt) + 1);
        k.write(nentsAt, k.read_int(origAt));
      }
      return -ENOMEM;
    }
    const sg: Scatterlist = k.cell_at(object);
    sg_init_table(k, sg, alloc_size);
    k.write(origAt, k.read_int(origAt) + sg_size);
    k.write(nentsAt, k.read_int(origAt));
    if (prv !== NULL) sg_chain(k, prv, max_ents, sg);
    else k.write_ptr(k.plus(table, k.sg_table.sgl), sg);
    if (left === 0) sg_mark_end(k, sgAt(k, sg, sg_size - 1));
    prv = sg;
  } while (left > 0);
  return 0;
}

/** A list of so many pieces, which are still empty. 0 or an errno. */
export function sg_alloc_table(k: Kernel, table: SgTable, nents: UInt, gfp_mask: Gfp): Int {
  const ret: Int = __sg_alloc_table(k, table, nents, SG_MAX_SINGLE_ALLOC(k), gfp_mask);
  if (ret !== 0) sg_free_table(k, table);
  return ret;
}

/** Whether a page follows another in memory. */
const isBehind = (k: Kernel, page: Page, before: Page): boolean =>
  k.page_to_pfn(page) === k.page_to_pfn(before) + 1;

/** A list of `size` bytes that begin at `offset` in the first of the pages: pages that lie side by side are one piece. */
export function sg_alloc_table_from_pages(
  k: Kernel,
  sgt: SgTable,
  pages: readonly Page[],
  n_pages: UInt,
  offset: UInt,
  size: ULong,
  gfp_mask: Gfp,
): Int {
  let chunks: UInt = 1;
  for (let i: UInt = 1; i < n_pages; i++) if (!isBehind(k, pages[i]!, pages[i - 1]!)) chunks++;
  const ret: Int = sg_alloc_table(k, sgt, chunks, gfp_mask);
  if (ret !== 0) return ret;
  let sg: Scatterlist = k.read_ptr(k.plus(sgt, k.sg_table.sgl));
  let cur_page: UInt = 0;
  for (let i: UInt = 0; i < chunks; i++, sg = sg_next(k, sg)) {
    let j: UInt = cur_page + 1;
    while (j < n_pages && isBehind(k, pages[j]!, pages[j - 1]!)) j++;
    const chunk_size: ULong = (j - cur_page) * PAGE_SIZE - offset;
    sg_set_page(k, sg, pages[cur_page]!, Math.min(size, chunk_size), offset);
    size -= chunk_size;
    offset = 0;
    cur_page = j;
  }
  return 0;
}

// --- copying ---------------------------------------------------------------------------------------------------------------

/** struct sg_mapping_iter: as much of a piece as lies in one page, mapped while it is worked on. */
interface SgMappingIter {
  sg: Scatterlist;
  /** Pieces that are left, this one included. */
  nents: UInt;
  /** How far in the piece it has come. */
  offset: ULong;
  page: Page;
  addr: VirtAddr;
  length: ULong;
}

/** sg_miter_start() */
const startIter = (sgl: Scatterlist, nents: UInt): SgMappingIter => ({
  sg: sgl,
  nents,
  offset: 0,
  page: NULL,
  addr: asVirt(0),
  length: 0,
});

/** sg_miter_next(), without the mapping. False: the list is at its end. */
const nextIter = (k: Kernel, miter: SgMappingIter): boolean => {
  miter.offset += miter.length;
  while (miter.nents > 0 && miter.sg !== NULL && miter.offset >= sgLength(k, miter.sg)) {
    miter.sg = sg_next(k, miter.sg);
    miter.nents--;
    miter.offset = 0;
  }
  if (miter.nents === 0 || miter.sg === NULL) return false;
  const at: ULong = sgOffset(k, miter.sg) + miter.offset;
  miter.page = k.nth_page(sg_page(k, miter.sg), Math.floor(at / PAGE_SIZE));
  miter.length = Math.min(PAGE_SIZE - (at % PAGE_SIZE), sgLength(k, miter.sg) - miter.offset);
  return true;
};

/** kmap_atomic() of where it is, in its page. */
const mapIter = (k: Kernel, miter: SgMappingIter): VirtAddr => {
  miter.addr = kmap_atomic(k, miter.page);
  return asVirt(miter.addr + ((sgOffset(k, miter.sg) + miter.offset) % PAGE_SIZE));
};

/** Copies between a buffer and a list, from `skip` bytes in the list on; how many bytes. */
export function sg_copy_buffer(
  k: Kernel,
  sgl: Scatterlist,
  nents: UInt,
  buf: VirtAddr,
  buflen: ULong,
  skip: ULong,
  to_buffer: boolean,
): ULong {
  const miter: SgMappingIter = startIter(sgl, nents);
  let offset: ULong = 0;
  while (offset < buflen && nextIter(k, miter)) {
    const from: ULong = Math.min(skip, miter.length);
    skip -= from;
    const len: ULong = Math.min(miter.length - from, buflen - offset);
    if (len === 0) continue;
    const addr = asVirt(mapIter(k, miter) + from);
    if (to_buffer) memcpy(k, asVirt(buf + offset), addr, len);
    else memcpy(k, addr, asVirt(buf + offset), len);
    kunmap_atomic(k, miter.addr);
    offset += len;
  }
  return offset;
}

/** Fills `buflen` bytes of a list with zeros. */
export function sg_zero_buffer(
  k: Kernel,
  sgl: Scatterlist,
  nents: UInt,
  buflen: ULong,
  skip: ULong,
): ULong {
  const miter: SgMappingIter = startIter(sgl, nents);
  let offset: ULong = 0;
  while (offset < buflen && nextIter(k, miter)) {
    const from: ULong = Math.min(skip, miter.length);
    skip -= from;
    const len: ULong = Math.min(miter.length - from, buflen - offset);
    if (len === 0) continue;
    memset(k, asVirt(mapIter(k, miter) + from), 0, len);
    kunmap_atomic(k, miter.addr);
    offset += len;
  }
  return offset;
}
