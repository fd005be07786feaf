/**
 * The record of an attempt says what the allocator did: random requests on recorded machines of every kernel, and each
 * record must agree with the page that came of it, with the arithmetic of the watermarks and with the lists.
 */
import { constantNamed } from '../../src/engine/types/named.js';
import assert from 'node:assert/strict';
import { kernel } from '../../src/engine/entry/instrumented.js';
import * as plain from '../../src/engine/entry/functions.js';
import type { Kernel } from '../../src/engine/machine/kernel.js';
import type { Page } from '../../src/engine/machine/ctypes.js';
import type { Attempt, WatermarkTest, ZoneLook } from '../../src/engine/verdict/attempt.js';
import { recordAttempts } from '../../src/engine/verdict/listen.js';
import { AttemptRecorder } from '../../src/engine/verdict/recorder.js';
import { verdictLines, verdictSentence } from '../../src/engine/verdict/text.js';
import { markText, sumText, usablePages } from '../../src/engine/verdict/watermarkText.js';
import { describeMachines } from './machines.js';
import { random } from './random.js';
import { zoneName } from '../../src/engine/machine/zoneNames.js';

const GFPS = ['GFP_KERNEL', 'GFP_ATOMIC', 'GFP_NOWAIT', 'GFP_HIGHUSER_MOVABLE', 'GFP_DMA'];

/** Calls `allocate` with requests of all kinds until memory is short; frees a part. */
function exercise(
  mm: Kernel,
  seed: number,
  allocate: (gfp: number, order: number) => Page,
  free: (page: Page, order: number) => void,
): void {
  const next = random(seed);
  const live: { page: Page; order: number }[] = [];
  for (let op = 0; op < 700; op++) {
    if (live.length > 0 && next(100) < 15) {
      const [block] = live.splice(next(live.length), 1);
      if (block !== undefined) free(block.page, block.order);
      continue;
    }
    const order = next(3) === 0 ? next(12) : next(4);
    const gfp = constantNamed(mm.profile, GFPS[next(GFPS.length)] ?? '') | mm.__GFP_NOWARN;
    const page = allocate(gfp, order);
    if (page !== 0) live.push({ page, order });
  }
}

const enough = (test: WatermarkTest): boolean => usablePages(test) > test.min + test.lowmem_reserve;

function checkLook(look: ZoneLook, order: number, gave: boolean): void {
  const { watermark } = look;
  assert.ok(watermark, 'a zone was passed over');
  const usable = look.lists.some(
    (scan) => scan.order >= order && scan.types.some(({ unusable }) => unusable === undefined),
  );
  if (order === 0) assert.equal(watermark.passed, enough(watermark), JSON.stringify(watermark));
  else assert.equal(watermark.passed, enough(watermark) && usable, JSON.stringify(look));
  const mayTake = watermark.passed || watermark.ignored;
  assert.equal(look.steps.length > 0, mayTake, 'steps where it may not take, or none where it may');
  const found = look.steps.some(
    (step) =>
      (step.kind === 'pcp' && step.hit) ||
      (step.kind === 'buddy' && step.found !== undefined) ||
      (step.kind === 'refill' &&
        step.steps.some((s) => s.kind === 'buddy' && s.found !== undefined)),
  );
  assert.equal(found, gave, JSON.stringify(look.steps));
  for (const step of look.steps) {
    if (step.kind !== 'buddy' || step.found === undefined || step.times > 1) continue;
    const scan = look.lists[step.found];
    const stolen = look.steps.some((s) => s.kind === 'fallback' && s.taken !== undefined);
    assert.ok((scan?.nr_free ?? 0) > 0 || stolen, 'a block from a list that was empty');
  }
}

/** The reason names, zone by zone, the term at which the last pass ended, in the words of its record. */
function checkReason({ outcome, passes }: Attempt): void {
  assert.ok(outcome.kind === 'failed');
  for (const { name, watermark } of passes.at(-1)?.zones ?? []) {
    if (watermark === undefined) continue;
    const said: string =
      outcome.reason.split('; ').find((part) => part.startsWith(`${name}: `)) ?? '';
    const refused = !watermark.ignored && !enough(watermark);
    assert.equal(said.includes(', not above '), refused, outcome.reason);
    if (refused)
      assert.equal(said, `${name}: ${sumText(watermark)}, not above ${markText(watermark)}`);
  }
}

function checkAttempt(mm: Kernel, attempt: Attempt | undefined, page: Page, order: number): void {
  assert.ok(attempt, 'no record');
  assert.equal(attempt.order, order);
  const { outcome } = attempt;
  const sentence = verdictSentence(mm, attempt);
  if (page === 0) {
    assert.equal(outcome.kind, 'failed', sentence);
    assert.match(sentence, new RegExp(`^order ${order} failed: .+`));
    checkReason(attempt);
  } else {
    assert.ok(outcome.kind === 'page', sentence);
    assert.equal(outcome.pfn, mm.page_to_pfn(page));
    assert.notEqual(outcome.route.kind, 'unknown');
    assert.ok(zoneName(mm, plain.page_zone(mm, page)) === outcome.zone, sentence);
    assert.match(sentence, new RegExp(`^order ${order}: pfn 0x${outcome.pfn.toString(16)}, `));
  }
  const looks = attempt.passes.flatMap(({ zones }) => zones);
  assert.equal(looks.length > 0, order < mm.MAX_ORDER);
  for (const look of looks) checkLook(look, order, page !== 0 && look === looks.at(-1));
  const lines = verdictLines(mm, attempt);
  assert.ok(
    lines.every((line) => !/undefined|NaN|\[object/.test(line)),
    lines.join('\n'),
  );
}

describeMachines('records of attempts to allocate', (open) => {
  it('agree with what happened', () => {
    const { mm, tape } = open();
    const ends = { page: 0, failed: 0 };
    exercise(
      mm,
      7,
      (gfp, order) => {
        const recorder = new AttemptRecorder(mm);
        const page = recordAttempts(recorder, () => kernel.alloc_pages(mm, gfp, order));
        assert.equal(recorder.attempts.length, 1);
        checkAttempt(mm, recorder.attempts[0], page, order);
        ends[page === 0 ? 'failed' : 'page']++;
        return page;
      },
      (page, order) => kernel.__free_pages(mm, page, order),
    );
    assert.ok(ends.page > 100 && ends.failed > 20, JSON.stringify(ends));

    // To listen changes nothing.
    const other = open();
    exercise(
      other.mm,
      7,
      (gfp, order) => plain.alloc_pages(other.mm, gfp, order),
      (page, order) => plain.__free_pages(other.mm, page, order),
    );
    assert.equal(tape.hash(), other.tape.hash());
  });

  it('know a bulk', () => {
    const { mm } = open();
    const pages: Page[] = [];
    const recorder = new AttemptRecorder(mm);
    const nr = recordAttempts(recorder, () =>
      kernel.alloc_pages_bulk_array(mm, mm.GFP_KERNEL, 40, pages),
    );
    const [attempt] = recorder.attempts;
    assert.equal(recorder.attempts.length, 1);
    assert.ok(attempt?.outcome.kind === 'page');
    assert.equal(attempt.outcome.nr, nr);
    assert.equal(attempt.outcome.pfn, mm.page_to_pfn(pages[0] as Page));
    assert.match(verdictSentence(mm, attempt), /^bulk of 40 pages: 40 pages, the first pfn 0x/);
    assert.equal(attempt.passes[0]?.zones.at(-1)?.watermark?.extra, 40);
  });
});
