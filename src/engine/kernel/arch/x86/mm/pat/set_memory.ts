/**
 * The entry that maps a kernel address.
 *
 * Source: Linux 6.1 arch/x86/mm/pat/set_memory.c: lookup_address_in_pgd(), slow_virt_to_phys().
 */
import { NULL, type Pgd, type Pte } from '../../../../../machine/ctypes.js';
import type { Kernel } from '../../../../../machine/kernel.js';
import {
  asPhys,
  type Cell,
  PAGE_SIZE,
  type PhysAddr,
  type VirtAddr,
} from '../../../../../memory/address.js';
import type { LevelFormat } from '../../../../../x86/formats.js';
import { entry_in, entry_page_vaddr, mm_pgd } from '../../../../include/linux/pgtable.h.js';
import { init_mm } from '../../../../mm/init-mm.js';
import {
  pgtable_levels,
  pmd_large,
  pte_none,
  pte_pfn,
  pte_present,
  ptep_get,
} from '../../include/asm/pgtable.h.js';

/** The pte of a kernel address; NULL where it has no table. */
export function virt_to_kpte(k: Kernel, vaddr: VirtAddr): Pte {
  const found = lookup_address(k, vaddr);
  return found?.level.name === 'PTE' ? found.pte : NULL;
}

/** The entry that maps an address, on whatever level; NULL where a level above is empty. */
export interface Lookup {
  readonly pte: Pte;
  readonly level: LevelFormat;
}

export function lookup_address_in_pgd(k: Kernel, pgd: Pgd, address: VirtAddr): Lookup | undefined {
  let table: Cell = pgd;
  for (const level of pgtable_levels(k)) {
    const entry = entry_in(k, level, table, address);
    const value = ptep_get(k, entry);
    if (level.name === 'PTE') return { pte: entry, level };
    if (pte_none(value)) return undefined;
    if (level.mapsPage === 'with PSE' && (pmd_large(value) || !pte_present(value)))
      return { pte: entry, level };
    table = entry_page_vaddr(k, entry);
    if (table === NULL) return undefined;
  }
  return undefined;
}

export function lookup_address(k: Kernel, address: VirtAddr): Lookup | undefined {
  return lookup_address_in_pgd(k, mm_pgd(k, init_mm(k)), address);
}

/** Where the kernel's tables lead, whatever kind of address; undefined where the kernel would BUG: nothing is mapped. */
export function slow_virt_to_phys(k: Kernel, address: VirtAddr): PhysAddr | undefined {
  const found = lookup_address(k, address);
  if (found === undefined || !pte_present(ptep_get(k, found.pte))) return undefined;
  const size = 2 ** found.level.shift;
  const page = pte_pfn(k, ptep_get(k, found.pte)) * PAGE_SIZE;
  const start = Math.floor(page / size) * size;
  return asPhys(start + (address - Math.floor(address / size) * size));
}
