/**
 * Page-table entries of x86: which levels each paging mode has, and what the bits of an entry mean at each of them.
 *
 * Source: SDM vol. 3A 4.3 (32-bit, tables 4-4 to 4-6), 4.4 (PAE, tables 4-8 to 4-11), 4.5 (4 and 5 levels, tables 4-14 to
 * 4-20). The levels have Linux's names. M is MAXPHYADDR.
 *
 *     8 bytes (PAE, 4 and 5 levels)
 *      63 62..59 58     57..52 51..M   M-1 .......... 12  11  10  9   8  7   6 5 4   3   2  1  0
 *     |NX| PKEY |SW4  | ignored| rsvd |  frame          |SW3|SW2|SW1|G |PAT|D|A|PCD|PWT|US|RW|P|  4 KiB page
 *     |NX| PKEY |SW4  | ignored| rsvd |  frame |rsvd|PAT|SW3|SW2|SW1|G | 1 |D|A|PCD|PWT|US|RW|P|  2 MiB, 1 GiB page
 *     |NX|       ignored       | rsvd |  frame of table |SW3|SW2|SW1|  | 0 | |A|PCD|PWT|US|RW|P|  leads to a table
 *     |          rsvd                 |  frame of table |SW3|SW2|SW1|  rsvd  |PCD|PWT| rsvd|P|  PAE's top level
 *      PAE has no PKEY, SW4 and ignored bits: 62..M are reserved. NX is reserved while EFER.NXE is 0.
 *
 *     4 bytes (32-bit)
 *      31 ............. 12  11  10  9   8  7   6 5 4   3   2  1  0
 *     |  frame            |SW3|SW2|SW1|G |PAT|D|A|PCD|PWT|US|RW|P|  4 KiB page
 *     |  frame of table   |SW3|SW2|SW1|  | 0 | |A|PCD|PWT|US|RW|P|  leads to a table
 *      31..22 |21|20 ..13 |12
 *     |frame  |rs|PA 39:32|PAT| as 4 KiB |G | 1 | ...              4 MiB page; PSE-36 gives it 40-bit addresses
 *
 * Linux sets D in entries that lead to tables too; the processor ignores it there.
 */
import { asPhys, type PhysAddr } from '../memory/address.js';

export type PagingMode = '2-level' | 'pae' | '4-level' | '5-level';
export type LevelName = 'PGD' | 'P4D' | 'PUD' | 'PMD' | 'PTE';

/** Bits of an entry as its two words; `high` is 0 where an entry has 4 bytes. */
export interface EntryBits {
  readonly low: number;
  readonly high: number;
}

/** Bit numbers, both inclusive. */
export type BitRange = readonly [high: number, low: number];

export interface LevelFormat {
  readonly name: LevelName;
  /** Intel's name of one entry. */
  readonly intelName: 'PML5E' | 'PML4E' | 'PDPTE' | 'PDE' | 'PTE';
  /** The lowest bit of a virtual address that its index is taken from; a page mapped here has 2^shift bytes. */
  readonly shift: number;
  readonly indexBits: number;
  readonly mapsPage: 'never' | 'with PSE' | 'always';
  /** What must be zero, beside bits 51..M, in an entry that leads to a table ... */
  readonly reservedInTable?: readonly BitRange[];
  /** ... and in one that maps a page. */
  readonly reservedInPage?: readonly BitRange[];
  /** Its entries have neither RW, US, A nor NX. */
  readonly hasNoRights?: true;
}

/** The address bits of a large page that lie inside it; PAT (12) is among them, but means something. */
const IN_4M: BitRange = [21, 13];
const IN_2M: BitRange = [20, 13];
const IN_1G: BitRange = [29, 13];
/** What 4 and 5 levels ignore and PAE does not. */
const ABOVE_52: BitRange = [62, 52];
const PS: BitRange = [7, 7];
const NX: BitRange = [63, 63];

