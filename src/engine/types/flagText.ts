/**
 * Flags as the kernel's printk writes them: page flags (`%pGp`) and GFP masks (`%pGg`); and ALLOC_*, which it never prints.
 *
 * Names and order are the kernel's; which bits they stand for comes from the profile. A name that a build does not have is
 * passed over.
 *
 * Source: Linux 6.1 lib/vsprintf.c format_page_flags(), format_flags(); include/trace/events/mmflags.h.
 */
import type { ScalarValue } from './access.js';
import { findConstant } from './named.js';
import type { Profile } from './profile.js';

/** In the order in which they are printed. */
const PAGE_FLAG_ORDER =
  'locked waiters error referenced uptodate dirty lru active workingset slab owner_priv_1 arch_1 reserved private ' +
  'private_2 writeback head tail compound mappedtodisk reclaim swapbacked unevictable mlocked uncached hwpoison young idle arch_2 ' +
  'skip_kasan_poison';

/** Masks with most bits first: a mask is printed when all its bits are set, and takes them away. */
const GFP_ORDER =
  'GFP_TRANSHUGE GFP_TRANSHUGE_LIGHT GFP_HIGHUSER_MOVABLE GFP_HIGHUSER GFP_USER GFP_KERNEL_ACCOUNT GFP_KERNEL GFP_NOFS ' +
  'GFP_ATOMIC GFP_NOIO GFP_NOWAIT GFP_DMA __GFP_HIGHMEM GFP_DMA32 __GFP_HIGH __GFP_ATOMIC __GFP_IO __GFP_FS ' +
  '__GFP_NOWARN __GFP_RETRY_MAYFAIL __GFP_NOFAIL __GFP_NORETRY __GFP_COMP __GFP_ZERO __GFP_NOMEMALLOC __GFP_MEMALLOC ' +
  '__GFP_HARDWALL __GFP_THISNODE __GFP_RECLAIMABLE __GFP_MOVABLE __GFP_ACCOUNT __GFP_WRITE __GFP_RECLAIM ' +
  '__GFP_DIRECT_RECLAIM __GFP_KSWAPD_RECLAIM __GFP_ZEROTAGS';

/** Rights of an attempt beside its watermark, in the order of their bits. */
const ALLOC_RIGHTS = [
  'ALLOC_OOM',
  'ALLOC_NON_BLOCK',
  'ALLOC_MIN_RESERVE',
  'ALLOC_CPUSET',
  'ALLOC_CMA',
  'ALLOC_NOFRAGMENT',
  'ALLOC_HIGHATOMIC',
  'ALLOC_KSWAPD',
] as const;

/** The watermarks, as the bits below ALLOC_NO_WATERMARKS number them. */
const ALLOC_MARKS = ['ALLOC_WMARK_MIN', 'ALLOC_WMARK_LOW', 'ALLOC_WMARK_HIGH'] as const;

/** Fields in the upper bits of page->flags, in the order in which they are printed. */
const PAGE_FIELDS = [
  { name: 'section', constants: 'SECTIONS' },
  { name: 'node', constants: 'NODES' },
  { name: 'zone', constants: 'ZONES' },
] as const;

interface Mask {
  readonly name: string;
  readonly mask: bigint;
}

/** `0x40010001(locked|head|zone=1)` */
export function pageFlagsText(profile: Profile, flags: ScalarValue): string {
  const bits = BigInt.asUintN(profile.pointerSize * 8, BigInt(flags));
  const parts: string[] = [];
  const main = bits & ((1n << BigInt(profile.constant('__NR_PAGEFLAGS'))) - 1n);
  if (main !== 0n) parts.push(flagsText(pageFlagMasks(profile), main));
  for (const { name, constants } of PAGE_FIELDS) {
    const width = profile.findConstant(`${constants}_WIDTH`) ?? 0;
    if (width === 0) continue;
    const field = bits >> BigInt(profile.constant(`${constants}_PGSHIFT`));
    parts.push(`${name}=${BigInt.asUintN(width, field)}`);
  }
  return `0x${bits.toString(16)}(${parts.join('|')})`;
}

/**
 * Bits of a flags word that are no flag and no field of this build: such a word is another kernel's, whose fields lie elsewhere, or is
 * damaged. 0 of a word of this build.
 */
export function foreignPageFlags(profile: Profile, flags: ScalarValue): bigint {
  let own = (1n << BigInt(profile.constant('__NR_PAGEFLAGS'))) - 1n;
  for (const { constants } of PAGE_FIELDS) {
    const width = profile.findConstant(`${constants}_WIDTH`) ?? 0;
    if (width === 0) continue;
    own |= ((1n << BigInt(width)) - 1n) << BigInt(profile.constant(`${constants}_PGSHIFT`));
  }
  return BigInt.asUintN(profile.pointerSize * 8, BigInt(flags)) & ~own;
}

/** Bits of a mask that no GFP flag of this build has. */
export function foreignGfp(profile: Profile, gfp: number): number {
  const own = gfpMasks(profile).reduce((all, { mask }) => all | mask, 0n);
  return Number(BigInt(gfp >>> 0) & ~own);
}

