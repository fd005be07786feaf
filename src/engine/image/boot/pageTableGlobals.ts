/**
 * The globals that lead to the kernel's page tables, and say which bits their entries have.
 *
 * Source: Linux 6.1 mm/init-mm.c (init_mm); arch/x86/mm/init.c, pgtable.c (pgd_list), init_32.c: permanent_kmaps_init().
 */
import { INIT_LIST_HEAD } from '../../kernel/include/linux/list.h.js';
import type { Kernel } from '../../machine/kernel.js';
import { asVirt } from '../../memory/address.js';
import { symbolAddress } from './profileFacts.js';
import { ROOT_SYMBOL, type BootTables } from './tables/bootTables.js';

export function writePageTableGlobals(mm: Kernel, tables: BootTables): void {
  const { profile } = mm;
  const root = symbolAddress(profile, ROOT_SYMBOL[profile.arch]);
  mm.write_long(mm.symbol('init_mm') + mm.mm_struct.pgd, root);
  const pgd_list = mm.findSymbol('pgd_list');
  if (pgd_list !== undefined) INIT_LIST_HEAD(mm, pgd_list);
  // Every bit of an entry: NX and G are supported where they exist.
  writeOnes(mm, '__supported_pte_mask');
  writeOnes(mm, '__default_kernel_pte_mask');
  if (profile.arch === 'x86_64') return;
  const pkmap = tables.find(asVirt(profile.constant('PKMAP_BASE')));
  const pkmap_page_table = mm.findSymbol('pkmap_page_table');
  if (pkmap !== undefined && pkmap_page_table !== undefined)
    mm.write_long(pkmap_page_table, tables.direct(pkmap));
}

/** A variable of as many words as it has. */
function writeOnes(mm: Kernel, name: string): void {
  const symbol = mm.profile.symbol(name);
  const at = mm.findSymbol(name);
  if (symbol === undefined || at === undefined) return;
  for (let i = 0; i < symbol.sizeBytes / 4; i++) mm.write(at + i, -1);
}
