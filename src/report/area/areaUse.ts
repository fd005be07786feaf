/** Who has the addresses of an area, and its largest hole, by lines of /proc/vmallocinfo in the same text. */
import { vmallocinfoOf, type VmallocArea } from '../proc/vmallocinfo.js';
import { hex, listed, size } from '../render/amount.js';
import type { MemoryArea } from './layout.js';

export interface AreaUse {
  readonly items: readonly string[];
  readonly largestHole: number;
}

/** Beyond this many lines a list is the whole file, and not a part of it that somebody picked. */
const MOST_USERS = 4;

export function areaUse(
  texts: readonly string[],
  area: MemoryArea | undefined,
  wantedBytes: number,
): AreaUse | undefined {
  const all = vmallocinfoOf(texts).filter(
    ({ start, end }) => start !== 0n && (!area || (start >= area.start && end <= area.end)),
  );
  if (all.length < 2) return undefined;
  const sorted = all.toSorted((a, b) => (a.start < b.start ? -1 : 1));
  const hole = largestHole(sorted, area);
  const sums = new Map<string, number>();
  for (const { caller, kind, bytes } of all)
    sums.set(caller === '' ? kind : caller, (sums.get(caller === '' ? kind : caller) ?? 0) + bytes);
  const users = [...sums].toSorted(([, a], [, b]) => b - a).slice(0, MOST_USERS);
  const whole = all.reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    largestHole: hole.bytes,
    items: [
      `/proc/vmallocinfo: ${size(whole)} are taken; most by ${listed(users.map(([name, bytes]) => `${name} (${size(bytes)})`))}.`,
      hole.bytes >= wantedBytes
        ? `Its largest hole is ${size(hole.bytes)} at ${hex(hole.from)}, enough for ${size(wantedBytes)}: the listing is of another moment, or is not whole.`
        : `Its largest hole is ${size(hole.bytes)} at ${hex(hole.from)}: less than the ${size(wantedBytes)} wanted.`,
    ],
  };
}

function largestHole(
  sorted: readonly VmallocArea[],
  area: MemoryArea | undefined,
): { from: bigint; bytes: number } {
  let from = area?.start ?? sorted[0]?.start ?? 0n;
  let best = { from, bytes: 0 };
  const hole = (to: bigint): void => {
    if (Number(to - from) > best.bytes) best = { from, bytes: Number(to - from) };
  };
  for (const { start, end } of sorted) {
    hole(start);
    if (end > from) from = end;
  }
  if (area) hole(area.end);
  return best;
}
