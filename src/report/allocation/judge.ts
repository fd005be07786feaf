/**
 * The verdict by numbers: which zones the request may use, what each says to it, and what it comes to.
 *
 * Invariant: only numbers of the report and the rules of its release count; the report is of the moment after the failure.
 */
import { allowanceOf, judgeZone, type Allowance, type Judgement } from '../facts/watermark.js';
import type { GfpMask } from '../facts/gfp.js';
import { highestZone, zoneOrder, type MachineHints, type ZoneOrder } from '../facts/zoneOrder.js';
import { isAtLeast, type KernelVersion } from '../input/version.js';
import type { MemInfo, ZoneInfo } from './memInfo.js';

export interface ZoneVerdict {
  readonly zone: ZoneInfo;
  /** In pages. */
  readonly free: number;
  readonly boost: number | undefined;
  readonly freeCma: number | undefined;
  readonly judgement: Judgement;
  /** The index in lowmem_reserve[] that counts, and the zone it stands for. */
  readonly reserveIndex: number;
  readonly reserveZone: string;
}

/** What it comes to. */
type Cause =
  /** No zone that the request may use has memory. */
  | 'no-zone'
  /** Free memory is CMA's. */
  | 'cma'
  /** Free blocks of the order are there, and none may be taken. */
  | 'cma-blocks'
  /** lowmem_reserve keeps the free pages of lower zones. */
  | 'reserve'
  | 'shortage'
  | 'fragmentation'
  /** By the numbers printed the request would succeed. */
  | 'passes'
  /** It would succeed, in zones that are below the mark at which reclaim starts. */
  | 'barely'
  /** Somebody asked for a victim: SysRq f. */
  | 'by-hand'
  /** More than the machine has. */
  | 'beyond-memory'
  /** The kernel was told to fail. */
  | 'fault-injection'
  | 'no-numbers';

export interface Verdict {
  readonly cause: Cause;
  readonly allowance: Allowance;
  readonly order: ZoneOrder;
  readonly highest: string;
  /** Zones that the request may use, in the order in which they are tried. */
  readonly allowed: readonly ZoneVerdict[];
  /** Printed zones that it may not use. */
  readonly others: readonly ZoneInfo[];
}

const pagesOf = (memInfo: MemInfo, kB: number | undefined): number | undefined =>
  kB === undefined ? undefined : Math.floor((kB * 1024) / memInfo.pageSize);

export function judge(
  memInfo: MemInfo | undefined,
  mask: GfpMask,
  order: number,
  version: KernelVersion,
  hints: Pick<MachineHints, 'bits'> & { readonly nodes?: ReadonlySet<number> },
  /** By index, where they are known: of a dump. */
  known?: readonly string[],
): Verdict {
  const allowance = allowanceOf(mask, order, version);
  const zones = memInfo?.zones ?? [];
  const length = zones.find(({ lowmemReserve }) => lowmemReserve)?.lowmemReserve?.length;
  const seen = [...new Set(zones.map(({ name }) => name))];
  const zoneNames = known
    ? { names: known, isCertain: true }
    : zoneOrder(seen, length, mask, {
        ...hints,
        hasHighMem: seen.includes('HighMem') || (memInfo?.counts.get('pages HighMem') ?? 0) > 0,
      });
  const highest = highestZone(zoneNames.names, mask);
  const rank = ({ name }: ZoneInfo): number => zoneNames.names.indexOf(name);
  const mayUse = zones
    .filter(
      (zone) =>
        rank(zone) <= highest &&
        (hints.nodes === undefined || zone.node === undefined || hints.nodes.has(zone.node)) &&
        (zone.kB.get('managed') ?? zone.kB.get('present') ?? 1) > 0,
    )
    .sort((a, b) => (a.node ?? 0) - (b.node ?? 0) || rank(b) - rank(a));
  const preferred = mayUse[0];
  const index =
    isAtLeast(version, [5, 8, 0]) || preferred === undefined
      ? highest
      : Math.max(...mayUse.filter(({ node }) => node === preferred.node).map(rank));
  const judged = mayUse.map((zone) => judgeOne(memInfo, zone, order, allowance, index, zoneNames));
  const allowed = mask.flags.has('THISNODE') ? ofItsNode(judged) : judged;
  return {
    cause:
      memInfo === undefined || zones.length === 0 ? 'no-numbers' : causeOf(allowed, order, memInfo),
    allowance,
    order: zoneNames,
    highest: zoneNames.names[highest] ?? 'Normal',
    allowed,
    others: zones.filter((zone) => !allowed.some((each) => each.zone === zone)),
  };
}

