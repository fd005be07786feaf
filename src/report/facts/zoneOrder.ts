/**
 * Which zones a kernel has, by index: what lowmem_reserve[] is indexed by, and which zones a request may use. A report names only
 * zones that have pages; the others follow from the length of lowmem_reserve[] and from what kind of machine it is.
 *
 * Source: Linux include/linux/mmzone.h: enum zone_type; include/linux/gfp.h: GFP_ZONE_TABLE.
 */
import type { GfpMask } from './gfp.js';

/** All that there are, lowest first; a configuration has Normal, Movable and some of the others. */
const ALL = ['DMA', 'DMA32', 'Normal', 'HighMem', 'Movable', 'Device'];

export interface MachineHints {
  /** Bits of a word, where the text tells. */
  readonly bits?: 32 | 64;
  readonly hasHighMem: boolean;
}

/** Names by index. `isCertain`: no other configuration fits what is printed. */
export interface ZoneOrder {
  readonly names: readonly string[];
  readonly isCertain: boolean;
}

export function zoneOrder(
  seen: readonly string[],
  length: number | undefined,
  mask: GfpMask,
  hints: MachineHints,
): ZoneOrder {
  const all = configurations().filter(
    (names) => seen.every((name) => names.includes(name)) && !isImpossible(names, mask, hints),
  );
  const ofLength = all.filter((names) => length === undefined || names.length === length);
  const fitting = ofLength.length > 0 ? ofLength : all;
  const scored = fitting
    .map((names) => ({ names, score: likelihood(names, seen, mask, hints) }))
    .sort((a, b) => b.score - a.score);
  const best = scored[0];
  // A report whose lowmem_reserve[] was cut: what is seen, with Normal and Movable, in their order.
  const names =
    best?.names ??
    ALL.filter((name) => seen.includes(name) || name === 'Normal' || name === 'Movable');
  return { names, isCertain: fitting.length === 1 };
}

function configurations(): string[][] {
  const optional = ['DMA', 'DMA32', 'HighMem', 'Device'];
  return Array.from({ length: 16 }, (_, pick) =>
    ALL.filter((name) => {
      const at = optional.indexOf(name);
      return at < 0 || (pick & (1 << at)) !== 0;
    }),
  );
}

/** A driver that asks for DMA32 by name on a 64-bit machine: its kernel has the zone, even where no page lies in it. */
const isImpossible = (
  names: readonly string[],
  { flags }: GfpMask,
  { bits }: MachineHints,
): boolean => bits === 64 && flags.has('DMA32') && !names.includes('DMA32');

function likelihood(
  names: readonly string[],
  seen: readonly string[],
  { flags }: GfpMask,
  { bits, hasHighMem }: MachineHints,
): number {
  let score = 0;
  const has = (name: string): boolean => names.includes(name);
  if (has('HighMem') && has('DMA32')) score -= 8;
  if (hasHighMem) score += has('HighMem') ? 4 : 0;
  else if (has('HighMem') && !seen.includes('HighMem')) score -= bits === 32 ? 0 : 4;
  if (bits === 64 && has('HighMem')) score -= 8;
  if (bits === 32 && has('DMA32')) score -= 8;
  if (bits === 64 && has('DMA32')) score += 2;
  if (has('DMA')) score += 1;
  if (flags.has('DMA32') && has('DMA32')) score += 6;
  if (flags.has('DMA') && has('DMA')) score += 6;
  if (has('Device') && bits !== 64) score -= 3;
  return score;
}

/** include/linux/gfp.h: gfp_zone(): the highest zone that a request may use. */
export function highestZone(names: readonly string[], { flags }: GfpMask): number {
  const at = (name: string): number => names.indexOf(name);
  const normal = at('Normal');
  if (flags.has('DMA')) return at('DMA') >= 0 ? at('DMA') : normal;
  if (flags.has('DMA32')) return at('DMA32') >= 0 ? at('DMA32') : normal;
  if (flags.has('HIGHMEM') && flags.has('MOVABLE')) return at('Movable');
  if (flags.has('HIGHMEM')) return at('HighMem') >= 0 ? at('HighMem') : normal;
  return normal;
}
