/**
 * The entry of one address of an address space, looked up without making tables.
 *
 * Left out: huge entries; the entry's lock.
 * Source: Linux 6.1 mm/memory.c: follow_pte().
 */
import {
  type MmStruct,
  NULL,
  type P4d,
  type Pgd,
  type Pmd,
  type Pte,
  type Pud,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { VirtAddr } from '../../../memory/address.js';
import {
  p4d_none,
  pgd_none,
  pmd_none,
  pmd_present,
  pmd_trans_huge,
  pud_none,
} from '../../arch/x86/include/asm/pgtable.h.js';
import type { PteVal } from '../../arch/x86/include/asm/pgtable_types.h.js';
import {
  p4d_offset,
  pgd_offset,
  pmd_offset,
  pte_offset_map,
  pud_offset,
} from '../../include/linux/pgtable.h.js';

/** NULL where a table is missing, or a huge page is mapped. The entry itself may be empty. */
export function follow_pte(k: Kernel, mm: MmStruct, address: VirtAddr): Pte {
  const pgd: Pgd = pgd_offset(k, mm, address);
  if (pgd_none(k, k.read_pte(pgd))) return NULL;
  const p4d: P4d = p4d_offset(k, pgd, address);
  if (p4d_none(k, k.read_pte(p4d))) return NULL;
  const pud: Pud = pud_offset(k, p4d, address);
  if (pud_none(k, k.read_pte(pud))) return NULL;
  const pmd: Pmd = pmd_offset(k, pud, address);
  const pmdval: PteVal = k.read_pte(pmd);
  if (pmd_none(k, pmdval) || !pmd_present(pmdval) || pmd_trans_huge(pmdval)) return NULL;
  return pte_offset_map(k, pmd, address);
}
