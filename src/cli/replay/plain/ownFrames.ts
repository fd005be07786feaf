/**
 * Where the pages of a guest's program lie: it gets them one behind the other as it begins, so each one that the trace shows tells of
 * all. Those that a step of it has replaced since then do not fit, and are outvoted.
 */
import { expandSequence } from '../../../engine/image/state/index.js';
import { PAGE_SIZE } from '../../../engine/memory/address.js';
import type { Guest } from './guest.js';

/**
 * Frames of the program's pages, and the step from one to the next; undefined where the trace shows too few.
 * @param lines of dumps of page tables
 */
export function ownFrames(
  guest: Guest,
  lines: Iterable<string>,
): { readonly frames: readonly number[]; readonly step: number } | undefined {
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
  return { frames: guest.pages.map((_, i) => first + step * i), step };
}

/**
 * The `nr` pages that it took next: those that follow, and where one of these is another's, the last ones in front of the next page that
 * it will get.
 */
export function nextFrames(
  { frames, step }: { readonly frames: readonly number[]; readonly step: number },
  nr: number,
  next: number,
  isTaken: (pfn: number) => boolean,
): number[] {
  const last = frames.at(-1) ?? 0;
  const following = Array.from({ length: nr }, (_, i) => last + step * (i + 1));
  const end = following.findIndex(isTaken);
  if (end < 0) return following;
  return following.map((pfn, i) => (i < end ? pfn : next - step * (nr - i)));
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
  return new Map([...entriesOf(lines)].filter(([va]) => isText(va) && !guest.pages.includes(va)));
}

/** What children of the program need of its file, and nobody shows where it is. */
export function neededText({ childText, sleeperText, enderText }: Guest): Map<number, undefined> {
  // A fault maps what lies around it, too.
  const around = (va: number): number[] => {
    const first = va - (va % (PAGES_AROUND * PAGE_SIZE));
    return Array.from({ length: PAGES_AROUND }, (_, i) => first + i * PAGE_SIZE);
  };
  return new Map(
    [...childText, ...sleeperText, ...enderText].flatMap(around).map((va) => [va, undefined]),
  );
}

const PAGES_AROUND = 16;

/**
 * Frames of a program that is found by lists of pages: its own are the newest there, one behind the other, but for the first of its
 * stack, which is active; and what waits in a batch came last.
 */
export function framesOfLists(lines: readonly string[]): number[] | undefined {
  const [newest, waiting] = newestOf(lines);
  if (newest === undefined) return undefined;
  return waiting === undefined ? newest : [...newest, waiting];
}

function newestOf(
  lines: readonly string[],
): readonly [listed: number[] | undefined, waiting: number | undefined] {
  const text = lines.join('\n');
  // Downwards on some machines, upwards where a larger block was taken apart.
  const run = /^l 0 ([0-9a-f]+):([0-9a-f]+):(-?1) /m.exec(text);
  const waiting = /^fb 0 cpu_fbatches\.0 ([0-9a-f]+)$/m.exec(text)?.[1];
  if (run === null) return [undefined, undefined];
  const [last = 0, nr = 0, step = 0] = run.slice(1).map((each) => parseInt(each, 16));
  const listed = Array.from({ length: nr + 1 }, (_, i) => last + step * (nr - i));
  return [listed, waiting === undefined ? undefined : parseInt(waiting, 16)];
}

/** The program of migr as its first lists find it: it has not used its buffer, but has read the kernel's log. */
export function withLog(guest: Guest, lines: readonly string[] | undefined): Guest {
  const [listed, waiting] = newestOf(lines ?? []);
  const pages = guest.pages.slice(0, -1);
  const nrLog = (listed?.length ?? pages.length) - pages.length;
  const log = Array.from({ length: nrLog }, (_, i) => guest.log + i * PAGE_SIZE);
  return {
    ...guest,
    pages: [...pages, ...log, ...(waiting === undefined ? [] : guest.writes.note)],
  };
}

/** A program that has just printed a text, whose page waits in a batch where the text was the first to need it. */
export function withWaiting(guest: Guest, lines: readonly string[] | undefined): Guest {
  const [, waiting] = newestOf(lines ?? []);
  return waiting === undefined
    ? guest
    : { ...guest, pages: [...guest.pages, ...guest.writes.note] };
}

/** All pages of lists. */
export function listedPages(lines: readonly string[]): number[] {
  return lines
    .filter((line) => /^l \d /.test(line))
    .flatMap((line) => expandSequence(line.split(' ').slice(2)) ?? []);
}
