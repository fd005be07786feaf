/**
 * What a picture of the free lists asks the debug adapter, and is told: the arguments and bodies of the custom requests
 * `mmscope/freeAreas`, `mmscope/freeBlocks` and `mmscope/attempt`. Plain JSON; frame numbers and pages are numbers.
 */

export interface FreeAreasBody {
  /** `MIGRATE_UNMOVABLE`, ...: columns of each matrix. */
  readonly migratetypes: readonly string[];
  /** Orders are 0 to this - 1. */
  readonly nrOrders: number;
  readonly pageblockOrder: number;
  readonly zones: readonly ZoneBody[];
}

export interface ZoneBody {
  /** Its number in node_zones[]. */
  readonly index: number;
  /** Of its struct zone. */
  readonly address: string;
  readonly name: string;
  readonly managedPages: number;
  /** NR_FREE_PAGES, and what of it is CMA's. Blocks on per-CPU lists are not free to the zone. */
  readonly freePages: number;
  readonly freeCmaPages: number;
  readonly highatomicPages: number;
  readonly watermarks: { readonly min: number; readonly low: number; readonly high: number };
  /** Added to each of them. */
  readonly boost: number;
  /** lowmem_reserve[]: pages kept from requests that could have used that higher zone; zones with a reserve only. */
  readonly reserves: readonly { readonly zone: string; readonly pages: number }[];
  /** Lowest order first. */
  readonly orders: readonly OrderBody[];
  readonly cpus: readonly CpuListsBody[];
}

interface OrderBody {
  readonly order: number;
  /** free_area[order].nr_free */
  readonly nrFree: number;
  /** Blocks on the list of each migratetype. */
  readonly counts: readonly number[];
  /** Counts of {@link MAX_COUNTED} mean that many or more. */
  readonly capped: boolean;
}

/** So far a list is counted, as /proc/pagetypeinfo does. */
export const MAX_COUNTED = 100_000;

export interface CpuListsBody {
  readonly cpu: number;
  /** Of its struct per_cpu_pages. */
  readonly address: string;
  /** Pages on all of its lists. */
  readonly count: number;
  readonly high: number;
  readonly batch: number;
  /** Lists that are not empty. */
  readonly lists: readonly CpuListBody[];
}

export interface CpuListBody {
  readonly pindex: number;
  readonly order: number;
  /** Absent of lists that serve several types. */
  readonly migratetype?: string;
  readonly nrBlocks: number;
}

/** One list: of the zone, or of a CPU. */
export interface FreeBlocksArguments {
  readonly zone: number;
  readonly order?: number;
  readonly migratetype?: number;
  readonly cpu?: number;
  readonly pindex?: number;
  /** Counted from the head. */
  readonly start: number;
  /** At most {@link MAX_BLOCKS}. */
  readonly count: number;
}

export const MAX_BLOCKS = 4096;

export interface FreeBlocksBody {
  readonly order: number;
  /** First frames of the blocks, in list order: the first is taken next. */
  readonly pfns: readonly number[];
  /** The list goes on behind them. */
  readonly more: boolean;
  /** Why the list does not lead back to its head. */
  readonly broken?: string;
}

export interface NewestAttemptBody {
  /** Absent as long as nothing has been attempted. */
  readonly attempt?: AttemptBody;
}

export interface AttemptBody {
  /** `order 4, GFP_KERNEL` */
  readonly text: string;
  /** The closing sentence of its verdict. */
  readonly sentence: string;
  readonly order: number;
  readonly failed: boolean;
  /** First frame of the block that was given. */
  readonly pfn?: number;
  readonly passes: readonly PassBody[];
}

export interface PassBody {
  /** `fast path` */
  readonly name: string;
  readonly flags: string;
  readonly migratetype: string;
  readonly zones: readonly ZoneLookBody[];
}

export interface ZoneLookBody {
  readonly zone: string;
  readonly index: number;
  /** Absent where too many dirty pages kept the request from looking. */
  readonly test?: WatermarkBody;
  /** `812 free - 400 CMA = 412 usable <= WMARK_LOW 420: refused` */
  readonly text: string;
  /** The end of the look: this zone gave the block. */
  readonly gave: boolean;
  /** Orders whose free blocks the request could use, and those that it could not, with the reason. */
  readonly lists: readonly OrderLookBody[];
  /** What was tried in the zone, in words. */
  readonly steps: readonly string[];
}

interface OrderLookBody {
  readonly order: number;
  readonly nrFree: number;
  readonly types: readonly { readonly migratetype: number; readonly unusable?: string }[];
}

/** `free - cma - highatomic - taken > min + reserve`: the terms of the comparison. */
export interface WatermarkBody {
  /** `WMARK_LOW` */
  readonly mark: string;
  readonly terms: readonly TermBody[];
  readonly usablePages: number;
  /** It has to be more than this. */
  readonly neededPages: number;
  readonly enough: boolean;
  readonly passed: boolean;
  /** ALLOC_NO_WATERMARKS: it need not pass. */
  readonly ignored: boolean;
}

export type TermName =
  'free' | 'cma' | 'highatomic' | 'taken' | 'mark' | 'boost' | 'extra' | 'rights' | 'reserve';

export interface TermBody {
  readonly name: TermName;
  /** `NR_FREE_PAGES` */
  readonly label: string;
  /** Signed: how it counts for its side. */
  readonly pages: number;
  readonly side: 'usable' | 'needed';
  /** Without it the zone would have been let pass. */
  readonly decides: boolean;
}
