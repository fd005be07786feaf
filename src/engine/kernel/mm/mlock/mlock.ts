/**
 * Pages that are locked in memory: marked PG_mlocked, counted in NR_MLOCK, and on no LRU list (unevictable). Marking goes by a batch
 * of its own, where an address's low bits say what is to be done with the page.
 *
 *     mlock_pvec   page | LRU_PAGE: lock a page that may be on a list;  page | NEW_PAGE: a new one;  page: unlock
 *
 * Left out: the lists' locks; large folios but as a whole; __mlock_page's mapping_unevictable.
 * Source: Linux 6.1 mm/mlock.c: __mlock_page() to munlock_page(); mm/internal.h: mlock_vma_folio(), munlock_vma_folio();
 * include/linux/pagevec.h.
 */
import type { Int, Page, Pagevec, VmAreaStruct } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, asVirt } from '../../../memory/address.js';
import {
  clear_bit,
  set_bit,
  test_and_clear_bit,
  test_and_set_bit,
  test_bit,
} from '../../arch/x86/include/asm/bitops.h.js';
import { compound_nr, page_zone } from '../../include/linux/mm.h.js';
import { VM_LOCKED, VM_SPECIAL } from '../../include/linux/mm_types.h.js';
import { page_folio, PageCompound, PageHead } from '../../include/linux/page-flags.h.js';
import { page_ref_inc } from '../../include/linux/page_ref.h.js';
import { per_cpu, this_cpu_ptr } from '../../include/linux/percpu-defs.h.js';
import { __count_vm_events } from '../../include/linux/vmstat.h.js';
import { folio_evictable, lru_cache_disabled, PAGEVEC_SIZE } from '../swap/batches.js';
import { folio_lruvec, lruvec_add_folio, lruvec_del_folio } from '../swap/lruvec.js';
import { release_pages } from '../swap/release_pages.js';
import { __mod_zone_page_state } from '../vmstat/vmstat.js';

const LRU_PAGE = 0x1;
const NEW_PAGE = 0x2;

// --- one page ------------------------------------------------------------------------------------------------------------

function __mlock_page(k: Kernel, page: Page): void {
  // Not on a list: whoever has it just now will see PG_mlocked when the page comes back.
  if (!test_and_clear_bit(k, k.PG_lru, page + k.page.flags)) return;
  out: {
    if (folio_evictable(k, page)) {
      // Unlocked again before the batch was full.
      if (test_bit(k, k.PG_unevictable, page + k.page.flags)) {
        lruvec_del_folio(k, page);
        clear_bit(k, k.PG_unevictable, page + k.page.flags);
        lruvec_add_folio(k, folio_lruvec(k), page);
        __count_vm_events(k, k.UNEVICTABLE_PGRESCUED, compound_nr(k, page));
      }
      break out;
    }
    if (test_bit(k, k.PG_unevictable, page + k.page.flags)) {
      if (test_bit(k, k.PG_mlocked, page + k.page.flags))
        k.write(page + k.page.mlock_count, k.words[page + k.page.mlock_count]! + 1);
      break out;
    }
    lruvec_del_folio(k, page);
    clear_bit(k, k.PG_active, page + k.page.flags);
    set_bit(k, k.PG_unevictable, page + k.page.flags);
    const mlocked = test_bit(k, k.PG_mlocked, page + k.page.flags);
    k.write(page + k.page.mlock_count, mlocked ? 1 : 0);
    lruvec_add_folio(k, folio_lruvec(k), page);
    __count_vm_events(k, k.UNEVICTABLE_PGCULLED, compound_nr(k, page));
  }
  // out:
  set_bit(k, k.PG_lru, page + k.page.flags);
}

function __mlock_new_page(k: Kernel, page: Page): void {
  // Not unlocked meanwhile: it never gets on a list that reclaim looks at.
  if (!folio_evictable(k, page)) {
    set_bit(k, k.PG_unevictable, page + k.page.flags);
    const mlocked = test_bit(k, k.PG_mlocked, page + k.page.flags);
    k.write(page + k.page.mlock_count, mlocked ? 1 : 0);
    __count_vm_events(k, k.UNEVICTABLE_PGCULLED, compound_nr(k, page));
  }
  // out:
  lruvec_add_folio(k, folio_lruvec(k), page);
  set_bit(k, k.PG_lru, page + k.page.flags);
}

function __munlock_page(k: Kernel, page: Page): void {
  const nr_pages: Int = compound_nr(k, page);
  const isolated = test_and_clear_bit(k, k.PG_lru, page + k.page.flags);
  out: {
    if (isolated && test_bit(k, k.PG_unevictable, page + k.page.flags)) {
      // Another area may have locked it, too: then mlock_count says how many are left.
      if (k.words[page + k.page.mlock_count] !== 0)
        k.write(page + k.page.mlock_count, k.words[page + k.page.mlock_count]! - 1);
      if (k.words[page + k.page.mlock_count] !== 0) break out;
    }
    // munlock:
    if (test_and_clear_bit(k, k.PG_mlocked, page + k.page.flags)) {
      __mod_zone_page_state(k, page_zone(k, page), k.NR_MLOCK, -nr_pages);
      if (isolated || !test_bit(k, k.PG_unevictable, page + k.page.flags))
        __count_vm_events(k, k.UNEVICTABLE_PGMUNLOCKED, nr_pages);
      else __count_vm_events(k, k.UNEVICTABLE_PGSTRANDED, nr_pages);
    }
    if (isolated && test_bit(k, k.PG_unevictable, page + k.page.flags)) {
      if (folio_evictable(k, page)) {
        lruvec_del_folio(k, page);
        clear_bit(k, k.PG_unevictable, page + k.page.flags);
        lruvec_add_folio(k, folio_lruvec(k), page);
        __count_vm_events(k, k.UNEVICTABLE_PGRESCUED, nr_pages);
      }
    }
  }
  // out:
  if (isolated) set_bit(k, k.PG_lru, page + k.page.flags);
}

