/**
 * mem_map of a machine that has just booted, as runs of pages in the same state. It is what memory rules produce struct
 * pages from, so that a page costs nothing until somebody looks at it.
 *
 *     absent     no section, or past the end of the node: zeros
 *     hole       initialised, reserved, belongs to the zone of the memory behind it
 *     reserved   memory that boot has taken
 *     inUse      memory that is still to be freed, by functions that write each page
 *     free       memory in a block that was freed as a whole: only its first page is written to
 *     freed      as free, but every page went through a per-CPU list and the lower orders on its own (highmem)
 *
 * Source: Linux 6.1 mm/page_alloc.c: memmap_init(), memmap_init_range(), init_unavailable_range(); mm/memblock.c:
 * memmap_init_reserved_pages(), __free_memory_core(); arch/x86/mm/init_32.c: add_highpages_with_active_regions().
 */
import { PAGE_SIZE } from '../../memory/address.js';
import type { Profile } from '../../types/profile.js';
import type { BootLayout } from './setupArch.js';
import { isHighmemZone, type PfnRange } from './zones.js';

type MapState = 'absent' | 'hole' | 'reserved' | 'inUse' | 'free' | 'freed';

export interface MapRun {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  readonly state: MapState;
  /** Zone number in the page flags. */
  readonly zone: number;
}

/**
 * Sorted, disjoint, from pfn 0 to the end of mem_map.
 * @param everyPage nothing is free beforehand
 */
export function mapRuns(
  profile: Profile,
  layout: BootLayout,
  everyPage = false,
): readonly MapRun[] {
  const reserved = pagesTouched(layout);
  const initialised = memmap_init(profile, layout);
  const runs: MapRun[] = [];
  const add = (run: MapRun): void => {
    if (run.start < run.end) runs.push(run);
  };
  let at = 0;
  for (const run of initialised) {
    add({ start: at, end: run.start, state: 'absent', zone: 0 });
    at = run.end;
    if (run.state === 'hole') add(run);
    else for (const part of splitMemory(profile, run, reserved)) add(part);
  }
  add({ start: at, end: layout.memmap.endPfn, state: 'absent', zone: 0 });
  if (!everyPage) return runs;
  return runs.map((run) =>
    run.state === 'free' || run.state === 'freed' ? { ...run, state: 'inUse' } : run,
  );
}

/** Which pages are initialised at all, and for which zone. */
function memmap_init(profile: Profile, { ranges, zones, sections }: BootLayout): MapRun[] {
  const perSection = sections === undefined ? 0 : profile.constant('PAGES_PER_SECTION');
  const runs: MapRun[] = [];
  let holeStart = 0;
  const addHole = (end: number, zone: number): void => {
    if (sections === undefined) {
      runs.push({ start: holeStart, end, state: 'hole', zone });
      return;
    }
    // Only pages of sections that are there have a structure.
    for (let start = holeStart; start < end;) {
      const nr = Math.floor(start / perSection);
      const stop = Math.min(end, (nr + 1) * perSection);
      if (sections.present.includes(nr)) runs.push({ start, end: stop, state: 'hole', zone });
      start = stop;
    }
  };
  for (const range of ranges)
    zones.forEach((span, zone) => {
      const start = Math.max(range.start, span.start);
      const end = Math.min(range.end, span.start + span.spanned);
      if (span.present === 0 || start >= end) return;
      if (holeStart < start) addHole(start, zone);
      runs.push({ start, end, state: 'free', zone });
      holeStart = end;
    });
  // The last section is filled up with pages of the highest zone.
  const lastZone = zones.findLastIndex((span) => span.present > 0);
  const end = ranges.at(-1)?.end ?? 0;
  if (sections !== undefined) addHole(Math.ceil(end / perSection) * perSection, lastZone);
  return runs;
}

/** Frames that some reservation touches, ascending and disjoint: none of them is free as a whole. */
function pagesTouched({ memblock }: BootLayout): readonly PfnRange[] {
  const pages: PfnRange[] = [];
  for (const range of memblock.reserved) {
    const start = Math.floor(range.start / PAGE_SIZE);
    const end = Math.ceil(range.end / PAGE_SIZE);
    const last = pages.at(-1);
    if (last !== undefined && start <= last.end) pages[pages.length - 1] = { ...last, end };
    else pages.push({ start, end });
  }
  return pages;
}

function splitMemory(profile: Profile, run: MapRun, reserved: readonly PfnRange[]): MapRun[] {
  const parts: MapRun[] = [];
  const addFree = (start: number, end: number): void => {
    if (start >= end) return;
    if (!isHighmemZone(profile, run.zone)) parts.push({ ...run, start, end });
    else parts.push(...splitHighmem(profile, { ...run, start, end }));
  };
  let at = run.start;
  for (const range of reserved) {
    const start = Math.max(range.start, run.start);
    const end = Math.min(range.end, run.end);
    if (start >= end) continue;
    addFree(at, start);
    parts.push({ ...run, start, end, state: 'reserved' });
    at = end;
  }
  addFree(at, run.end);
  return parts;
}

/** Whole blocks of the highest order; what is left at the ends is freed page by page. */
function splitHighmem(profile: Profile, run: MapRun): MapRun[] {
  const blockPages = 1 << (profile.constant('MAX_ORDER') - 1);
  const first = Math.ceil(run.start / blockPages) * blockPages;
  const last = Math.floor(run.end / blockPages) * blockPages;
  if (first >= last) return [{ ...run, state: 'inUse' }];
  return [
    { ...run, end: first, state: 'inUse' },
    { ...run, start: first, end: last, state: 'freed' },
    { ...run, start: last, state: 'inUse' },
  ];
}

/** The run that holds `pfn`. */
export function runAt(runs: readonly MapRun[], pfn: number): MapRun | undefined {
  let low = 0;
  let high = runs.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const run = runs[middle] as MapRun;
    if (pfn < run.start) high = middle - 1;
    else if (pfn >= run.end) low = middle + 1;
    else return run;
  }
  return undefined;
}
