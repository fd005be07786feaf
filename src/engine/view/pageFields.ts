/**
 * Which members of struct page mean something, by what the page is used for: most of its words are a union, and read by the wrong
 * member they are only numbers (`mapping` of a tail page is the dtor and the order of the whole).
 *
 * Source: Linux 6.1 include/linux/mm_types.h struct page.
 */
import type { PageFacts } from './pageFacts.js';

const EVERY = ['flags', '_refcount'];

/** Names in the order of the struct; a build may lack some. */
export function pageFields(
  facts: Pick<PageFacts, 'kind' | 'compound' | 'pfn' | 'headPfn'>,
): readonly string[] {
  if (facts.compound === 'tail') {
    const ofTheWhole =
      facts.pfn === facts.headPfn + 1
        ? [
            'compound_order',
            'compound_dtor',
            'compound_mapcount',
            'compound_pincount',
            'compound_nr',
          ]
        : [];
    return [...EVERY, '_mapcount', 'compound_head', ...ofTheWhole];
  }
  switch (facts.kind) {
    case 'slab':
      return [...EVERY, 'lru', 'mapping', 'index', 'private'];
    case 'free':
    case 'freeCma':
    case 'freeIsolated':
      return [...EVERY, 'page_type', 'buddy_list', 'lru', 'private'];
    case 'perCpu':
      return [...EVERY, 'pcp_list', 'lru', 'index', 'private'];
    default:
      return [...EVERY, '_mapcount', 'lru', 'mapping', 'index', 'private'];
  }
}