/** __GFP_THISNODE: the node is not printed. It is one that refuses, and where several do, each is looked at. */
function ofItsNode(allowed: readonly ZoneVerdict[]): readonly ZoneVerdict[] {
  const serving = new Set(
    allowed.flatMap(({ zone, judgement }) => (judgement.refusal === undefined ? [zone.node] : [])),
  );
  const refusing = allowed.filter(({ zone }) => !serving.has(zone.node));
  return refusing.length > 0 ? refusing : allowed;
}

function judgeOne(
  memInfo: MemInfo | undefined,
  zone: ZoneInfo,
  order: number,
  allowance: Allowance,
  index: number,
  { names }: ZoneOrder,
): ZoneVerdict {
  const pages = (name: string): number | undefined =>
    memInfo && pagesOf(memInfo, zone.kB.get(name));
  const free = pages('free') ?? 0;
  const boost = pages('boost');
  const freeCma = pages('free_cma');
  const judgement = judgeZone(
    {
      free,
      min: pages('min') ?? 0,
      boost,
      freeCma,
      highatomic: pages('free_highatomic') ?? pages('reserved_highatomic'),
      lowmemReserve: zone.lowmemReserve?.[index] ?? 0,
      lists: zone.lists,
    },
    order,
    allowance,
  );
  return {
    zone,
    free,
    boost,
    freeCma,
    judgement,
    reserveIndex: index,
    reserveZone: names[index] ?? '',
  };
}

/** Below `low` the zone is being reclaimed, and what is above `min` is on its way out. */
function isBelowLow({ zone, judgement }: ZoneVerdict, memInfo: MemInfo): boolean {
  const low = pagesOf(memInfo, zone.kB.get('low'));
  return low !== undefined && judgement.usable <= low + judgement.lowmemReserve;
}

function causeOf(allowed: readonly ZoneVerdict[], order: number, memInfo: MemInfo): Cause {
  if (allowed.length === 0) return 'no-zone';
  const passing = allowed.filter(({ judgement }) => judgement.refusal === undefined);
  if (passing.length > 0)
    return passing.length < allowed.length && passing.every((zone) => isBelowLow(zone, memInfo))
      ? 'barely'
      : 'passes';
  // The zone that had the best chance tells the story: past the mark, or nearest to it.
  const best = allowed.toSorted((a, b) => chance(b) - chance(a))[0];
  if (!best) return 'no-zone';
  const { refusal, useless, subtracted, usable, adjustedMin, lowmemReserve } = best.judgement;
  if (refusal === 'block' || refusal === 'order')
    return order > 0 && useless.length > 0 && best.judgement.useful.length === 0
      ? 'cma-blocks'
      : 'fragmentation';
  const mark = adjustedMin + lowmemReserve;
  if (usable + subtracted.cma > mark && subtracted.cma > 0) return 'cma';
  if (allowed.every(({ judgement: each }) => each.usable > each.adjustedMin)) return 'reserve';
  return 'shortage';
}

function chance({ judgement, free }: ZoneVerdict): number {
  const { refusal, usable, adjustedMin, lowmemReserve, subtracted } = judgement;
  if (refusal === 'block' || refusal === 'order') return Number.MAX_SAFE_INTEGER - 1 / (free + 1);
  return usable + subtracted.cma - adjustedMin - lowmemReserve;
}
