/**
 * The bits of gfp_t in each release, as a table: a mask of a report is decoded by the report's kernel.
 *
 * Source: include/linux/gfp.h of 2.6.30, 2.6.39, 3.3, 3.19, 4.3, 4.4, 4.9, 4.14, 4.19; include/linux/gfp_types.h of 6.1, 6.9, 6.12.
 * Turns: 2.6.31 __GFP_MOVABLE becomes a zone bit (b70d94ee438b); 4.4 __GFP_WAIT is split (d0164adc89f6) and __GFP_RECLAIMABLE
 * moves (016c13daa5c9); 4.10 __GFP_OTHER_NODE goes; 4.18 what __GFP_COLD and __GFP_NOTRACK left is closed; 5.1 all but the zone
 * bits are shuffled; 5.14 __GFP_SKIP_KASAN_POISON is part of GFP_HIGHUSER_MOVABLE, from 5.18 on only with KASAN_HW_TAGS; 6.3 __GFP_ATOMIC
 * goes (2973d8229b78); 6.7 GFP_NOWAIT has __GFP_NOWARN; 6.10 numbers are counted, those above __GFP_ZEROTAGS by configuration.
 */
import { isIn, seriesOf, type KernelVersion, type Span } from '../input/version.js';

interface Bit extends Span {
  /** Without `__GFP_`. */
  readonly name: string;
  readonly bit: number;
}

const v = (major: number, minor: number, patch = 0): KernelVersion => [major, minor, patch];

