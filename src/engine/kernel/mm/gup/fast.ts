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
  type Out,
  type P4d,
  type Page,
  type Pgd,
  type Pmd,
  type Pte,
  type Pud,
  type ULong,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { set_bit } from '../../arch/x86/include/asm/bitops.h.js';
import { current } from '../../arch/x86/include/asm/current.h.js';
import {
  p4d_none,
  pgd_none,
  pmd_page,
  pmd_present,
  pmd_trans_huge,
  pmd_write,
  pte_page,
  pte_special,
  pte_write,
  pud_page,
  pud_present,
} from '../../arch/x86/include/asm/pgtable.h.js';
import {
  _PAGE_PRESENT,
  _PAGE_RW,
  _PAGE_USER,
  type PteVal,
} from '../../arch/x86/include/asm/pgtable_types.h.js';
import { pud_huge } from '../../arch/x86/mm/hugetlbpage/pud_huge.js';
import { EFAULT, EINVAL } from '../../include/linux/errno.h.js';
import { HPAGE_PMD_SIZE } from '../../include/linux/huge_mm.h.js';
import { nth_page } from '../../include/linux/mm.h.js';
import { page_folio } from '../../include/linux/page-flags.h.js';
import {
  p4d_offset,
  pgd_addr_end,
  pgd_offset,
  pmd_addr_end,
  pmd_offset,
  pte_offset_map,
  pud_addr_end,
  pud_offset,
} from '../../include/linux/pgtable.h.js';
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

/** Small pages of a huge one, of which each takes its reference, from `page` on. False: the slow way must look. */
function grabSubpages(
  k: Kernel,
  orig: PteVal,
  page: Page,
  addr: VirtAddr,
  end: VirtAddr,
  flags: Int,
  pages: Page[],
  nr: Out<Int>,
): boolean {
  for (; addr !== end; addr = asVirt(addr + PAGE_SIZE), page = nth_page(k, page, 1)) {
    if ((flags & k.FOLL_LONGTERM) !== 0 && !is_longterm_pinnable_page(k, page)) return false;
    if (!try_grab_page(k, page, flags)) return false;
    const folio: Page = page_folio(k, page);
    if (!pmd_write(orig) && gup_must_unshare(k, flags, folio)) {
      gup_put_folio(k, folio, 1, flags);
      return false;
    }
    set_bit(k, k.PG_referenced, folio + k.page.flags);
    pages[nr.value] = page;
    nr.value++;
  }
  return true;
}

function gup_huge_pmd(
  k: Kernel,
  orig: PteVal,
  addr: VirtAddr,
  end: VirtAddr,
  flags: Int,
  pages: Page[],
  nr: Out<Int>,
): boolean {
  // pmd_access_permitted():
  if (!pte_access_permitted(orig, (flags & k.FOLL_WRITE) !== 0)) return false;
  const offset: ULong = Math.floor((addr % HPAGE_PMD_SIZE(k)) / PAGE_SIZE);
  const page: Page = nth_page(k, pmd_page(k, orig), offset);
  return grabSubpages(k, orig, page, addr, end, flags, pages, nr);
}

function gup_huge_pud(
  k: Kernel,
  orig: PteVal,
  addr: VirtAddr,
  end: VirtAddr,
  flags: Int,
  pages: Page[],
  nr: Out<Int>,
): boolean {
  // pud_access_permitted():
  if (!pte_access_permitted(orig, (flags & k.FOLL_WRITE) !== 0)) return false;
  const offset: ULong = Math.floor((addr % 2 ** k.PUD_SHIFT) / PAGE_SIZE);
  const page: Page = nth_page(k, pud_page(k, orig), offset);
  return grabSubpages(k, orig, page, addr, end, flags, pages, nr);
}

