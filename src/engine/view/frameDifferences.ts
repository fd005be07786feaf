/**
 * Which frames differ between two positions of the tape, and how: from the entries between them follows which struct pages and
 * which frames were written, and only the regions of these are looked at, before and after.
 *
 * Links of lists (`lru`) say nothing of the page that holds them: a neighbour on a list came or went. What the kernel keeps in
 * reserved frames (mem_map, zones, its own variables) changes at every step and is not told.
 */
import type { KernelImage } from '../image/kernelImage.js';
import { FRAME_CHANGES, MAX_RUNS, type FrameChange, type FrameChangeRun } from './frameChanges.js';
import type { FrameStates } from './frameStates.js';
import { kindOfState, pageKindCode } from './pageState.js';

const codeOf = (change: FrameChange): number => FRAME_CHANGES.indexOf(change);
const SAME = codeOf('same');
const WRITTEN = codeOf('written');
const TOUCHED = codeOf('touched');
const REGROUPED = codeOf('regrouped');
const CHANGED = codeOf('changed');

/** Kinds whose frames' own bytes are nobody's news. */
const SILENT = new Set([
  pageKindCode('absent'),
  pageKindCode('unreadable'),
  pageKindCode('reserved'),
]);
/** Free frames whose struct page was written, and which are in the same block still: links only. */
const FREE = new Set([
  pageKindCode('free'),
  pageKindCode('freeCma'),
  pageKindCode('freeIsolated'),
  pageKindCode('perCpu'),
]);

const STRIDE = 3;

/** What the entries say, by pfn. */
interface Written {
  readonly frames: ReadonlySet<number>;
  readonly pages: ReadonlySet<number>;
  /** Numbers of regions that may look different. */
  readonly regions: readonly number[];
}

/**
 * @param seek moves memory to a position; it is at `to` afterwards
 * @returns all runs, by pfn, cut at {@link MAX_RUNS}, and how many there are
 */
export function frameDifferences(
  image: KernelImage,
  states: FrameStates,
  from: number,
  to: number,
  seek: (position: number) => void,
): { readonly runs: readonly FrameChangeRun[]; readonly total: number } {
  const { frames, pages, regions } = whatWasWritten(image, states, from, to);
  const size = states.regionFrames;
  const look = (position: number): Uint8Array[] => {
    seek(position);
    return regions.map((region) => states.cells(region * size, 1, size));
  };
  const before = look(from);
  const after = look(to);
  const all: FrameChangeRun[] = [];
  let total = 0;
  let run: [number, number, number, number, number] | undefined;
  const add = (pfn: number, was: number, is: number, change: number): void => {
    const goesOn =
      run !== undefined &&
      run[0] + run[1] === pfn &&
      run[2] === was &&
      run[3] === is &&
      run[4] === change;
    if (goesOn && run !== undefined) run[1]++;
    else if (++total <= MAX_RUNS) all.push((run = [pfn, 1, was, is, change]));
    else run = [pfn, 1, was, is, change];
  };
  regions.forEach((region, i) => {
    const [old, now] = [before[i], after[i]];
    if (old === undefined || now === undefined) return;
    for (let at = 0; at < now.length; at++) {
      const pfn = region * size + at;
      const was = old[at] ?? 0;
      const is = now[at] ?? 0;
      const change = was !== is ? differenceOf(was, is) : sameState(is, pfn, pages, frames);
      if (change !== SAME) add(pfn, was, is, change);
    }
  });
  return { runs: all, total };
}

const differenceOf = (was: number, is: number): number =>
  kindOfState(was) === kindOfState(is) ? REGROUPED : CHANGED;

function sameState(
  state: number,
  pfn: number,
  pages: ReadonlySet<number>,
  frames: ReadonlySet<number>,
): number {
  const kind = kindOfState(state);
  if (pages.has(pfn) && !FREE.has(kind)) return TOUCHED;
  return frames.has(pfn) && !SILENT.has(kind) ? WRITTEN : SAME;
}

function whatWasWritten(
  image: KernelImage,
  states: FrameStates,
  from: number,
  to: number,
): Written {
  const { mm, memory, tape, maxPfn } = image;
  const frames = new Set<number>();
  const pages = new Set<number>();
  const regions = new Set<number>();
  const size = states.regionFrames;
  const linkWords = 2 * mm.ptr_words;
  for (const { words } of tape.stretches(Math.min(from, to), Math.max(from, to)))
    for (let at = 0; at < words.length; at += STRIDE) {
      const cell = words[at] as number;
      const subject = states.subjectOf(cell);
      if (subject === undefined) {
        const frame = memory.frameOfSlot[cell >>> 10] ?? 0;
        if (frame > 0 && frame < maxPfn) frames.add(frame);
        continue;
      }
      const { firstPfn, nrPages } = subject;
      for (let pfn = firstPfn; pfn < firstPfn + nrPages; pfn += size)
        regions.add(Math.floor(pfn / size));
      if (nrPages > 1) continue;
      const word = cell - mm.pfn_to_page(firstPfn) - mm.page.lru;
      if (word < 0 || word >= linkWords) pages.add(firstPfn);
    }
  for (const frame of frames) regions.add(Math.floor(frame / size));
  return { frames, pages, regions: [...regions].sort((a, b) => a - b) };
}
