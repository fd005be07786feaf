/**
 * The fast way to user pages: the current task's tables are walked without a lock, and a page whose entry allows the access is taken.
 * The first one that is missing, or that needs a closer look, leads back to the slow way for it and all that follow.
 *
 * Left out: interrupts that are off meanwhile.
 * Source: Linux 6.1 mm/gup.c: gup_pte_range() to pin_user_pages_fast(); arch/x86/include/asm/pgtable.h: pte_access_permitted().
 */
import {
  type Int,
  type MmStruct,
  NULL,
  type Page,
  type Pmd,
  type Pte,
  type ULong,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { NO_PTE } from '../../../machine/pteWords.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { set_bit } from '../../arch/x86/include/asm/bitops.h.js';
import { current } from '../../arch/x86/include/asm/current.h.js';
import {
  pmd_page,
  pmd_trans_huge,
  pmd_write,
  pte_page,
  pte_special,
  pte_write,
} from '../../arch/x86/include/asm/pgtable.h.js';
import {
  _PAGE_PRESENT,
  _PAGE_RW,
  _PAGE_USER,
  type PteVal,
} from '../../arch/x86/include/asm/pgtable_types.h.js';
import { EFAULT, EINVAL } from '../../include/linux/errno.h.js';
import { HPAGE_PMD_SIZE } from '../../include/linux/huge_mm.h.js';
import { nth_page } from '../../include/linux/mm.h.js';
import { page_folio } from '../../include/linux/page-flags.h.js';
import { mm_find_pmd } from '../huge_memory/split_pmd.js';
import { follow_pte } from '../memory/follow_pte.js';
import { __gup_longterm_locked, mm_set_has_pinned_flag } from './gup.js';
import {
  gup_must_unshare,
  gup_put_folio,
  is_longterm_pinnable_page,
  try_grab_page,
} from './pins.js';

/** Whether an entry allows a user's access. */
function pte_access_permitted(pte: PteVal, write: boolean): boolean {
  const need: Int = _PAGE_PRESENT | _PAGE_USER | (write ? _PAGE_RW : 0);
  return (pte.low & need) === need;
}

/** One small page of a huge one; undefined: the slow way must look. */
function gup_huge_pmd(k: Kernel, orig: PteVal, addr: VirtAddr, flags: Int): Page | undefined {
  // pmd_access_permitted():
  if (!pte_access_permitted(orig, (flags & k.FOLL_WRITE) !== 0)) return undefined;
  const page: Page = nth_page(
    k,
    pmd_page(k, orig),
    Math.floor((addr % HPAGE_PMD_SIZE(k)) / PAGE_SIZE),
  );
  if ((flags & k.FOLL_LONGTERM) !== 0 && !is_longterm_pinnable_page(k, page)) return undefined;
  if (!try_grab_page(k, page, flags)) return undefined;
  const folio: Page = page_folio(k, page);
  if (!pmd_write(orig) && gup_must_unshare(k, flags, folio)) {
    gup_put_folio(k, folio, 1, flags);
    return undefined;
  }
  set_bit(k, k.PG_referenced, folio + k.page.flags);
  return page;
}

/** The page at one address; undefined: the slow way must look. */
function gup_pte_range(k: Kernel, mm: MmStruct, addr: VirtAddr, flags: Int): Page | undefined {
  // gup_pmd_range():
  const pmd: Pmd = mm_find_pmd(k, mm, addr);
  const pmdval: PteVal = pmd === NULL ? NO_PTE : k.read_pte(pmd);
  if (pmd_trans_huge(pmdval)) return gup_huge_pmd(k, pmdval, addr, flags);
  const ptep: Pte = follow_pte(k, mm, addr);
  if (ptep === NULL) return undefined;
  const pte: PteVal = k.read_pte(ptep);
  if (!pte_access_permitted(pte, (flags & k.FOLL_WRITE) !== 0) || pte_special(pte))
    return undefined;
  const page: Page = pte_page(k, pte);
  if ((flags & k.FOLL_LONGTERM) !== 0 && !is_longterm_pinnable_page(k, page)) return undefined;
  if (!try_grab_page(k, page, flags)) return undefined;
  if (!pte_write(pte) && gup_must_unshare(k, flags, page)) {
    gup_put_folio(k, page_folio(k, page), 1, flags);
    return undefined;
  }
  set_bit(k, k.PG_referenced, page_folio(k, page) + k.page.flags);
  return page;
}

function internal_get_user_pages_fast(
  k: Kernel,
  start: VirtAddr,
  nr_pages: ULong,
  gup_flags: Int,
  pages: Page[],
): Int {
  const known =
    k.FOLL_WRITE |
    k.FOLL_LONGTERM |
    k.FOLL_FORCE |
    k.FOLL_PIN |
    k.FOLL_GET |
    k.FOLL_FAST_ONLY |
    k.FOLL_NOFAULT;
  if ((gup_flags & ~known) !== 0) return -EINVAL;
  const mm: MmStruct = k.read_ptr(k.plus(current(k), k.task_struct.mm));
  if ((gup_flags & k.FOLL_PIN) !== 0) mm_set_has_pinned_flag(k, mm);
  start = asVirt(start - (start % PAGE_SIZE));
  if (start + nr_pages * PAGE_SIZE > k.TASK_SIZE) return -EFAULT;

  let nr_pinned: Int = 0;
  for (; nr_pinned < nr_pages; nr_pinned++) {
    const page = gup_pte_range(k, mm, asVirt(start + nr_pinned * PAGE_SIZE), gup_flags);
    if (page === undefined) break;
    pages[nr_pinned] = page;
  }
  if (nr_pinned === nr_pages || (gup_flags & k.FOLL_FAST_ONLY) !== 0) return nr_pinned;

  // The rest by the slow way, which touches the pages as well.
  const rest: Page[] = [];
  const ret: Int = __gup_longterm_locked(
    k,
    mm,
    asVirt(start + nr_pinned * PAGE_SIZE),
    nr_pages - nr_pinned,
    rest,
    gup_flags | k.FOLL_TOUCH,
  );
  if (ret < 0) return nr_pinned > 0 ? nr_pinned : ret;
  for (let i = 0; i < ret; i++) pages[nr_pinned + i] = rest[i]!;
  return nr_pinned + ret;
}

export function get_user_pages_fast(
  k: Kernel,
  start: VirtAddr,
  nr_pages: Int,
  gup_flags: Int,
  pages: Page[],
): Int {
  if ((gup_flags & (k.FOLL_PIN | k.FOLL_LONGTERM)) !== 0) return -EINVAL;
  return internal_get_user_pages_fast(k, start, nr_pages, gup_flags | k.FOLL_GET, pages);
}

export function pin_user_pages_fast(
  k: Kernel,
  start: VirtAddr,
  nr_pages: Int,
  gup_flags: Int,
  pages: Page[],
): Int {
  if ((gup_flags & k.FOLL_GET) !== 0) return -EINVAL;
  return internal_get_user_pages_fast(k, start, nr_pages, gup_flags | k.FOLL_PIN, pages);
}
