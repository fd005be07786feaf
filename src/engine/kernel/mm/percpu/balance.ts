/**
 * The work that keeps per-CPU memory in balance: some empty pages for those who must not wait, one chunk that is wholly free, and no
 * more of either.
 *
 *     pcpu_balance_free(false)     gives up chunks that are wholly free, but for one
 *     pcpu_reclaim_populated()     takes empty pages from chunks that stand apart for that (isolated)
 *     pcpu_balance_populated()     gets empty pages where there are too few
 *     pcpu_balance_free(true)      again, of what became free
 *
 * And which of percpu-km.c and percpu-vm.c makes chunks. Left out: locks, memalloc_noio_save.
 *
 * Source: Linux 6.1 mm/percpu.c: pcpu_balance_free() to pcpu_balance_workfn(), pcpu_schedule_balance_work(); mm/percpu-km.c;
 * mm/percpu-vm.c.
 */
import {
  type Gfp,
  type Int,
  type ListHead,
  NULL,
  type PcpuChunk,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { test_bit } from '../../arch/x86/include/asm/bitops.h.js';
import {
  list_del,
  list_empty,
  list_entry_is_head,
  list_first_entry,
  list_move_tail,
  list_next_entry,
} from '../../include/linux/list.h.js';
import { PCPU_BITMAP_BLOCK_BITS } from '../../include/linux/percpu.h.js';
import { cond_resched, linkWork } from '../../kernel/sched/core/core.js';
import { schedule_work } from '../../kernel/workqueue.js';
import { find_next_bit, find_next_zero_bit } from '../../lib/find_bit.js';
import { readByte, writeByte } from '../../lib/string.js';
import * as km from '../percpu-km.js';
import * as vm from '../percpu-vm.js';
import { pcpu_chunk_depopulated, pcpu_chunk_populated } from './chunk.js';
import {
  chunkList,
  pcpu_chunk_relocate,
  pcpu_reintegrate_chunk,
  pcpu_size_to_slot,
} from './chunk_hints.js';

export const PCPU_EMPTY_POP_PAGES_LOW = 2;
const PCPU_EMPTY_POP_PAGES_HIGH = 4;

// --- percpu-km.c or percpu-vm.c ----------------------------------------------------------------------------------------------

export const pcpu_create_chunk = (k: Kernel, gfp: Gfp): PcpuChunk =>
  k.smp ? vm.pcpu_create_chunk(k, gfp) : km.pcpu_create_chunk(k, gfp);

const pcpu_destroy_chunk = (k: Kernel, chunk: PcpuChunk): void => {
  if (k.smp) vm.pcpu_destroy_chunk(k, chunk);
  else km.pcpu_destroy_chunk(k, chunk);
};

/** A block of pages is there as a whole. */
export const pcpu_populate_chunk = (
  k: Kernel,
  chunk: PcpuChunk,
  page_start: Int,
  page_end: Int,
  gfp: Gfp,
): Int => (k.smp ? vm.pcpu_populate_chunk(k, chunk, page_start, page_end, gfp) : 0);

export const pcpu_should_reclaim_chunk = (k: Kernel, chunk: PcpuChunk): boolean =>
  k.smp && vm.pcpu_should_reclaim_chunk(k, chunk);

// --- the work ----------------------------------------------------------------------------------------------------------------

/** A global of one byte; 0 where the build has none. */
const boolAt = (k: Kernel, name: string): VirtAddr => asVirt(k.profile.symbol(name)?.address ?? 0);

/** While boot has no workers, nothing is scheduled. */
export function pcpu_schedule_balance_work(k: Kernel): void {
  if (readByte(k, boolAt(k, 'pcpu_async_enabled')) !== 0) schedule_work(k, 'pcpu_balance_work');
}

/** An allocation that must not wait found nothing: the next one is to find more. */
export function atomicAllocationFailed(k: Kernel): void {
  writeByte(k, boolAt(k, 'pcpu_atomic_alloc_failed'), 1);
  pcpu_schedule_balance_work(k);
}

/** The address of a chunk's bitmap of pages that are there. */
const populatedOf = (k: Kernel, chunk: PcpuChunk): VirtAddr =>
  k.va_of(k.plus(chunk, k.pcpu_chunk.populated));

const nrPages = (k: Kernel, chunk: PcpuChunk): Int =>
  k.read_int(k.plus(chunk, k.pcpu_chunk.nr_pages));

/** The first chunk of a slot that lacks pages; NULL: none does. */
function firstUnpopulated(k: Kernel, head: ListHead): PcpuChunk {
  for (
    let pos: PcpuChunk = list_first_entry(k, head, k.pcpu_chunk.list);
    !list_entry_is_head(k, pos, head, k.pcpu_chunk.list);
    pos = list_next_entry(k, pos, k.pcpu_chunk.list)
  )
    if (nrPages(k, pos) !== k.read_int(k.plus(pos, k.pcpu_chunk.nr_populated))) return pos;
  return NULL;
}

/** Ends the chunks that are wholly free, but for the first. @param empty_only those without empty pages */
function pcpu_balance_free(k: Kernel, empty_only: boolean): void {
  const free_head: ListHead = chunkList(k, k.read_int(k.globals.pcpu_free_slot));
  if (list_empty(k, free_head)) return;
  const spared: PcpuChunk = list_first_entry(k, free_head, k.pcpu_chunk.list);
  for (
    let chunk: PcpuChunk = list_next_entry(k, spared, k.pcpu_chunk.list),
      next: PcpuChunk = list_next_entry(k, chunk, k.pcpu_chunk.list);
    !list_entry_is_head(k, chunk, free_head, k.pcpu_chunk.list);
    chunk = next, next = list_next_entry(k, next, k.pcpu_chunk.list)
  ) {
    if (empty_only && k.read_int(k.plus(chunk, k.pcpu_chunk.nr_empty_pop_pages)) !== 0) continue;
    list_del(k, k.plus(chunk, k.pcpu_chunk.list));
    const nr_pages: Int = nrPages(k, chunk);
    let rs: Int = find_next_bit(k, populatedOf(k, chunk), nr_pages, 0);
    while (rs < nr_pages) {
      const re: Int = find_next_zero_bit(k, populatedOf(k, chunk), nr_pages, rs);
      if (k.smp) vm.pcpu_depopulate_chunk(k, chunk, rs, re);
      pcpu_chunk_depopulated(k, chunk, rs, re);
      rs = find_next_bit(k, populatedOf(k, chunk), nr_pages, re);
    }
    pcpu_destroy_chunk(k, chunk);
  }
  cond_resched(k);
}

/** Gets empty pages until there are PCPU_EMPTY_POP_PAGES_HIGH: from the fullest chunk on, else in a new one. */
function pcpu_balance_populated(k: Kernel): void {
  const gfp: Gfp = k.GFP_KERNEL | k.__GFP_NORETRY | k.__GFP_NOWARN;
  retry_pop: for (;;) {
    let nr_to_pop: Int;
    if (readByte(k, boolAt(k, 'pcpu_atomic_alloc_failed')) !== 0) {
      nr_to_pop = PCPU_EMPTY_POP_PAGES_HIGH;
      writeByte(k, boolAt(k, 'pcpu_atomic_alloc_failed'), 0);
    } else {
      const missing: Int =
        PCPU_EMPTY_POP_PAGES_HIGH - k.read_int(k.globals.pcpu_nr_empty_pop_pages);
      nr_to_pop = Math.min(Math.max(missing, 0), PCPU_EMPTY_POP_PAGES_HIGH);
    }
    const last: Int = k.read_int(k.globals.pcpu_free_slot);
    for (let slot: Int = pcpu_size_to_slot(k, PAGE_SIZE); slot <= last; slot++) {
      if (nr_to_pop === 0) break;
      const chunk: PcpuChunk = firstUnpopulated(k, chunkList(k, slot));
      if (chunk === NULL) continue;
      const nr_pages: Int = nrPages(k, chunk);
      let rs: Int = find_next_zero_bit(k, populatedOf(k, chunk), nr_pages, 0);
      while (rs < nr_pages && nr_to_pop > 0) {
        const re: Int = find_next_bit(k, populatedOf(k, chunk), nr_pages, rs);
        const nr: Int = Math.min(re - rs, nr_to_pop);
        if (pcpu_populate_chunk(k, chunk, rs, rs + nr, gfp) === 0) {
          nr_to_pop -= nr;
          pcpu_chunk_populated(k, chunk, rs, rs + nr);
        } else {
          nr_to_pop = 0;
        }
        rs = find_next_zero_bit(k, populatedOf(k, chunk), nr_pages, re);
      }
    }
    if (nr_to_pop === 0) return;
    // No chunk lacks pages: a new one, all of whose pages are to be had.
    const chunk: PcpuChunk = pcpu_create_chunk(k, gfp);
    if (chunk === NULL) return;
    pcpu_chunk_relocate(k, chunk, -1);
    continue retry_pop;
  }
}

/** Takes empty pages from the chunks that stand apart, from their ends on, as long as there are enough elsewhere. */
function pcpu_reclaim_populated(k: Kernel): void {
  const to_depopulate: ListHead = chunkList(k, k.read_int(k.globals.pcpu_to_depopulate_slot));
  while (!list_empty(k, to_depopulate)) {
    const chunk: PcpuChunk = list_first_entry(k, to_depopulate, k.pcpu_chunk.list);
    let freed_page_start: Int = nrPages(k, chunk);
    let freed_page_end: Int = 0;
    let reintegrate = false;
    let end: Int = -1;
    for (let i: Int = nrPages(k, chunk) - 1; i >= 0; i--) {
      if (k.read_int(k.plus(chunk, k.pcpu_chunk.nr_empty_pop_pages)) === 0) break;
      if (k.read_int(k.globals.pcpu_nr_empty_pop_pages) < PCPU_EMPTY_POP_PAGES_HIGH) {
        reintegrate = true;
        break;
      }
      const block = k.plus(
        k.read_ptr(k.plus(chunk, k.pcpu_chunk.md_blocks)),
        i * k.stride.pcpu_block_md,
      );
      const isEmpty: boolean =
        k.read_int(k.plus(block, k.pcpu_block_md.contig_hint)) === PCPU_BITMAP_BLOCK_BITS;
      if (isEmpty && test_bit(k, i, k.cell_at(populatedOf(k, chunk)))) {
        if (end === -1) end = i;
        if (i > 0) continue;
        i--;
      }
      if (end === -1) continue;
      vm.pcpu_depopulate_chunk(k, chunk, i + 1, end + 1);
      cond_resched(k);
      pcpu_chunk_depopulated(k, chunk, i + 1, end + 1);
      freed_page_start = Math.min(freed_page_start, i + 1);
      freed_page_end = Math.max(freed_page_end, end + 1);
      end = -1;
    }
    // end_chunk:
    if (freed_page_start < freed_page_end)
      vm.pcpu_post_unmap_tlb_flush(k, chunk, freed_page_start, freed_page_end);
    const isFree: boolean =
      k.read_int(k.plus(chunk, k.pcpu_chunk.free_bytes)) === k.read_int(k.globals.pcpu_unit_size);
    if (reintegrate || isFree) pcpu_reintegrate_chunk(k, chunk);
    else
      list_move_tail(
        k,
        k.plus(chunk, k.pcpu_chunk.list),
        chunkList(k, k.read_int(k.globals.pcpu_sidelined_slot)),
      );
  }
}

function pcpu_balance_workfn(k: Kernel): void {
  pcpu_balance_free(k, false);
  pcpu_reclaim_populated(k);
  pcpu_balance_populated(k);
  pcpu_balance_free(k, true);
}
linkWork('pcpu_balance_work', pcpu_balance_workfn);
