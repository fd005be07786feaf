/**
 * When a zone may serve a request: the watermark rule of each release, on numbers alone.
 *
 *     usable = free - (2^order - 1) - what this request may not touch
 *     usable > min, lowered by what the request is allowed, + lowmem_reserve[zone of the request]
 *     and a block of the order:   up to 4.3: pages of smaller blocks do not count, and min is halved at each order
 *                                 since 4.4: one block of the order or above on a list that the request may take from
 *
 * Source: mm/page_alloc.c: __zone_watermark_ok(), gfp_to_alloc_flags(), of 2.6.32, 3.2, 3.10, 3.19, 4.4, 4.9, 4.19, 5.10, 6.1, 6.12.
 * Turns: 3.7 CMA pages are subtracted (d95ea5d18e69), since 3.10 for the mark alone and not order by order (026b08147923); 4.4 a free block is looked for (97a16fc82a7c), high-atomic blocks are reserved (0aaa29a56e4f);
 * 4.13 victims of the OOM killer get half (cd04ae1e2dc8); 5.8 lowmem_reserve is indexed by the highest zone that the request may
 * use, not by its preferred zone (97a225e69a1f); 5.9 the boost does not bind atomic requests of order 0 (f80b08fc44536); 6.3
 * __GFP_ATOMIC goes, what cannot sleep counts (1ebbb21811b7); 6.13 free high-atomic pages are counted exactly (c928807f6f6b).
 */
import { isAtLeast, type KernelVersion } from '../input/version.js';
import { mayReclaim, mobilityOf, type GfpMask } from './gfp.js';

type OrderRule = 'halving' | 'free-block';

/** What a request may do beyond an ordinary one. */
export interface Allowance {
  readonly orderRule: OrderRule;
  /** `min` loses half: __GFP_HIGH. */
  readonly high: boolean;
  /** `min` loses another quarter of what is left: the caller cannot sleep. */
  readonly harder: boolean;
  readonly cma: boolean;
  /** CMA's pages are out of reach for the mark, and count again order by order: 3.10 to 4.3. */
  readonly cmaForMarkAlone: boolean;
  /** May take blocks of the high-atomic reserve. */
  readonly highatomic: boolean;
  /** The high-atomic reserve does not count as free for it. */
  readonly losesHighatomic: boolean;
  /** No watermark at all: __GFP_MEMALLOC. */
  readonly none: boolean;
  /** The boost of `min` does not bind it. */
  readonly ignoresBoost: boolean;
}

export function allowanceOf(mask: GfpMask, order: number, version: KernelVersion): Allowance {
  const { flags } = mask;
  const sleeps = mayReclaim(mask);
  const reserves = !flags.has('NOMEMALLOC');
  const high = flags.has('HIGH');
  const since = (major: number, minor: number): boolean => isAtLeast(version, [major, minor, 0]);
  const harder = since(6, 3)
    ? high && !sleeps && reserves
    : since(4, 4)
      ? flags.has('ATOMIC') && reserves
      : !sleeps && !flags.has('NO_KSWAPD') && reserves;
  return {
    orderRule: since(4, 4) ? 'free-block' : 'halving',
    high,
    harder,
    cma: mobilityOf(mask) === 'movable' && since(3, 7),
    cmaForMarkAlone: since(3, 10) && !since(4, 4),
    highatomic: since(6, 3) ? !sleeps && reserves && order > 0 : since(4, 4) && harder,
    losesHighatomic: since(6, 3) ? !high && (sleeps || !reserves) : since(4, 4) && !harder,
    none: flags.has('MEMALLOC') && reserves,
    ignoresBoost: since(5, 9) && order === 0 && (since(6, 3) ? high : flags.has('ATOMIC')),
  };
}

/** A zone in pages; undefined is what the report does not print. */
export interface ZonePages {
  readonly free: number;
  /** As printed: with the boost. */
  readonly min: number;
  readonly boost: number | undefined;
  readonly freeCma: number | undefined;
  readonly highatomic: number | undefined;
  readonly lowmemReserve: number;
  /** Blocks by order, and the letters of their lists. */
  readonly lists: readonly { readonly count: number; readonly letters?: string }[] | undefined;
}

type Refusal = 'mark' | 'order' | 'block' | undefined;

