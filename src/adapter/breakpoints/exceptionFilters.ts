/**
 * Reasons to stop that need no line, as exception filters: what the kernel or the scenario reports, and,
 * as one, what happens inside the allocator: a list of two dozen more would push a user's own breakpoints out of sight. One table:
 * capabilities, stops and exceptionInfo read it.
 */
import type { MachineEvent } from '../../scenario/index.js';
import { nameOfHappening } from './happenings/happening.js';
import { HAPPENINGS } from './happenings/index.js';

/** The filter that is all happenings together. */
export const INSIDE = 'inside';

export interface ExceptionFilter {
  readonly id: string;
  readonly label: string;
  readonly description: string;
  readonly conditionHint: string;
  readonly byDefault: boolean;
  /** Events that it stops at; none for a happening. */
  readonly kinds: readonly MachineEvent['kind'][];
}

export const EXCEPTION_FILTERS: readonly ExceptionFilter[] = [
  {
    id: 'allocation-failure',
    label: 'Allocation failure',
    description:
      'Stops where __alloc_pages() gives up, and behind calls that could not have a range of frames: cma_alloc(), alloc_contig_range(), alloc_contig_pages().',
    conditionHint:
      'order, gfp, migratetype, zone, count (pages): order >= 3 && !(gfp & __GFP_NOWARN)',
    byDefault: true,
    kinds: ['allocation-failed', 'range-failed'],
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
    id: 'signal',
    label: 'SIGSEGV / SIGBUS / SIGABRT',
    description:
      'Stops where a process accesses memory that it has no area for, in a way that its area does not allow, or behind the end of a file; and where it calls abort(); also where it has a handler for that.',
    conditionHint: 'va, error_code, pid, handled: va < 0x1000 && !handled',
    byDefault: true,
    kinds: ['signal'],
  },
  {
    id: 'slab-corruption',
    label: 'Slab corruption',
    description:
      'Stops inside the kernel where SLUB or SLAB reports memory or a call that cannot be right: poison or a red zone overwritten, a double free, a broken freelist, objects left in a destroyed cache. Most is found in caches with debugging only: cmdline="slub_debug=FZPU".',
    conditionHint: 'cache (NULL where none is known): strcmp(cache->name, "kmalloc-64") == 0',
    byDefault: true,
    kinds: ['slab-corruption'],
  },
  {
    id: 'warn',
    label: 'WARN',
    description: 'Stops where the condition of a WARN_ON() is true.',
    conditionHint: 'an expression',
    byDefault: false,
    kinds: ['warn'],
  },
  {
    id: 'api-misuse',
    label: 'API misuse',
    description:
      'Stops at a call that misuses the kernel: a double free, a use after free, a wrong order, a page freed while locked or mapped. The machine must be booted with cmdline="debug_vm=on".',
    conditionHint: 'an expression',
    byDefault: true,
    kinds: ['api-misuse'],
  },
  {
    id: 'expect',
    label: 'expect() failed',
    description: 'Stops where an expect() of the scenario does not hold.',
    conditionHint: 'an expression',
    byDefault: true,
    kinds: ['expect-failed'],
  },
  {
    id: INSIDE,
    label: 'Inside the allocator',
    description:
      'Stops at each thing that happens inside the allocator, or at those that its condition selects. To stop at one kind only, set a function breakpoint with its id.',
    conditionHint: `${HAPPENINGS.map(nameOfHappening).join(', ')}, and their facts: block_split && order >= 4`,
    // It happens all the time: nobody wants to stop at each unless he says so.
    byDefault: false,
    kinds: [],
  },
];

/** The filter that an event belongs to. */
export const filterOf = (event: MachineEvent): ExceptionFilter | undefined =>
  EXCEPTION_FILTERS.find(({ kinds }) => kinds.includes(event.kind));
