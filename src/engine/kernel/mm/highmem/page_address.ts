/**
 * Which virtual address a page has: its place in the direct map, or, of a highmem page, the one that kmap() gave it, which a
 * hash table tells.
 *
 *     page_address_htable[hash of the page's address] ─> page_address_map { page, virtual, list } ─> ...
 *
 * There is one page_address_map for each pkmap slot, so mapping allocates nothing.
 *
 * Source: Linux 6.1 mm/highmem.c: page_address(), set_page_address(), page_address_init(); include/linux/hash.h.
 */
import { type Int, type ListHead, NULL, type Page, type Pointer } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, asVirt, type Cell, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { hash_32 } from '../../include/linux/hash.h.js';
import { INIT_LIST_HEAD, list_add_tail, list_del, list_next } from '../../include/linux/list.h.js';
import { PageHighMem } from '../../include/linux/page-flags.h.js';

export type PageAddressMap = Pointer<'struct page_address_map'>;
export type PageAddressSlot = Pointer<'struct page_address_slot'>;

const PA_HASH_ORDER = 7;

const lowmem_page_address = (k: Kernel, page: Page): VirtAddr =>
  asVirt(k.linear.pageOffset + k.page_to_pfn(page) * PAGE_SIZE);

function page_slot(k: Kernel, page: Page): PageAddressSlot {
  const bucket = hash_32(k.va_low(page), PA_HASH_ORDER);
  return asCell(k.globals.page_address_htable + bucket * k.stride.page_address_slot);
}

const slot_list = (k: Kernel, pas: PageAddressSlot): ListHead =>
  asCell(pas + k.page_address_slot.lh);

const map_list = (k: Kernel, pam: PageAddressMap): ListHead =>
  asCell(pam + k.page_address_map.list);

/** The maps on a bucket's list. A bucket that nobody has initialised, as in a machine rebuilt from lists, is empty. */
function* maps_of(k: Kernel, pas: PageAddressSlot): Generator<PageAddressMap, void, undefined> {
  const head = slot_list(k, pas);
  if (k.words[head] === 0) return;
  for (let list = list_next(k, head); list !== head; list = list_next(k, list))
    yield asCell(list - k.page_address_map.list);
}

function find_map(k: Kernel, page: Page): PageAddressMap {
  for (const pam of maps_of(k, page_slot(k, page)))
    if (k.ptr_is(pam + k.page_address_map.page, page)) return pam;
  return NULL;
}

/** The virtual address of a page; 0 for a highmem page that is not mapped. */
export function page_address(k: Kernel, page: Page): VirtAddr {
  if (!PageHighMem(k, page)) return lowmem_page_address(k, page);
  const pam: PageAddressMap = find_map(k, page);
  if (pam === NULL) return asVirt(0);
  return k.read_va(pam + k.page_address_map.virtual);
}

/** Gives a highmem page the address of pkmap slot `nr`, or with NULL takes it away. What the map said stays in it. */
export function set_page_address(k: Kernel, page: Page, virtual: VirtAddr, nr: Int): void {
  const pas: PageAddressSlot = page_slot(k, page);
  if (virtual !== 0) {
    const pam: PageAddressMap = page_address_map(k, nr);
    k.write_ptr(pam + k.page_address_map.page, page);
    k.write_long(pam + k.page_address_map.virtual, virtual);
    list_add_tail(k, map_list(k, pam), slot_list(k, pas));
  } else {
    const pam: PageAddressMap = find_map(k, page);
    if (pam !== NULL) list_del(k, map_list(k, pam));
  }
}

/** &page_address_maps[nr] */
export const page_address_map = (k: Kernel, nr: Int): PageAddressMap =>
  asCell(k.globals.page_address_maps + nr * k.stride.page_address_map);

/** Each bucket, with its maps: for who looks on. */
export function* page_address_buckets(
  k: Kernel,
): Generator<{ readonly bucket: Int; readonly maps: readonly PageAddressMap[] }, void, undefined> {
  const table = k.findSymbol('page_address_htable');
  if (table === undefined) return;
  for (let bucket = 0; bucket < 1 << PA_HASH_ORDER; bucket++) {
    const pas: Cell = asCell(table + bucket * k.stride.page_address_slot);
    yield { bucket, maps: [...maps_of(k, pas)] };
  }
}

export function page_address_init(k: Kernel): void {
  const table = k.findSymbol('page_address_htable');
  if (table === undefined) return;
  for (let i = 0; i < 1 << PA_HASH_ORDER; i++)
    INIT_LIST_HEAD(k, slot_list(k, asCell(table + i * k.stride.page_address_slot)));
}
