/**
 * The bits of gfp_t in each release, as a table: a mask of a report is decoded by the report's kernel.
 *
 * Source: include/linux/gfp.h of 2.6.30, 2.6.39, 3.3, 3.19, 4.3, 4.4, 4.9, 4.14, 4.19; include/linux/gfp_types.h of 6.1, 6.9, 6.12.
 * Turns: 2.6.31 __GFP_MOVABLE becomes a zone bit (b70d94ee438b); 4.4 __GFP_WAIT is split (d0164adc89f6) and __GFP_RECLAIMABLE
 * moves (016c13daa5c9); 4.10 __GFP_OTHER_NODE goes; 4.18 what __GFP_COLD and __GFP_NOTRACK left is closed; 5.1 all but the zone
 * bits are shuffled; 6.3 __GFP_ATOMIC goes (2973d8229b78); 6.10 numbers are counted, those above __GFP_ZEROTAGS by configuration.
 */
import { isIn, type KernelVersion, type Span } from '../input/version.js';

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
];

/** Combinations with a name, in the order in which the kernel looks for them (include/trace/events/mmflags.h). */
const COMBINATIONS: readonly (readonly [name: string, parts: string])[] = [
  ['GFP_TRANSHUGE', 'GFP_TRANSHUGE_LIGHT DIRECT_RECLAIM'],
  ['GFP_TRANSHUGE_LIGHT', 'IO FS HARDWALL HIGHMEM MOVABLE COMP NOMEMALLOC NOWARN'],
  ['GFP_HIGHUSER_MOVABLE', 'GFP_HIGHUSER MOVABLE'],
  ['GFP_HIGHUSER', 'GFP_USER HIGHMEM'],
  ['GFP_USER', 'GFP_KERNEL HARDWALL'],
  ['GFP_KERNEL_ACCOUNT', 'GFP_KERNEL ACCOUNT'],
  ['GFP_TEMPORARY', 'GFP_KERNEL RECLAIMABLE'],
  ['GFP_KERNEL', 'RECLAIM IO FS'],
  ['GFP_NOFS', 'RECLAIM IO'],
  ['GFP_ATOMIC', 'HIGH ATOMIC KSWAPD_RECLAIM'],
  ['GFP_NOIO', 'RECLAIM'],
  ['GFP_NOWAIT', 'KSWAPD_RECLAIM'],
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
  const had = bitsOf(version).map((bit) => bit.name);
  const parts = COMBINATIONS.find(([combination]) => combination === name)?.[1];
  if (parts === undefined) {
    const single = name.replace(/^__GFP_/, '');
    return BITS.some((bit) => bit.name === single) ? [single] : undefined;
  }
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
  const hasAccount = bitsOf(version).some(({ name }) => name === 'ACCOUNT');
  for (const [name] of COMBINATIONS) {
    const parts = partsOf(name, version) ?? [];
    if (name === 'GFP_KERNEL_ACCOUNT' && !hasAccount) continue;
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

export const mayReclaim = ({ flags }: GfpMask): boolean =>
  flags.has('DIRECT_RECLAIM') || flags.has('WAIT');

export type Mobility = 'unmovable' | 'movable' | 'reclaimable';

/** include/linux/gfp.h: gfp_migratetype(). */
export const mobilityOf = ({ flags }: GfpMask): Mobility =>
  flags.has('MOVABLE') ? 'movable' : flags.has('RECLAIMABLE') ? 'reclaimable' : 'unmovable';
