/**
 * What the page tables of a process have for a range of its addresses: each entry that is not zero, as Linux reads it.
 *
 *     P                          a page
 *     PROT_NONE bit, not P       a page that nobody may access (its frame's bits are inverted)
 *     else                       a swap entry: type | offset; types above the swap files' say what else it is
 *
 *      63 .. 59 | 58 .......... 9 | 8 | ...       8 bytes: type, offset (inverted)
 *      31 .......... 9 | 8 | .. 5 ... 1 | 0       4 bytes: offset, type
 *
 * Source: Linux 6.1 arch/x86/include/asm/pgtable_64.h, pgtable-3level.h, pgtable-2level.h (swap entries), pgtable-invert.h;
 * include/linux/swap.h: MAX_SWAPFILES; include/linux/swapops.h: is_migration_entry(), swp_offset_pfn().
 */
import { pagingFor, tablesIn } from '../../image/dump/kernelSpace.js';
import { asVirt, PAGE_SIZE, type VirtAddr } from '../../memory/address.js';
import { addressBits, type Level } from '../../x86/formats.js';
import type { Paging } from '../../x86/paging.js';
import { scan, vaInRun, type EntryRun } from '../../x86/ranges.js';
import type { Inspected } from '../inspected.js';
import { isSince } from './release.js';

type EntryState =
  /** Mapped; `protnone` where nobody may access it. */
  | 'present'
  | 'protnone'
  | 'swap'
  /** The page is being moved: its frame is known, and faults wait. */
  | 'migration'
  | 'hwpoison'
  /** Of a device, a marker of userfaultfd, or of a release that has more. */
  | 'special';

export interface UserEntry {
  readonly va: VirtAddr;
  /** Of the page: more than 4096 of a huge one. */
  readonly sizeBytes: number;
  /** The entry as it is. */
  readonly bits: bigint;
  readonly state: EntryState;
  /** First frame, where it has one. */
  readonly pfn: number | undefined;
  /** Swap file and offset in pages, of a swap entry. */
  readonly swap: { readonly type: number; readonly offset: number } | undefined;
}

const P = 1n << 0n;
const RW = 1n << 1n;
const ACCESSED = 1n << 5n;
const DIRTY = 1n << 6n;
/** Of 64 bit since 6.6 (fca4d413c5be): written, and write-protected since. */
const SAVED_DIRTY = 1n << 58n;
const PROTNONE = 1n << 8n;
const SPECIAL = 1n << 9n;
const UFFD_WP = 1n << 10n;
const SOFT_DIRTY = 1n << 11n;
/** Of a swap entry, in 8 bytes: _PAGE_SWP_SOFT_DIRTY. */
const SWP_SOFT_DIRTY = 1n << 1n;
const SWP_UFFD_WP = 1n << 2n;

export const isWritable = ({ bits }: UserEntry): boolean => (bits & RW) !== 0n;
export const isYoung = ({ bits }: UserEntry): boolean => (bits & ACCESSED) !== 0n;
export const isDirty = (k: Inspected, { bits }: UserEntry): boolean =>
  (bits & (isSince(k, 6, 6) ? DIRTY | SAVED_DIRTY : DIRTY)) !== 0n;
/** Not counted as a mapping of its page: the page of zeros, pages of devices. A huge page has no such bit. */
export const isSpecial = ({ bits, sizeBytes }: UserEntry): boolean =>
  sizeBytes === PAGE_SIZE && (bits & SPECIAL) !== 0n;
export const isMapped = ({ state }: UserEntry): boolean =>
  state === 'present' || state === 'protnone';

/** CONFIG_MEM_SOFT_DIRTY, which only 64 bit has. */
export const isSoftDirty = (k: Inspected, entry: UserEntry): boolean =>
  k.pointerSize === 8 && (entry.bits & (isMapped(entry) ? SOFT_DIRTY : SWP_SOFT_DIRTY)) !== 0n;

export const isUffdWriteProtected = (k: Inspected, entry: UserEntry): boolean =>
  k.pointerSize === 8 && (entry.bits & (isMapped(entry) ? UFFD_WP : SWP_UFFD_WP)) !== 0n;

/** The tables of an address space. @param mm a struct mm_struct @throws NotInDump */
export function pagingOfMm(k: Inspected, mm: VirtAddr): Paging | undefined {
  const pgd = k.pointer(mm, 'mm_struct', 'pgd');
  // PAE's top level is not page-aligned; all others are.
  const page = asVirt(Math.floor(pgd / PAGE_SIZE) * PAGE_SIZE);
  const phys = pgd === 0 ? undefined : k.space.physOf(page);
  return phys === undefined ? undefined : pagingFor(k.dump.paging, phys + (pgd - page));
}

