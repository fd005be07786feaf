/**
 * Where the pages of a guest's program lie: it gets them one behind the other as it begins, so each one that the trace shows tells of
 * all. Those that a step of it has replaced since then do not fit, and are outvoted.
 */
import { PAGE_SIZE } from '../../../engine/memory/address.js';
import type { Guest } from './guest.js';

/**
 * Frames of the program's pages and of `nrMore` pages that it took next; undefined where the trace shows too few.
 * @param lines of dumps of page tables
 */
export function ownFrames(
  guest: Guest,
  nrMore: number,
  lines: Iterable<string>,
): number[] | undefined {
  const seen = entriesOf(lines);
  const votes = new Map<string, number>();
  for (const [i, va] of guest.pages.entries()) {
    const pfn = seen.get(va);
    if (pfn === undefined) continue;
    for (const step of [-1, 1]) {
      const key = `${pfn - step * i} ${step}`;
      votes.set(key, (votes.get(key) ?? 0) + 1);
    }
  }
  const [best] = [...votes].sort(([, a], [, b]) => b - a);
  if (best === undefined || best[1] < 3) return undefined;
  const [first = 0, step = 0] = best[0].split(' ').map(Number);
  return Array.from({ length: guest.pages.length + nrMore }, (_, i) => first + step * i);
}

/** Addresses and frames; of several entries of an address the last. */
export function entriesOf(lines: Iterable<string>): Map<number, number> {
  const seen = new Map<number, number>();
  for (const line of lines) {
    const [, va = '', count = '1', phys = ''] =
      /^pr ([0-9a-f]+) L1 n=([0-9a-f]+) pa=([0-9a-f]+) fl=\S+$/.exec(line) ?? [];
    if (va === '') continue;
    for (let i = 0; i < parseInt(count, 16); i++)
      seen.set(parseInt(va, 16) + i * PAGE_SIZE, parseInt(phys, 16) / PAGE_SIZE + i);
  }
  return seen;
}

/** The pages of the program's file that it has mapped. */
export function textOf(guest: Guest, lines: Iterable<string>): Map<number, number> {
  const isText = (va: number): boolean =>
    guest.areas.some(({ start, end, of }) => of === 'file' && va >= start && va < end);
  return new Map(
    [...entriesOf(lines)].filter(([va]) => isText(va) && !guest.pages.includes(va)),
  );
}