// --- the batch -----------------------------------------------------------------------------------------------------------

const mlockBatch = (k: Kernel): Pagevec => asCell(this_cpu_ptr(k, 'mlock_pvec') + k.mlock_pvec.vec);

const pagevec_count = (k: Kernel, pvec: Pagevec): Int => k.read8(pvec, k.pagevec.nr);

/** pagevec_add(): places that are left then. */
function pagevec_add(k: Kernel, pvec: Pagevec, page: Page, tag: Int): Int {
  const nr: Int = pagevec_count(k, pvec);
  k.write_ptr_tagged(pvec + k.pagevec.pages + nr * k.ptr_words, page, tag);
  k.write8(pvec, k.pagevec.nr, nr + 1);
  return PAGEVEC_SIZE - (nr + 1);
}

function mlock_pagevec(k: Kernel, pvec: Pagevec): void {
  const pages: Page[] = [];
  for (let i = 0; i < pagevec_count(k, pvec); i++) {
    const at = pvec + k.pagevec.pages + i * k.ptr_words;
    const mlock: Int = k.words[at]! & (LRU_PAGE | NEW_PAGE);
    const page: Page = k.cell_at(asVirt(k.read_va(at) - mlock));
    k.write_ptr(at, page);
    if ((mlock & LRU_PAGE) !== 0) __mlock_page(k, page);
    else if ((mlock & NEW_PAGE) !== 0) __mlock_new_page(k, page);
    else __munlock_page(k, page);
    pages.push(page);
  }
  release_pages(k, pages, pages.length);
  // pagevec_reinit():
  k.write8(pvec, k.pagevec.nr, 0);
}

export function mlock_page_drain_local(k: Kernel): void {
  const pvec: Pagevec = mlockBatch(k);
  if (pagevec_count(k, pvec) !== 0) mlock_pagevec(k, pvec);
}

export function need_mlock_page_drain(k: Kernel, cpu: Int): boolean {
  return pagevec_count(k, asCell(per_cpu(k, 'mlock_pvec', cpu) + k.mlock_pvec.vec)) !== 0;
}

const addToBatch = (k: Kernel, page: Page, tag: Int): void => {
  const pvec: Pagevec = mlockBatch(k);
  page_ref_inc(k, page);
  if (pagevec_add(k, pvec, page, tag) === 0 || PageHead(k, page) || lru_cache_disabled(k))
    mlock_pagevec(k, pvec);
};

/** Locks a folio that is mapped already. */
export function mlock_folio(k: Kernel, folio: Page): void {
  if (!test_and_set_bit(k, k.PG_mlocked, folio + k.page.flags)) {
    const nr_pages: Int = compound_nr(k, folio);
    __mod_zone_page_state(k, page_zone(k, folio), k.NR_MLOCK, nr_pages);
    __count_vm_events(k, k.UNEVICTABLE_PGMLOCKED, nr_pages);
  }
  addToBatch(k, folio, LRU_PAGE);
}

/** Locks a page that is on no list yet. */
export function mlock_new_page(k: Kernel, page: Page): void {
  const nr_pages: Int = compound_nr(k, page);
  set_bit(k, k.PG_mlocked, page + k.page.flags);
  __mod_zone_page_state(k, page_zone(k, page), k.NR_MLOCK, nr_pages);
  __count_vm_events(k, k.UNEVICTABLE_PGMLOCKED, nr_pages);
  addToBatch(k, page, NEW_PAGE);
}

export function munlock_page(k: Kernel, page: Page): void {
  addToBatch(k, page, 0);
}

/** A mapping of the page is made or taken away in an area that is locked. Inlines of mm/internal.h. */
export function mlock_vma_page(k: Kernel, page: Page, vma: VmAreaStruct, compound: boolean): void {
  const vm_flags = k.read_int(k.plus(vma, k.vm_area_struct.vm_flags));
  // VM_IO: mlock_vma_pages_range() is at it, and counts each page once.
  if ((vm_flags & (VM_LOCKED | VM_SPECIAL)) === VM_LOCKED && (compound || !PageCompound(k, page)))
    mlock_folio(k, page_folio(k, page));
}

export function munlock_vma_page(
  k: Kernel,
  page: Page,
  vma: VmAreaStruct,
  compound: boolean,
): void {
  const vm_flags = k.read_int(k.plus(vma, k.vm_area_struct.vm_flags));
  if ((vm_flags & VM_LOCKED) !== 0 && (compound || !PageCompound(k, page)))
    munlock_page(k, page_folio(k, page));
}
