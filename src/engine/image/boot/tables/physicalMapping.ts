/**
 * The direct map of a range of physical memory, with pages as large as the caller allows.
 *
 * On 64 bit an entry that is there is kept, and a large page serves when the page size fits. On i386 a large page takes the
 * place of whatever table the early boot left there.
 *
 * Source: Linux 6.1 arch/x86/mm/init_64.c: phys_pud_init(), phys_pmd_init(), phys_pte_init(); arch/x86/mm/init_32.c:
 * kernel_physical_mapping_init(), of whose two passes only the second leaves something.
 */
import { asPhys, PAGE_SIZE, type PhysAddr } from '../../../memory/address.js';
import type { LevelFormat } from '../../../x86/formats.js';
import { symbolAddress } from '../profileFacts.js';
import type { BootTables, TablePages } from './bootTables.js';

/** The sizes of page that a range may be mapped with, by their shift. */
export type PageSizes = ReadonlySet<number>;

/** `[start, end)` in bytes. */
export interface PhysRange {
  readonly start: number;
  readonly end: number;
}

export function kernel_physical_mapping_init(
  tables: BootTables,
  range: PhysRange,
  sizes: PageSizes,
  pages: TablePages,
): void {
  if (tables.mode === '4-level') mapTable(tables, tables.root, 0, range, sizes, pages);
  else mapLowmem(tables, range, sizes.size > 0, pages);
}

/** phys_p4d_init() and below: the part of a range that one table of the level at `depth` maps. */
function mapTable(
  tables: BootTables,
  table: PhysAddr,
  depth: number,
  { start, end }: PhysRange,
  sizes: PageSizes,
  pages: TablePages,
): void {
  const { store } = tables;
  const { shift, mapsPage } = tables.levels[depth] as LevelFormat;
  const span = 2 ** shift;
  for (let phys = start; phys < end; phys = (Math.floor(phys / span) + 1) * span) {
    const at = tables.entryAt(depth, table, tables.direct(phys));
    const entry = store.entry(at);
    const rest = { start: phys, end: Math.min(end, (Math.floor(phys / span) + 1) * span) };
    if (mapsPage === 'always') {
      if (entry === 0n) store.setEntry(at, tables.mapping(phys, tables.PAGE_KERNEL));
      continue;
    }
    const asPage = sizes.has(shift);
    if (entry !== 0n && !tables.isLarge(entry)) {
      mapTable(tables, tables.tableOf(entry), depth + 1, rest, sizes, pages);
    } else if (asPage) {
      const base = Math.floor(phys / span) * span;
      if (entry === 0n) store.setEntry(at, tables.mapping(base, tables.PAGE_KERNEL | tables.PSE));
    } else {
      const below = store.clear_page(pages());
      mapTable(tables, below, depth + 1, rest, sizes, pages);
      store.setEntry(at, tables.mapping(below, tables._PAGE_TABLE));
    }
  }
}

function mapLowmem(
  tables: BootTables,
  { start, end }: PhysRange,
  large: boolean,
  pages: TablePages,
): void {
  const { store, pmdSize } = tables;
  const pmd = tables.levels.length - 2;
  const text = {
    start: symbolAddress(tables.profile, '_text'),
    end: symbolAddress(tables.profile, '__init_end'),
  };
  const isText = (va: number): boolean => va >= text.start && va <= text.end;
  for (let phys = start; phys < end;) {
    const va = tables.direct(phys);
    const entryAt = tables.populate(va, pmd, pages);
    if (large) {
      const base = Math.floor(phys / pmdSize) * pmdSize;
      const lastByte = tables.direct(base + pmdSize - 1);
      const protection =
        isText(va) || isText(lastByte) ? tables.PAGE_KERNEL_EXEC : tables.PAGE_KERNEL;
      store.setEntry(entryAt, tables.mapping(base, protection | tables.PSE));
      phys = base + pmdSize;
      continue;
    }
    const protection = isText(va) ? tables.PAGE_KERNEL_EXEC : tables.PAGE_KERNEL;
    const pte = tables.populate(va, pmd + 1, pages);
    store.setEntry(asPhys(pte), tables.mapping(phys, protection));
    phys += PAGE_SIZE;
  }
}
