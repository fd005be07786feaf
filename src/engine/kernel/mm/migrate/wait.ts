/**
 * Waiting for a page that is being migrated: it is locked until that is over.
 *
 * Left out: the entry's lock, entries of huge pages.
 * Source: Linux 6.1 mm/migrate.c: __migration_entry_wait(), migration_entry_wait().
 */
import type { MmStruct, Pmd, Pte } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { VirtAddr } from '../../../memory/address.js';
import type { PteVal } from '../../arch/x86/include/asm/pgtable_types.h.js';
import { page_folio } from '../../include/linux/page-flags.h.js';
import { pte_offset_map } from '../../include/linux/pgtable.h.js';
import {
  is_migration_entry,
  is_swap_pte,
  pfn_swap_entry_to_page,
  pte_to_swp_entry,
} from '../../include/linux/swapops.h.js';
import { migration_entry_wait_on_locked } from '../filemap/folio_wait.js';

function __migration_entry_wait(k: Kernel, _mm: MmStruct, ptep: Pte): void {
  const pte: PteVal = k.read_pte(ptep);
  if (!is_swap_pte(k, pte)) return;
  const entry = pte_to_swp_entry(k, pte);
  if (!is_migration_entry(entry)) return;
  migration_entry_wait_on_locked(k, page_folio(k, pfn_swap_entry_to_page(k, entry)));
}

export function migration_entry_wait(k: Kernel, mm: MmStruct, pmd: Pmd, address: VirtAddr): void {
  __migration_entry_wait(k, mm, pte_offset_map(k, pmd, address));
}
