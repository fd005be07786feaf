/**
 * The state byte (view/pageState.ts) of every frame of a dumped machine, for its map. Frames are looked at in blocks of 1024,
 * when they are first asked for.
 *
 * Source: Linux 6.1 include/linux/page-flags.h, mm/page_alloc.c.
 */
import { dominantState, pageKindCode, pageState, PAGE_KINDS } from '../view/pageState.js';
import { isDumpError, Problems, type Inspected } from './inspected.js';
import { maxPfnOf } from './memmap.js';
import { Pages, type PageView } from './pages.js';
import { listsOf, populatedZonesOf, type ZoneView } from './zones.js';

const BLOCK = 1024;

export class DumpFrameStates {
  readonly maxPfn: number;
  readonly zones: readonly ZoneView[];
  private readonly pages: Pages;
  private readonly states: Uint8Array;
  private readonly looked: Uint8Array;
  private readonly maxOrder: number;
  private onPageSets: ReadonlySet<number> | undefined;

  constructor(private readonly k: Inspected) {
    this.maxPfn = Math.min(maxPfnOf(k), k.space.memory.endFrame);
    this.pages = new Pages(k);
    this.zones = populatedZonesOf(k);
    this.states = new Uint8Array(this.maxPfn);
    this.looked = new Uint8Array(Math.ceil(this.maxPfn / BLOCK));
    this.maxOrder = k.lengthOf('zone', 'free_area');
  }

  stateOf(pfn: number): number {
    this.look(Math.floor(pfn / BLOCK));
    return this.states[pfn] ?? 0;
  }

  /** A state byte a cell; cells past the end are left out. */
  cells(firstPfn: number, framesPerCell: number, nrCells: number): Uint8Array {
    const count = Math.max(
      0,
      Math.min(nrCells, Math.ceil((this.maxPfn - firstPfn) / framesPerCell)),
    );
    return Uint8Array.from({ length: count }, (_, i) => {
      const start = firstPfn + i * framesPerCell;
      if (framesPerCell === 1) return this.stateOf(start);
      const end = Math.min(start + framesPerCell, this.maxPfn);
      return dominantState(this.counts(start, end), end - start);
    });
  }

  /** Frames of each kind in the whole machine. */
  totals(): number[] {
    return this.counts(0, this.maxPfn);
  }

  private counts(start: number, end: number): number[] {
    const counts = new Array<number>(PAGE_KINDS.length).fill(0);
    for (let pfn = start; pfn < end; pfn++) {
      const kind = this.stateOf(pfn) >>> 4;
      counts[kind] = (counts[kind] ?? 0) + 1;
    }
    return counts;
  }

  private look(block: number): void {
    if (this.looked[block] === 1) return;
    this.looked[block] = 1;
    const end = Math.min((block + 1) * BLOCK, this.maxPfn);
    for (let pfn = block * BLOCK; pfn < end; pfn++) {
      if (this.states[pfn] !== 0) continue;
      const view = this.pageOf(pfn);
      if (typeof view !== 'object') {
        this.states[pfn] = pageState(pageKindCode(view));
        continue;
      }
      const order = view.buddyOrder;
      if (order === undefined || order >= this.maxOrder) this.states[pfn] = this.kindOf(view);
      else this.states.fill(pageState(pageKindCode('free'), order), pfn, pfn + 2 ** order);
    }
  }

  private pageOf(pfn: number): PageView | 'absent' | 'unreadable' {
    if (!this.zones.some(({ start, spanned }) => pfn >= start && pfn < start + spanned))
      return 'absent';
    try {
      return this.pages.read(pfn) ?? 'absent';
    } catch (error) {
      if (!isDumpError(error)) throw error;
      return 'unreadable';
    }
  }

  private kindOf(view: PageView): number {
    const has = (name: string): boolean => view.flagNames.includes(name);
    const state = (name: Parameters<typeof pageKindCode>[0]): number =>
      pageState(pageKindCode(name));
    if (has('hwpoison')) return state('poisoned');
    if (view.head !== view.page) return state('compoundTail');
    if (view.isSlab) return state('slab');
    if (has('reserved')) return state('reserved');
    if (this.pageSets().has(view.pfn)) return state('perCpu');
    if (this.pages.isPageTable(view.page)) return state('pageTable');
    if ((view.mapping & 3n) === 1n) return state('user');
    if (view.mapping !== 0n && (view.mapping & 3n) === 0n) return state('pageCache');
    if (has('head')) return state('compoundHead');
    return view.refcount > 0 ? state('kernel') : state('reserved');
  }

  private pageSets(): ReadonlySet<number> {
    this.onPageSets ??= new Set(
      this.zones.flatMap((zone) =>
        listsOf(this.k, zone, new Problems()).pcp.flatMap(({ lists }) =>
          Object.values(lists).flat(),
        ),
      ),
    );
    return this.onPageSets;
  }
}

const known = new WeakMap<Inspected, DumpFrameStates>();

/** Of a dump, made once. */
export function frameStatesOf(k: Inspected): DumpFrameStates {
  let states = known.get(k);
  if (states === undefined) known.set(k, (states = new DumpFrameStates(k)));
  return states;
}
