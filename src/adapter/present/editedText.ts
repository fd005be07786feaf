/**
 * From the text that somebody typed over a value to the expression that is meant. Values are shown as a number and, behind it, what
 * it means: `0xcc0 (GFP_KERNEL)`, `0xffff... <mem_map>`. The number can be changed, or the names; what stands behind a number need
 * not be taken away first.
 *
 * Invariant: a number is taken whole or not at all.
 */
import type { Profile } from '../../engine/types/profile.js';
import { findConstant } from '../../engine/types/named.js';

interface Parts {
  readonly number: string;
  /** '' where the number stands alone. */
  readonly more: string;
}

/** What follows the number is neither a digit nor a letter, so that no digit can be given away. */
const NUMBER = /^-?(?:0x[\da-f]+|\d+)(?!\w)/i;

/** What stands behind a pointer, also one that was copied from elsewhere. */
const POINTER_REMARK = /^ (?:<[^>]*>|pfn 0x)/;

function partsOf(text: string): Parts | undefined {
  const number = NUMBER.exec(text)?.[0];
  return number === undefined ? undefined : { number, more: text.slice(number.length) };
}

/** Whether what was typed is what was there: then nothing is to be changed, however little of the value the text says. */
export const isUnchanged = (shown: string, written: string): boolean =>
  written.trim() === shown.trim();

/** A decimal number that fills 64 bits: C has no type for it without a suffix. */
const isWide = (text: string): boolean => /^\d{19,20}$/.test(text) && BigInt(text) >> 63n === 1n;

/** @param shown the value as it is @param written what was typed in its place */
export function editedText(profile: Profile, shown: string, written: string): string {
  const text = expressionOf(profile, shown, written);
  return isWide(text.trim()) ? `${text.trim()}ULL` : text;
}

function expressionOf(profile: Profile, shown: string, written: string): string {
  const was = partsOf(shown);
  const is = partsOf(written.trim());
  if (was === undefined || is === undefined || is.more === '') return written;
  if (is.more === was.more || POINTER_REMARK.test(is.more)) return is.number;
  const names = /^ \((?<names>[\w |~&]+)\)$/.exec(is.more)?.groups?.['names'];
  return is.number === was.number && names !== undefined ? maskOf(profile, names) : written;
}

/** In C, PG_locked and ZONE_BOOSTED_WATERMARK are the numbers of bits; `zone 1` is a field of page->flags. */
function maskOf(profile: Profile, names: string): string {
  return names
    .split('|')
    .map((part) => {
      const name = part.trim();
      const [, field, value] = /^(section|node|zone) (\d+)$/.exec(name) ?? [];
      if (field !== undefined && value !== undefined) {
        const shift = findConstant(profile, `${field.toUpperCase()}S_PGSHIFT`) ?? 0;
        return `${value}UL << ${shift}`;
      }
      const bit = /^(?:PG|ZONE)_\w+$/.test(name) ? findConstant(profile, name) : undefined;
      return bit === undefined ? name : `1UL << ${bit}`;
    })
    .map((part) => `(${part})`)
    .join(' | ');
}
