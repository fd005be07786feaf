/**
 * Gigantic pages that boot's own allocator gives, before the page allocator has anything: until there are struct pages, each begins with
 * a note of its own.
 *
 *     huge_boot_pages <─> struct huge_bootmem_page { list, hstate } at the page's first bytes <─> ...
 *
 * Differs: what boot's allocator will give is decided before there is memory to write to (image/boot/hugePages.ts).
 * Left out: nodes.
 * Source: Linux 6.1 mm/hugetlb.c: __alloc_bootmem_huge_page(), gather_bootmem_prealloc().
 */
import { type HugeBootmemPage, type Hstate, type Int, type Page } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, type PhysAddr } from '../../../memory/address.js';
import { virt_to_page } from '../../arch/x86/include/asm/page.h.js';
import { huge_page_order, pages_per_huge_page } from '../../include/linux/hugetlb.h.js';
import {
  INIT_LIST_HEAD,
  list_add,
  list_entry_is_head,
  list_first_entry,
  list_next_entry,
} from '../../include/linux/list.h.js';
import { adjust_managed_page_count } from '../page_alloc/mm_init.js';
import { free_gigantic_page, prep_compound_gigantic_page } from './gigantic.js';
import { free_huge_page, prep_new_huge_page } from './pool.js';

/** 1, or 0 where boot's allocator has no such range. @param given what it gives, one after the other */
export function __alloc_bootmem_huge_page(k: Kernel, h: Hstate, given: PhysAddr[]): Int {
  const start: PhysAddr | undefined = given.shift();
  if (start === undefined) return 0;
  const m: HugeBootmemPage = k.cell_at(asVirt(k.linear.pageOffset + start));
  INIT_LIST_HEAD(k, m + k.huge_bootmem_page.list);
  list_add(k, m + k.huge_bootmem_page.list, k.globals.huge_boot_pages);
  k.write_ptr(m + k.huge_bootmem_page.hstate, h);
  return 1;
}

/** They become pages of their pools, and count as memory that the page allocator was given. */
export function gather_bootmem_prealloc(k: Kernel): void {
  const head = k.globals.huge_boot_pages;
  for (
    let m: HugeBootmemPage = list_first_entry(k, head, k.huge_bootmem_page.list);
    !list_entry_is_head(k, m, head, k.huge_bootmem_page.list);
    m = list_next_entry(k, m, k.huge_bootmem_page.list)
  ) {
    const page: Page = virt_to_page(k, k.va_of(m));
    const h: Hstate = k.read_ptr(m + k.huge_bootmem_page.hstate);
    if (prep_compound_gigantic_page(k, page, huge_page_order(k, h))) {
      prep_new_huge_page(k, h, page);
      free_huge_page(k, page);
    } else {
      free_gigantic_page(k, page, huge_page_order(k, h));
    }
    adjust_managed_page_count(k, page, pages_per_huge_page(k, h));
  }
}