const BITS: readonly Bit[] = [
  { name: 'DMA', bit: 0x1 },
  { name: 'HIGHMEM', bit: 0x2 },
  { name: 'DMA32', bit: 0x4 },
  { name: 'MOVABLE', bit: 0x100000, until: v(2, 6, 31) },
  { name: 'MOVABLE', bit: 0x8, since: v(2, 6, 31) },
  { name: 'HIGH', bit: 0x20 },
  { name: 'IO', bit: 0x40 },
  { name: 'FS', bit: 0x80 },
  // Up to 4.3.
  { name: 'WAIT', bit: 0x10, until: v(4, 4) },
  { name: 'RECLAIMABLE', bit: 0x80000, until: v(4, 4) },
  { name: 'NO_KSWAPD', bit: 0x400000, since: v(2, 6, 38), until: v(4, 4) },
  { name: 'KMEMCG', bit: 0x100000, since: v(3, 8), until: v(4, 1) },
  { name: 'NOACCOUNT', bit: 0x100000, since: v(4, 1), until: v(4, 5) },
  // Up to 5.0.
  { name: 'COLD', bit: 0x100, until: v(4, 15) },
  { name: 'NOWARN', bit: 0x200, until: v(5, 1) },
  { name: 'REPEAT', bit: 0x400, until: v(4, 13) },
  { name: 'RETRY_MAYFAIL', bit: 0x400, since: v(4, 13), until: v(5, 1) },
  { name: 'NOFAIL', bit: 0x800, until: v(5, 1) },
  { name: 'NORETRY', bit: 0x1000, until: v(5, 1) },
  { name: 'MEMALLOC', bit: 0x2000, since: v(3, 6), until: v(5, 1) },
  { name: 'COMP', bit: 0x4000, until: v(5, 1) },
  { name: 'ZERO', bit: 0x8000, until: v(5, 1) },
  { name: 'NOMEMALLOC', bit: 0x10000, until: v(5, 1) },
  { name: 'HARDWALL', bit: 0x20000, until: v(5, 1) },
  { name: 'THISNODE', bit: 0x40000, until: v(5, 1) },
  { name: 'NOTRACK', bit: 0x200000, since: v(2, 6, 31), until: v(4, 15) },
  { name: 'OTHER_NODE', bit: 0x800000, since: v(2, 6, 39), until: v(4, 10) },
  { name: 'WRITE', bit: 0x1000000, since: v(3, 3), until: v(4, 10) },
  // 4.4 and later.
  { name: 'RECLAIMABLE', bit: 0x10, since: v(4, 4) },
  { name: 'ATOMIC', bit: 0x80000, since: v(4, 4), until: v(5, 1) },
  { name: 'ACCOUNT', bit: 0x100000, since: v(4, 5), until: v(5, 1) },
  { name: 'DIRECT_RECLAIM', bit: 0x400000, since: v(4, 4), until: v(4, 18) },
  { name: 'KSWAPD_RECLAIM', bit: 0x2000000, since: v(4, 4), until: v(4, 10) },
  { name: 'WRITE', bit: 0x800000, since: v(4, 10), until: v(4, 18) },
  { name: 'KSWAPD_RECLAIM', bit: 0x1000000, since: v(4, 10), until: v(4, 18) },
  { name: 'NOLOCKDEP', bit: 0x2000000, since: v(4, 12), until: v(4, 18) },
  { name: 'WRITE', bit: 0x100, since: v(4, 18), until: v(5, 1) },
  { name: 'DIRECT_RECLAIM', bit: 0x200000, since: v(4, 18), until: v(5, 1) },
  { name: 'KSWAPD_RECLAIM', bit: 0x400000, since: v(4, 18), until: v(5, 1) },
  { name: 'NOLOCKDEP', bit: 0x800000, since: v(4, 18), until: v(5, 1) },
  // 5.1 and later.
  { name: 'ZERO', bit: 0x100, since: v(5, 1) },
  { name: 'ATOMIC', bit: 0x200, since: v(5, 1), until: v(6, 3) },
  { name: 'DIRECT_RECLAIM', bit: 0x400, since: v(5, 1) },
  { name: 'KSWAPD_RECLAIM', bit: 0x800, since: v(5, 1) },
  { name: 'WRITE', bit: 0x1000, since: v(5, 1) },
  { name: 'NOWARN', bit: 0x2000, since: v(5, 1) },
  { name: 'RETRY_MAYFAIL', bit: 0x4000, since: v(5, 1) },
  { name: 'NOFAIL', bit: 0x8000, since: v(5, 1) },
  { name: 'NORETRY', bit: 0x10000, since: v(5, 1) },
  { name: 'MEMALLOC', bit: 0x20000, since: v(5, 1) },
  { name: 'COMP', bit: 0x40000, since: v(5, 1) },
  { name: 'NOMEMALLOC', bit: 0x80000, since: v(5, 1) },
  { name: 'HARDWALL', bit: 0x100000, since: v(5, 1) },
  { name: 'THISNODE', bit: 0x200000, since: v(5, 1) },
  { name: 'ACCOUNT', bit: 0x400000, since: v(5, 1) },
  { name: 'NOLOCKDEP', bit: 0x800000, since: v(5, 1), until: v(5, 14) },
  { name: 'ZEROTAGS', bit: 0x800000, since: v(5, 14) },
  // Above: from 5.18 on set only with KASAN_HW_TAGS (arm64), NOLOCKDEP only with lockdep.
  { name: 'SKIP_KASAN_POISON', bit: 0x1000000, since: v(5, 14), until: v(5, 18) },
  { name: 'NOLOCKDEP', bit: 0x2000000, since: v(5, 14), until: v(5, 18) },
  { name: 'SKIP_ZERO', bit: 0x1000000, since: v(5, 18), until: v(6, 10) },
  { name: 'SKIP_KASAN_UNPOISON', bit: 0x2000000, since: v(5, 18), until: v(6, 4) },
  { name: 'SKIP_KASAN_POISON', bit: 0x4000000, since: v(5, 18), until: v(6, 4) },
  { name: 'NOLOCKDEP', bit: 0x8000000, since: v(5, 18), until: v(6, 4) },
  { name: 'SKIP_KASAN', bit: 0x2000000, since: v(6, 4), until: v(6, 10) },
  { name: 'NOLOCKDEP', bit: 0x4000000, since: v(6, 4), until: v(6, 10) },
];

/** Names that a kernel prints, and whose bit the configuration decides: from 6.10 on, in this order from __GFP_ZEROTAGS upwards. */
const COUNTED = ['SKIP_ZERO', 'SKIP_KASAN', 'NOLOCKDEP', 'NO_OBJ_EXT'] as const;
const FIRST_COUNTED = 0x1000000;

const LIGHT = 'IO FS HARDWALL HIGHMEM MOVABLE COMP NOMEMALLOC NOWARN';
const TAGGED = 'SKIP_KASAN_POISON SKIP_KASAN_UNPOISON';

/**
 * Combinations with a name, in the order in which the kernel looks for them (include/trace/events/mmflags.h). What is only set with
 * KASAN_HW_TAGS makes a second form; the last one is what a printed name is taken for.
 */
