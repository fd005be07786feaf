/**
 * What the kernel or the scenario reports that a user may want to stop at, as exception filters. One table: capabilities, stops and
 * exceptionInfo read it.
 */
import type { MachineEvent } from '../../scenario/index.js';

export interface ExceptionFilter {
  readonly id: string;
  readonly label: string;
  readonly description: string;
  readonly conditionHint: string;
  readonly byDefault: boolean;
  readonly kinds: readonly MachineEvent['kind'][];
}

export const EXCEPTION_FILTERS: readonly ExceptionFilter[] = [
  {
    id: 'allocation-failure',
    label: 'Allocation failure',
    description: 'Stops where __alloc_pages() gives up.',
    conditionHint: 'order, gfp, migratetype: order >= 3 && !(gfp & __GFP_NOWARN)',
    byDefault: true,
    kinds: ['allocation-failed'],
  },
  {
    id: 'bug',
    label: 'BUG / bad page',
    description: 'Stops at BUG(), an oops, and where bad_page() finds a page in a wrong state.',
    conditionHint: 'pfn (of a bad page): pfn == 0x1a2b',
    byDefault: true,
    kinds: ['bug', 'bad-page'],
  },
  {
    id: 'warn',
    label: 'WARN',
    description: 'Stops where a WARN_ON() holds.',
    conditionHint: 'an expression',
    byDefault: false,
    kinds: ['warn'],
  },
  {
    id: 'expect',
    label: 'expect() failed',
    description: 'Stops at an expect() of the scenario that does not hold.',
    conditionHint: 'an expression',
    byDefault: true,
    kinds: ['expect-failed'],
  },
];

/** The filter that an event belongs to. */
export const filterOf = (event: MachineEvent): ExceptionFilter | undefined =>
  EXCEPTION_FILTERS.find(({ kinds }) => kinds.includes(event.kind));
