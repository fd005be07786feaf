/**
 * Pages that are unmapped are gathered, and freed when the TLB no longer knows them: eight in the gather itself, the others in pages
 * of their own (batches), each of which is freed with what it holds.
 *
 *     struct mmu_gather_batch   next │ nr │ max │ pages[]
 *
 * Differs: the gather, with its own eight places, is a local variable on the kernel's stack; here it is no memory.
 * Left out: tables that are freed by RCU (no build has them), mm->tlb_flush_pending, page sizes, areas that must not be gathered together.
 * Source: Linux 6.1 mm/mmu_gather.c; include/asm-generic/tlb.h; arch/x86/mm/pgtable.c: ___pte_free_tlb() to ___pud_free_tlb().
 */
import {
  type Int,
  type MmStruct,
  NULL,
  type Page,
  type Pmd,
  type Pud,
} from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { asCell, asVirt, PAGE_SIZE, type Cell, type VirtAddr } from '../../memory/address.js';
import { virt_to_page } from '../arch/x86/include/asm/page.h.js';
import { pgtable_pmd_page_dtor, pgtable_pte_page_dtor } from '../arch/x86/mm/pgtable/pgalloc.js';
import { flush_tlb_mm, flush_tlb_mm_range } from '../arch/x86/mm/tlb.js';
import { __get_free_pages, free_pages } from './page_alloc/api.js';
import { free_pages_and_swap_cache } from './swap_state.js';

/** MMU_GATHER_BUNDLE: places in the gather itself. */
const MMU_GATHER_BUNDLE = 8;
const MAX_GATHER_BATCH = (k: Kernel): Int =>
  Math.floor((PAGE_SIZE - k.sizeof.mmu_gather_batch) / (k.ptr_words * 4));
const MAX_GATHER_BATCH_COUNT = (k: Kernel): Int => Math.floor(10000 / MAX_GATHER_BATCH(k));
/** Pages that are freed in one go. */
const MAX_NR_FREED = 512;

export interface MmuGather {
  readonly mm: MmStruct;
  /** The whole address space goes: nobody walks its tables any more. */
  readonly fullmm: boolean;
  /** What changed; start > end: nothing. */
  start: number;
  end: number;
  freed_tables: boolean;
  /** The gather's own places. */
  local: Page[];
  /** Pages of batches: the first, and the one that is being filled (NULL: the gather's own places). */
  next: Cell;
  active: Cell;
  batch_count: Int;
}

export function tlb_gather_mmu(_k: Kernel, mm: MmStruct, fullmm = false): MmuGather {
  return {
    mm,
    fullmm,
    start: Infinity,
    end: 0,
    freed_tables: false,
    local: [],
    next: NULL,
    active: NULL,
    batch_count: 0,
  };
}

/** A new batch, if there is memory for one. */
function tlb_next_batch(k: Kernel, tlb: MmuGather): boolean {
  const link: Cell = tlb.active === NULL ? NULL : k.read_ptr(tlb.active + k.mmu_gather_batch.next);
  const following: Cell = tlb.active === NULL ? tlb.next : link;
  if (following !== NULL) {
    tlb.active = following;
    return true;
  }
  if (tlb.batch_count === MAX_GATHER_BATCH_COUNT(k)) return false;
  const address: VirtAddr = __get_free_pages(k, k.GFP_NOWAIT | k.__GFP_NOWARN, 0);
  if (address === 0) return false;
  const batch: Cell = k.cell_of(address);
  tlb.batch_count++;
  k.write_ptr(batch + k.mmu_gather_batch.next, NULL);
  k.write(batch + k.mmu_gather_batch.nr, 0);
  k.write(batch + k.mmu_gather_batch.max, MAX_GATHER_BATCH(k));
  if (tlb.active === NULL) tlb.next = batch;
  else k.write_ptr(tlb.active + k.mmu_gather_batch.next, batch);
  tlb.active = batch;
  return true;
}

