/**
 * The entry that maps a kernel address.
 *
 * Source: Linux 6.1 arch/x86/mm/pat/set_memory.c: lookup_address_in_pgd(), lookup_address(), slow_virt_to_phys();
 * arch/x86/include/asm/pgtable_types.h.
 */
import {
  type Int,
  NULL,
  type P4d,
  type Pgd,
  type Pmd,
  type Pte,
  type Pud,
  type Out,
} from '../../../../../../machine/ctypes.js';
import type { Kernel } from '../../../../../../machine/kernel.js';
import { pteAnd, pteIsZero } from '../../../../../../machine/pteWords.js';
import {
  asCell,
  asPhys,
  PAGE_SIZE,
  type PhysAddr,
  type VirtAddr,
} from '../../../../../../memory/address.js';
import { ALIGN_DOWN } from '../../../../../include/linux/align.h.js';
import {
  p4d_offset,
  pgd_offset_k,
  PMD_SIZE,
  pmd_offset,
  pte_offset_kernel,
  PUD_SIZE,
  pud_offset,
} from '../../../../../include/linux/pgtable.h.js';
import {
  p4d_none,
  p4d_present,
  pgd_none,
  pmd_large,
  pmd_none,
  pmd_pfn,
  pmd_present,
  pte_pfn,
  pte_present,
  pud_large,
  pud_none,
  pud_pfn,
  pud_present,
} from '../../../include/asm/pgtable.h.js';
import {
  _PAGE_NX,
  _PAGE_RW,
  PG_LEVEL_1G,
  PG_LEVEL_2M,
  PG_LEVEL_4K,
  PG_LEVEL_512G,
  PG_LEVEL_NONE,
  type PteVal,
} from '../../../include/asm/pgtable_types.h.js';

/** `pgd_flags()` and its like: the rights that an entry leaves to what lies below it. */
const narrowRights = (entry: PteVal, nx: Out<boolean>, rw: Out<boolean>): void => {
  if (!pteIsZero(pteAnd(entry, _PAGE_NX))) nx.value = true;
  if ((entry.low & _PAGE_RW) === 0) rw.value = false;
};

/**
 * On whatever level; NULL where a level above is empty. An entry that is not present is found as well.
 *
 * @param nx whether an entry on the way forbids to run what lies there @param rw whether all on the way let it be written
 */
export function lookup_address_in_pgd_attr(
  k: Kernel,
  pgd: Pgd,
  address: VirtAddr,
  level: Out<Int>,
  nx: Out<boolean>,
  rw: Out<boolean>,
): Pte {
  level.value = PG_LEVEL_NONE;
  nx.value = false;
  rw.value = true;
  if (pgd_none(k, k.read_pte(pgd))) return NULL;
  const p4d: P4d = p4d_offset(k, pgd, address);
  if (p4d_none(k, k.read_pte(p4d))) return NULL;
  // Set before each return of an entry: it tells the caller of what kind the entry is.
  level.value = PG_LEVEL_512G;
  if (!p4d_present(k, k.read_pte(p4d))) return asCell(p4d);
  // A level that is folded asks nothing, and has no rights of its own.
  if (k.wide) narrowRights(k.read_pte(p4d), nx, rw);

  const pud: Pud = pud_offset(k, p4d, address);
  if (pud_none(k, k.read_pte(pud))) return NULL;
  level.value = PG_LEVEL_1G;
  if (pud_large(k, k.read_pte(pud)) || !pud_present(k, k.read_pte(pud))) return asCell(pud);
  if (k.wide) narrowRights(k.read_pte(pud), nx, rw);

  const pmd: Pmd = pmd_offset(k, pud, address);
  if (pmd_none(k, k.read_pte(pmd))) return NULL;
  level.value = PG_LEVEL_2M;
  if (pmd_large(k.read_pte(pmd)) || !pmd_present(k.read_pte(pmd))) return asCell(pmd);
  narrowRights(k.read_pte(pmd), nx, rw);

  level.value = PG_LEVEL_4K;
  return pte_offset_kernel(k, pmd, address);
}

export function lookup_address_in_pgd(
  k: Kernel,
  pgd: Pgd,
  address: VirtAddr,
  level: Out<Int>,
): Pte {
  return lookup_address_in_pgd_attr(k, pgd, address, level, { value: false }, { value: true });
}

export function lookup_address(k: Kernel, address: VirtAddr, level: Out<Int>): Pte {
  return lookup_address_in_pgd(k, pgd_offset_k(k, address), address, level);
}

/** Where the kernel's tables lead, whatever kind of address. Differs: undefined where Linux would BUG(): nothing is mapped. */
export function slow_virt_to_phys(k: Kernel, virt_addr: VirtAddr): PhysAddr | undefined {
  const level: Out<Int> = { value: PG_LEVEL_NONE };
  const pte: Pte = lookup_address(k, virt_addr, level);
  if (pte === NULL || !pte_present(k.read_pte(pte))) return undefined;
  // A leaf gives the address of its first page; how far in it lies comes from the virtual address.
  switch (level.value) {
    case PG_LEVEL_1G:
      return asPhys(
        pud_pfn(k, k.read_pte(pte)) * PAGE_SIZE + (virt_addr - ALIGN_DOWN(virt_addr, PUD_SIZE(k))),
      );
    case PG_LEVEL_2M:
      return asPhys(
        pmd_pfn(k, k.read_pte(pte)) * PAGE_SIZE + (virt_addr - ALIGN_DOWN(virt_addr, PMD_SIZE(k))),
      );
    default:
      return asPhys(
        pte_pfn(k, k.read_pte(pte)) * PAGE_SIZE + (virt_addr - ALIGN_DOWN(virt_addr, PAGE_SIZE)),
      );
  }
}
