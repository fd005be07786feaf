/** An attempt in words: one closing sentence, and the whole of it line by line. */
import { hexText, type VirtAddr } from '../memory/address.js';
import type { Kernel } from '../machine/kernel.js';
import { migratetypeName } from '../types/enumName.js';
import { allocFlagNames, gfpText } from '../types/flagText.js';
import { counted } from '../view/counted.js';
import { isEnough, markText, sumText } from './watermarkText.js';
import type {
  Attempt,
  FallbackStep,
  OrderScan,
  Outcome,
  Pass,
  Route,
  Step,
  WatermarkTest,
  ZoneLook,
} from './attempt.js';

export const migratetypeText = (k: Kernel, mt: number): string => migratetypeName(k.profile, mt);

export function gfpMaskText(k: Kernel, gfp: number): string {
  const text = gfpText(k.profile, gfp);
  return text === '' ? '0' : text;
}

// --- the request -----------------------------------------------------------------------------------------------------

/** `order 4, GFP_KERNEL` */
export function requestText(
  k: Kernel,
  { what: call, order, gfp, nrBulk, outcome }: Attempt,
): string {
  if (call !== undefined && outcome.kind === 'nothing') return call;
  if (call !== undefined) return `${call}, ${gfpMaskText(k, gfp)}`;
  const what = nrBulk === undefined ? `order ${order}` : `${counted(nrBulk, 'page')} in bulk`;
  return `${what}, ${gfpMaskText(k, gfp)}`;
}

/** `ALLOC_WMARK_LOW | ALLOC_KSWAPD` */
const allocFlagsText = (k: Kernel, alloc_flags: number): string =>
  allocFlagNames(k.profile, alloc_flags).join(' | ');

/** Which look at the lists it is, by who looks. */
const PASSES: Readonly<Record<string, string>> = {
  __alloc_pages: 'fast path',
  __alloc_pages_bulk: 'bulk',
  __alloc_pages_slowpath: 'slow path',
  __alloc_pages_direct_reclaim: 'after reclaim',
  __alloc_pages_may_oom: 'before the OOM killer',
  nopage: 'last resort',
};

export const passName = ({ caller }: Pass): string => PASSES[caller] ?? caller;

/** What the pass was allowed: the flags, and how often it was made. */
export const passText = (k: Kernel, { alloc_flags, times }: Pass): string =>
  allocFlagsText(k, alloc_flags) + (times === 1 ? '' : `, ${times} times`);

// --- zones -----------------------------------------------------------------------------------------------------------

/** `812 free - 400 CMA - 15 taken (2^4 - 1) = 397 usable > WMARK_LOW 300: passes` */
function watermarkText(test: WatermarkTest): string {
  const enough = isEnough(test);
  return `${sumText(test)} ${enough ? '>' : '<='} ${markText(test)}: ${endOf(test, enough)}`;
}

function endOf({ passed, ignored }: WatermarkTest, enough: boolean): string {
  if (passed) return 'passes';
  if (ignored) return 'not required (ALLOC_NO_WATERMARKS)';
  return enough ? 'enough, but no usable block' : 'refused';
}

export const zoneLookText = ({ watermark }: ZoneLook): string =>
  watermark === undefined ? 'skipped: too many dirty pages' : watermarkText(watermark);

/** `58 blocks: MIGRATE_CMA (unusable without __GFP_MOVABLE)` */
export function orderScanText(k: Kernel, { nr_free, types }: OrderScan): string {
  if (nr_free === 0) return 'none';
  const names = types.map(({ migratetype, unusable }) => {
    const name = migratetypeText(k, migratetype);
    return unusable === undefined ? name : `${name} (unusable ${unusable})`;
  });
  return `${counted(nr_free, 'block')}: ${names.join(', ')}`;
}

// --- steps -----------------------------------------------------------------------------------------------------------

/** Name and value, as in a list of variables. */
export function stepRow(k: Kernel, step: Step): readonly [string, string] {
  const type = migratetypeText(k, step.migratetype);
  const again = step.times === 1 ? '' : `, ${step.times} times`;
  switch (step.kind) {
    case 'pcp':
      return [
        `per-CPU list of order ${step.order}, ${type}`,
        `CPU ${step.cpu}: ${step.hit ? 'has a block' : 'empty'}${again}`,
      ];
    case 'refill':
      return [`refill from the buddy lists`, `up to ${counted(step.count, 'block')}${again}`];
    case 'buddy':
      return [
        `buddy lists of ${type}`,
        (step.found === undefined
          ? `no block of order ${step.order} or above`
          : step.found === step.order
            ? `a block of order ${step.order}`
            : `a block of order ${step.found}, to be split`) + again,
      ];
    case 'fallback':
      return [`fallback for ${type}`, fallbackText(k, step) + again];
  }
}