/** Gathers a page. True: there is no room for another one, so that all must be flushed first. */
export function __tlb_remove_page(k: Kernel, tlb: MmuGather, page: Page): boolean {
  if (tlb.active === NULL) {
    tlb.local.push(page);
    return tlb.local.length === MMU_GATHER_BUNDLE && !tlb_next_batch(k, tlb);
  }
  const nr: Int = k.words[tlb.active + k.mmu_gather_batch.nr]!;
  k.write_ptr(tlb.active + k.mmu_gather_batch.pages + nr * k.ptr_words, page);
  k.write(tlb.active + k.mmu_gather_batch.nr, nr + 1);
  return nr + 1 === MAX_GATHER_BATCH(k) && !tlb_next_batch(k, tlb);
}

function tlb_remove_page(k: Kernel, tlb: MmuGather, page: Page): void {
  if (__tlb_remove_page(k, tlb, page)) tlb_flush_mmu(k, tlb);
}

/** An entry of [address, address + size) is gone. */
export function tlb_flush_pte_range(tlb: MmuGather, address: VirtAddr, size: Int): void {
  tlb.start = Math.min(tlb.start, address);
  tlb.end = Math.max(tlb.end, address + size);
}

function tlb_flush_mmu_tlbonly(k: Kernel, tlb: MmuGather): void {
  if (tlb.end === 0 && !tlb.freed_tables) return;
  if (tlb.fullmm || tlb.freed_tables) flush_tlb_mm(k, tlb.mm);
  else flush_tlb_mm_range(k, tlb.mm, asVirt(tlb.start), asVirt(tlb.end));
  tlb.start = Infinity;
  tlb.end = 0;
  tlb.freed_tables = false;
}

const releaseSome = (k: Kernel, pages: readonly Page[]): void => {
  for (let i = 0; i < pages.length; i += MAX_NR_FREED) {
    const some = pages.slice(i, i + MAX_NR_FREED);
    free_pages_and_swap_cache(k, some, some.length);
  }
};

function tlb_batch_pages_flush(k: Kernel, tlb: MmuGather): void {
  releaseSome(k, tlb.local);
  tlb.local = [];
  for (let batch: Cell = tlb.next; batch !== NULL; batch = k.read_ptr(batch)) {
    const pages: Page[] = [];
    const nr: Int = k.words[batch + k.mmu_gather_batch.nr]!;
    for (let i = 0; i < nr; i++)
      pages.push(k.read_ptr(batch + k.mmu_gather_batch.pages + i * k.ptr_words));
    releaseSome(k, pages);
    k.write(batch + k.mmu_gather_batch.nr, 0);
  }
  tlb.active = NULL;
}

export function tlb_flush_mmu(k: Kernel, tlb: MmuGather): void {
  tlb_flush_mmu_tlbonly(k, tlb);
  tlb_batch_pages_flush(k, tlb);
}

export function tlb_finish_mmu(k: Kernel, tlb: MmuGather): void {
  tlb_flush_mmu(k, tlb);
  // tlb_batch_list_free():
  for (let batch: Cell = tlb.next, next: Cell; batch !== NULL; batch = next) {
    next = k.read_ptr(batch + k.mmu_gather_batch.next);
    free_pages(k, k.va_of(batch), 0);
  }
  tlb.next = NULL;
}

// --- tables --------------------------------------------------------------------------------------------------------------

export function pte_free_tlb(k: Kernel, tlb: MmuGather, pte: Page): void {
  tlb.freed_tables = true;
  pgtable_pte_page_dtor(k, pte);
  tlb_remove_page(k, tlb, pte);
}

export function pmd_free_tlb(k: Kernel, tlb: MmuGather, pmd: Pmd): void {
  tlb.freed_tables = true;
  const page: Page = virt_to_page(k, k.va_of(asCell(pmd)));
  pgtable_pmd_page_dtor(k, page);
  tlb_remove_page(k, tlb, page);
}

export function pud_free_tlb(k: Kernel, tlb: MmuGather, pud: Pud): void {
  tlb.freed_tables = true;
  tlb_remove_page(k, tlb, virt_to_page(k, k.va_of(asCell(pud))));
}