/** `GFP_KERNEL|__GFP_COMP`; the empty mask is an empty text, as the kernel prints it. */
export function gfpText(profile: Profile, gfp: number): string {
  return flagsText(gfpMasks(profile), BigInt(gfp >>> 0));
}

/** `ALLOC_WMARK_LOW`, `ALLOC_KSWAPD`: the watermark first. Source: Linux 6.1 mm/internal.h */
export function allocFlagNames(profile: Profile, alloc_flags: number): readonly string[] {
  const bits = (name: string): number => profile.findConstant(name) ?? 0;
  const none = bits('ALLOC_NO_WATERMARKS');
  const mark =
    (alloc_flags & none) !== 0
      ? 'ALLOC_NO_WATERMARKS'
      : ALLOC_MARKS.find((name) => bits(name) === (alloc_flags & (none - 1)));
  const rights = ALLOC_RIGHTS.filter((name) => (alloc_flags & bits(name)) !== 0);
  return mark === undefined ? rights : [mark, ...rights];
}

/** What page->flags says, with names that C has: `zone 1 | PG_locked`. */
export function pageFlagNames(profile: Profile, flags: ScalarValue): string {
  const bits = BigInt.asUintN(profile.pointerSize * 8, BigInt(flags));
  const fields = PAGE_FIELDS.flatMap(({ name, constants }) => {
    const width = profile.findConstant(`${constants}_WIDTH`) ?? 0;
    if (width === 0) return [];
    const value = BigInt.asUintN(width, bits >> BigInt(profile.constant(`${constants}_PGSHIFT`)));
    return [`${name} ${value}`];
  });
  const main = bits & ((1n << BigInt(profile.constant('__NR_PAGEFLAGS'))) - 1n);
  const names = flagsText(pageFlagMasks(profile), main, 'PG_');
  const foreign = foreignPageFlags(profile, bits);
  const rest = foreign === 0n ? [] : [`0x${foreign.toString(16)}`];
  return [...fields, ...(names === '' ? [] : names.split('|')), ...rest].join(' | ');
}

/** Bits that an enum numbers, by its names: `ZONE_BOOSTED_WATERMARK | ZONE_RECLAIM_ACTIVE`. */
export const setBitNames = (
  bits: readonly { readonly name: string; readonly value: number }[],
  value: ScalarValue,
): string =>
  bits
    .filter((bit) => ((BigInt(value) >> BigInt(bit.value)) & 1n) === 1n)
    .map(({ name }) => name)
    .join(' | ');

/** Bits by the names of constants, space-separated, of which a build may lack some: `VM_READ|VM_WRITE`. */
export function constantNames(profile: Profile, names: string, bits: bigint): string {
  const tables = remembered(constantMasksOf, profile, () => new Map<string, readonly Mask[]>());
  let masks = tables.get(names);
  if (masks === undefined) {
    masks = names.split(' ').flatMap((name) => {
      const mask = findConstant(profile, name);
      return mask === undefined || mask === 0 ? [] : [{ name, mask: BigInt(mask) }];
    });
    tables.set(names, masks);
  }
  return flagsText(masks, bits);
}

/** The page flags of this build as names without `PG_`, in printing order, with the bit each stands for. */
export const pageFlagBits = (profile: Profile): readonly { name: string; bit: number }[] =>
  remembered(pageFlagBitsOf, profile, () =>
    PAGE_FLAG_ORDER.split(' ').flatMap((name) => {
      const bit = profile.findConstant(`PG_${name}`);
      return bit === undefined ? [] : [{ name, bit }];
    }),
  );

function flagsText(masks: readonly Mask[], flags: bigint, prefix = ''): string {
  const names: string[] = [];
  let rest = flags;
  for (const { name, mask } of masks) {
    if (rest === 0n) break;
    if ((rest & mask) !== mask) continue;
    names.push(`${prefix}${name}`);
    rest &= ~mask;
  }
  if (rest !== 0n) names.push(`0x${rest.toString(16)}`);
  return names.join('|');
}

const pageFlagBitsOf = new WeakMap<Profile, readonly { name: string; bit: number }[]>();
const pageFlagMasksOf = new WeakMap<Profile, readonly Mask[]>();
const gfpMasksOf = new WeakMap<Profile, readonly Mask[]>();
const constantMasksOf = new WeakMap<Profile, Map<string, readonly Mask[]>>();

const pageFlagMasks = (profile: Profile): readonly Mask[] =>
  remembered(pageFlagMasksOf, profile, () =>
    pageFlagBits(profile).map(({ name, bit }) => ({ name, mask: 1n << BigInt(bit) })),
  );

const gfpMasks = (profile: Profile): readonly Mask[] =>
  remembered(gfpMasksOf, profile, () =>
    GFP_ORDER.split(' ').flatMap((name) => {
      const mask = profile.findConstant(name);
      return mask === undefined ? [] : [{ name, mask: BigInt(mask) }];
    }),
  );

function remembered<T>(cache: WeakMap<Profile, T>, profile: Profile, make: () => T): T {
  const known = cache.get(profile);
  if (known !== undefined) return known;
  const made = make();
  cache.set(profile, made);
  return made;
}
