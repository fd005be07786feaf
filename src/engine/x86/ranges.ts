/**
 * A whole address space, in the order of its addresses: the tables in use, and the runs of entries in them.
 *
 * {@link scan} reads each table once and skips what an absent upper entry stands for, so its cost is the number of tables
 * in use. It is lazy: ask for as much as is shown. Memory must not change while it is under way.
 *
 * Invariant: entries that are zero are left out and nothing else; an entry with a reserved bit is reported and not followed.
 */
import { asVirt, type PhysAddr, type VirtAddr } from '../memory/address.js';
import { ALL_RIGHTS, narrowed, type Rights } from './access.js';
import {
  addressBits,
  hasReservedBits,
  isLeaf,
  physOf,
  type EntryBits,
  type Level,
} from './formats.js';
import { addressOf, pageNumberOf, type Paging } from './paging.js';
import type { TableMemory } from './tableMemory.js';

/** An entry that leads to a table of the next level. */
export interface TableInUse {
  readonly kind: 'table';
  /** The first address below it, not below the start of the scan. */
  readonly va: VirtAddr;
  /** Of the entry that leads to it. */
  readonly level: Level;
  readonly phys: PhysAddr;
  readonly entry: EntryBits;
}

/** Neighbouring entries of one table that differ in the address alone, which rises by a page from each to the next. */
export interface EntryRun {
  readonly kind: 'run';
  readonly va: VirtAddr;
  readonly level: Level;
  readonly nrEntries: number;
  /** What the first one leads to. */
  readonly phys: PhysAddr;
  /** All lead there, and not each a page further. */
  readonly same: boolean;
  /** All bits that are not the address. */
  readonly flags: EntryBits;
  /** False for entries that are not zero, but not present or not valid. */
  readonly mapped: boolean;
  /** Over all levels. */
  readonly rights: Rights;
}

/** A table where there is no memory. */
export interface TableMissing {
  readonly kind: 'missing';
  readonly va: VirtAddr;
  readonly level: Level;
  readonly phys: PhysAddr;
}

export type Found = TableInUse | EntryRun | TableMissing;

/** The addresses to look at: pages, both inclusive; without bounds the whole address space. */
export interface Bounds {
  readonly first?: VirtAddr;
  readonly last?: VirtAddr;
}

export function* scan(
  paging: Paging,
  memory: TableMemory,
  { first, last }: Bounds = {},
): Generator<Found, void, undefined> {
  if (paging.levels.length === 0) return;
  const firstPage = first === undefined ? 0 : pageNumberOf(paging, first);
  const lastPage =
    last === undefined ? 2 ** (paging.addressBits - 12) - 1 : pageNumberOf(paging, last);
  const root = { depth: 0, phys: paging.rootPhys, startPage: 0, rights: ALL_RIGHTS };
  yield* scanTable({ paging, memory, firstPage, lastPage }, root);
}

interface Scan {
  readonly paging: Paging;
  readonly memory: TableMemory;
  readonly firstPage: number;
  readonly lastPage: number;
}

interface TableAt {
  readonly depth: number;
  readonly phys: PhysAddr;
  /** Number of the first page below it. */
  readonly startPage: number;
  readonly rights: Rights;
}

function* scanTable(scanned: Scan, table: TableAt): Generator<Found, void, undefined> {
  const { paging, memory, firstPage, lastPage } = scanned;
  const level = paging.levels[table.depth] as Level;
  const nrPages = 2 ** (level.shift - 12);
  const entryWords = level.entryBytes / 4;
  const nrEntries = 2 ** level.indexBits;
  const words = memory.readWords(table.phys, nrEntries * entryWords);
  const vaAt = (index: number): VirtAddr => addressOf(paging, table.startPage + index * nrPages);
  if (words === undefined) {
    const va = addressOf(paging, Math.max(table.startPage, firstPage));
    yield { kind: 'missing', va, level, phys: table.phys };
    return;
  }
  const from = Math.max(0, Math.floor((firstPage - table.startPage) / nrPages));
  const to = Math.min(nrEntries - 1, Math.floor((lastPage - table.startPage) / nrPages));
  let run: RunUnderWay | undefined;
  for (let index = from; index <= to; index++) {
    const low = words[index * entryWords] as number;
    const high = entryWords === 2 ? (words[index * 2 + 1] as number) : 0;
    if (run?.extends(index, low, high)) continue;
    if (run !== undefined) {
      yield run.done();
      run = undefined;
    }
    if (low === 0 && high === 0) {
      index = lastZero(words, entryWords, index, to);
      continue;
    }
    const leaf = isLeaf(level, low);
    const valid = (low & 1) !== 0 && !hasReservedBits(level, leaf, low, high);
    const rights = narrowed(table.rights, paging, level, low, high);
    if (!valid || leaf) {
      run = new RunUnderWay({ level, index, va: vaAt(index), low, high, mapped: valid, rights });
      continue;
    }
    const phys = physOf(level, false, low, high);
    const startPage = table.startPage + index * nrPages;
    const va = addressOf(paging, Math.max(startPage, firstPage));
    yield { kind: 'table', va, level, phys, entry: { low, high } };
    yield* scanTable(scanned, { depth: table.depth + 1, phys, startPage, rights });
  }
  if (run !== undefined) yield run.done();
}

