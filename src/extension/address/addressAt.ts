/**
 * Which address a hover means, in C and in logs: `pfn 0x1f40`, `[mem 0x1000-0x1fff]`, `__pa(x)`, `0xffff888000100000`, or a
 * pointer as kernel messages print it, sixteen or eight hexadecimal digits without 0x.
 */
import type { AddressArguments } from '../../engine/view/address.js';
import { argumentOf, isAddressUse } from '../../engine/view/addressVerdict.js';
import { reportWordAt } from './reportWords.js';

export interface AddressSpan extends Pick<AddressArguments, 'expression' | 'meant' | 'use'> {
  /** UTF-16 columns in the line, end exclusive. */
  readonly start: number;
  readonly end: number;
  /** Of a number that is not an address, though it looks like one: what it is. */
  readonly what?: string;
}

/** Words before a number that say what it is; the number is the group `n`, or `hex` where it has no 0x. */
const SAID = [
  // bad_page(): `pfn:%05lx`; show_regs().
  { pattern: /\bpfn:(?<hex>[0-9a-f]{5,16})\b/gi, meant: 'pfn' },
  { pattern: /\bCR2: (?<hex>[0-9a-f]{8,16})\b/g, meant: 'virtual' },
  { pattern: /\bpfns?\b[ :=]+(?<n>0x[0-9a-f]+|\d+)\b/gi, meant: 'pfn' },
  { pattern: /\bphys(?:ical)?(?:[ _]addr(?:ess)?)?[ :=]+(?<n>0x[0-9a-f]+)\b/gi, meant: 'physical' },
  { pattern: /\[mem (?<n>0x[0-9a-f]+)-0x[0-9a-f]+\]/gi, meant: 'physical' },
  { pattern: /\[mem 0x[0-9a-f]+-(?<n>0x[0-9a-f]+)\]/gi, meant: 'physical' },
  { pattern: /\b(?:dma|bus)(?:[ _]addr(?:ess)?)?[ :=]+(?<n>0x[0-9a-f]+)\b/gi, meant: 'bus' },
] as const;

/** Shorter numbers are masks, sizes and flags more often than addresses. C's suffix says nothing. */
const LITERAL = /\b0x[0-9a-f]{4,16}(?=u?l{0,2}u?\b)/gi;
const BARE =
  /(?<![0-9a-zx_])(?:[0-9a-f]{16}|(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)[0-9a-f]{8})(?![0-9a-z_])/gi;

/** What of a long line is looked at, on both sides of the pointer: some logs and sources have one line alone. */
const NEAR = 500;

export function addressAt(line: string, column: number): AddressSpan | undefined {
  const from = Math.max(0, column - NEAR);
  const near = line.slice(from, column + NEAR);
  const at = column - from;
  const found = callAt(near, at) ?? wordAt(near, at) ?? saidAt(near, at) ?? literalAt(near, at);
  return found && { ...found, start: found.start + from, end: found.end + from };
}

/** In a line of the kernel's reports. */
function wordAt(line: string, column: number): AddressSpan | undefined {
  const word = reportWordAt(line, column);
  if (word === undefined) return undefined;
  const { start, end, phys, what } = word;
  const expression = phys === undefined ? line.slice(start, end) : `0x${phys.toString(16)}`;
  if (what !== undefined) return { start, end, expression, what };
  return { start, end, expression, meant: 'physical' };
}

/** On the name of a conversion: its argument, and the verdict of the conversion. */
function callAt(line: string, column: number): AddressSpan | undefined {
  for (const match of line.matchAll(/\b([a-z_]\w*)\s*\(/gi)) {
    const [whole, name = ''] = match;
    const start = match.index;
    if (column < start || column >= start + name.length || !isAddressUse(name)) continue;
    const open = start + whole.length;
    const close = closing(line, open);
    if (close === undefined) return undefined;
    return { start, end: close + 1, expression: line.slice(open, close).trim(), use: name };
  }
  return undefined;
}

function closing(line: string, from: number): number | undefined {
  let depth = 1;
  for (let i = from; i < line.length; i++) {
    if (line[i] === '(') depth++;
    else if (line[i] === ')' && --depth === 0) return i;
  }
  return undefined;
}

function saidAt(line: string, column: number): AddressSpan | undefined {
  for (const { pattern, meant } of SAID)
    for (const match of line.matchAll(pattern)) {
      const { n, hex } = match.groups ?? {};
      const number = n ?? hex ?? '';
      const start = match.index + match[0].lastIndexOf(number);
      const from = meant === 'pfn' ? match.index : start;
      const end = start + number.length;
      const expression = hex === undefined ? number : `0x${number}`;
      if (column >= from && column < end) return { start: from, end, expression, meant };
    }
  return undefined;
}

function literalAt(line: string, column: number): AddressSpan | undefined {
  for (const pattern of [LITERAL, BARE])
    for (const match of line.matchAll(pattern)) {
      const end = match.index + match[0].length;
      if (column >= match.index && column < end)
        return { start: match.index, end, expression: match[0], ...convertedAt(line, match.index) };
    }
  return undefined;
}

/** What the conversion takes that a number is the argument of: `pfn_to_page(0x9000)`. */
function convertedAt(line: string, start: number): Pick<AddressSpan, 'meant'> {
  const [, name = ''] = /(\w+)\s*\(\s*$/.exec(line.slice(0, start)) ?? [];
  const meant = isAddressUse(name) ? argumentOf(name) : 'virtual';
  return meant === 'virtual' ? {} : { meant };
}
