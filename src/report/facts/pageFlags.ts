/**
 * The bits of page->flags in each release: PG_ names by number, and the fields above them.
 *
 * Source: include/linux/page-flags.h of 2.6.32, 3.10, 3.19, 4.9, 4.14, 4.20, 6.1, 6.7, 6.12, 6.16; include/linux/page-flags-layout.h.
 * Turns: 2.6.39 PG_buddy goes; 4.5 PG_tail and PG_compound_lock go (1d798ca3f164), PG_swapcache moves up; 4.10 PG_waiters, PG_swapcache is
 * PG_owner_priv_1 (62906027091f, 6326fec1122c); 4.20 PG_workingset, PG_error moves (1899ad18c607); 6.7 PG_writeback and PG_head
 * move into the low byte; 6.10 PG_slab is a page type (46df8e73a4a3); 6.12 PG_error goes, PG_owner_2 takes PG_mappedtodisk's place;
 * 6.14 PG_dropbehind.
 */
import { isAtLeast, type KernelVersion } from '../input/version.js';

interface Numbering {
  readonly since: KernelVersion;
  /** From bit 0; those at the end that depend on the configuration are left out. */
  readonly names: string;
}

const NUMBERINGS: readonly Numbering[] = [
  {
    since: [6, 14, 0],
    names:
      'locked writeback referenced uptodate dirty lru head waiters active workingset owner_priv_1 owner_2 arch_1 reserved private private_2 reclaim swapbacked unevictable dropbehind mlocked',
  },
  {
    since: [6, 12, 0],
    names:
      'locked writeback referenced uptodate dirty lru head waiters active workingset owner_priv_1 owner_2 arch_1 reserved private private_2 reclaim swapbacked unevictable mlocked',
  },
  {
    since: [6, 10, 0],
    names:
      'locked writeback referenced uptodate dirty lru head waiters active workingset error owner_priv_1 arch_1 reserved private private_2 mappedtodisk reclaim swapbacked unevictable mlocked',
  },
  {
    since: [6, 7, 0],
    names:
      'locked writeback referenced uptodate dirty lru head waiters active workingset error slab owner_priv_1 arch_1 reserved private private_2 mappedtodisk reclaim swapbacked unevictable mlocked',
  },
  {
    since: [4, 20, 0],
    names:
      'locked referenced uptodate dirty lru active workingset waiters error slab owner_priv_1 arch_1 reserved private private_2 writeback head mappedtodisk reclaim swapbacked unevictable mlocked',
  },
  {
    since: [4, 10, 0],
    names:
      'locked error referenced uptodate dirty lru active waiters slab owner_priv_1 arch_1 reserved private private_2 writeback head mappedtodisk reclaim swapbacked unevictable mlocked',
  },
  {
    since: [4, 5, 0],
    names:
      'locked error referenced uptodate dirty lru active slab owner_priv_1 arch_1 reserved private private_2 writeback head swapcache mappedtodisk reclaim swapbacked unevictable mlocked',
  },
  {
    since: [2, 6, 39],
    names:
      'locked error referenced uptodate dirty lru active slab owner_priv_1 arch_1 reserved private private_2 writeback head tail swapcache mappedtodisk reclaim swapbacked unevictable mlocked',
  },
  {
    since: [2, 6, 0],
    names:
      'locked error referenced uptodate dirty lru active slab owner_priv_1 arch_1 reserved private private_2 writeback head tail swapcache mappedtodisk reclaim buddy swapbacked unevictable mlocked',
  },
];

export const pageFlagNames = (version: KernelVersion): readonly string[] =>
  (NUMBERINGS.find(({ since }) => isAtLeast(version, since)) ?? NUMBERINGS.at(-1))?.names.split(
    ' ',
  ) ?? [];

/**
 * The releases whose numbering gives a word these flags, newest first: `until` is the first release that does not. What a page is
 * known to be (a slab, a head) tells which kernel's word it is.
 */
export function numberingsWith(
  word: bigint,
  names: readonly string[],
): { since: KernelVersion; until: KernelVersion | undefined }[] {
  return NUMBERINGS.flatMap(({ since, names: all }, at) => {
    const bits = all.split(' ');
    const has = names.every((name) => {
      const bit = bits.indexOf(name);
      return bit >= 0 && ((word >> BigInt(bit)) & 1n) === 1n;
    });
    return has ? [{ since, until: NUMBERINGS[at - 1]?.since }] : [];
  });
}

/** Names of the low bits that are set; a bit without a name (its number depends on the configuration) is `bit N`. */
export function pageFlagsOf(word: bigint, version: KernelVersion, bits: 32 | 64): string[] {
  const names = pageFlagNames(version);
  // Above these only hwpoison, young, idle and the like follow; where they end the configuration tells.
  const highest = names.length + (bits === 64 ? 5 : 2);
  const found: string[] = [];
  for (let at = 0; at < highest; at++)
    if ((word >> BigInt(at)) & 1n) {
      const name = names[at];
      if (name !== undefined) found.push(name);
      else if (((word >> BigInt(at)) & 0x3ffn) !== 0x3ffn) found.push(`bit ${at}`);
      else break;
    }
  return found;
}