/** The pages of [addr, end), which one table maps. False: the slow way must look, at the first that is not in `pages`. */
function gup_pte_range(
  k: Kernel,
  pmd: Pmd,
  addr: VirtAddr,
  end: VirtAddr,
  flags: Int,
  pages: Page[],
  nr: Out<Int>,
): boolean {
  const write = (flags & k.FOLL_WRITE) !== 0;
  let ptep: Pte = pte_offset_map(k, pmd, addr);
  for (; addr !== end; ptep = asCell(ptep + k.pte_words), addr = asVirt(addr + PAGE_SIZE)) {
    const pte: PteVal = k.read_pte(ptep);
    if (!pte_access_permitted(pte, write) || pte_special(pte)) return false;
    const page: Page = pte_page(k, pte);
    if ((flags & k.FOLL_LONGTERM) !== 0 && !is_longterm_pinnable_page(k, page)) return false;
    if (!try_grab_page(k, page, flags)) return false;
    const folio: Page = page_folio(k, page);
    if (!pte_write(pte) && gup_must_unshare(k, flags, page)) {
      gup_put_folio(k, folio, 1, flags);
      return false;
    }
    set_bit(k, k.PG_referenced, folio + k.page.flags);
    pages[nr.value] = page;
    nr.value++;
  }
  return true;
}

function gup_pmd_range(
  k: Kernel,
  pud: Pud,
  addr: VirtAddr,
  end: VirtAddr,
  flags: Int,
  pages: Page[],
  nr: Out<Int>,
): boolean {
  let pmdp: Pmd = pmd_offset(k, pud, addr);
  for (let next: VirtAddr; addr !== end; pmdp = asCell(pmdp + k.pte_words), addr = next) {
    next = pmd_addr_end(k, addr, end);
    const pmd: PteVal = k.read_pte(pmdp);
    if (!pmd_present(pmd)) return false;
    const went = pmd_trans_huge(pmd)
      ? gup_huge_pmd(k, pmd, addr, next, flags, pages, nr)
      : gup_pte_range(k, pmdp, addr, next, flags, pages, nr);
    if (!went) return false;
  }
  return true;
}

function gup_pud_range(
  k: Kernel,
  p4d: P4d,
  addr: VirtAddr,
  end: VirtAddr,
  flags: Int,
  pages: Page[],
  nr: Out<Int>,
): boolean {
  let pudp: Pud = pud_offset(k, p4d, addr);
  for (let next: VirtAddr; addr !== end; pudp = asCell(pudp + k.pte_words), addr = next) {
    next = pud_addr_end(k, addr, end);
    const pud: PteVal = k.read_pte(pudp);
    if (!pud_present(k, pud)) return false;
    const went = pud_huge(k, pud)
      ? gup_huge_pud(k, pud, addr, next, flags, pages, nr)
      : gup_pmd_range(k, pudp, addr, next, flags, pages, nr);
    if (!went) return false;
  }
  return true;
}

/** As far as all is there, and allows the access. */
function gup_pgd_range(
  k: Kernel,
  mm: MmStruct,
  addr: VirtAddr,
  end: VirtAddr,
  flags: Int,
  pages: Page[],
  nr: Out<Int>,
): void {
  let pgdp: Pgd = pgd_offset(k, mm, addr);
  for (let next: VirtAddr; addr !== end; pgdp = asCell(pgdp + k.pte_words), addr = next) {
    next = pgd_addr_end(k, addr, end);
    if (pgd_none(k, k.read_pte(pgdp))) return;
    // gup_p4d_range():
    const p4d: P4d = p4d_offset(k, pgdp, addr);
    if (p4d_none(k, k.read_pte(p4d))) return;
    if (!gup_pud_range(k, p4d, addr, next, flags, pages, nr)) return;
  }
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

  // lockless_pages_from_mm():
  const nr: Out<Int> = { value: 0 };
  const end: VirtAddr = asVirt(start + nr_pages * PAGE_SIZE);
  gup_pgd_range(k, mm, start, end, gup_flags, pages, nr);
  const nr_pinned: Int = nr.value;
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
