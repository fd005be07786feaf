/**
 * The tables that the kernel enters its C code with, and the two that early boot puts in place at once.
 *
 *     i386    brk tables: all memory up to the end of the image and of the tables to come, 4 KiB pages, at PAGE_OFFSET
 *     x86_64  level2_kernel_pgt: the image, 2 MiB pages; level2_fixmap_pgt, level1_fixmap_pgt: the fixmap, empty
 *     both    bm_pte: early_ioremap()'s part of the fixmap
 *
 * Source: Linux 6.1 arch/x86/kernel/head32.c: mk_early_pgtbl_32(); head_32.S, head_64.S; arch/x86/kernel/setup.c:
 * setup_arch() (clone_pgd_range); arch/x86/mm/init_64.c: cleanup_highmap(); arch/x86/mm/ioremap.c: early_ioremap_init().
 */
import { asPhys, asVirt, PAGE_SIZE, type VirtAddr } from '../../../memory/address.js';
import { bitsNamed } from '../../../x86/formats.js';
import { symbolAddress } from '../profileFacts.js';
import { nrBootPageTables } from '../kernelLoad.js';
import type { BootTables, LatePages } from './bootTables.js';

const PTE_IDENT_ATTR = bitsNamed('P', 'RW');
const PDE_IDENT_ATTR = bitsNamed('P', 'RW', 'A', 'D');
const PGD_IDENT_ATTR = bitsNamed('P');

/** __fix_to_virt() */
export const fix_to_virt = ({ profile }: BootTables, name: string): VirtAddr =>
  asVirt(profile.constant('FIXADDR_TOP') - profile.constant(name) * PAGE_SIZE);

export function headTables(tables: BootTables, late: LatePages): void {
  if (tables.mode === '4-level') head64(tables, late);
  else head32(tables);
  early_ioremap_init(tables);
}

function head32(tables: BootTables): void {
  const { store, kernel, mode, pmdSize } = tables;
  const entryBytes = store.entryBytes;
  const pae = mode === 'pae';
  const initial = tables.clearSymbol('initial_page_table');
  const directory = pae ? tables.clearSymbol('initial_pg_pmd') : initial;
  const half = pae ? 0 : tables.pageOffset / pmdSize;
  const nrTables = nrBootPageTables(kernel.profile);
  for (let i = 0; i < nrTables; i++) {
    const table = store.clear_page(asPhys(kernel.brk.start + i * PAGE_SIZE));
    for (let phys = 0; phys < pmdSize; phys += PAGE_SIZE)
      store.setEntry(
        asPhys(table + (phys / PAGE_SIZE) * entryBytes),
        tables.mapping(i * pmdSize + phys, PTE_IDENT_ATTR),
      );
    for (const first of new Set([0, half]))
      store.setEntry(
        asPhys(directory + (first + i) * entryBytes),
        tables.mapping(table, PDE_IDENT_ATTR),
      );
  }
  const lastOfDirectory = asPhys(directory + PAGE_SIZE - entryBytes);
  const fixmap = tables.clearSymbol('initial_pg_fixmap');
  store.setEntry(lastOfDirectory, tables.mapping(fixmap, PDE_IDENT_ATTR));
  if (pae)
    for (const va of [0, tables.pageOffset])
      store.setEntry(
        tables.entryAt(0, initial, asVirt(va)),
        tables.mapping(directory, PGD_IDENT_ATTR),
      );
  clone_pgd_range(tables, tables.root, initial);
}

/** Copies the kernel's half from one top-level table to another. */
function clone_pgd_range(tables: BootTables, to: number, from: number, toFirst?: number): void {
  const { store } = tables;
  const { entryBytes } = store;
  const top = tables.levels[0];
  if (top === undefined) return;
  const boundary = Math.floor(tables.pageOffset / 2 ** top.shift);
  const nr = 2 ** top.indexBits - boundary;
  for (let i = 0; i < nr; i++)
    store.setEntry(
      asPhys(to + ((toFirst ?? boundary) + i) * entryBytes),
      store.entry(asPhys(from + (boundary + i) * entryBytes)),
    );
}

/** Brings the table that other CPUs and suspended machines start with up to date: the kernel's half, and that as identity. */
export function sync_initial_page_table(tables: BootTables): void {
  if (tables.mode === '4-level') return;
  const initial = tables.symbolPhys('initial_page_table');
  clone_pgd_range(tables, initial, tables.root);
  clone_pgd_range(tables, initial, tables.root, 0);
}

function head64(tables: BootTables, late: LatePages): void {
  const { store, kernel, pmdSize } = tables;
  const startKernelMap = asVirt(tables.profile.constant('__START_KERNEL_map'));
  const level3 = tables.clearSymbol('level3_kernel_pgt');
  const level2 = tables.clearSymbol('level2_kernel_pgt');
  const fixmap = tables.clearSymbol('level2_fixmap_pgt');
  const fixmapTop = asVirt(tables.profile.constant('FIXADDR_TOP'));
  store.setEntry(
    tables.entryAt(0, tables.root, startKernelMap),
    tables.mapping(level3, tables._PAGE_TABLE),
  );
  store.setEntry(
    tables.entryAt(1, level3, startKernelMap),
    tables.mapping(level2, tables._KERNPG_TABLE),
  );
  store.setEntry(tables.entryAt(1, level3, fixmapTop), tables.mapping(fixmap, tables._PAGE_TABLE));
  const fixmapStart =
    tables.profile.constant('FIXADDR_TOP') +
    PAGE_SIZE -
    tables.profile.constant('__end_of_fixed_addresses') * PAGE_SIZE;
  for (let va = fixmapStart, offset = 0; va < fixmapTop; va += pmdSize, offset += PAGE_SIZE)
    store.setEntry(
      tables.entryAt(2, fixmap, asVirt(va)),
      tables.mapping(tables.clearSymbol('level1_fixmap_pgt', offset), tables._PAGE_TABLE),
    );

  // What is left of it after cleanup_highmap(): up to the end of brk. An image that was moved by less than a large page
  // (no machine Linux would boot on) is mapped by small ones.
  const start = Math.floor(kernel.start / pmdSize) * pmdSize;
  const end = symbolAddress(tables.profile, '__brk_base') + kernel.brk.end - kernel.brk.start;
  const large = kernel.phys(asVirt(start)) % pmdSize === 0;
  for (let va = start; va < end; va += large ? pmdSize : PAGE_SIZE) {
    const phys = kernel.phys(asVirt(va));
    if (large)
      store.setEntry(
        tables.entryAt(2, level2, asVirt(va)),
        tables.mapping(phys, tables.PAGE_KERNEL_EXEC | tables.PSE),
      );
    else if (phys >= 0)
      tables.set_pte_vaddr(asVirt(va), tables.mapping(phys, tables.PAGE_KERNEL_EXEC), late.take);
  }
}

function early_ioremap_init(tables: BootTables): void {
  const depth = tables.levels.length - 2;
  const at = tables.populate(fix_to_virt(tables, 'FIX_BTMAP_BEGIN'), depth, () => {
    throw new Error('the fixmap has no table');
  });
  const bm_pte = tables.clearSymbol('bm_pte');
  tables.store.setEntry(at, tables.mapping(bm_pte, tables._PAGE_TABLE));
}