/** From the root down. The last levels of 4 and 5 levels are the same. */
export const LEVELS: Readonly<Record<PagingMode, readonly LevelFormat[]>> = {
  '2-level': [
    { name: 'PGD', intelName: 'PDE', shift: 22, indexBits: 10, ...large(IN_4M) },
    { name: 'PTE', intelName: 'PTE', shift: 12, indexBits: 10, mapsPage: 'always' },
  ],
  pae: [
    {
      name: 'PGD',
      intelName: 'PDPTE',
      shift: 30,
      indexBits: 2,
      ...onlyTables(NX, ABOVE_52, [8, 5], [2, 1]),
      hasNoRights: true,
    },
    {
      name: 'PMD',
      intelName: 'PDE',
      shift: 21,
      indexBits: 9,
      ...large(IN_2M, ABOVE_52),
      reservedInTable: [ABOVE_52],
    },
    {
      name: 'PTE',
      intelName: 'PTE',
      shift: 12,
      indexBits: 9,
      mapsPage: 'always',
      reservedInPage: [ABOVE_52],
    },
  ],
  '4-level': [
    { name: 'PGD', intelName: 'PML4E', shift: 39, indexBits: 9, ...onlyTables(PS) },
    { name: 'PUD', intelName: 'PDPTE', shift: 30, indexBits: 9, ...large(IN_1G) },
    { name: 'PMD', intelName: 'PDE', shift: 21, indexBits: 9, ...large(IN_2M) },
    { name: 'PTE', intelName: 'PTE', shift: 12, indexBits: 9, mapsPage: 'always' },
  ],
  '5-level': [
    { name: 'PGD', intelName: 'PML5E', shift: 48, indexBits: 9, ...onlyTables(PS) },
    { name: 'P4D', intelName: 'PML4E', shift: 39, indexBits: 9, ...onlyTables(PS) },
    { name: 'PUD', intelName: 'PDPTE', shift: 30, indexBits: 9, ...large(IN_1G) },
    { name: 'PMD', intelName: 'PDE', shift: 21, indexBits: 9, ...large(IN_2M) },
    { name: 'PTE', intelName: 'PTE', shift: 12, indexBits: 9, mapsPage: 'always' },
  ],
};

function large(...reservedInPage: readonly BitRange[]) {
  return { mapsPage: 'with PSE', reservedInPage } as const;
}

function onlyTables(...reservedInTable: readonly BitRange[]) {
  return { mapsPage: 'never', reservedInTable } as const;
}

/** A level as one processor in one mode reads it: what its features and registers leave open is decided. */
export interface Level extends LevelFormat {
  readonly entryBytes: 4 | 8;
  /** The low word of the address of a page: the bits above those inside it. */
  readonly pageMask: number;
  /** Whether bit 7 makes a page here. When it does not, it is ignored (CR4.PSE = 0) or among the reserved bits. */
  readonly largePages: boolean;
  /** Whether the processor sets A in its entries: everywhere but in PAE's top level, and there too on some. */
  readonly setsAccessed: boolean;
  /** Bits 20..13 of a 4 MiB page are bits 39..32 of its address. */
  readonly pse36: boolean;
  readonly mustBeZeroInTable: EntryBits;
  readonly mustBeZeroInPage: EntryBits;
}

export type FlagName = (typeof FLAGS)[number]['name'];
type EntryFlags = Readonly<Record<FlagName, boolean>>;

/** The bits that have names, in the order in which they are written. `where`: the kind of entry that has them. */
export const FLAGS = [
  { name: 'P', bit: 0, where: 'all', meaning: 'present' },
  { name: 'RW', bit: 1, where: 'all', meaning: 'writes are allowed' },
  { name: 'US', bit: 2, where: 'all', meaning: 'user mode may access it' },
  { name: 'PWT', bit: 3, where: 'all', meaning: 'write-through, bit 0 of the PAT index' },
  { name: 'PCD', bit: 4, where: 'all', meaning: 'cache disabled, bit 1 of the PAT index' },
  { name: 'A', bit: 5, where: 'all', meaning: 'accessed: the processor used this entry' },
  { name: 'D', bit: 6, where: 'all', meaning: 'dirty: the page was written' },
  { name: 'PSE', bit: 7, where: 'upper levels', meaning: 'maps a large page' },
  { name: 'PAT', bit: 7, where: 'PTE', meaning: 'bit 2 of the PAT index' },
  { name: 'G', bit: 8, where: 'all', meaning: 'global: stays in the TLB when cr3 is loaded' },
  { name: 'SW1', bit: 9, where: 'all', meaning: 'for software: _PAGE_SPECIAL' },
  { name: 'SW2', bit: 10, where: 'all', meaning: 'for software: _PAGE_UFFD_WP' },
  { name: 'SW3', bit: 11, where: 'all', meaning: 'for software: _PAGE_SOFT_DIRTY' },
  { name: 'SW4', bit: 58, where: 'all', meaning: 'for software: _PAGE_DEVMAP' },
  { name: 'NX', bit: 63, where: 'all', meaning: 'instructions may not be fetched' },
] as const;

/** The bits of these names together. PSE and PAT are one bit. */
export const bitsNamed = (...names: readonly FlagName[]): bigint =>
  FLAGS.reduce(
    (bits, { name, bit }) => (names.includes(name) ? bits | (1n << BigInt(bit)) : bits),
    0n,
  );

const PSE = 1 << 7;
/** Bit 12 of an entry that maps a large page. */
const LARGE_PAT = 1 << 12;
/** Bits 39..32 of a 4 MiB page's address. */
const PSE36_ADDRESS = 0xff << 13;
const TABLE_MASK = ~0xfff;
/** Bits 51..32 of an address. */
const HIGH_ADDRESS = 0xfffff;
const NO_BITS: readonly number[] = [];

