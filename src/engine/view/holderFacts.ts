/** Who has a frame: who allocated it, what each of its references is, who maps it by the kernel's reverse maps. */
import type { Inspected } from '../inspect/inspected.js';
import { rmapTexts } from '../inspect/process/rmapText.js';
import { accountFacts, accountOfFrame, factsOfAccount } from './pageAccountText.js';
import type { PageFacts } from './pageFacts.js';
import { rmapFacts } from './rmapText.js';
import { allocationFacts, type Surveyor, type WhereFact } from './whereIs.js';

export const holderFacts = (surveyor: Surveyor, page: PageFacts): readonly WhereFact[] => [
  ...allocationFacts(surveyor, page),
  ...accountFacts(surveyor, page),
  ...rmapFacts(surveyor, page),
];

/** Of a frame of a dump. */
export function dumpHolderFacts(k: Inspected, pfn: number): readonly WhereFact[] {
  const account = accountOfFrame(k, pfn, undefined);
  if (account === undefined || account.counts.refcount === 0) return [];
  const maps = rmapTexts(k, pfn).map((value) => ({ name: 'rmap', value }));
  return [...factsOfAccount(account), ...maps];
}
