/** The account of a page as facts of where(): its sum, and a row for each who holds it. */
import { inspectedOf } from '../image/dump/inspectedOf.js';
import type { Inspected } from '../inspect/inspected.js';
import { asPfn } from '../memory/address.js';
import { accountSum, pageAccount, type PageAccount } from '../inspect/process/pageAccount.js';
import type { PageFacts } from './pageFacts.js';
import type { Allocations, Surveyor, WhereFact } from './whereIs.js';

/** Of pages that users have, or that somebody holds beside who allocated them: of others the reference count says all. */
export function accountFacts(
  { image, allocations }: Pick<Surveyor, 'image' | 'allocations'>,
  page: Pick<PageFacts, 'pfn' | 'headPfn' | 'kind' | 'refcount' | 'compound'>,
): WhereFact[] {
  const { kind } = page;
  if (kind === 'free' || kind === 'freeCma' || kind === 'freeIsolated' || kind === 'perCpu')
    return [];
  if (kind === 'slab') return [];
  const isUsers = kind === 'user' || kind === 'pageCache';
  const holders = allocations?.holders(asPfn(page.headPfn)) ?? [];
  const isMuch = page.refcount >= 1024;
  if (!isUsers && holders.length === 0 && !isMuch && page.compound === 'no') return [];
  const account = accountOfFrame(inspectedOf(image), page.pfn, allocations);
  if (account === undefined || (!isUsers && holders.length === 0 && !account.maybePinned))
    return [];
  return factsOfAccount(account);
}

/** The account of a frame with what a session knows of its holders. */
export const accountOfFrame = (
  k: Inspected,
  pfn: number,
  allocations: Allocations | undefined,
): PageAccount | undefined =>
  pageAccount(k, pfn, (headPfn) => {
    const history = allocations?.page(asPfn(headPfn));
    return {
      holders: allocations?.holders(asPfn(headPfn)) ?? [],
      allocated: history?.freed === undefined ? history?.allocated : undefined,
    };
  });

export const factsOfAccount = (account: PageAccount): WhereFact[] => [
  { name: 'account', value: `_refcount ${accountSum(account)}` },
  ...account.rows.map(({ text }) => ({ name: 'held by', value: text })),
  ...(account.maybePinned && account.pins === 0
    ? [{ name: 'page_maybe_dma_pinned', value: 'true: by the count of references alone' }]
    : []),
];
