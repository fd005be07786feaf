/**
 * Index arrays of SLAB caches in a state that was rebuilt from dumps. The array of an OBJFREELIST slab lies in a free object,
 * and of that only the indexes of free objects are the allocator's: those below `active` are what the object's last user left
 * there. Of an object that was in use when the state was recorded, no dump tells it.
 */
import { expandSequence } from './sequence.js';

const SLAB_LINE = /^( (?:part|free) pfn=.* active=(\d+) freelist_at=\S+ fl) (.*)$/;

export interface WithoutStaleIndexes {
  /** The kernel's line, with ours in place of the indexes that cannot be judged. */
  readonly line: string;
  readonly notJudged: number;
}

export function withoutStaleIndexes(ours: string, kernel: string): WithoutStaleIndexes {
  const [, head, active = '', own = ''] = SLAB_LINE.exec(ours) ?? [];
  const [, kernelHead, , kernels = ''] = SLAB_LINE.exec(kernel) ?? [];
  const a = expandSequence(own.split(' '));
  const b = expandSequence(kernels.split(' '));
  if (head === undefined || head !== kernelHead || a?.length !== b?.length)
    return { line: kernel, notJudged: 0 };
  let notJudged = 0;
  for (const [i, index] of (a ?? []).entries()) {
    if (index === b?.[i]) continue;
    // Memory that nobody has written is zero in a rebuilt state.
    if (i >= Number(active) || index !== 0) return { line: kernel, notJudged: 0 };
    notJudged++;
  }
  return { line: ours, notJudged };
}
