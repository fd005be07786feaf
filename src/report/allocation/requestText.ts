/** What was asked for, decoded: the mask by the report's kernel, the size, the zones and lists that it may take from. */
import {
  decodeGfp,
  gfpBitTexts,
  gfpOfNames,
  mayReclaim,
  mobilityOf,
  unknownText,
  type GfpMask,
} from '../facts/gfp.js';
import type { ReportKernel } from '../finding.js';
import { seriesOf, type KernelVersion } from '../input/version.js';
import { hex, pagesText, plural, size } from '../render/amount.js';
import type { Verdict } from './judge.js';
import type { Request } from './request.js';

export interface DecodedRequest {
  readonly request: Request;
  readonly mask: GfpMask;
  readonly version: KernelVersion;
  readonly assumed: readonly string[];
}

/** @param fallback the kernel to decode by where nothing tells which it is. */
export function decodeRequest(
  request: Request,
  kernel: ReportKernel,
  fallback: KernelVersion,
): DecodedRequest {
  const version = kernel.version ?? fallback;
  const ofBits = decodeGfp(request.mask, version);
  const mask = request.names === undefined ? ofBits : gfpOfNames(request.names, version);
  const assumed: string[] = [];
  if (kernel.version === undefined)
    assumed.push(
      `The kernel's version is not in the text: rules and bits are those of Linux ${seriesOf(fallback)}.`,
    );
  else if (kernel.source !== 'report')
    assumed.push(
      `The kernel's version is not in the text: taken as Linux ${kernel.release ?? ''}.`,
    );
  if (request.names !== undefined && !isSame(mask, ofBits))
    assumed.push(
      `The names that the report prints are believed: by the bits of Linux ${seriesOf(version)}, ${hex(request.mask)} would be ${ofBits.text} (a vendor's kernel numbers them otherwise).`,
    );
  return { request, mask, version, assumed };
}

const isSame = (a: GfpMask, b: GfpMask): boolean =>
  a.flags.size === b.flags.size && [...a.flags].every((flag) => b.flags.has(flag));

export function requestItems(
  { request, mask, version }: DecodedRequest,
  verdict: Verdict,
  pageSize: number,
): string[] {
  const { flags } = mask;
  const order = Math.max(0, request.order);
  const items = [
    `Wanted: order ${request.order}, ${plural(2 ** order, 'page')} in a row (${size(2 ** order * pageSize)})${request.task === '' ? '' : `, by ${request.task}`}.`,
  ];
  if (request.vmallocBytes !== undefined)
    items.push(
      `It is for vmalloc(): ${plural(request.vmallocBytes, 'byte')} in all, ${pagesText(Math.ceil(request.vmallocBytes / pageSize), pageSize)}.`,
    );
  if (request.vmallocGot !== undefined)
    items.push(
      `It had ${size(request.vmallocGot)} of that already, page by page, when no page was left: these are given back now, and are in none of the counters below.`,
    );
  const bits = gfpBitTexts(request.mask, version);
  items.push(
    `Mask ${hex(request.mask)} of Linux ${seriesOf(version)}: ${mask.text}${bits.length > 0 ? ` (${bits.join(', ')})` : ''}.`,
  );
  if (mask.unknown !== 0) items.push(unknownText(mask.unknown, version));
  items.push(`It ${sleepText(mask)}; ${mobilityText(mask, verdict)}.`);
  // In an interrupt that came while kswapd ran, its rights do not count.
  if (request.task.startsWith('kswapd') && mayReclaim(mask))
    items.push(
      flags.has('NOMEMALLOC')
        ? 'kswapd may go below every mark for what it needs itself (PF_MEMALLOC): __GFP_NOMEMALLOC takes that away, so that the marks count.'
        : 'kswapd may go below every mark for what it needs itself (PF_MEMALLOC), down to the last page: the marks below are those of others.',
    );
  items.push(zoneText(verdict));
  if (flags.has('THISNODE')) items.push('__GFP_THISNODE: one node only, no other may help out.');
  if (request.nodemask !== undefined && request.nodemask !== '(null)')
    items.push(`Only nodes ${request.nodemask} are allowed (memory policy or cpuset).`);
  else if (
    request.memsAllowed !== undefined &&
    flags.has('HARDWALL') &&
    !/^0(?:-\d+)?$/.test(request.memsAllowed)
  )
    items.push(`Its cpuset allows only nodes ${request.memsAllowed}.`);
  return items;
}

function sleepText(mask: GfpMask): string {
  if (mayReclaim(mask)) {
    const { flags } = mask;
    if (!flags.has('IO')) return 'may sleep and reclaim, without starting any IO';
    return flags.has('FS')
      ? 'may sleep and reclaim'
      : 'may sleep and reclaim, without calling into file systems';
  }
  return 'may not sleep: what is not free at once it cannot have (no reclaim, no compaction, no OOM kill)';
}

function mobilityText(mask: GfpMask, { allowance, allowed, others }: Verdict): string {
  const mobility = mobilityOf(mask);
  const hasCma = [...allowed.map(({ zone }) => zone), ...others].some(
    ({ kB, lists }) =>
      (kB.get('free_cma') ?? 0) > 0 || lists?.some(({ letters }) => letters?.includes('C')),
  );
  if (!hasCma) return `it is ${mobility}`;
  if (allowance.cma) return `it is ${mobility}, so that CMA's pages are open to it`;
  return `it is ${mobility} (migratetype ${mobility.toUpperCase()}), so that CMA's pages are out of its reach, as a fallback too`;
}

function zoneText({ highest, allowed, order }: Verdict): string {
  const lower = [...new Set(allowed.map(({ zone }) => zone.name))];
  const may =
    lower.length === 0
      ? 'none of them is in the report'
      : `in this report ${lower.join(', then ')}`;
  const higher = order.names.slice(order.names.indexOf(highest) + 1);
  return `Highest zone it may use: ${highest}, or lower ones: ${may}.${
    higher.includes('HighMem') ? ' HighMem is out of its reach.' : ''
  }`;
}
