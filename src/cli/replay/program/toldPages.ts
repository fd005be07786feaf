/**
 * Pages that the recorded machine took for what is not performed here: objects of caches that other subsystems use, or whose freed
 * objects wait for RCU there. They are taken where the recording says so, and given back where it says so.
 */
import { __free_pages, alloc_pages } from '../../../engine/entry/functions.js';
import type { Kernel } from '../../../engine/machine/kernel.js';
import { PAGE_SIZE } from '../../../engine/memory/address.js';
import { giveSlabBack, isSlab } from './othersSlabs.js';
import { __mod_node_page_state } from '../../../engine/kernel/mm/vmstat/node_stat.js';

/** Pages of caches, as mm/slub.c and mm/slab.c ask for them: gfp_t. */
const OF_CACHES = /^(?:[15d]?2[0ac][0-9c-d]0|4[0-9]?0?(?:cc|a2)0|40cd0|[14]28[01]0)$/;
/** Of objects that cannot be reclaimed, and of those that can: GFP_KERNEL | __GFP_COMP and what mm/slub.c adds. */
export const UNMOVABLE = '12cc0';
export const RECLAIMABLE = 'd20d0';
/** Those of pipes, which no node counts as slabs. */
const OF_PIPES = '500cc2';
/** Stacks of threads of the kernel. */
const OF_STACKS = '400dc0';

export class ToldPages {
  /** By number of the page: what it was asked for with. */
  private pages: ReadonlyMap<number, number> = new Map();

  /**
   * @param lent of a machine without a core: pages that were made by the replay itself, which are not the recorded machine's either
   * @param stacks blocks of the order of a stack that its threads have had from the beginning, by their first page
   */
  constructor(
    private readonly lent?: ReadonlySet<number>,
    stacks: readonly number[] = [],
    stackOrder = 0,
  ) {
    for (const pfn of stacks) this.note(pfn, stackOrder, OF_STACKS);
  }

  has(pfn: number): boolean {
    return this.pages.has(pfn) || this.lent?.has(pfn) === true;
  }

  /** What is not memory: to be put back when the memory is taken back. */
  save(): () => void {
    const { pages } = this;
    return () => {
      this.pages = pages;
    };
  }

  /** Whether an event of the recording is such a page's. */
  tells(k: Kernel, event: string): boolean {
    const { gfp, isTaken, pfn, order } = readPageEvent(event);
    if (!isTaken) return this.has(pfn) || (this.lent === undefined && isSlab(k, pfn, order));
    // Without a core, which threads there are is not known: a stack is a child's.
    return gfp === OF_PIPES || isOfCaches(gfp) || (gfp === OF_STACKS && this.lent === undefined);
  }

  /** Takes or gives back the page of such an event; the event as it is here, where another page may be the next. Undefined: it is not there. */
  perform(k: Kernel, event: string): string | undefined {
    const { pfn, order, gfp, isTaken } = readPageEvent(event);
    if (!isTaken) return this.free(k, pfn, order) ? event : undefined;
    const taken = k.page_to_pfn(alloc_pages(k, parseInt(gfp, 16), order));
    // Without a core another page may have been taken before, which a later dump tells.
    const ours = this.lent === undefined ? taken : pfn;
    this.remember(k, ours, order, gfp);
    return event.replace(pfn.toString(16), ours.toString(16));
  }

  /** One that was taken while no events were recorded: only that somebody took one is known. */
  take(k: Kernel, gfp: string, order: number): void {
    if (!isOfCaches(gfp)) return;
    const page = alloc_pages(k, parseInt(gfp, 16), order);
    this.remember(k, k.page_to_pfn(page), order, gfp);
  }

  /** Bytes are written to an empty pipe. */
  takePipe(k: Kernel): void {
    const page = alloc_pages(k, parseInt(OF_PIPES, 16), 0);
    this.remember(k, k.page_to_pfn(page), 0, OF_PIPES);
  }

  /** The page that was taken last with these flags; undefined: others have none. */
  lastWith(gfp: string): number | undefined {
    const flags = parseInt(gfp, 16);
    return [...this.pages].findLast(([, each]) => each === flags)?.[0];
  }

  /** It was somebody's who is known. */
  forget(k: Kernel, pfn: number): void {
    const flags = this.pages.get(pfn);
    if (flags === undefined) return;
    count(k, flags.toString(16), -1);
    this.pages = new Map([...this.pages].filter(([at]) => at !== pfn));
  }

  private remember(k: Kernel, pfn: number, order: number, gfp: string): void {
    this.note(pfn, order, gfp);
    count(k, gfp, 1 << order);
  }

  private note(pfn: number, order: number, gfp: string): void {
    const flags = parseInt(gfp, 16);
    const taken = Array.from({ length: 1 << order }, (_, i) => [pfn + i, flags] as const);
    this.pages = new Map([...this.pages, ...taken]);
  }

  private free(k: Kernel, pfn: number, order: number): boolean {
    const flags = this.pages.get(pfn);
    if (flags === undefined && this.lent === undefined && isSlab(k, pfn, order)) {
      giveSlabBack(k, pfn, order);
      return true;
    }
    if (flags === undefined) return false;
    count(k, flags.toString(16), -(1 << order));
    __free_pages(k, k.pfn_to_page(pfn), order);
    this.pages = new Map([...this.pages].filter(([at]) => at < pfn || at >= pfn + (1 << order)));
    return true;
  }
}

export const isOfCaches = (gfp: string): boolean => OF_CACHES.test(gfp);

/** `pa PFN o=ORDER mt=TYPE gfp=GFP`, `pf PFN o=ORDER`; of other events the page number is not a number. */
export function readPageEvent(event: string): {
  readonly pfn: number;
  readonly order: number;
  readonly gfp: string;
  /** Else it is given back. */
  readonly isTaken: boolean;
} {
  const [, what, page = '', order = '0', gfp = ''] =
    /^(p[af]) (\S+) o=(\d+)(?: mt=\d+ gfp=([0-9a-f]+))?$/.exec(event) ?? [];
  return { pfn: parseInt(page, 16), order: Number(order), gfp, isTaken: what === 'pa' };
}

/** The node counts pages of caches, and stacks in KiB. */
function count(k: Kernel, gfp: string, nrPages: number): void {
  if (isOfCaches(gfp)) countSlab(k, parseInt(gfp, 16), nrPages);
  else if (gfp === OF_STACKS)
    __mod_node_page_state(k, k.NR_KERNEL_STACK_KB, nrPages * (PAGE_SIZE / 1024));
}

function countSlab(k: Kernel, gfp: number, delta: number): void {
  const isReclaimable = (gfp & k.__GFP_RECLAIMABLE) !== 0;
  const item = isReclaimable ? k.NR_SLAB_RECLAIMABLE_B : k.NR_SLAB_UNRECLAIMABLE_B;
  __mod_node_page_state(k, item, delta);
}
