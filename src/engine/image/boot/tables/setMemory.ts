/**
 * set_memory_ro(), set_memory_nx() and the like: the rights of kernel pages changed in place. A large page of which a part
 * changes becomes a table of small ones with its rights; one that changes whole, or not at all, stays.
 *
 * On 64 bit the pages of the kernel image have a second address, in the direct map, which is changed along: but for NX.
 *
 * Source: Linux 6.1 arch/x86/mm/pat/set_memory.c: __change_page_attr(), __split_large_page(), cpa_process_alias().
 */
import {
  asPhys,
  asVirt,
  PAGE_SIZE,
  type PhysAddr,
  type VirtAddr,
} from '../../../memory/address.js';
import type { LevelFormat } from '../../../x86/formats.js';
import type { BootTables, LatePages } from './bootTables.js';

export interface Change {
  readonly set?: bigint;
  readonly clear?: bigint;
}

/** @param start whole pages, of the direct map or the kernel image */
export function changePages(
  tables: BootTables,
  start: VirtAddr,
  nrPages: number,
  change: Change,
  late: LatePages,
): void {
  const end = start + nrPages * PAGE_SIZE;
  for (let va: number = start; va < end;) {
    const changed = changeAt(tables, asVirt(va), end - va, change, late);
    const onlyNx = ((change.set ?? 0n) | (change.clear ?? 0n)) === tables.NX;
    const alias = aliasOf(tables, asVirt(va));
    if (alias !== undefined && !onlyNx)
      for (let done = 0; done < changed;)
        done += changeAt(tables, asVirt(alias + done), changed - done, change, late);
    va += changed;
  }
}

/** Where else the kernel maps a page of its image. */
function aliasOf(tables: BootTables, va: VirtAddr): VirtAddr | undefined {
  if (tables.mode !== '4-level' || va < tables.kernel.start) return undefined;
  return tables.direct(tables.kernel.phys(va));
}

/** Changes the page at `va`, or as much as one large page maps and the range covers; how many bytes that is. */
function changeAt(
  tables: BootTables,
  va: VirtAddr,
  leftBytes: number,
  change: Change,
  late: LatePages,
): number {
  const { store } = tables;
  const { at, depth } = leafOf(tables, va);
  const { shift } = tables.levels[depth] as LevelFormat;
  const pageSize = 2 ** shift;
  const entry = store.entry(at);
  if (!tables.isPresent(entry)) return PAGE_SIZE;
  const changed = (entry | (change.set ?? 0n)) & ~(change.clear ?? 0n);
  const inPage = va - Math.floor(va / pageSize) * pageSize;
  const nrBytes = Math.min(leftBytes, pageSize - inPage);
  if (changed === entry) return nrBytes;
  if (nrBytes < pageSize) {
    split_large_page(tables, at, entry, depth, late);
    return changeAt(tables, va, leftBytes, change, late);
  }
  store.setEntry(at, changed);
  return nrBytes;
}

/** lookup_address() */
function leafOf(
  tables: BootTables,
  va: VirtAddr,
): { readonly at: PhysAddr; readonly depth: number } {
  let table = tables.root;
  for (let depth = 0; ; depth++) {
    const at = tables.entryAt(depth, table, va);
    const entry = tables.store.entry(at);
    const last = depth === tables.levels.length - 1;
    if (last || !tables.isPresent(entry) || tables.isLarge(entry)) return { at, depth };
    table = tables.tableOf(entry);
  }
}

function split_large_page(
  tables: BootTables,
  at: PhysAddr,
  entry: bigint,
  depth: number,
  late: LatePages,
): void {
  const { store } = tables;
  const below = tables.levels[depth + 1] as LevelFormat;
  const small = below.mapsPage === 'always' ? ~tables.PSE : ~0n;
  const protection = tables.protectionOf(entry) & small;
  const table = store.clear_page(late.take());
  const start = tables.tableOf(entry);
  for (let i = 0; i < 2 ** below.indexBits; i++)
    store.setEntry(
      asPhys(table + i * store.entryBytes),
      tables.mapping(start + i * 2 ** below.shift, protection),
    );
  store.setEntry(at, tables.mapping(table, tables._KERNPG_TABLE));
}
