/**
 * Which page of a compound page is the head, and which a tail: three ways in which kernels have said it. The bundled builds
 * have the first; a booted machine may be given an older one, to be looked at.
 *
 *     encoding           kernels          head            tail                      a tail leads to its head by
 *     compound-head      4.4 and later    PG_head         bit 0 of compound_head    compound_head, less that bit
 *     head-tail          2.6.26 to 4.3    PG_head         PG_tail                   first_page, the word of private
 *     compound-reclaim   2.6.22 to 4.3    PG_compound     PG_compound|PG_reclaim    first_page, the word of private
 *
 * The third was for 32-bit kernels that had no two flags to spare, as the section number filled `page->flags`
 * (!CONFIG_PAGEFLAGS_EXTENDED; before 2.6.26 there was no other). It takes PG_reclaim from compound pages.
 *
 * An encoding is a matter of `enum pageflags`, so it is a profile of its own: names, masks and texts follow.
 * Source: Linux 2.6.22 (d85f33855c30), 2.6.26 (e20b8cca760e), 4.4 (1d798ca3f164), include/linux/page-flags.h.
 */
import type { ProfileData } from './profileData.js';

export const COMPOUND_ENCODINGS = ['compound-head', 'head-tail', 'compound-reclaim'] as const;
export type CompoundEncoding = (typeof COMPOUND_ENCODINGS)[number];

/** A kernel build as it would be with that encoding. */
export function withCompoundEncoding(data: ProfileData, encoding: CompoundEncoding): ProfileData {
  switch (encoding) {
    case 'compound-head':
      return data;
    case 'head-tail':
      return withTailFlag(withFirstPage(data));
    case 'compound-reclaim':
      return renamed(withFirstPage(data), / PG_head /, ' PG_compound ');
  }
}

const renamed = (data: ProfileData, pattern: RegExp, name: string): ProfileData => ({
  ...data,
  types: data.types.map((line) => line.replace(pattern, name)),
});

/** `struct page *first_page` in a union with `private`. */
function withFirstPage(data: ProfileData): ProfileData {
  const PRIVATE = /^( +)(\d+) unsigned long private$/;
  const sizeBytes = data.arch === 'x86_64' ? 8 : 4;
  return {
    ...data,
    types: data.types.flatMap((line) => {
      const [, indent = '', offset] = PRIVATE.exec(line) ?? [];
      if (offset === undefined) return [line];
      const inner = [`${indent} 0 unsigned long private`, `${indent} 0 struct page *first_page`];
      return [`${indent}${offset} union ${sizeBytes} {`, ...inner, `${indent}}`];
    }),
  };
}

/** PG_tail takes the first bit that no flag has yet; like every flag it must be clear when a page is allocated. */
function withTailFlag(data: ProfileData): ProfileData {
  const COUNT = /^ __NR_PAGEFLAGS (\d+)$/;
  const CHECK = /^PAGE_FLAGS_CHECK_AT_PREP (\S+)$/;
  const find = (lines: readonly string[], pattern: RegExp): string | undefined =>
    lines.map((line) => pattern.exec(line)?.[1]).find((each) => each !== undefined);
  const bit = Number(find(data.types, COUNT));
  const mask = BigInt(find(data.constants, CHECK) ?? 0) | (1n << BigInt(bit));
  return {
    ...data,
    types: data.types.flatMap((line) =>
      COUNT.test(line) ? [` PG_tail ${bit}`, ` __NR_PAGEFLAGS ${bit + 1}`] : [line],
    ),
    constants: data.constants.map((line) =>
      CHECK.test(line) ? `PAGE_FLAGS_CHECK_AT_PREP 0x${mask.toString(16)}` : line,
    ),
  };
}
