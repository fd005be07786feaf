/**
 * Numbers that are masks of named bits: `0xcc0 (GFP_KERNEL)`, `0x841 (ALLOC_WMARK_LOW|ALLOC_CPUSET|ALLOC_KSWAPD)`. A type says
 * it (gfp_t), or, where the kernel has plain integers, the name that all its functions give them.
 *
 * And back: editing such a text changes the number or the names.
 *
 * Source: Linux 6.1 mm/internal.h (ALLOC_*), mm/page_alloc.c (FPI_*), include/linux/gfp_types.h.
 */
import {
  FPI_SKIP_KASAN_POISON,
  FPI_SKIP_REPORT_NOTIFY,
  FPI_TO_TAIL,
} from '../../engine/kernel/mm/page_alloc/buddy.js';
import { toBits, type ScalarValue } from '../../engine/types/access.js';
import { allocFlagNames, gfpText } from '../../engine/types/flagText.js';
import { sizeOf, stripTypedefs } from '../../engine/types/layout.js';
import type { CType } from '../../engine/types/model.js';
import type { Profile } from '../../engine/types/profile.js';

interface Mask {
  /** Of the value. */
  readonly type?: string;
  /** Of the variable. */
  readonly name?: string;
  readonly names: (profile: Profile, bits: number) => string;
}

const FPI = [
  ['FPI_SKIP_REPORT_NOTIFY', FPI_SKIP_REPORT_NOTIFY],
  ['FPI_TO_TAIL', FPI_TO_TAIL],
  ['FPI_SKIP_KASAN_POISON', FPI_SKIP_KASAN_POISON],
] as const;

const MASKS: readonly Mask[] = [
  { type: 'gfp_t', names: gfpText },
  { name: 'alloc_flags', names: (profile, bits) => allocFlagNames(profile, bits).join('|') },
  {
    name: 'fpi_flags',
    names: (_profile, bits) =>
      bits === 0
        ? 'FPI_NONE'
        : FPI.filter(([, mask]) => (bits & mask) !== 0)
            .map(([name]) => name)
            .join('|'),
  },
];

/** A mask with the names of its bits; undefined where the value is not a mask that has any. */
export function maskText(
  profile: Profile,
  name: string,
  type: CType,
  value: ScalarValue,
): string | undefined {
  const bare = stripTypedefs(type);
  if (bare.kind !== 'int') return undefined;
  const typedef = type.kind === 'typedef' ? type.name : undefined;
  const mask = MASKS.find(
    (each) => (each.type ?? typedef) === typedef && (each.name ?? name) === name,
  );
  if (mask === undefined) return undefined;
  const bits = toBits(value, sizeOf(bare, profile.pointerSize));
  const hex = `0x${bits.toString(16)}`;
  const names = mask.names(profile, Number(bits));
  return names === '' ? hex : `${hex} (${names})`;
}

const NUMBER_AND_MORE = /^(?<number>-?(?:0x[\da-f]+|\d+))(?<more>\s?\S.*)$/i;

/**
 * The expression meant by an edited text of a value: `0xcc0 (GFP_KERNEL)` with another number, or
 * with other names; what a pointer or an entry says behind its number need not be taken away first.
 */
export function edited(shown: string, written: string): string {
  const was = NUMBER_AND_MORE.exec(shown)?.groups;
  const is = NUMBER_AND_MORE.exec(written.trim())?.groups;
  if (was === undefined || is === undefined) return written;
  if (is['more'] === was['more']) return is['number'] ?? written;
  const names = /^ \((?<names>[\w |~&]+)\)$/.exec(is['more'] ?? '')?.groups?.['names'];
  return is['number'] === was['number'] && names !== undefined ? names : written;
}
