/**
 * Temporary mappings of highmem pages.
 *
 *     kmap()             a slot of the pkmap table, by turns; shared by all, until nobody uses it and the table is full
 *     kmap_local_page()  a fixmap slot of the CPU, the next one down; the task's own, given back in reverse order
 *
 *     pkmap_count[i]     0  free        1  mapped, not used: found again by page_address()        n  n - 1 users
 *
 * A page with an address of its own, as all have on 64 bit, is not mapped: it is answered with that address.
 * Differs: locks, and the counters that keep a task on its CPU, are left out.
 *
 * Source: Linux 6.1 mm/highmem.c; include/linux/highmem-internal.h; arch/x86/include/asm/highmem.h, fixmap.h.
 */
import type { Int, Page, Pte } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, asVirt, type Cell, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import {
  mk_pte,
  PAGE_KERNEL,
  pte_pfn,
  ptep_get,
  set_pte,
} from '../../arch/x86/include/asm/pgtable.h.js';
import { flush_tlb_kernel_range } from '../../arch/x86/mm/tlb.js';
import { PageHighMem } from '../../include/linux/page-flags.h.js';
import { has_highmem } from './kmap_local.js';
import { page_address, set_page_address } from './page_address.js';

const PKMAP_BASE = (k: Kernel): VirtAddr => asVirt(k.PKMAP_BASE);
const LAST_PKMAP = (k: Kernel): Int => k.LAST_PKMAP;
export const PKMAP_NR = (k: Kernel, virt: VirtAddr): Int =>
  Math.floor((virt - PKMAP_BASE(k)) / PAGE_SIZE);
export const PKMAP_ADDR = (k: Kernel, nr: Int): VirtAddr => asVirt(PKMAP_BASE(k) + nr * PAGE_SIZE);

export const kmap_prot = PAGE_KERNEL;

/** &pkmap_count[nr] */
export const pkmap_count = (k: Kernel, nr: Int): Cell => asCell(k.globals.pkmap_count + nr);
/** &pkmap_page_table[nr] */
export const pkmap_pte = (k: Kernel, nr: Int): Pte =>
  asCell(k.read_ptr(k.globals.pkmap_page_table) + nr * k.pte_words);

// --- pkmap ---------------------------------------------------------------------------------------------------------------

/** kmap(): the address of a page; 0 when every slot is taken: the caller must sleep. */
export function kmap(k: Kernel, page: Page): VirtAddr {
  if (!PageHighMem(k, page)) return page_address(k, page);
  return kmap_high(k, page);
}

export function kunmap(k: Kernel, page: Page): void {
  if (!PageHighMem(k, page)) return;
  kunmap_high(k, page);
}

export function kmap_high(k: Kernel, page: Page): VirtAddr {
  let vaddr: VirtAddr = page_address(k, page);
  if (vaddr === 0) vaddr = map_new_virtual(k, page);
  if (vaddr === 0) return vaddr;
  const count = pkmap_count(k, PKMAP_NR(k, vaddr));
  k.write(count, k.words[count]! + 1);
  return vaddr;
}

export function kunmap_high(k: Kernel, page: Page): void {
  const vaddr: VirtAddr = page_address(k, page);
  if (vaddr === 0) {
    k.emit({ kind: 'bug', text: 'kunmap_high: the page is not mapped' });
    return;
  }
  const count = pkmap_count(k, PKMAP_NR(k, vaddr));
  // It never goes down to zero here: that takes a flush of the TLB first.
  k.write(count, k.words[count]! - 1);
  if (k.words[count]! === 0) k.emit({ kind: 'bug', text: 'kunmap_high: unmapped once too often' });
}

/** An unused slot for a page; 0: there is none. */
function map_new_virtual(k: Kernel, page: Page): VirtAddr {
  let count: Int = LAST_PKMAP(k);
  let last_pkmap_nr: Int;
  for (;;) {
    last_pkmap_nr = get_next_pkmap_nr(k);
    if (no_more_pkmaps(last_pkmap_nr)) {
      flush_all_zero_pkmaps(k);
      count = LAST_PKMAP(k);
    }
    if (k.words[pkmap_count(k, last_pkmap_nr)]! === 0) break;
    if (--count === 0) return asVirt(0);
  }
  const vaddr: VirtAddr = PKMAP_ADDR(k, last_pkmap_nr);
  set_pte(k, pkmap_pte(k, last_pkmap_nr), mk_pte(k, page, kmap_prot(k)));
  k.write(pkmap_count(k, last_pkmap_nr), 1);
  set_page_address(k, page, vaddr, last_pkmap_nr);
  return vaddr;
}

/** The slots are taken by turns: a new mapping comes as late as possible to where an old one was. */
function get_next_pkmap_nr(k: Kernel): Int {
  const last_pkmap_nr = k.globals.last_pkmap_nr;
  k.write(last_pkmap_nr, (k.words[last_pkmap_nr]! + 1) & (LAST_PKMAP(k) - 1));
  return k.words[last_pkmap_nr]!;
}

const no_more_pkmaps = (pkmap_nr: Int): boolean => pkmap_nr === 0;

/** Frees every slot that is mapped and not used. */
function flush_all_zero_pkmaps(k: Kernel): void {
  let need_flush = false;
  for (let i = 0; i < LAST_PKMAP(k); i++) {
    if (k.words[pkmap_count(k, i)]! !== 1) continue;
    k.write(pkmap_count(k, i), 0);
    const ptep: Pte = pkmap_pte(k, i);
    const page: Page = k.pfn_to_page(pte_pfn(k, ptep_get(k, ptep)));
    set_pte(k, ptep, 0n);
    set_page_address(k, page, asVirt(0), i);
    need_flush = true;
  }
  if (need_flush) flush_tlb_kernel_range(k, PKMAP_ADDR(k, 0), PKMAP_ADDR(k, LAST_PKMAP(k)));
}

export function __kmap_flush_unused(k: Kernel): void {
  if (has_highmem(k)) flush_all_zero_pkmaps(k);
}
