/**
 * Which address a hover means, in C and in logs: `pfn 0x1f40`, `[mem 0x1000-0x1fff]`, `__pa(x)`, `0xffff888000100000`, or a
 * pointer as kernel messages print it, sixteen or eight hexadecimal digits without 0x.
 */
import type { AddressArguments } from '../../engine/view/address.js';
import { isAddressUse } from '../../engine/view/addressVerdict.js';

export interface AddressSpan extends Pick<AddressArguments, 'expression' | 'meant' | 'use'> {
  /** UTF-16 columns in the line, end exclusive. */
  readonly start: number;
  readonly end: number;
}

/** Words before a number that say what it is; the number is the group `n`. */
const SAID = [
  { pattern: /\bpfns?\b[ :=]+(?<n>0x[0-9a-f]+|\d+)\b/gi, meant: 'pfn' },
  { pattern: /\bphys(?:ical)?(?:[ _]addr(?:ess)?)?[ :=]+(?<n>0x[0-9a-f]+)\b/gi, meant: 'physical' },
  { pattern: /\[mem (?<n>0x[0-9a-f]+)-0x[0-9a-f]+\]/gi, meant: 'physical' },
  { pattern: /\[mem 0x[0-9a-f]+-(?<n>0x[0-9a-f]+)\]/gi, meant: 'physical' },
  { pattern: /\b(?:dma|bus)(?:[ _]addr(?:ess)?)?[ :=]+(?<n>0x[0-9a-f]+)\b/gi, meant: 'bus' },
] as const;

/** Shorter numbers are masks, sizes and flags more often than addresses. */
const LITERAL = /\b0x[0-9a-f]{4,16}\b/gi;
const BARE =
  /(?<![0-9a-zx_])(?:[0-9a-f]{16}|(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)[0-9a-f]{8})(?![0-9a-z_])/gi;

export function addressAt(line: string, column: number): AddressSpan | undefined {
  return callAt(line, column) ?? saidAt(line, column) ?? literalAt(line, column);
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
      const expression = match.groups?.['n'] ?? '';
      const start = match.index + match[0].lastIndexOf(expression);
      const from = meant === 'pfn' ? match.index : start;
      const end = start + expression.length;
      if (column >= from && column < end) return { start: from, end, expression, meant };
    }
  return undefined;
}

function literalAt(line: string, column: number): AddressSpan | undefined {
  for (const pattern of [LITERAL, BARE])
    for (const match of line.matchAll(pattern)) {
      const end = match.index + match[0].length;
      if (column >= match.index && column < end)
        return { start: match.index, end, expression: match[0] };
    }
  return undefined;
}
