/**
 * An attempt to allocate in numbers, with what decided: of each zone's watermark the terms without which the zone would have been
 * let pass.
 *
 * Source: verdict/attempt.ts; Linux 6.1 mm/page_alloc.c: __zone_watermark_ok().
 */
import type { Kernel } from '../../machine/kernel.js';
import type { Attempt, Pass, WatermarkTest, ZoneLook } from '../../verdict/attempt.js';
import {
  migratetypeText,
  passName,
  passText,
  requestText,
  stepRow,
  verdictSentence,
  zoneLookText,
} from '../../verdict/text.js';
import { isEnough, usablePages } from '../../verdict/watermarkText.js';
import type {
  AttemptBody,
  PassBody,
  TermBody,
  TermName,
  WatermarkBody,
  ZoneLookBody,
} from './freeAreas.js';

export function attemptBody(k: Kernel, attempt: Attempt): AttemptBody {
  const { order, outcome, passes } = attempt;
  return {
    text: requestText(k, attempt),
    sentence: verdictSentence(k, attempt),
    order,
    failed: outcome.kind === 'failed',
    ...((outcome.kind === 'page' || outcome.kind === 'range') && { pfn: outcome.pfn }),
    passes: passes.map((pass, i) => {
      const gave = outcome.kind === 'page' && i === passes.length - 1 ? outcome.zone : undefined;
      return passBody(k, pass, gave);
    }),
  };
}

const passBody = (k: Kernel, pass: Pass, gave: string | undefined): PassBody => ({
  name: passName(pass),
  flags: passText(k, pass),
  migratetype: migratetypeText(k, pass.migratetype),
  zones: pass.zones.map((look) => lookBody(k, look, gave)),
});

function lookBody(k: Kernel, look: ZoneLook, gave: string | undefined): ZoneLookBody {
  const { index, name, watermark, lists, steps } = look;
  return {
    zone: name,
    index,
    ...(watermark !== undefined && { test: watermarkBody(watermark) }),
    text: zoneLookText(look),
    gave: name === gave,
    lists: lists.map(({ order, nr_free, types }) => ({ order, nrFree: nr_free, types })),
    steps: steps.map((step) => stepRow(k, step).join(': ')),
  };
}

function watermarkBody(test: WatermarkTest): WatermarkBody {
  const enough = isEnough(test);
  const neededPages = test.min + test.lowmem_reserve;
  /** Pages that the zone lacks to pass. */
  const lacking = neededPages + 1 - usablePages(test);
  const term = (side: TermBody['side'], name: TermName, label: string, pages: number): TermBody => {
    const gain = side === 'usable' ? -pages : pages;
    return { name, label, pages, side, decides: !enough && gain >= lacking && gain > 0 };
  };
  const { free, cma, highatomic, taken, pages, boost, extra, min, lowmem_reserve } = test;
  const all = [
    term('usable', 'free', 'NR_FREE_PAGES', free),
    term('usable', 'cma', 'CMA', -cma),
    term('usable', 'highatomic', 'highatomic', -highatomic),
    term('usable', 'taken', 'taken (2^order - 1)', -taken),
    term('needed', 'mark', test.name, pages),
    term('needed', 'boost', 'watermark_boost', boost),
    term('needed', 'extra', 'for the rest of the bulk', extra),
    term('needed', 'rights', 'by the request’s rights', min - pages - boost - extra),
    term('needed', 'reserve', 'lowmem_reserve', lowmem_reserve),
  ];
  const terms = all.filter(({ name, pages: n }) => n !== 0 || name === 'free' || name === 'mark');
  // Where no single one decides, there is too little free for the mark as it is.
  const someDecides = terms.some(({ decides }) => decides);
  return {
    mark: test.name,
    terms: terms.map((each) =>
      !enough && !someDecides && each.name === 'free' ? { ...each, decides: true } : each,
    ),
    usablePages: usablePages(test),
    neededPages,
    enough,
    passed: test.passed,
    ignored: test.ignored,
  };
}