/** The fields above the flags, as far as they can be told. */
export interface FlagFields {
  readonly node: number;
  readonly zone: number;
  readonly zoneName: string;
  readonly zoneBits: string;
  readonly nodeBits: string;
  readonly lastCpupid?: string;
  readonly lastCpupidBits?: string;
  /** The text prints them itself. */
  readonly isPrinted: boolean;
}

const ZONES_BY_WIDTH: Readonly<Record<number, readonly string[]>> = {
  2: ['DMA', 'DMA32', 'Normal', 'Movable'],
  3: ['DMA', 'DMA32', 'Normal', 'Movable', 'Device'],
};

/** Configurations of 64-bit kernels in use: bits of node, bits of zone. */
const LAYOUTS: readonly (readonly [node: number, zone: number])[] = [
  [6, 2],
  [10, 3],
  [10, 2],
  [6, 3],
  [9, 2],
  [8, 2],
  [9, 3],
  [8, 3],
  [4, 2],
];

/**
 * The node and zone fields of a 64-bit flags word. A page that no task has touched has all ones as last cpu and pid: that run of ones
 * tells where the zone begins. 32-bit words have too little room to tell.
 *
 * @param pfn decides between layouts that both fit: below 4 GiB a page is not in Normal.
 */
export function flagFields(word: bigint, pfn?: number): FlagFields | undefined {
  const run = longestRun(word);
  if (run && run.to >= 45 && run.to - run.from >= 9) {
    // The zone may end in ones itself: then the run is longer than the field, by those bits.
    for (const [node, zone] of LAYOUTS) {
      const zoneAt = 64 - node - zone;
      if (zoneAt > run.to + 1 || zoneAt < run.to - 1) continue;
      const zoneIndex = field(word, zoneAt, zone);
      if (zoneAt === run.to + 1 || fitsZone(zoneIndex, zone, pfn))
        if (fitsZone(zoneIndex, zone, pfn))
          return fieldsAt(word, node, zone, { from: run.from, to: zoneAt - 1 });
    }
  }
  for (const [node, zone] of LAYOUTS) {
    const zoneAt = 64 - node - zone;
    const below = word & ((1n << BigInt(zoneAt)) - 1n);
    // Without NUMA balancing nothing lies between the flags and the zone.
    if (below >> 32n === 0n && fitsZone(field(word, zoneAt, zone), zone, pfn) && word >> 50n !== 0n)
      return fieldsAt(word, node, zone);
  }
  return undefined;
}

const field = (word: bigint, at: number, width: number): number =>
  Number((word >> BigInt(at)) & ((1n << BigInt(width)) - 1n));

function fitsZone(index: number, width: number, pfn: number | undefined): boolean {
  const name = ZONES_BY_WIDTH[width]?.[index];
  if (name === undefined) return false;
  if (pfn === undefined) return true;
  const below4G = pfn < 0x100000;
  if (name === 'DMA') return pfn < 0x1000;
  if (name === 'DMA32') return below4G;
  return name !== 'Normal' || !below4G;
}

function fieldsAt(
  word: bigint,
  node: number,
  zone: number,
  run?: { from: number; to: number },
): FlagFields {
  const zoneAt = 64 - node - zone;
  const index = field(word, zoneAt, zone);
  return {
    node: field(word, zoneAt + zone, node),
    zone: index,
    zoneName: ZONES_BY_WIDTH[zone]?.[index] ?? String(index),
    zoneBits: `${zoneAt}..${zoneAt + zone - 1}`,
    nodeBits: `${zoneAt + zone}..63`,
    ...(run
      ? {
          lastCpupid: `0x${((1n << BigInt(run.to - run.from + 1)) - 1n).toString(16)}`,
          lastCpupidBits: `${run.from}..${run.to}`,
        }
      : {}),
    isPrinted: false,
  };
}

/** The longest run of ones above the flags. */
function longestRun(word: bigint): { from: number; to: number } | undefined {
  let best: { from: number; to: number } | undefined;
  let from = -1;
  for (let at = 24; at <= 64; at++) {
    const isOne = at < 64 && ((word >> BigInt(at)) & 1n) === 1n;
    if (isOne && from < 0) from = at;
    if (isOne || from < 0) continue;
    if (!best || at - from > best.to - best.from + 1) best = { from, to: at - 1 };
    from = -1;
  }
  return best;
}

/** `(head|node=0|zone=2|lastcpupid=0x1fffff)`: the flags by name and the fields, since 5.12. */
export function printedFlags(text: string): { names: string[]; fields?: FlagFields } {
  const words = text.split('|').filter((word) => word !== '');
  const value = (name: string): string | undefined =>
    words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
  const names = words.filter((word) => !word.includes('='));
  const zone = value('zone');
  if (zone === undefined || !/^\d+$/.test(zone)) return { names };
  const index = Number(zone);
  const lastCpupid = value('lastcpupid');
  return {
    names,
    fields: {
      node: Number(/^\d+$/.exec(value('node') ?? '')?.[0] ?? 0),
      zone: index,
      zoneName: ZONES_BY_WIDTH[3]?.[index] ?? zone,
      zoneBits: '',
      nodeBits: '',
      ...(lastCpupid === undefined ? {} : { lastCpupid }),
      isPrinted: true,
    },
  };
}
