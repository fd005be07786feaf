/** Who holds a page, in words: what views of pages and pins tell. */
import type { PageHolder } from '../../engine/inspect/process/pageAccount.js';
import type { Hold } from './holdTable.js';
import type { TapeLedger } from './ledger.js';
import { holdText, type PlaceNames } from './notGivenBack.js';

export const pageHolder = ({ kind, by, count, time }: Hold, names: PlaceNames): PageHolder => ({
  kind,
  count,
  time,
  by: holdText(by, names),
});

/** By rising frame number, each once. */
export function pinnedFrames(ledger: TapeLedger): readonly number[] {
  const frames = new Set<number>();
  for (const { kind, pfn } of ledger.allHolds()) if (kind === 'pin') frames.add(pfn);
  return [...frames].sort((a, b) => a - b);
}
