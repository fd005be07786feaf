/** Questions that can be asked about a dumped machine, by name. One row a question. */
import type { Answer, Asked } from './answer.js';
import { pageAnswer } from './page.js';
import { walkAnswer } from './walk.js';
import { whereAnswer } from './where.js';

interface Question {
  readonly signature: string;
  /** @throws Unanswerable */
  readonly answer: (asked: Asked, value: bigint) => Answer;
}

export const QUESTIONS: Readonly<Record<string, Question>> = {
  page: {
    signature: 'page(x): the struct page of a frame number, struct page pointer or address',
    answer: pageAnswer,
  },
  walk: {
    signature: 'walk(va): the page-table entries that translate an address',
    answer: walkAnswer,
  },
  where: {
    signature: 'where(x): what the page of a struct page pointer, pfn or address is used for',
    answer: whereAnswer,
  },
};
