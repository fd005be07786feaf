/**
 * Page tables of a trace that dumps none: what its walks tell of those that were there when it began, as the lines of a `%pts` dump.
 *
 *     pt VA pgd[INDEX]@PHYS=ENTRY ... [PMDLEAF]      tables whose frames were not free nor taken since, and entries of the direct map
 *
 * An entry that maps a page elsewhere may have been written by an operation of the trace: it is not taken for what was there.
 */
import type { TraceItem, ZonesDump } from '../../engine/image/state/index.js';
import { PAGE_SIZE } from '../../engine/memory/address.js';
import type { Arch, Profile } from '../../engine/types/profile.js';
import { sizeLevel } from '../../engine/x86/text.js';
import { freeIn } from './freeFrames.js';
import { readPageEvent } from './program/toldPages.js';

const STEP = /(?:pgd|pud|pmd|pte)\[[0-9a-f]+\]@[0-9a-f]+=([0-9a-f]+)/g;
const PRESENT = 1n;
/** Bits of an entry that are an address. */
const FRAME = 0xf_ffff_ffff_f000n;
/** How much an entry of each level maps, the highest level first, in bits of the address. */
const SHIFTS: Readonly<Record<Arch, readonly number[]>> = {
  i386: [22, 12],
  'i386-pae': [30, 21, 12],
  x86_64: [39, 30, 21, 12],
};

/** Empty where the trace has no walk. */
export function tablesToldBy(
  items: Iterable<TraceItem>,
  profile: Profile,
  zones: ZonesDump,
): string[] {
  const isFree = freeIn(zones);
  const shifts = SHIFTS[profile.arch];
  const pageOffset = BigInt.asUintN(64, BigInt(profile.constant('PAGE_OFFSET')));
  /** By what an entry maps, the first that was seen of it. */
  const lines = new Map<string, string>();
  for (const { walk, taken } of walksOf(items)) {
    const va = BigInt(`0x${walk.split(' ')[1] ?? '0'}`);
    const entries = [...walk.matchAll(STEP)].map(([, entry = '0']) => BigInt(`0x${entry}`));
    for (const [depth, entry] of entries.entries()) {
      const shift = BigInt(shifts[depth] ?? 12);
      const phys = entry & FRAME;
      const isTable = depth < entries.length - 1;
      if ((entry & PRESENT) === 0n) break;
      const pfn = Number(phys) / PAGE_SIZE;
      if (isTable && (isFree(pfn) || taken.has(pfn))) break;
      const start = (va >> shift) << shift;
      if (!isTable && start - pageOffset !== phys) break;
      const level = sizeLevel(Number(shift));
      const at = `${start.toString(16)} L${level}`;
      const line = isTable
        ? `tb ${at} ${phys.toString(16)}${level === 4 ? '' : ` val=${entry.toString(16)}`}`
        : `pr ${at} n=1 pa=${phys.toString(16)} fl=${(entry & ~FRAME).toString(16)}`;
      if (!lines.has(at)) lines.set(at, line);
    }
  }
  return [...lines.values()];
}

/** Each walk, with the frames that were taken before. */
function* walksOf(
  items: Iterable<TraceItem>,
): Generator<{ readonly walk: string; readonly taken: ReadonlySet<number> }> {
  const taken = new Set<number>();
  for (const item of items) {
    if (item.kind !== 'op') continue;
    for (const event of item.events) {
      const { isTaken, pfn } = readPageEvent(event);
      if (isTaken) taken.add(pfn);
    }
    for (const walk of [item.result ?? '', ...item.details])
      if (/^pt [0-9a-f]/.test(walk)) yield { walk, taken };
  }
}
