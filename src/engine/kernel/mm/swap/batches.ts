/**
 * Pages on their way between LRU lists wait in batches, one set a CPU, so that the lists are locked once for fifteen pages: a page
 * that is new has no PG_lru until its batch is full or somebody drains it, and the batch holds a reference to it.
 *
 *     cpu_fbatches   lru_add, lru_deactivate_file, lru_deactivate, lru_lazyfree; SMP also activate
 *
 * Left out: the batches' and the lists' locks; lru_gen; memcg; trace_mm_lru_insertion.
 * Source: Linux 6.1 mm/swap.c: lru_add_fn() to lru_add_drain(); include/linux/pagevec.h: folio_batch_add(); mm/internal.h:
 * folio_evictable();
 * include/linux/swap.h.
 */
import type { FolioBatch, Int, Lruvec, Page } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, type Cell } from '../../../memory/address.js';
import {
  clear_bit,
  set_bit,
  test_and_clear_bit,
  test_bit,
} from '../../arch/x86/include/asm/bitops.h.js';
import { compound_nr } from '../../include/linux/mm.h.js';
import { PageAnon, PageHead } from '../../include/linux/page-flags.h.js';
import { page_ref_inc } from '../../include/linux/page_ref.h.js';
import { this_cpu_ptr } from '../../include/linux/percpu-defs.h.js';
import { __count_vm_events } from '../../include/linux/vmstat.h.js';
import {
  folio_lruvec,
  lruvec_add_folio,
  lruvec_add_folio_tail,
  lruvec_del_folio,
  workingset_activation,
} from './lruvec.js';
import { release_pages } from './release_pages.js';

/** Pages in a batch. */
export const PAGEVEC_SIZE = 15;

type MoveFn = (k: Kernel, lruvec: Lruvec, folio: Page) => void;

/** How a batch is a list of pages: `folios` and `pages` lie in the same place. */
export const folio_batch_count = (k: Kernel, fbatch: FolioBatch): Int =>
  k.read8(fbatch, k.folio_batch.nr);

export const batchFolio = (k: Kernel, fbatch: FolioBatch, i: Int): Page =>
  k.read_ptr(fbatch + k.folio_batch.folios + i * k.ptr_words);

/** folio_batch_add(): places that are left then. */
function folio_batch_add(k: Kernel, fbatch: FolioBatch, folio: Page): Int {
  const nr: Int = folio_batch_count(k, fbatch);
  k.write_ptr(fbatch + k.folio_batch.folios + nr * k.ptr_words, folio);
  k.write8(fbatch, k.folio_batch.nr, nr + 1);
  return PAGEVEC_SIZE - (nr + 1);
}

export const lru_cache_disabled = (k: Kernel): boolean =>
  k.words[k.globals.lru_disable_count] !== 0;

/** Large folios do not wait: they would keep too much memory from the lists. */
export const folio_may_be_lru_cached = (k: Kernel, folio: Page): boolean => !PageHead(k, folio);

/** Left out: mapping_unevictable (ramfs, SHM_LOCK). */
export function folio_evictable(k: Kernel, folio: Page): boolean {
  return !test_bit(k, k.PG_mlocked, folio + k.page.flags);
}

// --- what is done to each page of a batch --------------------------------------------------------------------------------

function lru_add_fn(k: Kernel, lruvec: Lruvec, folio: Page): void {
  const was_unevictable = test_and_clear_bit(k, k.PG_unevictable, folio + k.page.flags);
  const nr_pages: Int = compound_nr(k, folio);
  if (folio_evictable(k, folio)) {
    if (was_unevictable) __count_vm_events(k, k.UNEVICTABLE_PGRESCUED, nr_pages);
  } else {
    clear_bit(k, k.PG_active, folio + k.page.flags);
    set_bit(k, k.PG_unevictable, folio + k.page.flags);
    // By munlock's account this page has been locked before anybody counted: munlock sorts that out.
    k.write(folio + k.page.mlock_count, 0);
    if (!was_unevictable) __count_vm_events(k, k.UNEVICTABLE_PGCULLED, nr_pages);
  }
  lruvec_add_folio(k, lruvec, folio);
}

