/**
 * set_memory_ro(), set_memory_nx() and the like: the rights of kernel pages changed in place. A large page of which a part
 * changes becomes a table of small ones with its rights; one that changes whole, or not at all, stays.
 *
 * On 64 bit the pages of the kernel image have a second address, in the direct map, which is changed along: but for NX.
 *
 * Source: Linux 6.1 arch/x86/mm/pat/set_memory.c: __change_page_attr(), __split_large_page(), cpa_process_alias().
 */
import { asVirt, PAGE_SIZE, type PhysAddr, type VirtAddr } from '../../../memory/address.js';
import { toPteWords } from '../../../machine/pteWords.js';
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

/** Changes the pages of one table from `va` on, or as much as one large page maps and the range covers; how many bytes that is. */
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
  const entry = store.entry(at);
  if (depth === tables.levels.length - 1) {
    const inTable = (PAGE_SIZE - (at % PAGE_SIZE)) / store.entryBytes;
    const nr = Math.min(inTable, leftBytes / PAGE_SIZE);
    changeEntries(store.entryWords(at, nr), store.entryBytes / 4, change);
    return nr * PAGE_SIZE;
  }
  if (!tables.isPresent(entry)) return PAGE_SIZE;
  const changed = (entry | (change.set ?? 0n)) & ~(change.clear ?? 0n);
  const pageSize = 2 ** shift;
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

/** Those that are present. */
function changeEntries(
  words: Int32Array,
  entryWords: number,
  { set = 0n, clear = 0n }: Change,
): void {
  const added = toPteWords(set);
  const removed = toPteWords(clear);
  for (let i = 0; i < words.length; i += entryWords) {
    const word = words[i] ?? 0;
    if ((word & 1) === 0) continue;
    words[i] = (word | added.low) & ~removed.low;
    if (entryWords === 2) words[i + 1] = ((words[i + 1] ?? 0) | added.high) & ~removed.high;
  }
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
  const first = tables.mapping(tables.tableOf(entry), protection);
  const words = store.entryWords(table, 2 ** below.indexBits);
  const entryWords = store.entryBytes / 4;
  const { low, high } = toPteWords(first);
  // A large page lies within 4 GiB of addresses, so only low words differ.
  for (let i = 0; i < words.length; i += entryWords) {
    words[i] = low + (i / entryWords) * 2 ** below.shift;
    if (entryWords === 2) words[i + 1] = high;
  }
  store.setEntry(at, tables.mapping(table, tables._KERNPG_TABLE));
}