const COMBINATIONS: readonly (readonly [name: string, parts: string, span?: Span])[] = [
  ['GFP_TRANSHUGE', 'GFP_TRANSHUGE_LIGHT DIRECT_RECLAIM', { since: v(4, 8) }],
  ['GFP_TRANSHUGE_LIGHT', `${LIGHT} SKIP_KASAN_POISON`, { since: v(5, 14), until: v(5, 18) }],
  ['GFP_TRANSHUGE_LIGHT', `${LIGHT} ${TAGGED}`, { since: v(5, 18), until: v(6, 4) }],
  ['GFP_TRANSHUGE_LIGHT', `${LIGHT} SKIP_KASAN`, { since: v(6, 4), until: v(6, 10) }],
  ['GFP_TRANSHUGE_LIGHT', LIGHT, { since: v(4, 8), until: v(5, 14) }],
  ['GFP_TRANSHUGE_LIGHT', LIGHT, { since: v(5, 18) }],
  ['GFP_TRANSHUGE', `${LIGHT} NORETRY`, { since: v(4, 6), until: v(4, 8) }],
  [
    'GFP_TRANSHUGE',
    'GFP_HIGHUSER_MOVABLE COMP NOMEMALLOC NORETRY NOWARN NO_KSWAPD',
    { since: v(2, 6, 38), until: v(4, 4) },
  ],
  [
    'GFP_HIGHUSER_MOVABLE',
    'GFP_HIGHUSER MOVABLE SKIP_KASAN_POISON',
    { since: v(5, 14), until: v(5, 18) },
  ],
  ['GFP_HIGHUSER_MOVABLE', `GFP_HIGHUSER MOVABLE ${TAGGED}`, { since: v(5, 18), until: v(6, 4) }],
  ['GFP_HIGHUSER_MOVABLE', 'GFP_HIGHUSER MOVABLE SKIP_KASAN', { since: v(6, 4), until: v(6, 10) }],
  ['GFP_HIGHUSER_MOVABLE', 'GFP_HIGHUSER MOVABLE', { until: v(5, 14) }],
  ['GFP_HIGHUSER_MOVABLE', 'GFP_HIGHUSER MOVABLE', { since: v(5, 18) }],
  ['GFP_HIGHUSER', 'GFP_USER HIGHMEM'],
  ['GFP_USER', 'GFP_KERNEL HARDWALL'],
  ['GFP_TEMPORARY', 'GFP_KERNEL RECLAIMABLE', { until: v(4, 14) }],
  ['GFP_KERNEL_ACCOUNT', 'GFP_KERNEL ACCOUNT', { since: v(4, 5) }],
  ['GFP_KERNEL', 'RECLAIM IO FS'],
  ['GFP_NOFS', 'RECLAIM IO'],
  ['GFP_ATOMIC', 'HIGH ATOMIC KSWAPD_RECLAIM'],
  ['GFP_NOIO', 'RECLAIM'],
  ['GFP_NOWAIT', 'KSWAPD_RECLAIM NOWARN', { since: v(6, 7) }],
  ['GFP_NOWAIT', 'KSWAPD_RECLAIM', { until: v(6, 7) }],
  ['GFP_DMA32', 'DMA32'],
  ['GFP_DMA', 'DMA'],
  ['__GFP_RECLAIM', 'RECLAIM'],
];

/** A mask as flags without `__GFP_`, and as the kernel would print it. */
export interface GfpMask {
  readonly flags: ReadonlySet<string>;
  /** `GFP_ATOMIC|__GFP_COMP`. */
  readonly text: string;
  /** Bits that the release has no name for: a vendor's, or another release's. */
  readonly unknown: number;
}

const bitsOf = (version: KernelVersion): readonly Bit[] => BITS.filter((bit) => isIn(version, bit));

/** The flags that a name stands for in a release; undefined for a name that no release has. */
function partsOf(name: string, version: KernelVersion): readonly string[] | undefined {
  const form =
    combinationsOf(version).findLast(([combination]) => combination === name) ??
    COMBINATIONS.findLast(([combination]) => combination === name);
  if (form) return partsOfForm(form[1], version);
  const single = name.replace(/^__GFP_/, '');
  return ALL_NAMES.has(single) ? [single] : undefined;
}

const ALL_NAMES: ReadonlySet<string> = new Set([...BITS.map(({ name }) => name), ...COUNTED]);

const combinationsOf = (version: KernelVersion) =>
  COMBINATIONS.filter(([, , span]) => !span || isIn(version, span));

function partsOfForm(parts: string, version: KernelVersion): readonly string[] {
  const had = bitsOf(version).map((bit) => bit.name);
  return parts.split(' ').flatMap((part): readonly string[] => {
    if (part.startsWith('GFP_')) return partsOf(part, version) ?? [];
    if (part === 'RECLAIM')
      return had.includes('WAIT') ? ['WAIT'] : ['DIRECT_RECLAIM', 'KSWAPD_RECLAIM'];
    return had.includes(part) ? [part] : [];
  });
}