function lru_move_tail_fn(k: Kernel, lruvec: Lruvec, folio: Page): void {
  if (test_bit(k, k.PG_unevictable, folio + k.page.flags)) return;
  lruvec_del_folio(k, folio);
  clear_bit(k, k.PG_active, folio + k.page.flags);
  lruvec_add_folio_tail(k, lruvec, folio);
  __count_vm_events(k, k.PGROTATED, compound_nr(k, folio));
}

function folio_activate_fn(k: Kernel, lruvec: Lruvec, folio: Page): void {
  if (test_bit(k, k.PG_active, folio + k.page.flags)) return;
  if (test_bit(k, k.PG_unevictable, folio + k.page.flags)) return;
  lruvec_del_folio(k, folio);
  set_bit(k, k.PG_active, folio + k.page.flags);
  lruvec_add_folio(k, lruvec, folio);
  __count_vm_events(k, k.PGACTIVATE, compound_nr(k, folio));
}

function lru_deactivate_fn(k: Kernel, lruvec: Lruvec, folio: Page): void {
  if (test_bit(k, k.PG_unevictable, folio + k.page.flags)) return;
  if (!test_bit(k, k.PG_active, folio + k.page.flags)) return;
  lruvec_del_folio(k, folio);
  clear_bit(k, k.PG_active, folio + k.page.flags);
  clear_bit(k, k.PG_referenced, folio + k.page.flags);
  lruvec_add_folio(k, lruvec, folio);
  __count_vm_events(k, k.PGDEACTIVATE, compound_nr(k, folio));
}

/** MADV_FREE: a page that nobody writes to before reclaim comes may be dropped, as a clean page of a file. */
function lru_lazyfree_fn(k: Kernel, lruvec: Lruvec, folio: Page): void {
  if (!PageAnon(k, folio) || !test_bit(k, k.PG_swapbacked, folio + k.page.flags)) return;
  if (test_bit(k, k.PG_unevictable, folio + k.page.flags)) return;
  lruvec_del_folio(k, folio);
  clear_bit(k, k.PG_active, folio + k.page.flags);
  clear_bit(k, k.PG_referenced, folio + k.page.flags);
  clear_bit(k, k.PG_swapbacked, folio + k.page.flags);
  lruvec_add_folio(k, lruvec, folio);
  __count_vm_events(k, k.PGLAZYFREE, compound_nr(k, folio));
}

// --- batches -------------------------------------------------------------------------------------------------------------

function folio_batch_move_lru(k: Kernel, fbatch: FolioBatch, move_fn: MoveFn): void {
  const lruvec: Lruvec = folio_lruvec(k);
  for (let i = 0; i < folio_batch_count(k, fbatch); i++) {
    const folio: Page = batchFolio(k, fbatch, i);
    // Somebody else has taken it off its list meanwhile, and has something else in mind with it.
    if (move_fn !== lru_add_fn && !test_and_clear_bit(k, k.PG_lru, folio + k.page.flags)) continue;
    move_fn(k, lruvec, folio);
    set_bit(k, k.PG_lru, folio + k.page.flags);
  }
  const pages: Page[] = [];
  for (let i = 0; i < folio_batch_count(k, fbatch); i++) pages.push(batchFolio(k, fbatch, i));
  release_pages(k, pages, pages.length);
  // folio_batch_init():
  k.write8(fbatch, k.folio_batch.nr, 0);
  k.write8(fbatch, k.folio_batch.percpu_pvec_drained, 0);
}

function folio_batch_add_and_move(
  k: Kernel,
  fbatch: FolioBatch,
  folio: Page,
  move_fn: MoveFn,
): void {
  if (
    folio_batch_add(k, fbatch, folio) !== 0 &&
    folio_may_be_lru_cached(k, folio) &&
    !lru_cache_disabled(k)
  )
    return;
  folio_batch_move_lru(k, fbatch, move_fn);
}

/** A member of this CPU's set. */
const batchNamed = (k: Kernel, member: Int): FolioBatch =>
  asCell(this_cpu_ptr(k, 'cpu_fbatches') + member);

/** On its way to an LRU list; the batch takes a reference. */
export function folio_add_lru(k: Kernel, folio: Page): void {
  page_ref_inc(k, folio);
  folio_batch_add_and_move(k, batchNamed(k, k.cpu_fbatches.lru_add), folio, lru_add_fn);
}

