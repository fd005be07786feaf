/**
 * Entries of the kernel's tables, their tables made when they are missing; `mod_mask` says on which levels entries are new then, for
 * those may have to be copied to every process.
 *
 * NULL: no memory. These are inlines of a header that only mm/vmalloc.c includes, and that calls mm/memory.c.
 * Source: Linux 6.1 mm/pgalloc-track.h.
 */
import {
  type Int,
  type MmStruct,
  NULL,
  type P4d,
  type Pgd,
  type Pmd,
  type Pte,
  type Pud,
  type Out,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { VirtAddr } from '../../../memory/address.js';
import { p4d_none, pmd_none, pud_none } from '../../arch/x86/include/asm/pgtable.h.js';
import {
  p4d_offset,
  PGTBL_P4D_MODIFIED,
  PGTBL_PMD_MODIFIED,
  PGTBL_PUD_MODIFIED,
  pmd_offset,
  pte_offset_kernel,
  pud_offset,
} from '../../include/linux/pgtable.h.js';
import { __pmd_alloc, __pte_alloc_kernel, __pud_alloc } from '../memory/memory.js';

/** No build here has five levels. */
export function p4d_alloc_track(k: Kernel, _mm: MmStruct, pgd: Pgd, address: VirtAddr): P4d {
  return p4d_offset(k, pgd, address);
}

/** A new table of puds is entered in the p4d: that is the level which changed. */
export function pud_alloc_track(
  k: Kernel,
  mm: MmStruct,
  p4d: P4d,
  address: VirtAddr,
  mod_mask: Out<Int>,
): Pud {
  if (p4d_none(k, k.read_pte(p4d))) {
    if (__pud_alloc(k, mm, p4d) !== 0) return NULL;
    mod_mask.value |= PGTBL_P4D_MODIFIED;
  }
  return pud_offset(k, p4d, address);
}

/** A new table of pmds: the pud changed. A table that was there already changes nothing above. */
export function pmd_alloc_track(
  k: Kernel,
  mm: MmStruct,
  pud: Pud,
  address: VirtAddr,
  mod_mask: Out<Int>,
): Pmd {
  if (pud_none(k, k.read_pte(pud))) {
    if (__pmd_alloc(k, mm, pud) !== 0) return NULL;
    mod_mask.value |= PGTBL_PUD_MODIFIED;
  }
  return pmd_offset(k, pud, address);
}

/** A new table of ptes: the pmd changed, which is what two levels have to copy (arch_sync_kernel_mappings). */
export const pte_alloc_kernel_track = (
  k: Kernel,
  pmd: Pmd,
  address: VirtAddr,
  mask: Out<Int>,
): Pte => {
  if (pmd_none(k, k.read_pte(pmd))) {
    if (__pte_alloc_kernel(k, pmd) !== 0) return NULL;
    mask.value |= PGTBL_PMD_MODIFIED;
  }
  return pte_offset_kernel(k, pmd, address);
};