/** Entries of [start, end), by rising address; a table that the dump lacks is passed over. */
export function* userEntries(
  k: Inspected,
  mm: VirtAddr,
  { start, end }: { readonly start: VirtAddr; readonly end: VirtAddr },
): Generator<UserEntry> {
  const paging = pagingOfMm(k, mm);
  if (paging === undefined || end <= start) return;
  const bounds = { first: start, last: asVirt(end - PAGE_SIZE) };
  const kinds = swapKinds(k);
  for (const found of scan(paging, tablesIn(k.space.memory), bounds)) {
    if (found.kind !== 'run') continue;
    for (let i = 0; i < found.nrEntries; i++) {
      const entry = entryOf(k, kinds, found, i);
      // A huge page that begins before the range is the range's all the same.
      if (entry.va < end) yield entry;
    }
  }
}

function entryOf(k: Inspected, kinds: SwapKinds, run: EntryRun, i: number): UserEntry {
  const { level } = run;
  const sizeBytes = 2 ** level.shift;
  const va = vaInRun(run, i);
  const bits = bitsOf(run, level, run.same ? run.phys : run.phys + i * sizeBytes);
  const base = { va, sizeBytes, bits };
  if ((bits & P) !== 0n)
    return { ...base, state: 'present', pfn: frameOf(bits, level), swap: undefined };
  if ((bits & PROTNONE) !== 0n) {
    const isInverted = k.dump.paging !== '2-level';
    const pfn = frameOf(isInverted ? ~bits : bits, level);
    return { ...base, state: 'protnone', pfn, swap: undefined };
  }
  return { ...base, ...swapOf(k, kinds, bits) };
}

/** The entry as a word: a run has address and flags apart. */
function bitsOf({ flags }: EntryRun, level: Level, phys: number): bigint {
  const mask = addressBits(level, true);
  const low = (flags.low | ((phys % 2 ** 32) & mask.low)) >>> 0;
  const high = (flags.high | (Math.floor(phys / 2 ** 32) & mask.high)) >>> 0;
  return (BigInt(high) << 32n) | BigInt(low);
}

const frameOf = (bits: bigint, level: Level): number => {
  const first = Number((bits >> 12n) & ((1n << 40n) - 1n));
  const nrFrames = 2 ** (level.shift - 12);
  const within = level.entryBytes === 4 ? first % 2 ** 20 : first;
  return within - (within % nrFrames);
};

/** Which swap types are not swap files'. */
interface SwapKinds {
  readonly hwpoison: number;
  /** First and last. */
  readonly migration: readonly [number, number];
  /** One past the last swap file's. */
  readonly maxSwapfiles: number;
}

const kindsOf = new WeakMap<Inspected, SwapKinds>();

/** MAX_SWAPFILES is as long as swap_info[]; then come hwpoison, migration, devices, markers, those that are built in. */
function swapKinds(k: Inspected): SwapKinds {
  const known = kindsOf.get(k);
  if (known !== undefined) return known;
  const maxSwapfiles = nrSwapfiles(k);
  const hwpoison = k.findEnumerator('PG_hwpoison') === undefined ? 0 : 1;
  const first = maxSwapfiles + hwpoison;
  const kinds: SwapKinds = {
    hwpoison: hwpoison === 0 ? -1 : maxSwapfiles,
    migration: [first, first + 2],
    maxSwapfiles,
  };
  kindsOf.set(k, kinds);
  return kinds;
}

const MAX_SWAP_TYPES = 32;

function nrSwapfiles(k: Inspected): number {
  const at = k.findGlobal('swap_info');
  const size = at === undefined ? undefined : k.dump.symbols.at(at)?.sizeBytes;
  const length = size === undefined ? 0 : Math.floor(size / k.pointerSize);
  // A kernel of which the size is not known: hwpoison, three of migration, markers.
  return length > 0 && length <= MAX_SWAP_TYPES ? length : MAX_SWAP_TYPES - 5;
}

function swapOf(
  k: Inspected,
  { hwpoison, migration, maxSwapfiles }: SwapKinds,
  bits: bigint,
): Pick<UserEntry, 'state' | 'pfn' | 'swap'> {
  const isWide = k.dump.paging !== '2-level';
  const type = Number(isWide ? (bits >> 59n) & 31n : (bits >> 1n) & 31n);
  const offset = Number(
    isWide ? BigInt.asUintN(50, ~bits >> 9n) : (bits >> 9n) & ((1n << 23n) - 1n),
  );
  const swap = { type, offset };
  if (type < maxSwapfiles) return { state: 'swap', pfn: undefined, swap };
  // Above the frame, 64 bit keeps what the entry was: young, dirty.
  const pfn = isWide && k.pointerSize === 8 ? offset % 2 ** 40 : offset;
  if (type === hwpoison) return { state: 'hwpoison', pfn, swap };
  if (type >= migration[0] && type <= migration[1]) return { state: 'migration', pfn, swap };
  return { state: 'special', pfn: undefined, swap };
}