export function decodeGfp(mask: number, version: KernelVersion): GfpMask {
  const flags = new Set<string>();
  let unknown = mask;
  for (const { name, bit } of bitsOf(version)) {
    if ((mask & bit) === 0) continue;
    flags.add(name);
    unknown &= ~bit;
  }
  return { flags, text: gfpText(flags, version, unknown >>> 0), unknown: unknown >>> 0 };
}

/** `GFP_KERNEL|__GFP_COMP` as printed; names that are not known stay out of `flags`. */
export function gfpOfNames(text: string, version: KernelVersion): GfpMask {
  const names = text.split('|').map((name) => name.trim());
  const flags = new Set(names.flatMap((name) => partsOf(name, version) ?? []));
  const rest = names.find((name) => /^0x[0-9a-f]+$/i.test(name));
  return { flags, text, unknown: rest === undefined ? 0 : Number(rest) };
}

/** As the kernel prints a mask: combinations first. */
export function gfpText(
  flags: ReadonlySet<string>,
  version: KernelVersion,
  unknown: number,
): string {
  const rest = new Set(flags);
  const words: string[] = [];
  for (const [name, form] of combinationsOf(version)) {
    const parts = partsOfForm(form, version);
    if (parts.length === 0 || !parts.every((part) => rest.has(part))) continue;
    if (name === '__GFP_RECLAIM' && parts.length === 1) continue;
    words.push(name);
    for (const part of parts) rest.delete(part);
  }
  words.push(...[...rest].map((name) => `__GFP_${name}`));
  if (unknown !== 0) words.push(`0x${unknown.toString(16)}`);
  return words.length === 0 ? '0' : words.join('|');
}

/** Each flag with its bit: `0x20 __GFP_HIGH`. */
export function gfpBitTexts(mask: number, version: KernelVersion): string[] {
  return bitsOf(version)
    .filter(({ bit }) => (mask & bit) !== 0)
    .map(({ name, bit }) => `0x${bit.toString(16)} __GFP_${name}`);
}

/** What bits without a name may be. */
export function unknownText(unknown: number, version: KernelVersion): string {
  const text = `0x${unknown.toString(16)}`;
  const counted = COUNTED.map((_, at) => FIRST_COUNTED << at).filter((bit) => unknown & bit);
  const isCounted =
    isIn(version, { since: v(6, 10) }) && unknown === counted.reduce((sum, bit) => sum + bit, 0);
  if (!isCounted)
    return `${text} has no name in Linux ${seriesOf(version)}: a vendor's flag, or the mask is of another release.`;
  return counted
    .map(
      (bit) =>
        `0x${bit.toString(16)} is ${candidates(Math.log2(bit / FIRST_COUNTED)).join(' or ')}: from 6.10 on the configuration numbers the bits above __GFP_ZEROTAGS.`,
    )
    .join(' ');
}

/** Names of the bit that is `at` above the first one that is counted, the most frequent configuration first. */
function candidates(at: number): string[] {
  const names = CONFIGURATIONS.flatMap(
    (has) => COUNTED.filter((name) => has.includes(name))[at] ?? [],
  );
  return [...new Set(names)].map((name) => `__GFP_${name}`);
}

/** Plain, with lockdep, with KASAN_HW_TAGS, with both; each with and without what SLAB_OBJ_EXT adds. */
const CONFIGURATIONS: readonly (readonly string[])[] = [
  ['NO_OBJ_EXT'],
  ['NOLOCKDEP', 'NO_OBJ_EXT'],
  ['SKIP_ZERO', 'SKIP_KASAN', 'NO_OBJ_EXT'],
  ['SKIP_ZERO', 'SKIP_KASAN', 'NOLOCKDEP', 'NO_OBJ_EXT'],
];

export const mayReclaim = ({ flags }: GfpMask): boolean =>
  flags.has('DIRECT_RECLAIM') || flags.has('WAIT');

export type Mobility = 'unmovable' | 'movable' | 'reclaimable';

/** include/linux/gfp.h: gfp_migratetype(). */
export const mobilityOf = ({ flags }: GfpMask): Mobility =>
  flags.has('MOVABLE') ? 'movable' : flags.has('RECLAIMABLE') ? 'reclaimable' : 'unmovable';