/** One step of the old rule. */
interface HalvingStep {
  readonly order: number;
  readonly subtracted: number;
  readonly usable: number;
  readonly min: number;
}

export interface Judgement {
  readonly refusal: Refusal;
  /** What is left of `free` for this request. */
  readonly usable: number;
  readonly subtracted: {
    readonly order: number;
    readonly cma: number;
    readonly highatomic: number;
  };
  /** `min` before and after what the request is allowed. */
  readonly min: number;
  readonly adjustedMin: number;
  readonly lowmemReserve: number;
  readonly halving: readonly HalvingStep[];
  /** Orders at or above the request's with blocks that it may not take, and with blocks that it may. */
  readonly useless: readonly {
    readonly order: number;
    readonly count: number;
    readonly letters: string;
  }[];
  readonly useful: readonly {
    readonly order: number;
    readonly count: number;
    readonly letters: string;
  }[];
  /** The highest order of which the request could take a block; -1 where there is none. */
  readonly largestUseful: number;
}

export function judgeZone(zone: ZonePages, order: number, allowance: Allowance): Judgement {
  const ofOrder = 2 ** order - 1;
  const cma = allowance.cma ? 0 : (zone.freeCma ?? 0);
  const highatomic = allowance.losesHighatomic ? (zone.highatomic ?? 0) : 0;
  const usable = zone.free - ofOrder - cma - highatomic;
  const min = allowance.none ? 0 : zone.min - (allowance.ignoresBoost ? (zone.boost ?? 0) : 0);
  const halved = allowance.high ? min - Math.trunc(min / 2) : min;
  const adjustedMin = allowance.harder ? halved - Math.trunc(halved / 4) : halved;
  const isBelow = !allowance.none && usable <= adjustedMin + zone.lowmemReserve;
  const steps =
    allowance.orderRule === 'halving'
      ? halvingSteps(zone, order, usable + (allowance.cmaForMarkAlone ? cma : 0), adjustedMin)
      : [];
  const blocks = blocksFrom(zone, order, allowance);
  const stepFails = steps.some((step) => step.usable <= step.min);
  return {
    refusal: isBelow
      ? 'mark'
      : stepFails
        ? 'order'
        : zone.lists && blocks.useful.length === 0 && (order > 0 || zone.free > 0)
          ? 'block'
          : undefined,
    usable,
    subtracted: { order: ofOrder, cma, highatomic },
    min,
    adjustedMin,
    lowmemReserve: zone.lowmemReserve,
    halving: steps,
    useless: blocks.useless,
    useful: blocks.useful,
    largestUseful: largestUseful(zone, allowance),
  };
}

/** The old rule, up to and with the step that refuses. */
function halvingSteps(
  { lists }: ZonePages,
  order: number,
  usable: number,
  min: number,
): HalvingStep[] {
  const steps: HalvingStep[] = [];
  let left = usable;
  let mark = min;
  for (let at = 0; at < order; at++) {
    const subtracted = (lists?.[at]?.count ?? 0) * 2 ** at;
    left -= subtracted;
    mark = Math.floor(mark / 2);
    steps.push({ order: at, subtracted, usable: left, min: mark });
    if (left <= mark) break;
  }
  return steps;
}

/** Whether a block on a list with these letters may be the request's: of its kind or another kind that it may fall back to. */
function isUseful(letters: string | undefined, allowance: Allowance): boolean {
  if (letters === undefined) return true;
  return (
    /[UMER]/.test(letters) ||
    (allowance.cma && letters.includes('C')) ||
    (allowance.highatomic && letters.includes('H'))
  );
}

function blocksFrom(
  { lists }: ZonePages,
  order: number,
  allowance: Allowance,
): Pick<Judgement, 'useful' | 'useless'> {
  const useful: { order: number; count: number; letters: string }[] = [];
  const useless: { order: number; count: number; letters: string }[] = [];
  lists?.forEach(({ count, letters }, at) => {
    if (at < order || count === 0) return;
    (isUseful(letters, allowance) ? useful : useless).push({
      order: at,
      count,
      letters: letters ?? '',
    });
  });
  return { useful, useless };
}

function largestUseful({ lists }: ZonePages, allowance: Allowance): number {
  return (
    lists?.findLastIndex(({ count, letters }) => count > 0 && isUseful(letters, allowance)) ?? -1
  );
}
