/**
 * What the map of a dump colours frames by (frameValues.ts), as far as the dump's own types tell it; and what is written into its
 * cells. A frame whose struct page is not in the dump has no value.
 *
 * Source: Linux 6.1 include/linux/page-flags.h, include/linux/page_ref.h, include/linux/mm.h (GUP_PIN_COUNTING_BIAS).
 */
import { frameStatesOf } from '../inspect/frameStates.js';
import { isDumpError, type Inspected } from '../inspect/inspected.js';
import { migratetypes } from '../inspect/pageblocks.js';
import { pageFlagNames, Pages } from '../inspect/pages.js';
import { GUP_PIN_COUNTING_BIAS } from '../inspect/process/pageCounts.js';
import { asPfn, type VirtAddr } from '../memory/address.js';
import type { AddressSpaces } from './addressSpaces.js';
import { dumpFrameOwner } from './dumpFrameOwner.js';
import {
  FLAG_FULL,
  FREE_KINDS,
  LETTERS,
  migratetypeNames,
  MOST,
  type Readings,
  type StatedFrames,
} from './frameReadings.js';
import { NO_VALUE, type FrameLabelsBody } from './frameValues.js';
import { Numbered } from './numbered.js';
import { detailOfState, kindOfState, PAGE_KINDS } from './pageState.js';

/** All but `age`: nothing is ever written. */
export const DUMP_COLOURINGS = [
  'use',
  'order',
  'migratetype',
  'zone',
  'references',
  'mappings',
  'pins',
  'owner',
] as const;

const NR_TOGETHER = 1024;

export function statedFramesOfDump(k: Inspected): StatedFrames {
  const states = frameStatesOf(k);
  return {
    maxPfn: states.maxPfn,
    states: (firstPfn, nrFrames) => states.cells(firstPfn, 1, nrFrames),
    nrTogether: NR_TOGETHER,
  };
}

/** undefined: there is nothing of that name to colour by. */
export function dumpReadingsOf(
  k: Inspected,
  spaces: AddressSpaces,
  by: string,
): Readings | undefined {
  const pages = new Pages(k);
  const word = (pfn: number, read: (page: VirtAddr) => number): number | undefined => {
    const page = pages.memmap.pfnToPage(asPfn(pfn));
    return page === undefined ? undefined : inDump(() => read(page));
  };
  const amount = (read: (page: VirtAddr) => number): Readings => ({
    several: 'largest',
    ofFree: 0,
    read: (pfn) => {
      const value = word(pfn, read);
      return value === undefined ? NO_VALUE : Math.max(0, Math.min(MOST, value));
    },
  });
  switch (by) {
    case 'order':
      return { several: 'largest', ofFree: undefined, read: (_pfn, state) => detailOfState(state) };
    case 'zone':
      return zoneReadings(k);
    case 'migratetype':
      return migratetypeReadings(k);
    case 'references':
      return amount((page) => pages.refcountOf(page));
    case 'mappings':
      return amount((page) => pages.rawMapcountOf(page) + 1);
    case 'pins':
      return amount((page) => Math.floor(pages.refcountOf(page) / GUP_PIN_COUNTING_BIAS));
    case 'owner': {
      const owners = new Numbered();
      const ownerOf = dumpFrameOwner(k, pages, spaces);
      return {
        several: 'largest',
        ofFree: NO_VALUE,
        read: (pfn, state) => owners.numberOf(inDump(() => ownerOf(pfn, state))) ?? NO_VALUE,
        names: () => owners.names,
      };
    }
    default: {
      const flag = pageFlagNames(k).find(([, name]) => `PG_${name}` === by);
      if (flag === undefined) return undefined;
      const mask = 1n << BigInt(flag[0]);
      return {
        several: 'share',
        ofFree: 0,
        read: (pfn) =>
          word(pfn, (page) => ((pages.flagsOf(page) & mask) === 0n ? 0 : FLAG_FULL)) ?? NO_VALUE,
      };
    }
  }
}

function zoneReadings(k: Inspected): Readings {
  const { zones } = frameStatesOf(k);
  return {
    several: 'largest',
    ofFree: undefined,
    read: (pfn) => {
      const index = zones.findIndex(({ start, spanned }) => pfn >= start && pfn < start + spanned);
      return index < 0 ? NO_VALUE : index;
    },
    names: () => zones.map(({ name }) => name),
  };
}

function migratetypeReadings(k: Inspected): Readings {
  const { zones } = frameStatesOf(k);
  const typeOf = inDump(() => migratetypes(k));
  return {
    several: 'largest',
    ofFree: undefined,
    read: (pfn) => {
      const zone = zones.find(({ start, spanned }) => pfn >= start && pfn < start + spanned);
      if (zone === undefined || typeOf === undefined) return NO_VALUE;
      return inDump(() => typeOf(zone, pfn)) ?? NO_VALUE;
    },
    names: () => migratetypeNames(k.dump.types.enum('migratetype')?.enumerators ?? []),
  };
}

/** Counts and letters of frames that are in use. */
export function dumpFrameLabels(k: Inspected, firstPfn: number, nrFrames: number): FrameLabelsBody {
  const states = frameStatesOf(k);
  const pages = new Pages(k);
  const counts: number[] = [];
  const flags: string[] = [];
  for (const state of states.cells(firstPfn, 1, nrFrames)) {
    const kind = PAGE_KINDS[kindOfState(state)]?.name ?? 'absent';
    const isSilent =
      FREE_KINDS.includes(kind) || ['absent', 'unreadable', 'reserved'].includes(kind);
    const view = isSilent ? undefined : inDump(() => pages.read(firstPfn + counts.length));
    counts.push(view === undefined || kind === 'compoundTail' ? -1 : view.refcount);
    flags.push((view?.flagNames ?? []).map((name) => LETTERS[name] ?? '').join(''));
  }
  return { counts, flags };
}

/** undefined: what is to be read is not in the dump, or not in its types. */
function inDump<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (isDumpError(error)) return undefined;
    throw error;
  }
}
