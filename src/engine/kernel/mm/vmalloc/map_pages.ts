/**
 * Mapping pages side by side in the kernel's tables. Tables are made as they are missing, and stay.
 *
 * Source: Linux 6.1 mm/vmalloc.c: vmap_pages_pte_range() to vmap_pages_range().
 */
import {
  type Int,
  NULL,
  type P4d,
  type Page,
  type Pgd,
  type Pmd,
  type Pte,
  type Pud,
  type Out,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import {
  asCell,
  asPhys,
  asVirt,
  PAGE_SHIFT,
  PAGE_SIZE,
  type VirtAddr,
} from '../../../memory/address.js';
import { mk_pte, pte_none, set_pte } from '../../arch/x86/include/asm/pgtable.h.js';
import type { PteVal } from '../../arch/x86/include/asm/pgtable_types.h.js';
import {
  ARCH_PAGE_TABLE_SYNC_MASK,
  arch_sync_kernel_mappings,
} from '../../arch/x86/mm/fault/fault.js';
import { EBUSY, ENOMEM } from '../../include/linux/errno.h.js';
import {
  p4d_addr_end,
  pgd_addr_end,
  pgd_offset_k,
  PGTBL_PTE_MODIFIED,
  pmd_addr_end,
  pud_addr_end,
} from '../../include/linux/pgtable.h.js';
import { vmap_range_noflush } from './map.js';
import {
  p4d_alloc_track,
  pmd_alloc_track,
  pte_alloc_kernel_track,
  pud_alloc_track,
} from './track.js';

/**
 * Fills a table's entries with the next pages. It may fail halfway: the pages are the caller's, and are checked.
 *
 * @param nr how many of `pages` are mapped already: it runs on from table to table
 */
function vmap_pages_pte_range(
  k: Kernel,
  pmd: Pmd,
  addr: VirtAddr,
  end: VirtAddr,
  prot: PteVal,
  pages: readonly Page[],
  nr: Out<Int>,
  mask: Out<Int>,
): Int {
  let err: Int = 0;
  let pte: Pte = pte_alloc_kernel_track(k, pmd, addr, mask);
  if (pte === NULL) return -ENOMEM;
  for (; addr !== end; pte = asCell(pte + k.pte_words), addr = asVirt(addr + PAGE_SIZE)) {
    const page: Page = pages[nr.value]!;
    // Busy areas do not overlap, and freed ones were unmapped: an entry that is in use means a bug.
    if (!pte_none(k, k.read_pte(pte))) {
      k.emit({ kind: 'warn', text: 'vmap_pages_pte_range: something is mapped here already' });
      err = -EBUSY;
      break;
    }
    if (page === NULL) {
      k.emit({ kind: 'warn', text: 'vmap_pages_pte_range: a page is missing' });
      err = -ENOMEM;
      break;
    }
    set_pte(k, pte, mk_pte(k, page, prot));
    nr.value++;
  }
  // After an error as well: what was set stays, until the caller unmaps the area.
  mask.value |= PGTBL_PTE_MODIFIED;
  return err;
}

/** Tables are made as the loop gets to them: -ENOMEM may leave the first part of the range mapped. */
function vmap_pages_pmd_range(
  k: Kernel,
  pud: Pud,
  addr: VirtAddr,
  end: VirtAddr,
  prot: PteVal,
  pages: readonly Page[],
  nr: Out<Int>,
  mask: Out<Int>,
): Int {
  let next: VirtAddr;
  let pmd: Pmd = pmd_alloc_track(k, k.globals.init_mm, pud, addr, mask);
  if (pmd === NULL) return -ENOMEM;
  for (; addr !== end; pmd = asCell(pmd + k.pte_words), addr = next) {
    next = pmd_addr_end(k, addr, end);
    // Whatever it was, above this level it is -ENOMEM: -EBUSY has been reported where it happened.
    if (vmap_pages_pte_range(k, pmd, addr, next, prot, pages, nr, mask) !== 0) return -ENOMEM;
  }
  return 0;
}

function vmap_pages_pud_range(
  k: Kernel,
  p4d: P4d,
  addr: VirtAddr,
  end: VirtAddr,
  prot: PteVal,
  pages: readonly Page[],
  nr: Out<Int>,
  mask: Out<Int>,
): Int {
  let next: VirtAddr;
  let pud: Pud = pud_alloc_track(k, k.globals.init_mm, p4d, addr, mask);
  if (pud === NULL) return -ENOMEM;
  for (; addr !== end; pud = asCell(pud + k.pte_words), addr = next) {
    next = pud_addr_end(k, addr, end);
    if (vmap_pages_pmd_range(k, pud, addr, next, prot, pages, nr, mask) !== 0) return -ENOMEM;
  }
  return 0;
}

/** As in vmap_p4d_range() the loop turns once. */
function vmap_pages_p4d_range(
  k: Kernel,
  pgd: Pgd,
  addr: VirtAddr,
  end: VirtAddr,
  prot: PteVal,
  pages: readonly Page[],
  nr: Out<Int>,
  mask: Out<Int>,
): Int {
  let next: VirtAddr;
  let p4d: P4d = p4d_alloc_track(k, k.globals.init_mm, pgd, addr);
  for (; addr !== end; p4d = asCell(p4d + k.pte_words), addr = next) {
    next = p4d_addr_end(k, addr, end);
    if (vmap_pages_pud_range(k, p4d, addr, next, prot, pages, nr, mask) !== 0) return -ENOMEM;
  }
  return 0;
}

/** One entry a page, wherever the pages lie. Left out: pgd_bad. */
function vmap_small_pages_range_noflush(
  k: Kernel,
  addr: VirtAddr,
  end: VirtAddr,
  prot: PteVal,
  pages: readonly Page[],
): Int {
  const start: VirtAddr = addr;
  let next: VirtAddr;
  let err: Int = 0;
  const nr: Out<Int> = { value: 0 };
  const mask: Out<Int> = { value: 0 };
  let pgd: Pgd = pgd_offset_k(k, addr);
  for (; addr !== end; pgd = asCell(pgd + k.pte_words), addr = next) {
    next = pgd_addr_end(k, addr, end);
    err = vmap_pages_p4d_range(k, pgd, addr, next, prot, pages, nr, mask);
    if (err !== 0) break;
  }
  // As in vmap_range_noflush(): once, and whatever came of it.
  if ((mask.value & ARCH_PAGE_TABLE_SYNC_MASK(k)) !== 0) arch_sync_kernel_mappings(k, start);
  return err;
}

/** `2 ** page_shift` bytes of the pages at a time are contiguous, and mapped at once. */
export function vmap_pages_range_noflush(
  k: Kernel,
  addr: VirtAddr,
  end: VirtAddr,
  prot: PteVal,
  pages: readonly Page[],
  page_shift: Int,
): Int {
  const nr: Int = (end - addr) / PAGE_SIZE;
  if (page_shift === PAGE_SHIFT) return vmap_small_pages_range_noflush(k, addr, end, prot, pages);
  for (let i: Int = 0; i < nr; i += 1 << (page_shift - PAGE_SHIFT)) {
    // The first page stands for all of its group: the others follow it in memory.
    const phys_addr = asPhys(k.page_to_pfn(pages[i]!) * PAGE_SIZE);
    const next: VirtAddr = asVirt(addr + 2 ** page_shift);
    // Aligned on both sides it becomes one entry; if that cannot be, vmap_range_noflush() takes smaller ones.
    const err: Int = vmap_range_noflush(k, addr, next, phys_addr, prot, page_shift);
    if (err !== 0) return err;
    addr = next;
  }
  return 0;
}

/** Left out: flush_cache_vmap (x86's caches know physical addresses only), kmsan. */
export function vmap_pages_range(
  k: Kernel,
  addr: VirtAddr,
  end: VirtAddr,
  prot: PteVal,
  pages: readonly Page[],
  page_shift: Int,
): Int {
  return vmap_pages_range_noflush(k, addr, end, prot, pages, page_shift);
}