/** One page-table entry, read. */
export interface Entry extends EntryBits {
  readonly present: boolean;
  /** It maps a page, of 2^shift bytes, and does not lead to a table. Says nothing when not present. */
  readonly leaf: boolean;
  /** Where the page or the next table begins. Says nothing when not present. */
  readonly phys: PhysAddr;
  readonly flags: EntryFlags;
  /** Numbers of the bits that are set and must not be. */
  readonly reservedBits: readonly number[];
}

export function decode(at: Level, low: number, high: number): Entry {
  return new Decoded(at, low, high);
}

/** Each access of a processor decodes an entry at every level: names of flags are worked out for those that look at them. */
class Decoded implements Entry {
  readonly present: boolean;
  readonly leaf: boolean;
  readonly phys: PhysAddr;
  readonly reservedBits: readonly number[];

  constructor(
    private readonly at: Level,
    readonly low: number,
    readonly high: number,
  ) {
    const leaf = isLeaf(at, low);
    this.present = (low & 1) !== 0;
    this.leaf = leaf;
    this.phys = physOf(at, leaf, low, high);
    this.reservedBits = hasReservedBits(at, leaf, low, high)
      ? reservedBits(at, leaf, low, high)
      : NO_BITS;
  }

  get flags(): EntryFlags {
    return flagsOf(this.at, this.leaf, this.low, this.high);
  }
}

export const isLeaf = (at: Level, low: number): boolean =>
  at.mapsPage === 'always' || (at.largePages && (low & PSE) !== 0);

/** The bits of an entry that are an address. */
export function addressBits(at: Level, leaf: boolean): EntryBits {
  const high = at.entryBytes === 8 ? HIGH_ADDRESS : 0;
  if (!leaf) return { low: TABLE_MASK, high };
  return { low: at.pse36 ? at.pageMask | PSE36_ADDRESS : at.pageMask, high };
}

export function physOf(at: Level, leaf: boolean, low: number, high: number): PhysAddr {
  const below4G = (low & (leaf ? at.pageMask : TABLE_MASK)) >>> 0;
  if (at.entryBytes === 8) return asPhys((high & HIGH_ADDRESS) * 2 ** 32 + below4G);
  return asPhys(leaf && at.pse36 ? ((low & PSE36_ADDRESS) >>> 13) * 2 ** 32 + below4G : below4G);
}

export function hasReservedBits(at: Level, leaf: boolean, low: number, high: number): boolean {
  const must = leaf ? at.mustBeZeroInPage : at.mustBeZeroInTable;
  return ((low & must.low) | (high & must.high)) !== 0;
}

function reservedBits(at: Level, leaf: boolean, low: number, high: number): readonly number[] {
  const must = leaf ? at.mustBeZeroInPage : at.mustBeZeroInTable;
  const numbers: number[] = [];
  for (let bit = 0; bit < 64; bit++)
    if (bitOf(low & must.low, high & must.high, bit)) numbers.push(bit);
  return numbers;
}

const bitOf = (low: number, high: number, bit: number): boolean =>
  (((bit < 32 ? low : high) >>> (bit & 31)) & 1) !== 0;

function flagsOf(at: Level, leaf: boolean, low: number, high: number): EntryFlags {
  const upper = at.mapsPage !== 'always';
  const flags = {} as Record<FlagName, boolean>;
  for (const { name, bit, where } of FLAGS)
    flags[name] =
      (where === 'all' || (where === 'upper levels') === upper) && bitOf(low, high, bit);
  if (leaf && upper) flags.PAT = (low & LARGE_PAT) !== 0;
  return flags;
}

/** `P RW US A D PSE G NX`: the flags as the field writes them. */
export function flagText(entry: Entry): string {
  if (entry.low === 0 && entry.high === 0) return 'none';
  const names: string[] = FLAGS.filter(({ name }) => entry.flags[name]).map(({ name }) => name);
  if (!entry.present) names.unshift('not present');
  if (entry.present && entry.reservedBits.length > 0)
    names.push(`RSVD(${entry.reservedBits.join(',')})`);
  return names.join(' ');
}

/** Index into the page attribute table: PAT PCD PWT. */
export const patIndex = ({ flags }: Entry): number =>
  (flags.PAT ? 4 : 0) | (flags.PCD ? 2 : 0) | (flags.PWT ? 1 : 0);

/** The raw value, as the kernel prints it with %llx. */
export function entryHex({ low, high }: EntryBits): string {
  const lowHex = (low >>> 0).toString(16);
  return high === 0 ? lowHex : (high >>> 0).toString(16) + lowHex.padStart(8, '0');
}
