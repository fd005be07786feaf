/**
 * What the map colours frames by (frameValues.ts), read from struct pages without touching those that only a rule describes. Free
 * blocks are passed over as wholes: their struct pages say nothing.
 *
 * Source: Linux 6.1 include/linux/page-flags.h, include/linux/page_ref.h; tools/vm/page-types.c (letters of flags).
 */
import { get_pfnblock_migratetype } from '../kernel/mm/page_alloc/pageblock.js';
import { KernelFault } from '../machine/events.js';
import { asPfn } from '../memory/address.js';
import { pageFlagBits } from '../types/flagText.js';
import { FrameOwners } from './frameOwners.js';
import { NO_VALUE, type FrameLabelsBody } from './frameValues.js';
import { detailOfState, kindOfState, PAGE_KINDS, type PageKindName } from './pageState.js';
import type { Surveyor } from './whereIs.js';
import { populatedZones } from './zones.js';

/** One frame's value; `state` is its state byte. */
type Reading = (pfn: number, state: number) => number;

export interface Readings {
  readonly read: Reading;
  /** What several frames in a cell come to. */
  readonly several: 'largest' | 'share';
  /** Frames of a free block all have this; undefined: each is read. */
  readonly ofFree: number | undefined;
  readonly names?: () => readonly string[];
}

/** Amounts are clamped to it. */
export const MOST = 250;
export const FLAG_FULL = 15;
export const FREE_KINDS: readonly PageKindName[] = ['free', 'freeCma', 'freeIsolated', 'perCpu'];

/** undefined: there is nothing of that name to colour by. */
export function readingsOf(surveyor: Surveyor, by: string): Readings | undefined {
  const { image, peek } = surveyor;
  const { mm, profile } = image;
  const word = (pfn: number, at: number): number | undefined =>
    peek.find(pfn) ? peek.words[peek.at + at] : undefined;
  const amount = (read: (pfn: number) => number | undefined): Readings => ({
    several: 'largest',
    ofFree: 0,
    read: (pfn) => {
      const value = read(pfn);
      return value === undefined ? NO_VALUE : Math.max(0, Math.min(MOST, value));
    },
  });
  switch (by) {
    case 'order':
      return { several: 'largest', ofFree: undefined, read: (_pfn, state) => detailOfState(state) };
    case 'zone':
      return zoneReadings(surveyor);
    case 'migratetype':
      return migratetypeReadings(surveyor);
    case 'references':
      return amount((pfn) => word(pfn, mm.page._refcount));
    case 'mappings':
      return amount((pfn) => mapcount(word(pfn, mm.page._mapcount)));
    case 'pins': {
      const bias = profile.findConstant('GUP_PIN_COUNTING_BIAS') ?? 1024;
      return amount((pfn) => Math.floor((word(pfn, mm.page._refcount) ?? 0) / bias));
    }
    case 'age':
      return ageReadings(surveyor);
    case 'owner': {
      const owners = new FrameOwners(surveyor);
      return {
        several: 'largest',
        ofFree: NO_VALUE,
        read: (pfn, state) => owners.of(pfn, state),
        names: () => owners.names,
      };
    }
    default:
      return flagReadings(surveyor, by);
  }
}

/** page_mapcount() of what has one: typed pages keep their type there. */
const mapcount = (raw: number | undefined): number | undefined =>
  raw === undefined ? undefined : raw < -1 ? 0 : raw + 1;

function flagReadings({ image, peek }: Surveyor, by: string): Readings | undefined {
  const flag = pageFlagBits(image.profile).find(({ name }) => `PG_${name}` === by);
  if (flag === undefined) return undefined;
  return {
    several: 'share',
    ofFree: 0,
    read: (pfn) => {
      if (!peek.find(pfn)) return NO_VALUE;
      const flags = peek.words[peek.at + image.mm.page.flags] ?? 0;
      return (flags & (1 << flag.bit)) === 0 ? 0 : FLAG_FULL;
    },
  };
}

function zoneReadings({ image }: Surveyor): Readings {
  const zones = populatedZones(image);
  return {
    several: 'largest',
    ofFree: undefined,
    read: (pfn) => {
      const index = zones.findIndex(({ startPfn, endPfn }) => pfn >= startPfn && pfn < endPfn);
      return index < 0 ? NO_VALUE : index;
    },
    names: () => zones.map(({ name }) => name),
  };
}

/** `UNMOVABLE`. MIGRATE_PCPTYPES has the number of MIGRATE_HIGHATOMIC, and MIGRATE_TYPES is none. */
export function migratetypeNames(
  enumerators: readonly { readonly name: string; readonly value: number }[],
): string[] {
  const names: string[] = [];
  for (const { name, value } of enumerators)
    if (name !== 'MIGRATE_PCPTYPES' && name !== 'MIGRATE_TYPES')
      names[value] = name.replace('MIGRATE_', '');
  return names;
}

function migratetypeReadings({ image }: Surveyor): Readings {
  const { mm } = image;
  const names = migratetypeNames(image.profile.types.enum('migratetype')?.enumerators ?? []);
  let lastBlock = -1;
  let last = NO_VALUE;
  return {
    several: 'largest',
    ofFree: undefined,
    read: (pfn) => {
      const block = pfn >>> mm.pageblock_order;
      if (block === lastBlock) return last;
      lastBlock = block;
      try {
        last = get_pfnblock_migratetype(mm, mm.pfn_to_page(asPfn(pfn)), pfn);
      } catch (error) {
        if (!(error instanceof KernelFault)) throw error;
        last = NO_VALUE;
      }
      return last;
    },
    names: () => names,
  };
}

