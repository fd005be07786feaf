/**
 * Which virtual address a page has: its place in the direct map, or, of a highmem page, the one that kmap() gave it, which a
 * hash table tells.
 *
 *     page_address_htable[hash of the page's address] ─> page_address_map { page, virtual, list } ─> ...
 *
 * There is one page_address_map for each pkmap slot, so mapping allocates nothing.
 *
 * Left out: the lock of each bucket.
 *
 * Source: Linux 6.1 mm/highmem.c: page_slot() to page_address_init(); include/linux/mm.h: lowmem_page_address().
 */
import { type Int, type ListHead, NULL, type Page, type Pointer } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { hash_32 } from '../../include/linux/hash.h.js';
import {
  INIT_LIST_HEAD,
  list_add_tail,
  list_del,
  list_empty,
  list_entry_is_head,
  list_first_entry,
  list_next_entry,
} from '../../include/linux/list.h.js';
import { PageHighMem } from '../../include/linux/page-flags.h.js';

export type PageAddressMap = Pointer<'struct page_address_map'>;
export type PageAddressSlot = Pointer<'struct page_address_slot'>;

export const PA_HASH_ORDER = 7;

/** By arithmetic: the direct map has all of lowmem, in order. */
const lowmem_page_address = (k: Kernel, page: Page): VirtAddr =>
  asVirt(k.linear.pageOffset + k.page_to_pfn(page) * PAGE_SIZE);

/** The bucket of a page. */
function page_slot(k: Kernel, page: Page): PageAddressSlot {
  const bucket: Int = hash_32(k.va_low(page), PA_HASH_ORDER);
  return asCell(k.globals.page_address_htable + bucket * k.stride.page_address_slot);
}

/** The virtual address of a page; 0 for a highmem page that is not mapped. */
export function page_address(k: Kernel, page: Page): VirtAddr {
  if (!PageHighMem(k, page)) return lowmem_page_address(k, page);
  const pas: PageAddressSlot = page_slot(k, page);
  const lh: ListHead = asCell(pas + k.page_address_slot.lh);
  // A machine that was rebuilt from lists has no table yet: its buckets are zeros.
  if (k.words[lh]! === 0) return asVirt(0);
  if (!list_empty(k, lh))
    for (
      let pam: PageAddressMap = list_first_entry(k, lh, k.page_address_map.list);
      !list_entry_is_head(k, pam, lh, k.page_address_map.list);
      pam = list_next_entry(k, pam, k.page_address_map.list)
    )
      if (k.ptr_is(pam + k.page_address_map.page, page))
        return k.read_va(pam + k.page_address_map.virtual);
  return asVirt(0);
}

/** Gives a highmem page the address of a pkmap slot, or with 0 takes it away. What the map said stays in it. */
export function set_page_address(k: Kernel, page: Page, virtual: VirtAddr): void {
  const pas: PageAddressSlot = page_slot(k, page);
  const lh: ListHead = asCell(pas + k.page_address_slot.lh);
  if (virtual !== 0) {
    // Each slot has a map of its own: PKMAP_NR(virtual).
    const nr: Int = (virtual - asVirt(k.PKMAP_BASE)) / PAGE_SIZE;
    const pam: PageAddressMap = asCell(
      k.globals.page_address_maps + nr * k.stride.page_address_map,
    );
    k.write_ptr(pam + k.page_address_map.page, page);
    k.write_va(pam + k.page_address_map.virtual, virtual);
    list_add_tail(k, asCell(pam + k.page_address_map.list), lh);
  } else {
    for (
      let pam: PageAddressMap = list_first_entry(k, lh, k.page_address_map.list);
      !list_entry_is_head(k, pam, lh, k.page_address_map.list);
      pam = list_next_entry(k, pam, k.page_address_map.list)
    )
      if (k.ptr_is(pam + k.page_address_map.page, page)) {
        list_del(k, asCell(pam + k.page_address_map.list));
        break;
      }
  }
}

/** At boot. A build without highmem has no table. */
export function page_address_init(k: Kernel): void {
  if (k.globals.page_address_htable === NULL) return;
  for (let i: Int = 0; i < 1 << PA_HASH_ORDER; i++) {
    const pas = k.globals.page_address_htable + i * k.stride.page_address_slot;
    INIT_LIST_HEAD(k, asCell(pas + k.page_address_slot.lh));
  }
}
