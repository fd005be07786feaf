/**
 * Page tables as text, in the three forms of the field: one walk, the tables and entries of a range (both as the recorded
 * traces have them), and the ranges of QEMU's `info mem`.
 *
 *     pt c009b000 pgd[300]@1418c00=15fb063 pte[9b]@15fb26c=9b161
 *     tb c0000000 L2 15fb000 val=15fb063
 *     pr c009b000 L1 n=2 pa=9b000 fl=161
 *     00000000c009b000-00000000c009d000 0000000000002000 -r-
 */
import { highWord, type VirtAddr } from '../memory/address.js';
import { entryHex, type EntryBits, type Level, type LevelName } from './formats.js';
import type { Paging } from './paging.js';
import {
  byUserAndWrite,
  mappedRanges,
  scan,
  type Bounds,
  type EntryRun,
  type TableInUse,
} from './ranges.js';
import type { TableMemory } from './tableMemory.js';
import type { Walk } from './walk.js';

/** `pt VA LEVEL[INDEX]@PHYS=ENTRY ... [PMDLEAF|PUDLEAF]`, hexadecimal. */
export function walkText(paging: Paging, { va, steps }: Walk): string {
  const words = [`pt ${hexAddress(paging, va)}`];
  for (const { level, index, entryPhys, entry } of steps)
    words.push(
      `${level.name.toLowerCase()}[${index.toString(16)}]@${entryPhys.toString(16)}=${recorded(level, entry)}`,
    );
  const last = steps[steps.length - 1];
  if (last?.entry.present && last.entry.leaf && last.level.name !== 'PTE')
    words.push(`${pageLevel(last.level.shift)}LEAF`);
  return words.join(' ');
}

/** An entry as the traces have it: of PAE's top level without A, which only QEMU sets there. */
const recorded = (level: Level, { low, high }: EntryBits): string =>
  entryHex({ low: level.hasNoRights === true ? low & ~0x20 : low, high });

/** What Linux calls the level that maps pages of this size. With 2 levels the PMD is folded into the PGD. */
const pageLevel = (shift: number): LevelName => (shift >= 30 ? 'PUD' : shift > 12 ? 'PMD' : 'PTE');

/** L1 for 4 KiB pages, L2 for what a PMD entry stands for, L3 for a PUD entry, L4 for a table of those, and so on. */
export const sizeLevel = (shift: number): number => Math.floor((shift - 12) / 9) + 1;

/** The lines of a `%pts` dump, in the order of addresses. Of the tables of PUDs it names the first alone, without value. */
export function* tableLines(
  paging: Paging,
  memory: TableMemory,
  bounds?: Bounds,
): Generator<string, void, undefined> {
  let nrPudTables = 0;
  for (const found of scan(paging, memory, bounds)) {
    if (found.kind === 'missing') continue;
    if (found.kind === 'table' && sizeLevel(found.level.shift) === 4 && nrPudTables++ > 0) continue;
    yield foundText(paging, found);
  }
}

function foundText(paging: Paging, found: TableInUse | EntryRun): string {
  const size = sizeLevel(found.level.shift);
  const at = `${hexAddress(paging, found.va)} L${size}`;
  const phys = found.phys.toString(16);
  if (found.kind === 'table')
    return `tb ${at} ${phys}${size === 4 ? '' : ` val=${recorded(found.level, found.entry)}`}`;
  const same = found.same ? ' same' : '';
  return `pr ${at} n=${found.nrEntries.toString(16)} pa=${phys} fl=${entryHex(found.flags)}${same}`;
}

/** The lines of QEMU's `info mem`. Its `r` is always set: on x86 whatever is mapped can be read by somebody. */
export function* infoMemLines(
  paging: Paging,
  memory: TableMemory,
): Generator<string, void, undefined> {
  for (const { start, sizeBytes, rights } of mappedRanges(paging, memory, byUserAndWrite)) {
    const flags = `${rights.user ? 'u' : '-'}r${rights.write ? 'w' : '-'}`;
    yield `${hex16(start)}-${hex16(start + sizeBytes)} ${hex16(sizeBytes)} ${flags}`;
  }
}

function hex16(value: number): string {
  const hex8 = (word: number): string => (word >>> 0).toString(16).padStart(8, '0');
  return hex8(highWord(value)) + hex8(value);
}

function hexAddress({ pointerSize }: Paging, va: VirtAddr): string {
  if (pointerSize === 4) return va.toString(16);
  return entryHex({ low: va | 0, high: highWord(va) });
}
