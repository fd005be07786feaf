/**
 * The record of one attempt to allocate: what the allocator looked at, in the order it did, with the numbers it had. Facts
 * only; text.ts says them.
 *
 *     Attempt             __alloc_pages(), __alloc_pages_bulk()
 *       Pass              get_page_from_freelist() with one set of rights
 *         ZoneLook        a zone of the zonelist: may the request take from it at all?
 *           OrderScan     its free lists, order by order
 *           Step          what was tried in it: per-CPU list, buddy list, fallback
 */
import type { VirtAddr } from '../memory/address.js';
import type { AllocFlags, Gfp, Migratetype, Order } from '../machine/ctypes.js';

export interface Attempt {
  readonly order: Order;
  readonly gfp: Gfp;
  /** Of a request for more than pages, which has no passes: `cma_alloc of 16 pages from reserved`. */
  readonly what?: string;
  /** Of alloc_pages_bulk_*(): how many single pages were asked for. */
  readonly nrBulk?: number;
  readonly passes: Pass[];
  /** Reclaim, compaction, reserves given up: what else the slow path did, in the kernel's words. */
  readonly notes: string[];
  outcome: Outcome;
}

export type Outcome =
  /** Not yet over at the place that is looked from. */
  | { readonly kind: 'under way' }
  | {
      readonly kind: 'page';
      readonly pfn: number;
      readonly zone: string;
      readonly route: Route;
      /** The pageblock became MIGRATE_HIGHATOMIC. */
      reserved: boolean;
      /** Of a bulk: pages so far. */
      nr: number;
    }
  /** Of a range of frames: no list gave it. */
  | { readonly kind: 'range'; readonly pfn: number }
  /** Objects of a cache: the first one, how many, and where they came from. */
  | {
      readonly kind: 'object';
      readonly address: VirtAddr;
      readonly nr: number;
      readonly from: string;
    }
  /** An area of vmalloc space, all of whose pages are there. */
  | { readonly kind: 'area'; readonly address: VirtAddr; readonly nrPages: number }
  /** The call asked for no memory: what it returns follows from its arguments. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'failed'; readonly reason: string };

/** Where the block came from. */
export type Route =
  | { readonly kind: 'pcp'; readonly cpu: number; readonly refill: RefillStep | undefined }
  | { readonly kind: 'buddy'; readonly scan: BuddyStep; readonly stolen: FallbackStep | undefined }
  | { readonly kind: 'unknown' };

export interface Pass {
  /** The function that called get_page_from_freelist(). */
  readonly caller: string;
  readonly alloc_flags: AllocFlags;
  readonly migratetype: Migratetype;
  readonly zones: ZoneLook[];
  /** In a row, with the same end. */
  times: number;
}

export interface ZoneLook {
  /** Its number in node_zones[]. */
  readonly index: number;
  readonly name: string;
  /** Absent where the dirty limit let no watermark be looked at. */
  readonly watermark?: WatermarkTest;
  readonly lists: readonly OrderScan[];
  readonly steps: Step[];
}

/** free - unusable > min + lowmem_reserve, and for order > 0 a block that is large enough. */
export interface WatermarkTest {
  /** `WMARK_LOW` */
  readonly name: string;
  /** _watermark[] alone. */
  readonly pages: number;
  readonly boost: number;
  /** Added by alloc_pages_bulk_*(), which must leave room for all its pages. */
  readonly extra: number;
  readonly free: number;
  /** What the request may not use of them. */
  readonly cma: number;
  readonly highatomic: number;
  /** 2^order - 1: the pages it would take, but one. */
  readonly taken: number;
  /** The mark, lowered by the request's rights. */
  min: number;
  readonly lowmem_reserve: number;
  readonly passed: boolean;
  /** ALLOC_NO_WATERMARKS: it need not pass. */
  readonly ignored: boolean;
}

/** The free blocks of one order. */
export interface OrderScan {
  readonly order: Order;
  readonly nr_free: number;
  /** Types that have some, and why the request may not take them, where it may not. */
  readonly types: readonly { readonly migratetype: Migratetype; readonly unusable?: string }[];
}

export type Step = PcpStep | RefillStep | BuddyStep | FallbackStep;

interface Repeated {
  times: number;
}

/** __rmqueue_pcplist() */
interface PcpStep extends Repeated {
  readonly kind: 'pcp';
  readonly cpu: number;
  readonly order: Order;
  readonly migratetype: Migratetype;
  /** Whether the list had a block. */
  readonly hit: boolean;
}

/** rmqueue_bulk() */
export interface RefillStep extends Repeated {
  readonly kind: 'refill';
  readonly order: Order;
  readonly migratetype: Migratetype;
  /** Blocks asked for. */
  readonly count: number;
  readonly steps: Step[];
}

/** __rmqueue_smallest() */
export interface BuddyStep extends Repeated {
  readonly kind: 'buddy';
  readonly order: Order;
  readonly migratetype: Migratetype;
  /** The order of the block that was there; undefined when no list of the type had one. */
  readonly found: Order | undefined;
}

/** __rmqueue_fallback() */
export interface FallbackStep extends Repeated {
  readonly kind: 'fallback';
  readonly order: Order;
  readonly migratetype: Migratetype;
  /** Other types, in the order in which they are tried. */
  readonly candidates: readonly Migratetype[];
  /** No block below this order may be taken. */
  readonly min_order: Order;
  /** ALLOC_NOFRAGMENT has raised it. */
  readonly nofragment: boolean;
  taken?: {
    readonly order: Order;
    readonly migratetype: Migratetype;
    readonly pfn: number;
    /** can_steal_fallback(): the pageblock is taken, too, if enough of it is free or of the like. */
    readonly whole_block: boolean;
    /** It was: it has the request's type now. */
    claimed: boolean;
  };
}
