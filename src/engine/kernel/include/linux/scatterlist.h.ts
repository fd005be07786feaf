/**
 * struct scatterlist: pieces of memory that need not lie side by side, for a device that is given all of them.
 *
 *     page_link   the page | SG_END (2): the last | SG_CHAIN (1): not a piece, but where the list goes on
 *     offset, length: of the piece in its page and beyond       dma_address, dma_length: as the device sees it
 *
 * Source: Linux 6.1 include/linux/scatterlist.h.
 */
import {
  type Int,
  NULL,
  type Page,
  type Pointer,
  type UInt,
  type ULong,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type Cell } from '../../../memory/address.js';

export type Scatterlist = Pointer<'struct scatterlist'>;
export type SgTable = Pointer<'struct sg_table'>;

const SG_CHAIN = 1;
const SG_END = 2;
const SG_PAGE_LINK_MASK = SG_CHAIN | SG_END;

const linkAt = (k: Kernel, sg: Scatterlist): Cell => k.plus(sg, k.scatterlist.page_link);
const flagsOf = (k: Kernel, sg: Scatterlist): Int => k.read_int(linkAt(k, sg)) & SG_PAGE_LINK_MASK;

/** `&sgl[n]` */
export const sgAt = (k: Kernel, sgl: Scatterlist, n: Int): Scatterlist =>
  k.plus(sgl, n * k.stride.scatterlist);

export function sg_is_chain(k: Kernel, sg: Scatterlist): boolean {
  return (flagsOf(k, sg) & SG_CHAIN) !== 0;
}

export function sg_is_last(k: Kernel, sg: Scatterlist): boolean {
  return (flagsOf(k, sg) & SG_END) !== 0;
}

/** The address without the two bits. */
const targetOf = (k: Kernel, sg: Scatterlist): Cell => {
  const va = asVirt(k.read_va(linkAt(k, sg)) - flagsOf(k, sg));
  return va === 0 ? NULL : k.cell_at(va);
};

/** Where a list goes on. */
export function sg_chain_ptr(k: Kernel, sg: Scatterlist): Scatterlist {
  return targetOf(k, sg);
}

export function sg_page(k: Kernel, sg: Scatterlist): Page {
  return targetOf(k, sg);
}

/** Whether it is the last stays. */
export function sg_assign_page(k: Kernel, sg: Scatterlist, page: Page): void {
  k.write_ptr_tagged(linkAt(k, sg), page, flagsOf(k, sg));
}

/** A piece. It may be longer than a page, as far as the pages lie side by side. */
export function sg_set_page(k: Kernel, sg: Scatterlist, page: Page, len: UInt, offset: UInt): void {
  sg_assign_page(k, sg, page);
  k.write(k.plus(sg, k.scatterlist.offset), offset);
  k.write(k.plus(sg, k.scatterlist.length), len);
}

/** The entry behind the last piece of an array leads to another array. */
export function sg_chain(k: Kernel, prv: Scatterlist, prv_nents: UInt, sgl: Scatterlist): void {
  const chain_sg: Scatterlist = sgAt(k, prv, prv_nents - 1);
  k.write(k.plus(chain_sg, k.scatterlist.offset), 0);
  k.write(k.plus(chain_sg, k.scatterlist.length), 0);
  k.write_ptr_tagged(linkAt(k, chain_sg), sgl, SG_CHAIN);
}

/** Nothing follows. */
export function sg_mark_end(k: Kernel, sg: Scatterlist): void {
  const word: Int = k.read_int(linkAt(k, sg));
  k.write(linkAt(k, sg), (word | SG_END) & ~SG_CHAIN);
}

export function sg_unmark_end(k: Kernel, sg: Scatterlist): void {
  k.write(linkAt(k, sg), k.read_int(linkAt(k, sg)) & ~SG_END);
}

export function sg_init_marker(k: Kernel, sgl: Scatterlist, nents: UInt): void {
  sg_mark_end(k, sgAt(k, sgl, nents - 1));
}

/** Members of a piece. */
export const sgOffset = (k: Kernel, sg: Scatterlist): ULong =>
  k.read_int(k.plus(sg, k.scatterlist.offset)) >>> 0;
export const sgLength = (k: Kernel, sg: Scatterlist): ULong =>
  k.read_int(k.plus(sg, k.scatterlist.length)) >>> 0;
