/**
 * Temporary mappings of highmem pages.
 *
 *     kmap()             a slot of the pkmap table, by turns; shared by all, until nobody uses it and the table is full
 *     kmap_local_page()  a fixmap slot of the CPU, the next one down; the task's own, given back in reverse order
 *
 *     pkmap_count[i]     0  free        1  mapped, not used: found again by page_address()        n  n - 1 users
 *
 * A page with an address of its own, as all have on 64 bit, is not mapped: it is answered with that address.
 * Left out: kmap_lock, the colors of slots (get_pkmap_color: x86's caches know physical addresses only).
 *
 * Source: Linux 6.1 mm/highmem.c: get_next_pkmap_nr() to kunmap_high(); include/linux/highmem-internal.h: kmap(), kunmap();
 * arch/x86/include/asm/highmem.h: PKMAP_NR, PKMAP_ADDR.
 */
import type { Int, Page, Pte } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { mk_pte, pte_clear, pte_page, set_pte } from '../../arch/x86/include/asm/pgtable.h.js';
import { PAGE_KERNEL } from '../../arch/x86/include/asm/pgtable_types.h.js';
import { flush_tlb_kernel_range } from '../../arch/x86/mm/tlb.js';
import { PageHighMem } from '../../include/linux/page-flags.h.js';
import { page_address, set_page_address } from './page_address.js';

export const PKMAP_NR = (k: Kernel, virt: VirtAddr): Int =>
  Math.floor((virt - asVirt(k.PKMAP_BASE)) / PAGE_SIZE);
export const PKMAP_ADDR = (k: Kernel, nr: Int): VirtAddr => asVirt(k.PKMAP_BASE + nr * PAGE_SIZE);

// --- slots ---------------------------------------------------------------------------------------------------------------

/** The slots are taken by turns: a new mapping comes as late as possible to where an old one was. */
function get_next_pkmap_nr(k: Kernel): Int {
  k.write(k.globals.last_pkmap_nr, (k.read_int(k.globals.last_pkmap_nr) + 1) & (k.LAST_PKMAP - 1));
  return k.read_int(k.globals.last_pkmap_nr);
}

/** Once round: time to look for slots that nobody uses any more. */
function no_more_pkmaps(pkmap_nr: Int): boolean {
  return pkmap_nr === 0;
}

/** Frees every slot that is mapped and not used. */
function flush_all_zero_pkmaps(k: Kernel): void {
  let need_flush: Int = 0;
  for (let i: Int = 0; i < k.LAST_PKMAP; i++) {
    // 0 is free, and more than 1 is in use.
    if (k.read_int(k.globals.pkmap_count + i) !== 1) continue;
    k.write(k.globals.pkmap_count + i, 0);

    const ptep: Pte = asCell(k.read_ptr(k.globals.pkmap_page_table) + i * k.pte_words);
    const page: Page = pte_page(k, k.read_pte(ptep));
    pte_clear(k, ptep);
    // Otherwise kmap_high() would still find the page here.
    set_page_address(k, page, asVirt(0));
    need_flush = 1;
  }
  // One flush for all: that is why unused slots stay mapped until the table is full.
  if (need_flush !== 0) flush_tlb_kernel_range(k, PKMAP_ADDR(k, 0), PKMAP_ADDR(k, k.LAST_PKMAP));
}

export function __kmap_flush_unused(k: Kernel): void {
  if (k.LAST_PKMAP > 0) flush_all_zero_pkmaps(k);
}

/** Maps a page where no slot has it. Differs: 0 where Linux sleeps until somebody unmaps a page, and goes back to `start`. */
function map_new_virtual(k: Kernel, page: Page): VirtAddr {
  // start:
  let count: Int = k.LAST_PKMAP;
  let last_pkmap_nr: Int;
  for (;;) {
    last_pkmap_nr = get_next_pkmap_nr(k);
    if (no_more_pkmaps(last_pkmap_nr)) {
      flush_all_zero_pkmaps(k);
      count = k.LAST_PKMAP;
    }
    if (k.read_int(k.globals.pkmap_count + last_pkmap_nr) === 0) break;
    // A flush begins the count anew: now every slot has been looked at since, and all are in use.
    if (--count === 0) return asVirt(0);
  }
  const vaddr: VirtAddr = PKMAP_ADDR(k, last_pkmap_nr);
  set_pte(
    k,
    asCell(k.read_ptr(k.globals.pkmap_page_table) + last_pkmap_nr * k.pte_words),
    mk_pte(k, page, PAGE_KERNEL(k)),
  );
  // Mapped, not yet used: kmap_high() counts its user.
  k.write(k.globals.pkmap_count + last_pkmap_nr, 1);
  set_page_address(k, page, vaddr);
  return vaddr;
}

// --- kmap ----------------------------------------------------------------------------------------------------------------

/** 0 when every slot is taken. */
export function kmap_high(k: Kernel, page: Page): VirtAddr {
  // It may be mapped already, by another user or by none.
  let vaddr: VirtAddr = page_address(k, page);
  if (vaddr === 0) vaddr = map_new_virtual(k, page);
  if (vaddr === 0) return vaddr;
  const nr: Int = PKMAP_NR(k, vaddr);
  k.write(k.globals.pkmap_count + nr, k.read_int(k.globals.pkmap_count + nr) + 1);
  return vaddr;
}

/** The slot that has a page, one user more; 0 when none has it. Only ARM builds this. */
export function kmap_high_get(k: Kernel, page: Page): VirtAddr {
  const vaddr: VirtAddr = page_address(k, page);
  if (vaddr === 0) return vaddr;
  const nr: Int = PKMAP_NR(k, vaddr);
  k.write(k.globals.pkmap_count + nr, k.read_int(k.globals.pkmap_count + nr) + 1);
  return vaddr;
}

/** Left out: waking those that wait for a slot (pkmap_map_wait). */
export function kunmap_high(k: Kernel, page: Page): void {
  const vaddr: VirtAddr = page_address(k, page);
  if (vaddr === 0) {
    k.emit({ kind: 'bug', text: 'kunmap_high: the page is not mapped' });
    return;
  }
  const nr: Int = PKMAP_NR(k, vaddr);
  // A count never goes down to zero here: that takes a flush of the TLB first.
  k.write(k.globals.pkmap_count + nr, k.read_int(k.globals.pkmap_count + nr) - 1);
  if (k.read_int(k.globals.pkmap_count + nr) === 0)
    k.emit({ kind: 'bug', text: 'kunmap_high: unmapped once too often' });
}

/** The address of a page; 0 when every slot is taken. */
export function kmap(k: Kernel, page: Page): VirtAddr {
  if (!PageHighMem(k, page)) return page_address(k, page);
  return kmap_high(k, page);
}

export function kunmap(k: Kernel, page: Page): void {
  if (!PageHighMem(k, page)) return;
  kunmap_high(k, page);
}
