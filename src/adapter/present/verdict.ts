/**
 * An attempt to allocate as a tree: the closing sentence, and under it what the allocator considered, pass by pass and zone
 * by zone; under that the attempt before it. See src/engine/verdict.
 */
import type { Attempt, Pass, Step, WatermarkTest, ZoneLook } from '../../engine/verdict/attempt.js';
import type { Kernel } from '../../engine/machine/kernel.js';
import {
  gfpMaskText,
  migratetypeText,
  orderScanText,
  passName,
  passText,
  requestText,
  stepRow,
  verdictSentence,
  zoneLookText,
} from '../../engine/verdict/text.js';
import { usablePages } from '../../engine/verdict/watermarkText.js';
import type { AttemptFinder, FoundAttempt } from '../time/attempts.js';
import { fact, group, type Shown } from './shown.js';

/** The newest attempt at the cursor. */
export function lastAllocation(k: Kernel, attempts: AttemptFinder): Shown {
  const found = attempts.last();
  return found === undefined
    ? fact('last allocation', 'none yet')
    : showAttempt(k, attempts, found, 'last allocation');
}

function showAttempt(k: Kernel, attempts: AttemptFinder, found: FoundAttempt, name: string): Shown {
  const { attempt } = found;
  return group(name, verdictSentence(k, attempt), {
    named: () => {
      const before = attempts.before(found);
      return [
        request(k, attempt),
        ...attempt.passes.map((pass, i) => showPass(k, pass, i)),
        ...attempt.notes.map((note, i) => fact(`note ${i + 1}`, note)),
        ...(before === undefined ? [] : [showAttempt(k, attempts, before, 'the one before')]),
      ];
    },
  });
}

const request = (k: Kernel, attempt: Attempt): Shown =>
  group('request', requestText(k, attempt), {
    named: () => [
      ...(attempt.what === undefined ? [fact('order', `${attempt.order}`)] : []),
      fact('gfp', gfpMaskText(k, attempt.gfp)),
      ...(attempt.nrBulk === undefined ? [] : [fact('nr_pages', `${attempt.nrBulk}`)]),
      ...attempt.passes
        .slice(0, 1)
        .map(({ migratetype }) => fact('migratetype', migratetypeText(k, migratetype))),
    ],
  });

/** Names in a list must differ, so that a client can tell them apart from stop to stop. */
const showPass = (k: Kernel, pass: Pass, index: number): Shown =>
  group(`pass ${index + 1}: ${passName(pass)}`, passText(k, pass), {
    named: () => pass.zones.map((look) => showZone(k, look)),
  });

const showZone = (k: Kernel, look: ZoneLook): Shown =>
  group(`zone ${look.name}`, zoneLookText(look), {
    named: () => [
      ...(look.watermark === undefined ? [] : [showWatermark(look.watermark)]),
      group('free lists', 'as they were', {
        named: () => look.lists.map((scan) => fact(`order ${scan.order}`, orderScanText(k, scan))),
      }),
      ...look.steps.map((step, i) => showStep(k, step, i)),
    ],
  });

const showWatermark = (test: WatermarkTest): Shown =>
  group('watermark', 'term by term', {
    named: () => [
      fact('NR_FREE_PAGES', `${test.free}`),
      fact('- CMA', `${test.cma}`),
      fact('- highatomic', `${test.highatomic}`),
      fact('- taken (2^order - 1)', `${test.taken}`),
      fact('= usable', `${usablePages(test)}`),
      fact(`_watermark[${test.name}]`, `${test.pages}`),
      fact('watermark_boost', `${test.boost}`),
      fact('min, as this request may use it', `${test.min}`),
      fact('lowmem_reserve', `${test.lowmem_reserve}`),
    ],
  });

function showStep(k: Kernel, step: Step, index: number): Shown {
  const [name, value] = stepRow(k, step);
  const numbered = `${index + 1}. ${name}`;
  return step.kind === 'refill'
    ? group(numbered, value, { named: () => step.steps.map((one, i) => showStep(k, one, i)) })
    : fact(numbered, value);
}
