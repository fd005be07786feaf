/**
 * What a scenario has come to, in one line: a reading of the machine where it stands, so it is true at any place in time.
 */
import { counted } from '../engine/view/counted.js';

/** How many `expect(...)` have been checked, by what came of them. */
export interface ExpectCounts {
  readonly held: number;
  readonly failed: number;
}

/**
 * `12 expects held, 1 failed; 3 pages not given back: allocated at line 9`; empty when there is nothing to say.
 *
 * @param notGivenBack sentences without a full stop, each on one kind of thing that the scenario allocated and still has
 */
export function endSummary(expects: ExpectCounts, notGivenBack: readonly string[] = []): string {
  return [expectsText(expects), ...notGivenBack].filter((part) => part !== '').join('; ');
}

function expectsText({ held, failed }: ExpectCounts): string {
  if (held === 0) return failed === 0 ? '' : `${counted(failed, 'expect')} failed`;
  return `${counted(held, 'expect')} held${failed === 0 ? '' : `, ${failed} failed`}`;
}
