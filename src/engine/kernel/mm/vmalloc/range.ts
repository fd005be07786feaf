/**
 * Mapping and unmapping in the kernel's tables, for vmalloc space.
 *
 * Ways down: vmap_range() for physically contiguous memory, in the largest pages that fit; vmap_pages_range() for single pages;
 * vunmap_range(). Tables are made as they are missing, and stay.
 *
 * With two levels each process has its own copy of the kernel's entries: an entry that is new is copied to all of them.
 *
 * Source: Linux 6.1 mm/vmalloc.c: vmap_pte_range() to vmap_pages_range(); mm/pgalloc-track.h; arch/x86/mm/fault.c:
 * arch_sync_kernel_mappings().
 */
import {
  type Int,
  NULL,
  type Page,
  type Pgd,
  type Pmd,
  type Pte,
  type Pud,
  type ULong,
  type Pfn,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { umin } from '../../../machine/ulong.js';
import {
  asCell,
  asPhys,
  asVirt,
  type Cell,
  PAGE_SIZE,
  type PhysAddr,
  type VirtAddr,
} from '../../../memory/address.js';
import { current } from '../../arch/x86/include/asm/current.h.js';
import {
  mk_pte,
  pfn_pte,
  pte_none,
  pte_present,
  ptep_get,
  type PteVal,
  set_pte,
} from '../../arch/x86/include/asm/pgtable.h.js';
import {
  pmd_clear_huge,
  pmd_free_pte_page,
  pmd_set_huge,
  pud_free_pmd_page,
} from '../../arch/x86/mm/pgtable/huge.js';
import {
  __pte_alloc_kernel,
  p4d_alloc,
  pmd_alloc,
  pud_alloc,
} from '../../arch/x86/mm/pgtable/pgtable.js';
import { ALIGN_DOWN, IS_ALIGNED } from '../../include/linux/align.h.js';
import { list_next } from '../../include/linux/list.h.js';
import {
  level_is_folded,
  level_shift,
  p4d_offset,
  pgd_offset_k,
  pgd_offset_pgd,
  pmd_offset,
  pte_offset_kernel,
  pud_offset,
} from '../../include/linux/pgtable.h.js';
import { page_address } from '../highmem/page_address.js';
import { init_mm } from '../init-mm.js';

/** PGTBL_PMD_MODIFIED: whether a pointer to a table of ptes changed. Of the other levels nobody asks. */
interface Modified {
  pmd: boolean;
}

/** pgd_addr_end() and its like: where the entry of an address ends, or the range. A folded level has one entry for all. */
function addr_end(
  k: Kernel,
  level: 'PGD' | 'PUD' | 'PMD',
  addr: VirtAddr,
  end: VirtAddr,
): VirtAddr {
  if (level_is_folded(k, level)) return end;
  const size = 2 ** level_shift(k, level);
  const boundary = ALIGN_DOWN(addr, size) + size;
  return asVirt(umin(boundary - 1, end - 1) + 1);
}

const next_entry = (k: Kernel, entry: Cell): Cell => asCell(entry + k.pte_words);

/** pte_alloc_kernel_track() */
function pte_alloc_kernel_track(k: Kernel, pmd: Pmd, address: VirtAddr, mask: Modified): Pte {
  if (pte_none(ptep_get(k, pmd))) {
    if (!__pte_alloc_kernel(k, pmd)) return NULL;
    mask.pmd = true;
  }
  return pte_offset_kernel(k, pmd, address);
}

// --- contiguous memory -------------------------------------------------------------------------------------------------------

function vmap_pte_range(
  k: Kernel,
  pmd: Pmd,
  addr: VirtAddr,
  end: VirtAddr,
  phys_addr: PhysAddr,
  prot: PteVal,
  mask: Modified,
): boolean {
  let pfn: Pfn = phys_addr / PAGE_SIZE;
  let pte: Pte = pte_alloc_kernel_track(k, pmd, addr, mask);
  if (pte === NULL) return false;
  for (let at: number = addr; at !== end; at += PAGE_SIZE) {
    set_pte(k, pte, pfn_pte(k, pfn, prot));
    pfn++;
    pte = next_entry(k, pte);
  }
  return true;
}

function vmap_pmd_range(
  k: Kernel,
  pud: Pud,
  addr: VirtAddr,
  end: VirtAddr,
  phys_addr: PhysAddr,
  prot: PteVal,
  max_page_shift: Int,
  mask: Modified,
): boolean {
  const shift = level_shift(k, 'PMD');
  let pmd: Pmd = pmd_alloc(k, init_mm(k), pud, addr);
  if (pmd === NULL) return false;
  while (addr !== end) {
    const next: VirtAddr = addr_end(k, 'PMD', addr, end);
    const huge =
      max_page_shift >= shift && vmap_try_huge(k, 'PMD', pmd, addr, next, phys_addr, prot, shift);
    if (huge) mask.pmd = true;
    else if (!vmap_pte_range(k, pmd, addr, next, phys_addr, prot, mask)) return false;
    pmd = next_entry(k, pmd);
    phys_addr = asPhys(phys_addr + (next - addr));
    addr = next;
  }
  return true;
}

function vmap_pud_range(
  k: Kernel,
  pgd: Pgd,
  addr: VirtAddr,
  end: VirtAddr,
  phys_addr: PhysAddr,
  prot: PteVal,
  max_page_shift: Int,
  mask: Modified,
): boolean {
  const shift = level_shift(k, 'PUD');
  const folded = level_is_folded(k, 'PUD');
  let pud: Pud = pud_alloc(k, init_mm(k), p4d_alloc(k, init_mm(k), pgd, addr), addr);
  if (pud === NULL) return false;
  while (addr !== end) {
    const next: VirtAddr = addr_end(k, 'PUD', addr, end);
    const huge =
      !folded &&
      max_page_shift >= shift &&
      vmap_try_huge(k, 'PUD', pud, addr, next, phys_addr, prot, shift);
    if (!huge && !vmap_pmd_range(k, pud, addr, next, phys_addr, prot, max_page_shift, mask))
      return false;
    pud = next_entry(k, pud);
    phys_addr = asPhys(phys_addr + (next - addr));
    addr = next;
  }
  return true;
}

/** False: no memory for a table. */
export function vmap_range_noflush(
  k: Kernel,
  start: VirtAddr,
  end: VirtAddr,
  phys_addr: PhysAddr,
  prot: PteVal,
  max_page_shift: Int,
): boolean {
  const mask: Modified = { pmd: false };
  let pgd: Pgd = pgd_offset_k(k, start);
  let addr: VirtAddr = start;
  let mapped = true;
  while (mapped && addr !== end) {
    const next: VirtAddr = addr_end(k, 'PGD', addr, end);
    mapped = vmap_pud_range(k, pgd, addr, next, phys_addr, prot, max_page_shift, mask);
    pgd = next_entry(k, pgd);
    phys_addr = asPhys(phys_addr + (next - addr));
    addr = next;
  }
  if (mask.pmd) arch_sync_kernel_mappings(k, start, end);
  return mapped;
}

// --- single pages --------------------------------------------------------------------------------------------------------------

function vmap_pages_pte_range(
  k: Kernel,
  pmd: Pmd,
  addr: VirtAddr,
  end: VirtAddr,
  prot: PteVal,
  pages: readonly Page[],
  nr: Int,
  mask: Modified,
): boolean {
  let pte: Pte = pte_alloc_kernel_track(k, pmd, addr, mask);
  if (pte === NULL) return false;
  for (let at: number = addr; at !== end; at += PAGE_SIZE) {
    const page: Page = pages[nr] ?? NULL;
    if (!pte_none(ptep_get(k, pte)) || page === NULL) {
      k.emit({ kind: 'warn', text: 'vmap_pages_pte_range: mapped already, or no page' });
      return false;
    }
    set_pte(k, pte, mk_pte(k, page, prot));
    nr++;
    pte = next_entry(k, pte);
  }
  return true;
}

function vmap_pages_pmd_range(
  k: Kernel,
  pud: Pud,
  addr: VirtAddr,
  end: VirtAddr,
  prot: PteVal,
  pages: readonly Page[],
  nr: Int,
  mask: Modified,
): boolean {
  let pmd: Pmd = pmd_alloc(k, init_mm(k), pud, addr);
  if (pmd === NULL) return false;
  while (addr !== end) {
    const next: VirtAddr = addr_end(k, 'PMD', addr, end);
    if (!vmap_pages_pte_range(k, pmd, addr, next, prot, pages, nr, mask)) return false;
    pmd = next_entry(k, pmd);
    nr += (next - addr) / PAGE_SIZE;
    addr = next;
  }
  return true;
}

function vmap_pages_pud_range(
  k: Kernel,
  pgd: Pgd,
  addr: VirtAddr,
  end: VirtAddr,
  prot: PteVal,
  pages: readonly Page[],
  nr: Int,
  mask: Modified,
): boolean {
  let pud: Pud = pud_alloc(k, init_mm(k), p4d_alloc(k, init_mm(k), pgd, addr), addr);
  if (pud === NULL) return false;
  while (addr !== end) {
    const next: VirtAddr = addr_end(k, 'PUD', addr, end);
    if (!vmap_pages_pmd_range(k, pud, addr, next, prot, pages, nr, mask)) return false;
    pud = next_entry(k, pud);
    nr += (next - addr) / PAGE_SIZE;
    addr = next;
  }
  return true;
}

function vmap_small_pages_range_noflush(
  k: Kernel,
  start: VirtAddr,
  end: VirtAddr,
  prot: PteVal,
  pages: readonly Page[],
): boolean {
  const mask: Modified = { pmd: false };
  let pgd: Pgd = pgd_offset_k(k, start);
  let addr: VirtAddr = start;
  let nr: Int = 0;
  let mapped = true;
  while (mapped && addr !== end) {
    const next: VirtAddr = addr_end(k, 'PGD', addr, end);
    mapped = vmap_pages_pud_range(k, pgd, addr, next, prot, pages, nr, mask);
    pgd = next_entry(k, pgd);
    nr += (next - addr) / PAGE_SIZE;
    addr = next;
  }
  if (mask.pmd) arch_sync_kernel_mappings(k, start, end);
  return mapped;
}

/** Maps pages, `2 ** page_shift` bytes of them at a time being contiguous. False: no memory for a table. */
export function vmap_pages_range(
  k: Kernel,
  addr: VirtAddr,
  end: VirtAddr,
  prot: PteVal,
  pages: readonly Page[],
  page_shift: Int,
): boolean {
  const size: ULong = 2 ** page_shift;
  if (size === PAGE_SIZE) return vmap_small_pages_range_noflush(k, addr, end, prot, pages);
  for (let i = 0; i < (end - addr) / PAGE_SIZE; i += size / PAGE_SIZE) {
    const phys: PhysAddr = asPhys(k.page_to_pfn(pages[i]!) * PAGE_SIZE);
    const at: VirtAddr = asVirt(addr + i * PAGE_SIZE);
    if (!vmap_range_noflush(k, at, asVirt(at + size), phys, prot, page_shift)) return false;
  }
  return true;
}

// --- unmapping -----------------------------------------------------------------------------------------------------------------

function vunmap_pte_range(k: Kernel, pmd: Pmd, addr: VirtAddr, end: VirtAddr): void {
  let pte: Pte = pte_offset_kernel(k, pmd, addr);
  for (let at: number = addr; at !== end; at += PAGE_SIZE) {
    set_pte(k, pte, 0n);
    pte = next_entry(k, pte);
  }
}

function vunmap_pmd_range(
  k: Kernel,
  pud: Pud,
  addr: VirtAddr,
  end: VirtAddr,
  mask: Modified,
): void {
  let pmd: Pmd = pmd_offset(k, pud, addr);
  while (addr !== end) {
    const next: VirtAddr = addr_end(k, 'PMD', addr, end);
    if (pmd_clear_huge(k, pmd)) mask.pmd = true;
    else if (!pte_none(ptep_get(k, pmd))) vunmap_pte_range(k, pmd, addr, next);
    pmd = next_entry(k, pmd);
    addr = next;
  }
}

function vunmap_pud_range(
  k: Kernel,
  pgd: Pgd,
  addr: VirtAddr,
  end: VirtAddr,
  mask: Modified,
): void {
  let pud: Pud = pud_offset(k, p4d_offset(k, pgd, addr), addr);
  while (addr !== end) {
    const next: VirtAddr = addr_end(k, 'PUD', addr, end);
    const cleared = !level_is_folded(k, 'PUD') && pmd_clear_huge(k, pud);
    if (!cleared && !pte_none(ptep_get(k, pud))) vunmap_pmd_range(k, pud, addr, next, mask);
    pud = next_entry(k, pud);
    addr = next;
  }
}

/** Clears what is mapped. The TLB is to be flushed before the addresses are used again. */
export function vunmap_range_noflush(k: Kernel, start: VirtAddr, end: VirtAddr): void {
  const mask: Modified = { pmd: false };
  let pgd: Pgd = pgd_offset_k(k, start);
  let addr: VirtAddr = start;
  while (addr !== end) {
    const next: VirtAddr = addr_end(k, 'PGD', addr, end);
    if (!pte_none(ptep_get(k, pgd))) vunmap_pud_range(k, pgd, addr, next, mask);
    pgd = next_entry(k, pgd);
    addr = next;
  }
  if (mask.pmd) arch_sync_kernel_mappings(k, start, end);
}

// --- every process's tables ------------------------------------------------------------------------------------------------------

/** Elsewhere all share the tables below the top level. */
function arch_sync_kernel_mappings(k: Kernel, start: VirtAddr, end: VirtAddr): void {
  if (k.wide || !level_is_folded(k, 'PMD')) return;
  const pmd_size = 2 ** level_shift(k, 'PMD');
  const pgd_list = k.globals.pgd_list;
  if (k.words[pgd_list] === 0) return;
  for (let addr = ALIGN_DOWN(start, pmd_size); addr < end; addr += pmd_size)
    for (let list = list_next(k, pgd_list); list !== pgd_list; list = list_next(k, list)) {
      const page: Page = asCell(list - k.page.lru);
      vmalloc_sync_one(k, k.cell_of(page_address(k, page)), asVirt(addr));
    }
}

function vmalloc_sync_one(k: Kernel, pgd: Pgd, address: VirtAddr): void {
  const entry: Pgd = pgd_offset_pgd(k, pgd, address);
  const reference = ptep_get(k, pgd_offset_k(k, address));
  if (pte_present(ptep_get(k, entry)) !== pte_present(reference)) set_pte(k, entry, reference);
}

// --- for vmalloc space -------------------------------------------------------------------------------------------------------

/**
 * vmap_try_huge_pmd(), vmap_try_huge_pud(): maps a piece of a level's whole size by one entry. False: it must be mapped by
 * smaller pages.
 */
export function vmap_try_huge(
  k: Kernel,
  level: 'PMD' | 'PUD',
  pmd: Cell,
  addr: VirtAddr,
  end: VirtAddr,
  phys_addr: PhysAddr,
  prot: PteVal,
  shift: Int,
): boolean {
  const size: ULong = 2 ** shift;
  if (end - addr !== size || !IS_ALIGNED(addr, size) || !IS_ALIGNED(phys_addr, size)) return false;
  if (level === 'PUD' && !k.machine.processor(k.cpu).features.pdpe1gb) return false;
  if (!pte_present(ptep_get(k, pmd))) return pmd_set_huge(k, pmd, phys_addr, prot);
  mmap_read_lock(k);
  const freed =
    level === 'PMD'
      ? pmd_free_pte_page(k, asCell(pmd), addr)
      : pud_free_pmd_page(k, asCell(pmd), addr);
  return freed && pmd_set_huge(k, pmd, phys_addr, prot);
}

const RWSEM_READER_OWNED = 1;

/** Taken and released. What is left of it is the reader's name: readers do not take theirs away. */
function mmap_read_lock(k: Kernel): void {
  const owner = k.mm_struct.mmap_lock_owner;
  k.write_long(init_mm(k) + owner, current(k) + RWSEM_READER_OWNED);
}