/** The last of the zero entries that follow one another from `index` on: most of most tables. A generator is slow at it. */
function lastZero(words: Int32Array, entryWords: number, index: number, to: number): number {
  const end = (to + 1) * entryWords;
  let at = index * entryWords;
  while (at < end && words[at] === 0) at++;
  return Math.floor(at / entryWords) - 1;
}

/** The entry that a run begins with. */
interface FirstEntry extends EntryBits {
  readonly level: Level;
  readonly index: number;
  readonly va: VirtAddr;
  readonly mapped: boolean;
  readonly rights: Rights;
}

class RunUnderWay {
  private readonly leaf: boolean;
  private readonly phys: PhysAddr;
  private readonly address: EntryBits;
  private nrEntries = 1;
  /** From one address to the next; known from the second entry on. */
  private step: number;
  private lastLow: number;
  private lastHigh: number;

  constructor(private readonly first: FirstEntry) {
    const { level, low, high } = first;
    this.lastLow = low;
    this.lastHigh = high;
    this.leaf = isLeaf(level, low);
    this.phys = physOf(level, this.leaf, low, high);
    this.address = addressBits(level, this.leaf);
    this.step = 2 ** level.shift;
  }

  /** Takes the entry in when it goes on as the run does. */
  extends(index: number, low: number, high: number): boolean {
    const { first, address, leaf, step } = this;
    // The next page: the low word rises by its size, and nothing carries.
    const follows = low === ((this.lastLow + step) | 0) && low >>> 0 > this.lastLow >>> 0;
    if (follows && high === this.lastHigh && step > 0) {
      this.lastLow = low;
      this.nrEntries++;
      return true;
    }
    if (((low ^ first.low) & ~address.low) | ((high ^ first.high) & ~address.high)) return false;
    const phys = physOf(first.level, leaf, low, high);
    if (this.nrEntries === 1 && phys === this.phys) this.step = 0;
    if (phys !== this.phys + (index - first.index) * this.step) return false;
    if (first.mapped && hasReservedBits(first.level, leaf, low, high)) return false;
    this.lastLow = low;
    this.lastHigh = high;
    this.nrEntries++;
    return true;
  }

  done(): EntryRun {
    const { va, level, low, high, mapped, rights } = this.first;
    return {
      kind: 'run',
      va,
      level,
      nrEntries: this.nrEntries,
      phys: this.phys,
      same: this.step === 0,
      flags: { low: low & ~this.address.low, high: high & ~this.address.high },
      mapped,
      rights,
    };
  }
}

/** What pages of one kind map, as far as it goes without a gap. */
export interface MappedRange {
  readonly start: VirtAddr;
  readonly sizeBytes: number;
  readonly rights: Rights;
  /** Of the first page. */
  readonly pageSize: number;
}

/** Says what makes two runs one range: equal keys. */
export type RangeKey = (run: EntryRun) => string | number;

/** User and write: what QEMU's `info mem` tells apart. */
export const byUserAndWrite: RangeKey = ({ rights }) =>
  (rights.user ? 1 : 0) | (rights.write ? 2 : 0);

/** All rights and the size of the pages. */
const byRightsAndSize: RangeKey = (run) =>
  (byUserAndWrite(run) as number) | (run.rights.execute ? 4 : 0) | (run.level.shift << 3);

/**
 * Maximal ranges of mapped pages with equal keys. None reaches over the hole between user and kernel half. `missing` hears of tables
 * that cannot be read.
 */
export function* mappedRanges(
  paging: Paging,
  memory: TableMemory,
  key: RangeKey = byRightsAndSize,
  bounds?: Bounds,
  missing?: (table: TableMissing) => void,
): Generator<MappedRange, void, undefined> {
  let open: { range: MappedRange; key: string | number } | undefined;
  for (const found of scan(paging, memory, bounds)) {
    if (found.kind === 'missing') missing?.(found);
    if (found.kind !== 'run' || !found.mapped) continue;
    const pageSize = 2 ** found.level.shift;
    const sizeBytes = found.nrEntries * pageSize;
    const foundKey = key(found);
    const { va: start, rights } = found;
    if (open?.key === foundKey && open.range.start + open.range.sizeBytes === start) {
      open.range = { ...open.range, sizeBytes: open.range.sizeBytes + sizeBytes };
      continue;
    }
    if (open !== undefined) yield open.range;
    open = { range: { start, sizeBytes, rights, pageSize }, key: foundKey };
  }
  if (open !== undefined) yield open.range;
}

/** The address of the `i`th page of a run. */
export const vaInRun = ({ va, level }: EntryRun, i: number): VirtAddr =>
  asVirt(va + i * 2 ** level.shift);
