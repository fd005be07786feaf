/**
 * What the recorded machine did where a trace without a program beside it tells nothing: while no events were recorded, others took
 * pages for objects of their caches, and (SMP) the end of a grace period gave a stack back. Of a page that goes to somebody else than in
 * ours, the next dump of all pages tells whether a cache has it there.
 */
import {
  type MemmapRuns,
  parseMemmap,
  parseZones,
  type TraceDump,
} from '../../../engine/image/state/index.js';
import {
  alloc_pages,
  per_cpu_ptr,
  refresh_cpu_vm_stats,
  test_bit,
} from '../../../engine/entry/functions.js';
import type { Kernel } from '../../../engine/machine/kernel.js';
import { asCell, asPfn } from '../../../engine/memory/address.js';
import type { Span } from './spans.js';
import type { Processes } from './processes.js';
import { isOfCaches, readPageEvent, RECLAIMABLE, type ToldPages, UNMOVABLE } from './toldPages.js';

/** A page that a cache took, or the end of a grace period. */
export type UnheardAct = { readonly gfp: string; readonly order: number } | 'rcu';

/** As much as may have happened in front of one operation. */
export const MAX_UNHEARD = 24;

/** Page numbers of pages that caches have, and whether it is the first of several. */
type SlabPages = ReadonlyMap<number, boolean>;

/** What may have happened where nothing tells: pages of caches that have been given back since, one or two. */
export function guesses(): readonly (readonly UnheardAct[])[] {
  const single: readonly UnheardAct[] = [
    { gfp: UNMOVABLE, order: 0 },
    { gfp: RECLAIMABLE, order: 0 },
    { gfp: RECLAIMABLE, order: 1 },
    { gfp: UNMOVABLE, order: 1 },
  ];
  return [
    ...single.map((act) => [act]),
    ...single.flatMap((first) => single.map((second) => [first, second])),
  ];
}

export class Unheard {
  /** Where all pages were dumped, and which of them belonged to caches there. */
  private readonly slabs: readonly { readonly at: Span; readonly pages: SlabPages }[];

  constructor(
    private readonly k: Kernel,
    private readonly told: ToldPages,
    private readonly processes: Processes,
    private readonly spans: readonly Span[],
  ) {
    this.slabs = spans.flatMap((at) =>
      at.dumps
        .filter((dump) => dump.name === 'memmap')
        .map((dump) => ({ at, pages: slabPages(k, parseMemmap(dump)) })),
    );
  }

  /** Whether an event that the kernel has in place of ours takes a stack that a grace period must have given back. */
  needsGracePeriod(kernel: string | undefined): boolean {
    const { isTaken, pfn } = readPageEvent(kernel ?? '');
    return isTaken && this.processes.waitsToBeFreed(pfn);
  }

  /** The page of an event of ours that a cache took instead. */
  taken(span: Span, ours: string | undefined): number | undefined {
    const { pfn, isTaken, gfp } = readPageEvent(ours ?? '');
    return isTaken && !isOfCaches(gfp) && this.next(span).has(pfn) ? pfn : undefined;
  }

  /** Takes pages for caches as soon as each is the next that one would get. */
  takeWanted(span: Span, wanted: ReadonlySet<number>): void {
    for (let act = this.nextAct(span, wanted); act !== undefined; act = this.nextAct(span, wanted))
      this.perform(act);
  }

  /** One page for a cache for each of these: where it is not that page, it is one that a larger block with it was split for. */
  takeForEach(span: Span, wanted: ReadonlySet<number>): void {
    for (const pfn of wanted)
      this.perform(this.nextAct(span, new Set([pfn])) ?? { gfp: UNMOVABLE, order: 0 });
  }

  perform(act: UnheardAct): void {
    if (act === 'rcu') this.processes.perform({ pid: 0, name: 'rcu', args: [] });
    else this.told.take(this.k, act.gfp, act.order);
  }

  /** Takes the pages that caches have got since then, as far as they are the next to be had; how many, if a dump of the zones is met. */
  takeAll(span: Span, zones: TraceDump, isSame: () => boolean): number | undefined {
    const next = new Set(this.next(span).keys());
    const { tape } = this.k;
    const start = tape.cursor;
    const restore = this.told.save();
    let nr = 0;
    while (!isSame() && nr < MAX_UNHEARD) {
      const act = this.nextAct(span, next);
      if (act === undefined) break;
      this.perform(act);
      nr++;
    }
    if (nr > 0) this.tellFactors(zones);
    if (isSame()) return nr;
    refresh_cpu_vm_stats(this.k);
    if (isSame()) return nr + 1;
    tape.seek(start);
    tape.cut();
    restore();
    return undefined;
  }

  /** Each page that is taken halves what frees have doubled; in which order the two happened, nobody has heard. */
  private tellFactors(dump: TraceDump): void {
    const { k } = this;
    for (const { index, populated } of parseZones(dump).zones) {
      const zone = k.zones[index];
      if (zone === undefined || populated === undefined) continue;
      const pcp = per_cpu_ptr(k, zone + k.zone.per_cpu_pageset, k.cpu);
      const factor = populated.pcp[0]?.fields.free_factor ?? 0;
      const at = k.per_cpu_pages.free_factor;
      if (k.read16(pcp, at) < factor) k.write16(pcp, at, factor);
    }
  }

  /** What takes one of these pages if it is done now. */
  private nextAct(span: Span, wanted: ReadonlySet<number>): UnheardAct | undefined {
    const { k } = this;
    const next = this.next(span);
    for (const [gfp, order] of [
      [UNMOVABLE, 0],
      [RECLAIMABLE, 0],
      [RECLAIMABLE, 1],
      [UNMOVABLE, 1],
      [UNMOVABLE, 2],
      [UNMOVABLE, 3],
    ] as const) {
      const start = k.tape.cursor;
      const page = alloc_pages(k, parseInt(gfp, 16), order);
      const pfn = page === 0 ? -1 : k.page_to_pfn(page);
      k.tape.seek(start);
      k.tape.cut();
      if (!wanted.has(pfn) || this.isSlab(pfn)) continue;
      if (next.get(pfn) === order > 0) return { gfp, order };
    }
    return undefined;
  }

  private isSlab(pfn: number): boolean {
    const { k } = this;
    return test_bit(k, k.PG_slab, asCell(k.pfn_to_page(asPfn(pfn)) + k.page.flags));
  }

  /** Pages of caches in the next dump, this operation's own included. */
  private next(span: Span): SlabPages {
    const at = this.spans.indexOf(span);
    return this.slabs.find((each) => this.spans.indexOf(each.at) >= at)?.pages ?? new Map();
  }
}

function slabPages(k: Kernel, runs: MemmapRuns): SlabPages {
  const pages = new Map<number, boolean>();
  runs.flagsLow.forEach((flags, run) => {
    if ((flags & (1 << k.PG_slab)) === 0) return;
    const start = runs.startPfn[run] ?? 0;
    const isHead = (flags & (1 << k.PG_head)) !== 0;
    for (let i = 0; i < (runs.count[run] ?? 0); i++) pages.set(start + i, isHead);
  });
  return pages;
}
