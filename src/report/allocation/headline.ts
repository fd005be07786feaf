/** One sentence that answers first. */
import { listed, plural, size } from '../render/amount.js';
import type { Verdict } from './judge.js';
import { zoneTitle } from './verdictText.js';
import type { DecodedRequest } from './requestText.js';

export function headline(
  decoded: DecodedRequest,
  verdict: Verdict,
  pageSize: number,
  managedBytes?: number,
): string {
  if (verdict.cause === 'beyond-memory') {
    const { vmallocBytes = 0, task } = decoded.request;
    return `vmalloc() of ${size(vmallocBytes)}${task === '' ? '' : ` for ${task}`} failed: the whole machine has ${managedBytes === undefined ? 'less' : size(managedBytes)}.`;
  }
  if (verdict.cause === 'by-hand')
    return 'The OOM killer was called by hand (SysRq f): memory had not run out.';
  return `${subject(decoded)}: ${reason(decoded, verdict, pageSize)}`;
}

function subject({ request, mask }: DecodedRequest): string {
  const what = `order ${request.order}, ${mask.text}`;
  const task = request.task === '' ? '' : ` of ${request.task}`;
  if (request.kind === 'oom') return `Out of memory for a request${task} (${what})`;
  if (request.kind === 'stall')
    return `A request${task} waited ${request.stalledMs ?? 0} ms (${what})`;
  return `A request${task} failed (${what})`;
}

function reason({ request }: DecodedRequest, verdict: Verdict, pageSize: number): string {
  const { cause, allowed, highest } = verdict;
  const free = allowed.reduce((sum, zone) => sum + zone.free, 0);
  const cma = allowed.reduce((sum, zone) => sum + (zone.freeCma ?? 0), 0);
  switch (cause) {
    case 'no-zone':
      return `it wants memory of ${highest} or below, and the machine has none there.`;
    case 'cma-blocks': {
      const at = allowed.find(({ judgement }) => judgement.useless.length > 0);
      const blocks = (at?.judgement.useless ?? []).reduce((sum, { count }) => sum + count, 0);
      return `memory is free, but all ${plural(blocks, 'free block')} of order ${request.order} or above are ${at?.judgement.useless.every(({ letters }) => letters.includes('C')) === true ? "CMA's, which only movable requests may take" : 'on lists that it may not take from'}.`;
    }
    case 'cma':
      return `of ${size(free * pageSize)} free in zones that it may use, ${size(cma * pageSize)} are CMA's, which it may not use; the rest is below the watermark.`;
    case 'reserve':
      return `the pages that are free are kept by lowmem_reserve for requests that can use nothing else.`;
    case 'fragmentation':
      return verdict.allowance.orderRule === 'halving'
        ? `${size(free * pageSize)} are free, but in blocks too small: the watermark rule before 4.4 refuses order ${request.order}.`
        : `${size(free * pageSize)} are free, but no block of order ${request.order} (${size(2 ** Math.max(0, request.order) * pageSize)}) or above.`;
    case 'shortage':
      return `memory is used up: ${allowed.map(({ zone, judgement }) => `${zoneTitle(zone)} has ${plural(judgement.usable, 'page')} for it and needs more than ${judgement.adjustedMin + judgement.lowmemReserve}`).join('; ')}.`;
    case 'passes': {
      const passing = allowed.filter(({ judgement }) => judgement.refusal === undefined);
      const refusing = allowed.filter(({ judgement }) => judgement.refusal !== undefined);
      return refusing.length === 0
        ? 'by the numbers that it prints it would succeed.'
        : `${listed(refusing.map(({ zone }) => zoneTitle(zone)))} refuse${refusing.length === 1 ? 's' : ''}; by the numbers that it prints ${listed(passing.map(({ zone }) => zoneTitle(zone)))} would serve it.`;
    }
    case 'barely': {
      const passing = allowed.filter(({ judgement }) => judgement.refusal === undefined);
      const refusing = allowed.filter(({ judgement }) => judgement.refusal !== undefined);
      return `${listed(refusing.map(({ zone }) => zoneTitle(zone)))} refuse${refusing.length === 1 ? 's' : ''}, and ${passing.map(({ zone, judgement }) => `${zoneTitle(zone)} is only ${plural(judgement.usable - judgement.adjustedMin - judgement.lowmemReserve, 'page')} above its mark`).join('; ')}: memory is as good as used up.`;
    }
    case 'by-hand':
    case 'beyond-memory':
      return 'it is more than the machine has.';
    case 'fault-injection':
      return 'fault injection made it fail.';
    case 'no-numbers':
      return 'the text has no memory information, so that it does not tell why.';
  }
}
