/**
 * Red zones of SLAB's debugging: a word in front of each object and one behind it, which say whether the object is in use.
 *
 * Source: Linux include/linux/poison.h: RED_ACTIVE, RED_INACTIVE (of 32 bits before 2.6.22); mm/slab.c: verify_redzone_free(),
 * cache_alloc_debugcheck_after().
 */
import type { Suspicion } from './suspicion.js';

export interface RedZones {
  readonly first: bigint;
  readonly second: bigint;
}

const STATES: readonly (readonly [word: bigint, state: 'in use' | 'free'])[] = [
  [0xd84156c5635688c0n, 'in use'],
  [0x170fc2a5n, 'in use'],
  [0x09f911029d74e35bn, 'free'],
  [0x5a2cf071n, 'free'],
];

const stateOf = (word: bigint): 'in use' | 'free' | undefined =>
  STATES.find(([each]) => each === word)?.[1];

const hex = (word: bigint): string => `0x${word.toString(16)}`;

const remedies = [
  'The call trace shows who frees or takes the object, not the writer. KASAN (on architectures that have it), or a hardware watchpoint on the red zone, shows the write.',
];

/** @param isFree the check was made while an object was freed, so that it should be in use */
export function slabRedZones({ first, second }: RedZones, isFree: boolean): Suspicion {
  const [before, behind] = [stateOf(first), stateOf(second)];
  const told = (word: bigint, state: 'in use' | 'free' | undefined): string =>
    `${hex(word)} ${state === undefined ? 'is neither: it was overwritten' : `(the object is ${state})`}`;
  const words = `Red zone in front: ${told(first, before)}; behind: ${told(second, behind)}.`;
  if (before !== undefined && before === behind)
    return before === 'free' && isFree
      ? {
          kind: 'double-free',
          headline: 'an object was freed twice',
          items: [
            words,
            'Both red zones say that it is free already: the call trace shows the second free. Two owners each believe that it is theirs to free.',
          ],
          remedies: ['Set the pointer to NULL at the first free, or count references (kref).'],
        }
      : {
          kind: 'freelist',
          headline: `an object that is ${before} was ${isFree ? 'freed' : 'handed out'}`,
          items: [
            words,
            "The lists of the cache and the object's state disagree: a double free, or the slab's list of free objects was overwritten.",
          ],
          remedies,
        };
  if (before === undefined && behind === undefined)
    return {
      kind: 'overwritten',
      headline: 'both red zones of an object are overwritten',
      items: [
        words,
        'A write over the whole object and its surroundings, or a pointer that is not the start of an object was freed.',
      ],
      remedies,
    };
  if (behind === undefined)
    return {
      kind: 'overflow',
      headline: 'a write ran past the end of an object',
      items: [
        words,
        `The word in front is intact and says that the object is ${before ?? ''}: this is not a double free. The red zone behind it was hit: the owner of the object wrote past its end.`,
      ],
      remedies,
    };
  return {
    kind: 'underflow',
    headline: 'bytes in front of an object are overwritten',
    items: [
      words,
      `The word behind is intact and says that the object is ${behind}: this is not a double free. The red zone in front was hit: the object before it ran over, or a write with a negative offset.`,
    ],
    remedies,
  };
}