/** Moves to the active list: on one CPU at once, else by a batch. */
function folio_activate(k: Kernel, folio: Page): void {
  if (!k.smp) {
    if (!test_and_clear_bit(k, k.PG_lru, folio + k.page.flags)) return;
    folio_activate_fn(k, folio_lruvec(k), folio);
    set_bit(k, k.PG_lru, folio + k.page.flags);
    return;
  }
  if (
    test_bit(k, k.PG_lru, folio + k.page.flags) &&
    !test_bit(k, k.PG_active, folio + k.page.flags) &&
    !test_bit(k, k.PG_unevictable, folio + k.page.flags)
  ) {
    page_ref_inc(k, folio);
    folio_batch_add_and_move(k, batchNamed(k, k.cpu_fbatches.activate), folio, folio_activate_fn);
  }
}

/** A page that still waits in this CPU's batch will go to the active list right away. */
function __lru_cache_activate_folio(k: Kernel, folio: Page): void {
  const fbatch: FolioBatch = batchNamed(k, k.cpu_fbatches.lru_add);
  for (let i = folio_batch_count(k, fbatch) - 1; i >= 0; i--)
    if (batchFolio(k, fbatch, i) === folio) {
      set_bit(k, k.PG_active, folio + k.page.flags);
      break;
    }
}

/**
 * The folio was used. The first time it is marked referenced, the second time it becomes active:
 * inactive,unreferenced -> inactive,referenced -> active,unreferenced -> active,referenced. Left out: folio_clear_idle.
 */
export function folio_mark_accessed(k: Kernel, folio: Page): void {
  if (!test_bit(k, k.PG_referenced, folio + k.page.flags)) {
    set_bit(k, k.PG_referenced, folio + k.page.flags);
  } else if (test_bit(k, k.PG_unevictable, folio + k.page.flags)) {
    // It is never reclaimed: its place on no list says nothing.
  } else if (!test_bit(k, k.PG_active, folio + k.page.flags)) {
    if (test_bit(k, k.PG_lru, folio + k.page.flags)) folio_activate(k, folio);
    else __lru_cache_activate_folio(k, folio);
    clear_bit(k, k.PG_referenced, folio + k.page.flags);
    workingset_activation(k, folio);
  }
}

/** An active page is not needed any more. */
export function deactivate_page(k: Kernel, folio: Page): void {
  if (!test_bit(k, k.PG_lru, folio + k.page.flags)) return;
  if (test_bit(k, k.PG_unevictable, folio + k.page.flags)) return;
  if (!test_bit(k, k.PG_active, folio + k.page.flags)) return;
  page_ref_inc(k, folio);
  folio_batch_add_and_move(
    k,
    batchNamed(k, k.cpu_fbatches.lru_deactivate),
    folio,
    lru_deactivate_fn,
  );
}

export function mark_page_lazyfree(k: Kernel, folio: Page): void {
  if (!test_bit(k, k.PG_lru, folio + k.page.flags) || !PageAnon(k, folio)) return;
  if (!test_bit(k, k.PG_swapbacked, folio + k.page.flags)) return;
  if (test_bit(k, k.PG_unevictable, folio + k.page.flags)) return;
  page_ref_inc(k, folio);
  folio_batch_add_and_move(k, batchNamed(k, k.cpu_fbatches.lru_lazyfree), folio, lru_lazyfree_fn);
}

// --- draining ------------------------------------------------------------------------------------------------------------

const drainBatch = (k: Kernel, fbatch: FolioBatch, move_fn: MoveFn): void => {
  if (folio_batch_count(k, fbatch) !== 0) folio_batch_move_lru(k, fbatch, move_fn);
};

/** What waits on this CPU goes to its lists. Left out: lru_deactivate_file (nothing truncates files). */
export function lru_add_drain_cpu(k: Kernel): void {
  const rotate: Cell = this_cpu_ptr(k, 'lru_rotate');
  drainBatch(k, batchNamed(k, k.cpu_fbatches.lru_add), lru_add_fn);
  drainBatch(k, asCell(rotate + k.lru_rotate.fbatch), lru_move_tail_fn);
  drainBatch(k, batchNamed(k, k.cpu_fbatches.lru_deactivate), lru_deactivate_fn);
  drainBatch(k, batchNamed(k, k.cpu_fbatches.lru_lazyfree), lru_lazyfree_fn);
  if (k.smp) drainBatch(k, batchNamed(k, k.cpu_fbatches.activate), folio_activate_fn);
}
