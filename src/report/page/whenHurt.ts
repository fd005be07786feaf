/**
 * When a page was hurt, by where the kernel found it: at its freeing (the one who frees it is at fault, or still has it in use), while it was
 * free (found at the next allocation: the process that asked is innocent), or on its way from a CPU's list to the free lists.
 *
 * Source: Linux mm/page_alloc.c: free_pages_prepare(), free_pcppages_bulk(), prep_new_page() and their names in older releases.
 */
export type Moment = 'at-free' | 'while-free' | 'at-drain';

const MOMENTS: readonly (readonly [Moment, RegExp])[] = [
  ['at-drain', /^(?:free_pcppages_bulk|free_pcp_prepare|bulkfree_pcp_prepare|drain_pages\w*)$/],
  [
    'while-free',
    /^(?:get_page_from_freelist|prep_new_page|check_new_pages?|check_new_pcp|buffered_rmqueue|rmqueue\w*|__rmqueue\w*|__alloc_pages\w*|alloc_pages\w*|expand)$/,
  ],
  [
    'at-free',
    /^(?:free_pages_prepare|free_pages_check\w*|free_page_is_bad\w*|__free_pages_ok|__free_one_page|free_unref_page\w*|free_unref_folios|free_hot_cold_page\w*|__free_pages|___free_pages|free_frozen_pages|__folio_put|put_page|__put_page|__put_single_page|release_pages|free_pages\w*|__page_cache_release|free_compound_page|free_tail_pages_check|free_tail_page_prepare)$/,
  ],
];

export function momentOf(trace: readonly string[]): Moment | undefined {
  for (const name of trace)
    for (const [moment, pattern] of MOMENTS) if (pattern.test(name)) return moment;
  return undefined;
}

export const momentTexts: Readonly<Record<Moment, string>> = {
  'at-free':
    'Found when the page was freed (free_pages_prepare() and its like check it): the call trace shows who frees it, and the page was already in that state then.',
  'while-free':
    'Found when the page was about to be handed out again (get_page_from_freelist() checks a new page): it was hurt while it was free. The process named is innocent, it only asked for a page; the culprit had it before. The kernel leaves such a page out (it leaks) and takes another: the free list itself is fine.',
  'at-drain':
    "Found on the way from a CPU's list to the free lists (free_pcppages_bulk()): it was hurt at its freeing or after. The process named is innocent.",
};
