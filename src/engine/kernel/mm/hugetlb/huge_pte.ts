/**
 * Where the entry of a huge page is: of 2 or 4 MiB in a table of pmds, of 1 GiB in a table of puds.
 *
 * Left out: tables of pmds that areas share.
 * Source: Linux 6.1 mm/hugetlb.c: huge_pte_alloc(), huge_pte_offset().
 */
import {
  type MmStruct,
  NULL,
  type P4d,
  type Pgd,
  type Pte,
  type Pud,
  type ULong,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { asCell, type VirtAddr } from '../../../memory/address.js';
import { p4d_present, pgd_present, pud_present } from '../../arch/x86/include/asm/pgtable.h.js';
import { p4d_offset, pgd_offset, pmd_offset, pud_offset } from '../../include/linux/pgtable.h.js';
import { p4d_alloc, pmd_alloc, pud_alloc } from '../memory/memory.js';

/** PUD_SIZE, which i386 has no pages of: there the table of puds is folded into the one above. */
const PUD_SIZE = (k: Kernel): ULong => (k.wide ? 2 ** k.PUD_SHIFT : 0);

/** The entry of an address, its table made where it is missing. NULL without memory. */
export function huge_pte_alloc(k: Kernel, mm: MmStruct, addr: VirtAddr, sz: ULong): Pte {
  const pgd: Pgd = pgd_offset(k, mm, addr);
  const p4d: P4d = p4d_alloc(k, mm, pgd, addr);
  const pud: Pud = pud_alloc(k, mm, p4d, addr);
  if (pud === NULL) return NULL;
  return asCell(sz === PUD_SIZE(k) ? pud : pmd_alloc(k, mm, pud, addr));
}

/** NULL where a table is missing. */
export function huge_pte_offset(k: Kernel, mm: MmStruct, addr: VirtAddr, sz: ULong): Pte {
  const pgd: Pgd = pgd_offset(k, mm, addr);
  if (!pgd_present(k, k.read_pte(pgd))) return NULL;
  const p4d: P4d = p4d_offset(k, pgd, addr);
  if (!p4d_present(k, k.read_pte(p4d))) return NULL;
  const pud: Pud = pud_offset(k, p4d, addr);
  if (sz === PUD_SIZE(k)) return asCell(pud);
  return pud_present(k, k.read_pte(pud)) ? asCell(pmd_offset(k, pud, addr)) : NULL;
}