function fallbackText(
  k: Kernel,
  { candidates, min_order, nofragment, taken }: FallbackStep,
): string {
  const types = candidates.map((mt) => migratetypeText(k, mt)).join(' or ');
  if (taken === undefined) {
    const why = nofragment ? ' (ALLOC_NOFRAGMENT: whole pageblocks only)' : '';
    return `no block of order ${min_order} or above of ${types}${why}`;
  }
  const { order: from, migratetype, pfn, whole_block, claimed } = taken;
  const block = `a block of order ${from} of ${migratetypeText(k, migratetype)}, pfn ${hexText(pfn)}`;
  if (claimed) return `${block}, with its pageblock`;
  return whole_block
    ? `${block}; too little of its pageblock is free or of a compatible type`
    : `${block} alone: a movable request claims the pageblock only from order ${k.pageblock_order >> 1} up`;
}

// --- the end ---------------------------------------------------------------------------------------------------------

/** The closing sentence. */
export function verdictSentence(k: Kernel, attempt: Attempt): string {
  const { order, nrBulk, outcome, passes } = attempt;
  const pages = nrBulk === undefined ? `order ${order}` : `bulk of ${counted(nrBulk, 'page')}`;
  const what = attempt.what ?? pages;
  switch (outcome.kind) {
    case 'failed':
      return `${what} failed: ${outcome.reason}`;
    case 'nothing':
      return `${what} asked for no pages, objects or addresses: what it returns follows from its arguments`;
    case 'range':
      return `${what}: pfn 0x${outcome.pfn.toString(16)}`;
    case 'object': {
      const more = outcome.nr === 1 ? '' : ` and ${outcome.nr - 1} more`;
      return `${what}: ${addressText(k, outcome.address)}${more}, ${outcome.from}`;
    }
    case 'area':
      return `${what}: ${addressText(k, outcome.address)}, ${counted(outcome.nrPages, 'page')}`;
    case 'under way': {
      const look = passes.at(-1)?.zones.at(-1);
      return `${what} under way${look === undefined ? '' : ` in zone ${look.name}`}`;
    }
    case 'page': {
      const count = nrBulk === undefined ? '' : `${counted(outcome.nr, 'page')}, the first `;
      return `${what}: ${count}${gotText(k, order, outcome)}${refusedText(passes.at(-1), outcome.zone)}`;
    }
  }
}

const addressText = (k: Kernel, address: VirtAddr): string => `0x${k.hex(address)}`;

function gotText(k: Kernel, order: number, outcome: Extract<Outcome, { kind: 'page' }>): string {
  const reserved = outcome.reserved ? '; its pageblock is MIGRATE_HIGHATOMIC now' : '';
  return `pfn ${hexText(outcome.pfn)}, ${routeText(k, order, outcome.route, outcome.zone)}${reserved}`;
}

function routeText(k: Kernel, order: number, route: Route, zone: string): string {
  switch (route.kind) {
    case 'unknown':
      return `in zone ${zone}`;
    case 'pcp': {
      const from = `from the list of CPU ${route.cpu} in zone ${zone}`;
      if (route.refill === undefined) return from;
      const stolen = route.refill.steps.some(
        (step) => step.kind === 'fallback' && step.taken !== undefined,
      );
      return `${from}, refilled with up to ${counted(route.refill.count, 'block')}${stolen ? ', stolen' : ''}`;
    }
    case 'buddy': {
      const { found = order, migratetype } = route.scan;
      const type = migratetypeText(k, migratetype);
      const block =
        found === order
          ? `a free block of ${type} in zone ${zone}`
          : `split from a block of order ${found} of ${type} in zone ${zone}`;
      const taken = route.stolen?.taken;
      if (taken === undefined) return block;
      const with_ = taken.claimed ? ' with its pageblock' : '';
      return `${block}, stolen from ${migratetypeText(k, taken.migratetype)}${with_}`;
    }
  }
}

/** Zones that were asked before the one that gave. */
function refusedText(pass: Pass | undefined, zone: string): string {
  const refused = (pass?.zones ?? [])
    .filter(({ name }) => name !== zone)
    .map(({ name, watermark }) =>
      watermark === undefined || watermark.passed
        ? `${name} had no usable block`
        : `${name} was below ${watermark.name}`,
    );
  return refused.length === 0 ? '' : `; ${refused.join(', ')}`;
}

/** Everything that led to the closing sentence, to be read from top to bottom. */
export function verdictLines(k: Kernel, attempt: Attempt): readonly string[] {
  const lines = [requestText(k, attempt)];
  const steps = (all: readonly Step[], indent: string): void => {
    for (const step of all) {
      lines.push(`${indent}${stepRow(k, step).join(': ')}`);
      if (step.kind === 'refill') steps(step.steps, `${indent}  `);
    }
  };
  for (const pass of attempt.passes) {
    lines.push(`${passName(pass)} (${passText(k, pass)})`);
    for (const look of pass.zones) {
      lines.push(`  ${look.name}: ${zoneLookText(look)}`);
      const large = look.lists.filter(
        ({ order, nr_free }) => order >= attempt.order && nr_free > 0,
      );
      if (attempt.order > 0)
        for (const scan of large)
          lines.push(`    free_area[${scan.order}]: ${orderScanText(k, scan)}`);
      steps(look.steps, '    ');
    }
  }
  return [...lines, ...attempt.notes];
}