/** Entries that are looked at, the newest first: what was written before is old. */
const RECENT = 1 << 20;
const STRIDE = 3;

function ageReadings({ image, states }: Surveyor): Readings {
  const { tape, memory, maxPfn } = image;
  const { cursor } = tape;
  const start = Math.max(tape.start, cursor - RECENT);
  const newest = new Map<number, number>();
  for (const { position, words } of tape.stretches(start, cursor))
    for (let at = 0; at < words.length; at += STRIDE) {
      const cell = words[at] as number;
      const subject = states.subjectOf(cell);
      const pfn = subject?.firstPfn ?? memory.frameOfSlot[cell >>> 10] ?? 0;
      if (pfn < maxPfn && (subject?.nrPages ?? 1) === 1) newest.set(pfn, position + at / STRIDE);
    }
  const span = Math.log2(cursor - start + 2);
  return {
    several: 'largest',
    ofFree: undefined,
    read: (pfn) => {
      const written = newest.get(pfn);
      if (written === undefined) return 0;
      return Math.max(1, Math.round(15 - (14 * Math.log2(cursor - written)) / span));
    },
  };
}

/** Whose values are told: a machine's, or a dump's. */
export interface StatedFrames {
  readonly maxPfn: number;
  /** A state byte each; how many are looked at together is a power of two. */
  readonly states: (firstPfn: number, nrFrames: number) => Uint8Array;
  readonly nrTogether: number;
}

export const statedFrames = ({ image, states }: Surveyor): StatedFrames => ({
  maxPfn: image.maxPfn,
  states: (firstPfn, nrFrames) => states.cells(firstPfn, 1, nrFrames),
  nrTogether: states.regionFrames,
});

/** One byte a cell. */
export function frameValues(
  { maxPfn, states, nrTogether }: StatedFrames,
  { read, several, ofFree }: Readings,
  firstPfn: number,
  framesPerCell: number,
  nrCells: number,
): Uint8Array {
  const count = Math.max(0, Math.min(nrCells, Math.ceil((maxPfn - firstPfn) / framesPerCell)));
  const out = new Uint8Array(count).fill(NO_VALUE);
  const chunk = Math.max(1, nrTogether / framesPerCell);
  for (let first = 0; first < count; first += chunk) {
    const start = firstPfn + first * framesPerCell;
    const nr = Math.min(count - first, chunk) * framesPerCell;
    const bytes = states(start, nr);
    const sums = new Map<number, number>();
    for (let at = 0; at < bytes.length;) {
      const state = bytes[at] ?? 0;
      const kind = PAGE_KINDS[kindOfState(state)]?.name ?? 'absent';
      const isHole = kind === 'absent' || kind === 'unreadable';
      const skips = isHole || (ofFree !== undefined && FREE_KINDS.includes(kind));
      const value = isHole ? NO_VALUE : skips ? (ofFree ?? 0) : read(start + at, state);
      const cell = first + Math.floor(at / framesPerCell);
      const old = out[cell] ?? NO_VALUE;
      if (value !== NO_VALUE) {
        if (several === 'share') sums.set(cell, (sums.get(cell) ?? 0) + value);
        if (old === NO_VALUE || value > old) out[cell] = value;
      }
      at++;
    }
    if (several === 'share')
      for (const [cell, sum] of sums)
        out[cell] = sum === 0 ? 0 : Math.max(1, Math.round(sum / framesPerCell));
  }
  return out;
}

/** Letters as page-types prints them. */
export const LETTERS: Readonly<Record<string, string>> = {
  locked: 'L',
  error: 'E',
  referenced: 'R',
  uptodate: 'U',
  dirty: 'D',
  lru: 'l',
  active: 'A',
  slab: 'S',
  writeback: 'W',
  reclaim: 'I',
  swapbacked: 'b',
  unevictable: 'u',
  mlocked: 'm',
  hwpoison: 'X',
  reserved: 'r',
  private: 'P',
  head: 'H',
};

export function frameLabels(
  { image, peek, states }: Surveyor,
  firstPfn: number,
  nrFrames: number,
): FrameLabelsBody {
  const { mm, profile } = image;
  const letters = pageFlagBits(profile).flatMap(({ name, bit }) => {
    const letter = LETTERS[name];
    return letter === undefined ? [] : [{ letter, mask: 1 << bit }];
  });
  const counts: number[] = [];
  const flags: string[] = [];
  const kinds = states.cells(firstPfn, 1, nrFrames);
  for (let at = 0; at < nrFrames; at++) {
    const kind = PAGE_KINDS[kindOfState(kinds[at] ?? 0)]?.name ?? 'absent';
    const isSilent = FREE_KINDS.includes(kind) || kind === 'absent' || kind === 'reserved';
    if (isSilent || !peek.find(firstPfn + at)) {
      counts.push(-1);
      flags.push('');
      continue;
    }
    const word = peek.words[peek.at + mm.page.flags] ?? 0;
    const isTail = kind === 'compoundTail';
    counts.push(isTail ? -1 : (peek.words[peek.at + mm.page._refcount] ?? 0));
    flags.push(
      letters
        .filter(({ mask }) => (word & mask) !== 0)
        .map(({ letter }) => letter)
        .join(''),
    );
  }
  return { counts, flags };
}
